package query_test

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/pool"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// condition is a filter with what it means for a fact.
type condition struct {
	text  string
	holds func(*fact.Fact) bool
}

func score(f *fact.Fact, id string) (question.Centi, bool) {
	for _, a := range f.Answers {
		if a.Question == id && a.Present {
			return a.Value, true
		}
	}
	return 0, false
}

func conditions() []condition {
	return []condition{
		{"", func(*fact.Fact) bool { return true }},
		{`location = "north"`, func(f *fact.Fact) bool { return f.Context.Location == "north" }},
		{`location = ""`, func(f *fact.Fact) bool { return f.Context.Location == "" }},
		{`location = "nowhere"`, func(f *fact.Fact) bool { return f.Context.Location == "nowhere" }},
		{`location = "*th" AND channel != "app"`, func(f *fact.Fact) bool { return f.Context.Location != "" && f.Context.Channel != "app" }},
		{`answers.recommend <= 6 OR attributes.vip = "yes"`, func(f *fact.Fact) bool {
			v, ok := score(f, "recommend")
			return ok && v <= 600 || value(f, "attributes.vip") == "yes"
		}},
		{`NOT (revision = 2 OR answers.reason:price)`, func(f *fact.Fact) bool {
			return !slices.ContainsFunc(f.Answers, func(a fact.Answer) bool { return slices.Contains(a.Options, "price") })
		}},
	}
}

// recount computes a row's variant from the facts themselves.
func recount(t *rapid.T, fs []*fact.Fact, c condition, q *query.Query, r query.Row) metric.Score {
	var in metric.Data
	weighted := &metric.Weighted{Options: make(map[string]metric.Weight)}
	bins := make(map[int64]metric.Weight)
	people := make(map[string]pool.Answers)
	weights := make(map[string][2]float64)
	asked, _ := history().Question(r.Question)
	if asked.Kind == question.Choice {
		in.Choice = &metric.Choice{Options: make(map[string]int64)}
	}
	for i, f := range fs {
		one := metric.Weight{Sum: f.Weight, Squares: f.Weight * f.Weight}
		if f.Population != r.Population || !r.Start.IsZero() && f.CountTime.Before(r.Start) || !r.End.IsZero() && !f.CountTime.Before(r.End) ||
			!c.holds(f) || !q.AsOf.IsZero() && f.ReceiveTime.After(q.AsOf) ||
			slices.ContainsFunc(r.Keys, func(k query.KeyValue) bool { return value(f, k.Key) != k.Value }) {
			continue
		}
		in.Outcomes.Responses++
		weighted.Responses = weighted.Responses.Add(one)
		for _, a := range f.Answers {
			if a.Question != r.Question {
				continue
			}
			if a.Present {
				in.Answers.Merge(histogram.Of(int64(a.Value)))
				bins[int64(a.Value)] = bins[int64(a.Value)].Add(one)
				continue
			}
			in.Choice.Answered++
			weighted.Choice = weighted.Choice.Add(one)
			for _, o := range a.Options {
				in.Choice.Options[o]++
				weighted.Options[o] = weighted.Options[o].Add(one)
			}
		}
		if answers := pool.Of(f); answers.Count > 0 {
			person := f.Respondent
			if person == "" {
				person = fmt.Sprint("#", i)
			}
			people[person] = people[person].Add(answers)
			w := weights[person]
			weights[person] = [2]float64{w[0] + f.Weight*float64(answers.Sum)/pool.Resolution, w[1] + f.Weight*float64(answers.Count)}
		}
	}
	for v, w := range bins {
		weighted.Answers = append(weighted.Answers, metric.WeightedBin{Value: v, Weight: w})
	}
	for person, a := range people {
		in.Pooled.Merge(histogram.Of(a.Code()))
		w, m := weights[person], &weighted.Pooled
		mean := w[1] / float64(a.Count)
		m.Respondents, m.Answers = m.Respondents+1, m.Answers+a.Count
		m.A, m.B, m.AA, m.AB, m.BB = m.A+w[0], m.B+w[1], m.AA+w[0]*w[0], m.AB+w[0]*w[1], m.BB+w[1]*w[1]
		m.W, m.WW = m.W+mean, m.WW+mean*mean
	}
	if q.Weighting != nil {
		in.Weighted = weighted
	}
	score, err := metric.Evaluate(r.Score.Variant, asked, in, metric.Settings{Option: r.Score.Option})
	if err != nil {
		t.Fatalf("evaluate: %v", err)
	}
	if r.Responses != in.Outcomes.Responses {
		t.Fatalf("%+v: %d responses, want %d", r, r.Responses, in.Outcomes.Responses)
	}
	return score
}

