package query_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// crossed makes answers to the question recommend: so many of each location and channel.
func crossed(counts map[[2]string]int) []*fact.Fact {
	var fs []*fact.Fact
	for place, n := range counts {
		for i := range n {
			fs = append(fs, &fact.Fact{
				ID: "x", Survey: "shop", Revision: 1, Weight: 1, Population: fact.Customer, CountTime: start, ReceiveTime: start,
				Context: fact.Context{Location: place[0], Channel: place[1], Attributes: []fact.Attribute{
					{Name: "copy", Value: place[0]}, {Name: "other", Value: place[1]},
				}},
				Answers: []fact.Answer{{
					Question: "recommend", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: question.Centi(i%11) * question.Unit,
				}},
			})
		}
	}
	return fs
}

func margin(key string, shares ...any) query.Margin {
	m := query.Margin{Key: key}
	for i := 0; i < len(shares); i += 2 {
		m.Targets = append(m.Targets, query.Target{Value: shares[i].(string), Share: shares[i+1].(float64)})
	}
	return m
}

// example is the table of the definitions: rows 30, 20 and 10, 40.
func example() map[[2]string]int {
	return map[[2]string]int{{"north", "app"}: 30, {"north", "sms"}: 20, {"south", "app"}: 10, {"south", "sms"}: 40}
}

// TestRakingOfTheDefinitions rakes the example of the definitions to rows 50/50 and columns 60/40.
func TestRakingOfTheDefinitions(t *testing.T) {
	t.Parallel()
	counts := example()
	// Nothing says what these weigh.
	counts[[2]string{"east", "app"}] = 3
	counts[[2]string{"", "sms"}] = 2
	q := query.Query{
		Survey: "shop", Metrics: []metric.ID{metric.NPS}, GroupBy: []string{"location", "channel"},
		Weighting: &query.Weighting{Margins: []query.Margin{margin("location", "north", 1.0, "south", 1.0), margin("channel", "app", 60.0, "sms", 40.0)}},
	}
	check := func(q query.Query) {
		t.Helper()
		r, err := query.Run(t.Context(), q, data(t, crossed(counts)))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]float64{"north app": 4.0 / 3, "north sms": 0.5, "south app": 2, "south sms": 0.75}
		var sum, squares float64
		for _, row := range r.Rows {
			if row.Score.Variant != metric.NPSAnswered {
				continue
			}
			w := row.Score.Weighting
			name := row.Keys[0].Value + " " + row.Keys[1].Value
			if got := w.WeightedN / float64(w.N); math.Abs(got-want[name]) > 1e-7 {
				t.Errorf("weight of %s is %v, want %v", name, got, want[name])
			}
			sum += w.WeightedN
			squares += w.WeightedN * w.WeightedN / w.EffectiveN
			delete(want, name)
		}
		if len(want) > 0 {
			t.Errorf("there are no rows of %v", want)
		}
		if got := sum * sum / squares; math.Abs(got-82.7586206896552) > 1e-6 {
			t.Errorf("effective n is %v", got)
		}
		if c := r.Coverage; c.Rows != 105 || c.Counted != 100 || c.Unweighted != 5 || c.Filtered != 0 {
			t.Errorf("coverage is %+v", *c)
		}
	}
	check(q)
	// Margins that say the same again make more of them than a table groups by.
	q.Weighting.Margins = append(q.Weighting.Margins, margin("attributes.copy", "north", 1.0, "south", 1.0), margin("attributes.other", "app", 3.0, "sms", 2.0))
	check(q)
}

