package alarm_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/alarm"
	"github.com/otklik/otklik/services/scoring/internal/alert"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

const acme = "acme"

// began is the first day of the tests, a Monday.
var began = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// shop knows one survey.
type shop struct{}

// History returns it.
func (shop) History(_ context.Context, _, survey string) (questionnaire.History, error) {
	return questionnaire.History{Revisions: []*questionnaire.Revision{{Survey: survey, Number: 1, Population: fact.Customer, Questions: []metric.Question{
		{ID: "recommend", Kind: question.NPS, Scale: question.Scale0To10}, {ID: "staff", Kind: question.CSAT, Scale: question.Scale1To5},
		{ID: "effort", Kind: question.CES, Scale: question.Scale1To7, Direction: question.Effort},
	}}}}, nil
}

// outcome is a response or a refusal of the tests.
type outcome struct {
	at       time.Time
	location string
	answers  map[string]question.Centi
	refused  bool
}

// outcomes draws what happens in some days.
func outcomes(n, days int, rng *rand.Rand) []outcome {
	list := make([]outcome, n)
	for i := range list {
		o := outcome{
			at:       began.Add(time.Duration(rng.IntN(days*96)) * 15 * time.Minute),
			location: []string{"north", "south", ""}[rng.IntN(3)], refused: rng.IntN(5) == 0,
			answers: map[string]question.Centi{"staff": question.Centi(100 * (1 + rng.IntN(5))), "effort": question.Centi(100 * (1 + rng.IntN(7)))},
		}
		if rng.IntN(4) > 0 {
			o.answers["recommend"] = question.Centi(100 * rng.IntN(11))
		}
		list[i] = o
	}
	return list
}

// board counts outcomes.
func board(t testing.TB, list []outcome) *live.Board {
	t.Helper()
	d := &delta.Delta{}
	history, _ := shop{}.History(context.Background(), acme, "shop")
	for i, o := range list {
		c := fact.Context{Location: o.location}
		if o.refused {
			d.AddRefusal(&fact.Refusal{ID: fmt.Sprint("x", i), Survey: "shop", Population: fact.Customer, CountTime: o.at, Kind: fact.Refused, Context: c})
			continue
		}
		f := &fact.Fact{ID: fmt.Sprint("r", i), Survey: "shop", Revision: 1, Population: fact.Customer, CountTime: o.at, Weight: 1, Context: c}
		for _, q := range history.Revisions[0].Questions {
			if v, ok := o.answers[q.ID]; ok {
				f.Answers = append(f.Answers, fact.Answer{Question: q.ID, Kind: q.Kind, Scale: q.Scale, Direction: q.Direction, Present: true, Value: v})
			}
		}
		d.AddFact(f)
	}
	return shown(t, d)
}

// shown is a board on which a delta is counted.
func shown(t testing.TB, d *delta.Delta) *live.Board {
	t.Helper()
	counted := live.NewBook()
	if err := counted.Apply(d); err != nil {
		t.Fatal(err)
	}
	b := live.New()
	if _, _, err := b.Reload(b.Marks(), func() (map[string]*live.Book, store.Marks, error) {
		return map[string]*live.Book{acme: counted}, store.Marks{Cursors: []store.Cursor{{AsOf: began.AddDate(1, 0, 0)}}}, nil
	}); err != nil {
		t.Fatal(err)
	}
	return b
}

// observed is what one outcome adds to the observations of a variant; false when that is nothing.
func observed(v metric.Variant, o outcome) (int64, bool) {
	score, answered := o.answers["recommend"]
	answered = answered && !o.refused
	points := map[bool]int64{true: 10000}[score >= 900]
	if score < 700 {
		points = -10000
	}
	switch v {
	case metric.NPSAnswered:
		return points, answered
	case metric.NPSContacted:
		if o.refused {
			return 0, true
		}
		return points, answered
	case metric.NPSRefusedAsDetractor:
		if o.refused {
			return -10000, true
		}
		return points, answered
	case metric.CSATShare:
		return map[bool]int64{true: 10000}[o.answers["staff"] >= 400], !o.refused
	case metric.CESMean:
		return int64(800 - o.answers["effort"]), !o.refused
	case metric.ResponseRateOutcomes:
		return map[bool]int64{true: 10000}[!o.refused], true
	}
	panic(v)
}

