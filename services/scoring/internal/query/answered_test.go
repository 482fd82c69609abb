package query_test

import (
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// TestCompositesRestOnResponses: who answered several of their questions counts once.
func TestCompositesRestOnResponses(t *testing.T) {
	t.Parallel()
	var fs []*fact.Fact
	add := func(n int, location string, answers ...fact.Answer) {
		for range n {
			fs = append(fs, &fact.Fact{
				ID: "x", Survey: "shop", Revision: 1, Weight: 1, Population: fact.Customer, CountTime: start, ReceiveTime: start,
				Context: fact.Context{Location: location}, Answers: answers,
			})
		}
	}
	recommend := fact.Answer{Question: "recommend", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: 9 * question.Unit}
	staff := fact.Answer{Question: "staff", Kind: question.CSAT, Scale: question.Scale1To5, Present: true, Value: 4 * question.Unit}
	effort := fact.Answer{Question: "effort", Kind: question.CES, Scale: question.Scale1To7, Direction: question.Effort, Present: true, Value: 4 * question.Unit}
	add(20, "north", recommend, staff)
	add(5, "north", recommend)
	add(3, "south", staff)
	add(4, "south", effort)
	add(2, "south")
	d := data(t, fs, &fact.Refusal{ID: "y", Survey: "shop", Population: fact.Customer, CountTime: start, ReceiveTime: start, Kind: fact.Refused, Context: fact.Context{Location: "north"}})
	formula := func(of string, terms ...composite.Term) *query.Definition {
		return &query.Definition{Ref: composite.Ref{ID: "x", Version: 1}, Tree: &composite.Tree{Spec: composite.Spec{Expression: &composite.Expression{Formula: of, Terms: terms}}}}
	}
	nps, csat := composite.Term{ID: "a", Metric: metric.NPS}, composite.Term{ID: "b", Metric: metric.CSAT}
	again := composite.Term{ID: "b", Metric: metric.NPS}
	for name, c := range map[string]struct {
		definition           *query.Definition
		n, north, south, all int64
	}{
		"two questions":       {formula("a + b", nps, csat), 28, 25, 3, 28},
		"one question twice":  {formula("a + b", nps, again), 25, 25, 0, 25},
		"with refusals":       {formula("a + b", composite.Term{ID: "a", Variant: metric.NPSContacted}, csat), 29, 26, 3, 28},
		"of all that is said": {formula("a * 2", composite.Term{ID: "a", Variant: metric.MeanAllAnswers}), 32, 25, 7, 32},
		"of the survey":       {formula("a * b", nps, composite.Term{ID: "b", Metric: metric.ResponseRate}), 35, 26, 9, 34},
	} {
		q := query.Query{Survey: "shop", Definition: c.definition}
		r, err := query.Run(t.Context(), q, d)
		if err != nil || len(r.Rows) != 1 || r.Rows[0].Score.N != c.n || r.Rows[0].Score.Counts.Answered != c.all {
			t.Errorf("%s: got %+v and %v, want %d", name, r.Rows, err, c.n)
		}
		q.GroupBy = []string{"location"}
		r, err = query.Run(t.Context(), q, d)
		if err != nil || len(r.Rows) != 2 || r.Rows[0].Score.N != c.north || r.Rows[1].Score.N != c.south {
			t.Errorf("%s, by location: got %+v and %v, want %d and %d", name, r.Rows, err, c.north, c.south)
		}
		ranked, err := query.Rank(t.Context(), q, d, metric.Family{})
		if err != nil || ranked.Overall == nil || ranked.Overall.Score.N != c.n {
			t.Errorf("%s, ranked: got %+v and %v, want %d", name, ranked.Overall, err, c.n)
		}
	}
}