func TestWeightsThatMeanNothingAreRefused(t *testing.T) {
	t.Parallel()
	d := data(t, crossed(example()))
	for name, c := range map[string]struct {
		w      query.Weighting
		reason query.Reason
		field  string
		says   string
		state  bool
	}{
		"unknown key": {
			query.Weighting{Margins: []query.Margin{margin("locaton", "north", 1.0)}}, query.KeyUnknown, "weighting.raking.margins[0].key", "the nearest is location", false,
		},
		"key of many values": {
			query.Weighting{Margins: []query.Margin{margin("theme", "x", 1.0)}}, query.WeightingInvalid, "weighting.raking.margins[0].key", "several values", false,
		},
		"key twice": {
			query.Weighting{Margins: []query.Margin{margin("location", "north", 1.0), margin("location", "north", 1.0)}}, query.WeightingInvalid,
			"weighting.raking.margins[1].key", "margin already", false,
		},
		"value twice": {
			query.Weighting{Margins: []query.Margin{margin("location", "north", 1.0, "north", 2.0)}}, query.WeightingInvalid,
			"weighting.raking.margins[0].targets[1].value", "a share already", false,
		},
		"no share": {
			query.Weighting{Margins: []query.Margin{margin("location", "north", 0.0)}}, query.WeightingInvalid, "weighting.raking.margins[0].targets[0].share",
			"more than 0", false,
		},
		"shares whose sum is no number": {
			query.Weighting{Margins: []query.Margin{margin("location", "north", 1e308, "south", 1e308)}}, query.WeightingInvalid,
			"weighting.raking.margins[0].targets[0].share", "from 1e-06 to 1e+12", false,
		},
		"infinite share": {
			query.Weighting{Margins: []query.Margin{margin("location", "north", 1.0, "south", math.Inf(1))}}, query.WeightingInvalid,
			"weighting.raking.margins[0].targets[1].share", "from 1e-06 to 1e+12", false,
		},
		"share next to nothing": {
			query.Weighting{Margins: []query.Margin{margin("location", "north", 1.0, "south", 1e-300)}}, query.WeightingInvalid,
			"weighting.raking.margins[0].targets[1].share", "from 1e-06 to 1e+12", false,
		},
		"no targets": {
			query.Weighting{Margins: []query.Margin{margin("location")}}, query.WeightingInvalid, "weighting.raking.margins[0].targets", "at least one", false,
		},
		"low cap": {
			query.Weighting{Cap: 0.5, Margins: []query.Margin{margin("location", "north", 1.0)}}, query.WeightingInvalid, "weighting.raking.cap", "cannot be less", false,
		},
		"nobody": {
			query.Weighting{Margins: []query.Margin{margin("location", "north", 1.0, "east", 1.0)}}, query.WeightingInvalid,
			"weighting.raking.margins[0].targets[1]", `no response that is counted has location "east"`, true,
		},
		"cap too low for the margins": {
			query.Weighting{Cap: 1.01, Margins: []query.Margin{margin("location", "north", 9.0, "south", 1.0)}}, query.WeightingInvalid, "weighting.raking",
			"raise the cap", true,
		},
	} {
		q := query.Query{Survey: "shop", Metrics: []metric.ID{metric.NPS}, Weighting: &c.w}
		_, err := query.Run(t.Context(), q, d)
		var e *query.Error
		if !errors.As(err, &e) || e.Reason != c.reason || e.Field != c.field || e.State != c.state || !strings.Contains(e.Description, c.says) {
			t.Errorf("%s: got %v, want %s at %s: %s", name, err, c.reason, c.field, c.says)
		}
	}
}

func TestCutsThatMeanNothingAreRefused(t *testing.T) {
	t.Parallel()
	d := data(t, crossed(example()))
	for _, c := range []struct {
		q       query.Query
		reason  query.Reason
		field   string
		nearest string
	}{
		{query.Query{GroupBy: []string{"location", "chanel"}}, query.KeyUnknown, "group_by[1]", "channel"},
		{query.Query{GroupBy: []string{"location", "location"}}, query.KeyUnknown, "group_by[1]", ""},
		{query.Query{GroupBy: []string{"answers.recommend"}}, query.KeyUnknown, "group_by[0]", ""},
		{query.Query{GroupBy: []string{"attributes.cpy"}}, query.KeyUnknown, "group_by[0]", "attributes.copy"},
		{query.Query{GroupBy: []string{"location", "channel", "region", "company"}}, query.TooManyRows, "group_by", ""},
		{query.Query{Filter: `locaton = "north"`}, query.FilterInvalid, "filter", "location"},
		{query.Query{Filter: `location = `}, query.FilterInvalid, "filter", ""},
		{query.Query{Question: "recommendd"}, query.QuestionNotFound, "question", ""},
		{query.Query{Metrics: []metric.ID{metric.ENPS}}, query.MetricMismatch, "metrics[0]", ""},
		{query.Query{Metrics: []metric.ID{metric.Share}}, query.MetricMismatch, "question", ""},
		{query.Query{Variants: []metric.Variant{metric.ResponseRateInvited}}, query.CountMissing, "stated_counts.invitations", ""},
		{
			query.Query{Variants: []metric.Variant{metric.ResponseRateInvited}, Stated: metric.Stated{Invitations: new(int64(500))}, GroupBy: []string{"location"}},
			query.CountNotSliced, "stated_counts.invitations", "",
		},
		{
			query.Query{Variants: []metric.Variant{metric.ResponseRateInvited}, Stated: metric.Stated{Invitations: new(int64(7))}},
			query.CountContradicted, "stated_counts.invitations", "",
		},
		{
			query.Query{Variants: []metric.Variant{metric.ResponseRateInvited}, Stated: metric.Stated{Invitations: new(int64(500))}, Weighting: &query.Weighting{}},
			query.MetricMismatch, "weighting", "",
		},
		{query.Query{Metrics: []metric.ID{metric.Share}, Question: "recommend", Settings: metric.Settings{Option: "11"}}, query.MetricMismatch, "option", ""},
	} {
		c.q.Survey = "shop"
		_, err := query.Run(t.Context(), c.q, d)
		var e *query.Error
		if !errors.As(err, &e) || e.Reason != c.reason || e.Field != c.field || e.Nearest != c.nearest {
			t.Errorf("%s: got %v, want %s at %s, nearest %q", fmt.Sprintf("%+v", c.q), err, c.reason, c.field, c.nearest)
		}
	}
	d.Pending = true
	_, err := query.Run(t.Context(), query.Query{Survey: "shop", GroupBy: []string{"attributes.copy"}}, d)
	if e := (*query.Error)(nil); !errors.As(err, &e) || e.Reason != query.RowsPending || !e.Pending {
		t.Errorf("rows that are missing: %v", err)
	}
	if _, err := query.Run(t.Context(), query.Query{Survey: "shop", GroupBy: []string{"location"}}, d); err != nil {
		t.Errorf("what the cube answers waits for rows: %v", err)
	}
}