// TestSeriesAgreeWithARecount counts the observations of each unit and period from the outcomes themselves.
func TestSeriesAgreeWithARecount(t *testing.T) {
	t.Parallel()
	const days = 21
	list := outcomes(3000, days, rand.New(rand.NewPCG(1, 2)))
	p := &alarm.Planner{Board: board(t, list), Catalog: shop{}}
	bishkek, err := time.LoadLocation("Asia/Bishkek")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []metric.Variant{metric.NPSAnswered, metric.NPSContacted, metric.NPSRefusedAsDetractor, metric.CSATShare, metric.CESMean, metric.ResponseRateOutcomes} {
		for _, filter := range []string{"", `location = "north"`} {
			definition, _, err := metric.FindVariant(v)
			if err != nil {
				t.Fatal(err)
			}
			end := began.AddDate(0, 0, days)
			r := &alert.Rule{Organization: acme, Subject: alert.Subject{
				Survey: "shop", Metric: definition.ID, Variant: v, UnitKey: "location", Filter: filter, Grain: calendar.Week, TimeZone: "Asia/Bishkek",
			}, Params: alert.Params{Baseline: alert.Baseline{Start: began.AddDate(0, 0, 1), End: began.AddDate(0, 0, 3)}}}
			if err := p.Resolve(t.Context(), r, end); err != nil {
				t.Fatal(err)
			}
			counted, err := p.Series(t.Context(), r, began, end)
			if err != nil {
				t.Fatal(err)
			}
			got := make(map[string]int64)
			add := func(key string, h histogram.Histogram) {
				for b := range h.Bins() {
					got[fmt.Sprint(key, " ", b.Value)] += b.Count
				}
			}
			for _, s := range counted.Series {
				add(s.Unit+" baseline", s.Baseline)
				for _, x := range s.Periods {
					add(s.Unit+" "+x.Start.UTC().Format(time.RFC3339), x.Answers)
				}
			}
			want := make(map[string]int64)
			for _, o := range list {
				value, counts := observed(v, o)
				if !counts || filter != "" && o.location != "north" {
					continue
				}
				start := calendar.StepStart(o.at, calendar.Week, bishkek)
				if start.Before(began) {
					start = began
				}
				want[fmt.Sprint(o.location, " ", start.UTC().Format(time.RFC3339), " ", value)]++
				if !o.at.Before(r.Baseline.Start) && o.at.Before(r.Baseline.End) {
					want[fmt.Sprint(o.location, " baseline ", value)]++
				}
			}
			if len(got) != len(want) {
				t.Errorf("%s of %q: %d counts, want %d", v, filter, len(got), len(want))
			}
			for key, n := range want {
				if got[key] != n {
					t.Errorf("%s of %q: %s is counted %d times, want %d", v, filter, key, got[key], n)
				}
			}
		}
	}
}

// TestRulesAreResolved fills in what is left open and refuses what cannot be watched.
func TestRulesAreResolved(t *testing.T) {
	t.Parallel()
	p := &alarm.Planner{Board: board(t, outcomes(10, 3, rand.New(rand.NewPCG(1, 2)))), Catalog: shop{}}
	now := began.AddDate(0, 0, 30).Add(5 * time.Hour)
	rule := func(change func(r *alert.Rule)) *alert.Rule {
		r := &alert.Rule{Organization: acme, Subject: alert.Subject{Survey: "shop", Metric: metric.CES, TimeZone: "UTC"}}
		change(r)
		return r
	}
	r := rule(func(*alert.Rule) {})
	if err := p.Resolve(t.Context(), r, now); err != nil {
		t.Fatal(err)
	}
	if r.Variant != metric.CESMean || r.Question != "effort" || r.Population != fact.Customer || r.Grain != calendar.Day || !r.Baseline.Start.Equal(began.AddDate(0, 0, 22)) {
		t.Errorf("resolved %+v", r)
	}
	infinite := math.Inf(1)
	for field, change := range map[string]func(r *alert.Rule){
		"metric":         func(r *alert.Rule) { r.Metric = metric.ENPS },
		"variant":        func(r *alert.Rule) { r.Variant = metric.NPSAnswered },
		"question":       func(r *alert.Rule) { r.Question = "staff" },
		"baseline":       func(r *alert.Rule) { r.Baseline.Start = now.Add(time.Second) },
		"baseline.value": func(r *alert.Rule) { r.Baseline.Value = &infinite },
		"lambda":         func(r *alert.Rule) { r.Lambda = 2 },
	} {
		var refusal *alert.FieldError
		if err := p.Resolve(t.Context(), rule(change), now); !errors.As(err, &refusal) || refusal.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	for reason, change := range map[query.Reason]func(r *alert.Rule){
		query.NotProtectable: func(r *alert.Rule) { r.Filter = `employee = "anna"` },
		query.KeyUnknown:     func(r *alert.Rule) { r.UnitKey = "loction" },
		query.FilterInvalid:  func(r *alert.Rule) { r.Filter = "location" },
	} {
		var refusal *query.Error
		if err := p.Resolve(t.Context(), rule(change), now); !errors.As(err, &refusal) || refusal.Reason != reason {
			t.Errorf("%s: %v", reason, err)
		}
	}
}

func TestEndsOfPeriods(t *testing.T) {
	t.Parallel()
	bishkek, err := time.LoadLocation("Asia/Bishkek")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range []calendar.Grain{calendar.Hour, calendar.Day, calendar.Week, calendar.Month} {
		for _, at := range []time.Time{began, began.Add(-1), began.Add(17*time.Hour + 59*time.Minute), began.AddDate(0, 1, 29)} {
			end, err := alarm.PeriodEnd(at, g, bishkek)
			if err != nil || !end.After(at) || !calendar.StepStart(end, g, bishkek).Equal(end) || calendar.StepStart(end.Add(-1), g, bishkek).After(at) {
				t.Errorf("the %s of %v ends at %v, %v", g, at, end, err)
			}
		}
	}
}
