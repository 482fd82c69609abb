package api

import (
	"context"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/pool"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
	"github.com/otklik/otklik/services/scoring/internal/store"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// countingCatalog knows one revision of each survey and counts what it is asked.
type countingCatalog struct{ asked, forgotten map[string]int }

func (c countingCatalog) History(_ context.Context, _, survey string) (questionnaire.History, error) {
	c.asked[survey]++
	return questionnaire.History{Revisions: []*questionnaire.Revision{{
		Survey: survey, Number: 1, Population: fact.Customer,
		Questions: []metric.Question{{ID: "recommend", Kind: question.NPS, Scale: question.Scale0To10}},
	}}}, nil
}

func (c countingCatalog) HistoryAfter(ctx context.Context, organization, survey string, _ time.Time) (questionnaire.History, error) {
	return c.History(ctx, organization, survey)
}

func (c countingCatalog) Forget(_, survey string) { c.forgotten[survey]++ }

// TestUnknownQuestionIsLookedUpOnceMore asks for questions that a survey does not have: each survey involved is asked for anew, once.
func TestUnknownQuestionIsLookedUpOnceMore(t *testing.T) {
	t.Parallel()
	board := live.New()
	d := &delta.Delta{}
	d.AddFact(&fact.Fact{ID: "r", Survey: "shop", Revision: 1, Population: fact.Customer, CountTime: time.Unix(0, 0), Weight: 1, Answers: []fact.Answer{
		{Question: "recommend", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: 900},
	}})
	counted := live.NewBook()
	if err := counted.Apply(d); err != nil {
		t.Fatal(err)
	}
	if _, _, err := board.Reload(board.Marks(), func() (map[string]*live.Book, store.Marks, error) {
		return map[string]*live.Book{"acme": counted}, store.Marks{Cursors: []store.Cursor{{}}}, nil
	}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ question, baseline string }{
		"of the query": {"missing", "recommend"}, "of the baseline": {"recommend", "missing"},
	} {
		catalog := countingCatalog{make(map[string]int), make(map[string]int)}
		s := New(Options{Catalog: catalog, Board: board})
		ctx := authn.WithPrincipal(t.Context(), authn.Principal{Organization: "acme"})
		_, err := s.CompareScores(ctx, &scoringv1.CompareScoresRequest{
			Query:    &scoringv1.ScoreQuery{Survey: "surveys/shop", Question: c.question, Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_NPS}},
			Baseline: &scoringv1.ScoreQuery{Survey: "surveys/web", Question: c.baseline},
		})
		if rpcerr.Reason(err) != "QUESTION_NOT_FOUND" {
			t.Errorf("%s: %v", name, err)
		}
		for _, survey := range []string{"shop", "web"} {
			if catalog.asked[survey] != 2 || catalog.forgotten[survey] != 1 {
				t.Errorf("%s: survey %s was asked for %d times and forgotten %d times, want 2 and 1", name, survey, catalog.asked[survey], catalog.forgotten[survey])
			}
		}
	}
}

// TestRespondentsAreCounted tells how many respondents a mean over all answers comes from, and nothing of the kind for other scores.
func TestRespondentsAreCounted(t *testing.T) {
	t.Parallel()
	var pooled histogram.Histogram
	for _, f := range []*fact.Fact{
		{Answers: []fact.Answer{{Question: "recommend", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: 900}}},
		{Answers: []fact.Answer{{Question: "recommend", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: 300}}},
	} {
		if err := pooled.Add(pool.Of(f).Code(), 1); err != nil {
			t.Fatal(err)
		}
	}
	for variant, want := range map[metric.Variant]int64{metric.MeanAllAnswers: 2, metric.ResponseRateOutcomes: 0} {
		score, err := metric.Evaluate(variant, metric.Question{}, metric.Data{Pooled: pooled}, metric.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		counts := scoreToProto("surveys/shop", &query.Row{Score: score}).GetCounts()
		if got := counts.GetRespondents(); got != want || (counts.Respondents != nil) != (want > 0) {
			t.Errorf("%s: respondents %v, want %d", variant, counts.Respondents, want)
		}
	}
}
