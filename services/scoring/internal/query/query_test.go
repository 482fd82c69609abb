package query_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/pool"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
)

var start = time.Date(2026, 1, 30, 0, 0, 0, 0, time.UTC)

func history() questionnaire.History {
	return questionnaire.History{Revisions: []*questionnaire.Revision{{Survey: "shop", Number: 1, Population: fact.Customer, Questions: []metric.Question{
		{ID: "recommend", Kind: question.NPS, Scale: question.Scale0To10}, {ID: "staff", Kind: question.CSAT, Scale: question.Scale1To5},
		{ID: "effort", Kind: question.CES, Scale: question.Scale1To7, Direction: question.Effort},
	}}}}
}

func genFact(t *rapid.T) *fact.Fact {
	f := &fact.Fact{
		ID: "x", Survey: "shop", Revision: 1, Weight: 1, Population: rapid.SampledFrom([]fact.Population{fact.Customer, fact.Employee}).Draw(t, "population"),
		CountTime:  start.Add(time.Duration(rapid.IntRange(0, 5*24*4).Draw(t, "quarter")) * 15 * time.Minute),
		Respondent: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "respondent"),
		Context:    fact.Context{Location: rapid.SampledFrom([]string{"", "north", "south"}).Draw(t, "location")},
	}
	for _, q := range history().Revisions[0].Questions {
		if rapid.Bool().Draw(t, q.ID) {
			v := q.Scale.Min + question.Unit*question.Centi(rapid.IntRange(0, int(q.Scale.Width()/question.Unit)).Draw(t, "value"))
			f.Answers = append(f.Answers, fact.Answer{Question: q.ID, Kind: q.Kind, Scale: q.Scale, Direction: q.Direction, Present: true, Value: v})
		}
	}
	return f
}

// facts are facts that are read one by one.
type facts []*fact.Fact

// HasRespondents tells whether a fact names its respondent.
func (fs facts) HasRespondents(context.Context, string) (bool, error) {
	return slices.ContainsFunc(fs, func(f *fact.Fact) bool { return f.Respondent != "" }), nil
}

// Facts calls fn with each fact.
func (fs facts) Facts(_ context.Context, _ string, fn func(*fact.Fact) error) error {
	for _, f := range fs {
		if err := fn(f); err != nil {
			return err
		}
	}
	return nil
}

// recount computes a row's variant from the facts themselves.
func recount(t *rapid.T, fs facts, r query.Row, variant metric.Variant) metric.Score {
	var data metric.Data
	people := make(map[string]pool.Answers)
	q, _ := history().Question(r.Question)
	for i, f := range fs {
		in := f.Population == r.Population && (r.Start.IsZero() || !f.CountTime.Before(r.Start)) && (r.End.IsZero() || f.CountTime.Before(r.End)) &&
			(r.Key == fact.NoKey || f.Context.Value(r.Key) == r.Value)
		if !in {
			continue
		}
		data.Outcomes.Responses++
		for _, a := range f.Answers {
			if a.Question == r.Question {
				data.Answers.Merge(histogram.Of(int64(a.Value)))
			}
		}
		if person := f.Respondent; len(f.Answers) > 0 {
			if person == "" {
				person = fmt.Sprint("#", i)
			}
			people[person] = people[person].Add(pool.Of(f))
		}
	}
	for _, a := range people {
		data.Pooled.Merge(histogram.Of(a.Code()))
	}
	score, err := metric.Evaluate(variant, q, data, metric.Settings{})
	if err != nil {
		t.Fatalf("evaluate: %v", err)
	}
	return score
}

// TestRandomQueriesAgreeWithARecount asks random queries and computes every row again from the facts.
func TestRandomQueriesAgreeWithARecount(t *testing.T) {
	t.Parallel()
	bishkek := time.FixedZone("Asia/Bishkek", 6*3600)
	rapid.Check(t, func(t *rapid.T) {
		fs := facts(rapid.SliceOfN(rapid.Custom(genFact), 0, 40).Draw(t, "facts"))
		c, d := cube.New(), &cube.Delta{}
		for _, f := range fs {
			d.AddFact(f)
		}
		if err := c.Apply(d); err != nil {
			t.Fatal(err)
		}
		q := query.Query{
			Survey: "shop", Question: rapid.SampledFrom([]string{"", "*", "staff"}).Draw(t, "question"),
			Grain:    rapid.SampledFrom([]calendar.Grain{calendar.None, calendar.Hour, calendar.Day, calendar.Month}).Draw(t, "grain"),
			Location: rapid.SampledFrom([]*time.Location{nil, bishkek}).Draw(t, "zone"),
		}
		if rapid.Bool().Draw(t, "all answers") {
			q.Variants = []metric.Variant{metric.MeanAllAnswers}
		}
		if rapid.Bool().Draw(t, "bounded") {
			q.Start = start.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "start")) * 15 * time.Minute)
			q.End = q.Start.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "length")) * 15 * time.Minute)
		}
		switch rapid.IntRange(0, 2).Draw(t, "context") {
		case 1:
			q.Key = fact.Location
		case 2:
			value := rapid.SampledFrom([]string{"", "north", "nowhere"}).Draw(t, "value")
			q.Key, q.Value = fact.Location, &value
		}
		rows, err := query.Run(context.Background(), q, query.Data{History: history(), Cube: c, Facts: fs})
		if err != nil {
			t.Fatalf("run: %v", err)
		}
		counted := int64(0)
		for _, r := range rows {
			want := recount(t, fs, r, r.Score.Variant)
			if r.Score.N != want.N || !equal(r.Score.Estimate, want.Estimate) || !equal(r.Score.StandardError, want.StandardError) {
				t.Fatalf("%s of %q from %v to %v under %q: %+v, want %+v", r.Score.Variant, r.Question, r.Start, r.End, r.Value, r.Score, want)
			}
			if r.Score.Variant == metric.ResponseRateOutcomes {
				counted += r.Score.N
			}
		}
		if q.Value != nil {
			return
		}
		// No response is missing: steps and groups are exhaustive.
		whole := recount(t, fs, query.Row{Population: fact.Customer, Start: q.Start, End: q.End}, metric.ResponseRateOutcomes)
		if counted != whole.N {
			t.Fatalf("the rows count %d responses, there are %d", counted, whole.N)
		}
	})
}

func equal(a, b *float64) bool {
	if a == nil || b == nil {
		return a == b
	}
	return math.Abs(*a-*b) <= 1e-9*max(1, math.Abs(*b))
}