// genQuery makes a query and the condition of its filter.
func genQuery(t *rapid.T) (query.Query, condition) {
	bishkek := time.FixedZone("Asia/Bishkek", 6*3600)
	c := rapid.SampledFrom(conditions()).Draw(t, "filter")
	q := query.Query{
		Survey: "shop", Question: rapid.SampledFrom([]string{"", "*", "staff"}).Draw(t, "question"), Filter: c.text,
		Grain:    rapid.SampledFrom([]calendar.Grain{calendar.None, calendar.Hour, calendar.Day, calendar.Month}).Draw(t, "grain"),
		Location: rapid.SampledFrom([]*time.Location{nil, bishkek}).Draw(t, "zone"),
		GroupBy:  rapid.SampledFrom([][]string{nil, {"location"}, {"attributes.vip"}, {"channel", "location"}, {"revision", "location", "attributes.vip"}}).Draw(t, "keys"),
	}
	switch rapid.IntRange(0, 3).Draw(t, "metrics") {
	case 1:
		q.Variants = []metric.Variant{metric.MeanAllAnswers}
	case 2:
		q.Metrics, q.Question = []metric.ID{metric.Share}, rapid.SampledFrom([]string{"reason", "staff"}).Draw(t, "shares of")
	}
	if rapid.Bool().Draw(t, "bounded") {
		q.Start = start.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "start")) * 15 * time.Minute)
		q.End = q.Start.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "length")) * 15 * time.Minute)
	}
	if rapid.IntRange(0, 3).Draw(t, "as of") == 0 {
		q.AsOf = start.Add(time.Duration(rapid.IntRange(0, 10).Draw(t, "day")) * 24 * time.Hour)
	}
	if rapid.IntRange(0, 2).Draw(t, "weights") == 0 {
		q.Weighting = &query.Weighting{}
	}
	return q, c
}

// TestRandomQueriesAgreeWithARecount asks random queries and computes every row again from the facts.
func TestRandomQueriesAgreeWithARecount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fs := rapid.SliceOfN(rapid.Custom(genFact), 0, 40).Draw(t, "facts")
		q, c := genQuery(t)
		d := data(t, fs)
		if unknown := q.GroupBy != nil || c.text != ""; unknown && !slices.ContainsFunc(fs, func(f *fact.Fact) bool { return value(f, "attributes.vip") != "" }) {
			t.Skip("nothing states the attribute")
		}
		result, err := query.Run(context.Background(), q, d)
		if q.Weighting != nil && isReason(err, query.WeightingInvalid) && !slices.ContainsFunc(fs, func(f *fact.Fact) bool { return f.Population == fact.Customer && f.Weight != 1 }) {
			t.Skip("nothing states a weight")
		}
		if err != nil {
			t.Fatalf("run: %v", err)
		}
		counted := int64(0)
		for _, r := range result.Rows {
			want := recount(t, fs, c, &q, r)
			if r.Score.N != want.N || !equal(r.Score.Estimate, want.Estimate) || !equal(r.Score.StandardError, want.StandardError) ||
				(r.Score.Weighting == nil) != (want.Weighting == nil) {
				t.Fatalf("%s of %q from %v to %v under %v: %+v, want %+v", r.Score.Variant, r.Question, r.Start, r.End, r.Keys, r.Score, want)
			}
			if r.Score.Variant == metric.ResponseRateOutcomes {
				counted += r.Responses
			}
		}
		checkCoverage(t, fs, c, &q, result.Coverage)
		want := result.Coverage.Counted
		if slices.Contains(q.GroupBy, "revision") || strings.Contains(c.text, "answers.") {
			// Refusals have neither: response rates are left out.
			want = 0
		}
		if len(q.Variants) == 0 && len(q.Metrics) == 0 && counted != want {
			t.Fatalf("the rows of response rates count %d responses, want %d", counted, want)
		}
	})
}

// checkCoverage counts what is covered again.
func checkCoverage(t *rapid.T, fs []*fact.Fact, c condition, q *query.Query, got *column.Coverage) {
	var want column.Coverage
	for _, f := range fs {
		want.Rows++
		switch {
		case f.Population != fact.Customer:
			want.OtherPopulation++
		case !q.Start.IsZero() && f.CountTime.Before(q.Start) || !q.End.IsZero() && !f.CountTime.Before(q.End):
			want.OutsidePeriod++
		case !q.AsOf.IsZero() && f.ReceiveTime.After(q.AsOf):
			want.ReceivedLater++
		case !c.holds(f):
			want.Filtered++
		default:
			want.Counted++
		}
	}
	if *got != want {
		t.Fatalf("coverage is %+v, want %+v", *got, want)
	}
}

// TestCubeAndTableAgree answers queries from the cube where it suffices, and again from the table alone.
func TestCubeAndTableAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fs := rapid.SliceOfN(rapid.Custom(genFact), 0, 40).Draw(t, "facts")
		q, _ := genQuery(t)
		q.Filter = rapid.SampledFrom([]string{"", `location = "north"`, `location = ""`, `location:south AND location:south`}).Draw(t, "exact filter")
		q.GroupBy = rapid.SampledFrom([][]string{nil, {"location"}}).Draw(t, "one key")
		q.AsOf, q.Weighting = time.Time{}, nil
		d := data(t, fs, rapid.SliceOfN(rapid.Custom(genRefusal), 0, 10).Draw(t, "refusals")...)
		fast, err := query.Run(context.Background(), q, d)
		if err != nil {
			t.Fatalf("run: %v", err)
		}
		d.Cube = nil
		slow, err := query.Run(context.Background(), q, d)
		if err != nil {
			t.Fatalf("run without a cube: %v", err)
		}
		if !reflect.DeepEqual(fast.Coverage, slow.Coverage) {
			t.Fatalf("coverage is %+v by the cube, %+v by the table", *fast.Coverage, *slow.Coverage)
		}
		if len(fast.Rows) != len(slow.Rows) {
			t.Fatalf("%d rows by the cube, %d by the table", len(fast.Rows), len(slow.Rows))
		}
		for i := range fast.Rows {
			a, b := fast.Rows[i], slow.Rows[i]
			if !a.Answers.Equal(b.Answers) {
				t.Fatalf("row %d: answers differ", i)
			}
			a.Answers, b.Answers = histogram.Histogram{}, histogram.Histogram{}
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("row %d is %+v by the cube, %+v by the table", i, a, b)
			}
		}
	})
}

// TestUnitsHideWhatIsOutside answers from what a caller may see as if there were nothing else.
func TestUnitsHideWhatIsOutside(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fs := rapid.SliceOfN(rapid.Custom(genFact), 0, 40).Draw(t, "facts")
		q, _ := genQuery(t)
		q.GroupBy, q.Filter = rapid.SampledFrom([][]string{nil, {"location"}, {"channel"}}).Draw(t, "keys"), ""
		seen := slices.DeleteFunc(slices.Clone(fs), func(f *fact.Fact) bool { return f.Context.Location != "north" && f.Context.Channel != "sms" })
		restricted, free := data(t, fs), data(t, seen)
		restricted.Cube = nil
		restricted.Within = column.Or{
			column.In{Key: "location", Match: func(v string, _ bool) bool { return v == "north" }},
			column.In{Key: "channel", Match: func(v string, _ bool) bool { return v == "sms" }},
		}
		free.Cube = nil
		got, hidden := query.Run(context.Background(), q, restricted)
		want, err := query.Run(context.Background(), q, free)
		if isReason(err, query.WeightingInvalid) && isReason(hidden, query.WeightingInvalid) {
			t.Skip("nothing that is seen states a weight")
		}
		if hidden != nil {
			t.Fatal(hidden)
		}
		if err != nil {
			t.Fatal(err)
		}
		if *got.Coverage != *want.Coverage || len(got.Rows) != len(want.Rows) {
			t.Fatalf("%d rows of %+v, want %d of %+v", len(got.Rows), *got.Coverage, len(want.Rows), *want.Coverage)
		}
		for i := range got.Rows {
			a, b := &got.Rows[i], &want.Rows[i]
			if a.Score.N != b.Score.N || !equal(a.Score.Estimate, b.Score.Estimate) || !slices.Equal(a.Keys, b.Keys) || !a.Start.Equal(b.Start) {
				t.Fatalf("row %d is %+v, want %+v", i, *a, *b)
			}
		}
	})
}

func equal(a, b *float64) bool {
	if a == nil || b == nil {
		return a == b
	}
	return math.Abs(*a-*b) <= 1e-9*max(1, math.Abs(*b))
}
