package query_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// stores makes answers to the question recommend of stores, of which those from `better` on get the better ones.
func stores(n, better, answers int) []*fact.Fact {
	var fs []*fact.Fact
	for store := range n {
		for i := range answers {
			v := i % 11
			if store >= better {
				v = 6 + i%5
			}
			fs = append(fs, &fact.Fact{
				ID: "x", Survey: "shop", Revision: 1, Weight: 1, Population: fact.Customer, CountTime: start, ReceiveTime: start,
				Context: fact.Context{Location: fmt.Sprintf("store-%02d", store)},
				Answers: []fact.Answer{{Question: "recommend", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: question.Centi(v) * question.Unit}},
			})
		}
	}
	// Some state no store, and one store has one answer.
	for _, location := range []string{"", "", "tiny"} {
		f := *fs[0]
		f.Context.Location = location
		fs = append(fs, &f)
	}
	return fs
}

func TestRankTellsWhoIsDifferent(t *testing.T) {
	t.Parallel()
	d := data(t, stores(10, 8, 110))
	q := query.Query{Survey: "shop", Metrics: []metric.ID{metric.NPS}, GroupBy: []string{"location"}}
	r, err := query.Rank(t.Context(), q, d, metric.Family{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Units) != 11 || r.Compared != 10 || r.Coverage.Counted != 1103 {
		t.Fatalf("%d units, %d compared of %+v", len(r.Units), r.Compared, *r.Coverage)
	}
	for i, u := range r.Units {
		name := u.Keys[0].Value
		switch {
		case name == "":
			t.Error("what states no store is ranked")
		case name == "tiny":
			if i != 10 || u.Rank != 0 || u.Difference != nil || u.Different {
				t.Errorf("a store of one answer: %+v", u)
			}
		case (name >= "store-08") != (i < 2), u.Difference == nil, u.AdjustedP == nil, name >= "store-08" && !u.Different:
			t.Errorf("%s at %d: %+v", name, i, u)
		}
	}
	var n, sum float64
	for _, u := range r.Units {
		n += float64(u.Row.Score.N)
		sum += float64(u.Row.Score.N) * *u.Row.Score.Estimate
	}
	if got := r.Overall; got.Score.N != int64(n) || math.Abs(*got.Score.Estimate-sum/n) > 1e-9 || got.Responses != 1101 {
		t.Errorf("overall %+v, want %v of %v", got, sum/n, n)
	}
	for name, other := range map[string]query.Query{
		"no key":     {Survey: "shop", Metrics: []metric.ID{metric.NPS}},
		"two keys":   {Survey: "shop", Metrics: []metric.ID{metric.NPS}, GroupBy: []string{"location", "channel"}},
		"themes":     {Survey: "shop", Metrics: []metric.ID{metric.NPS}, GroupBy: []string{"theme"}},
		"no metric":  {Survey: "shop", GroupBy: []string{"location"}},
		"no variant": {Survey: "shop", Metrics: []metric.ID{metric.CES}, GroupBy: []string{"location"}},
		"everything": {Survey: "shop", Question: "*", Metrics: []metric.ID{metric.Mean}, GroupBy: []string{"location"}},
	} {
		if _, err := query.Rank(t.Context(), other, d, metric.Family{}); !isReason(err, query.NotComparable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestVeryManyUnitsAreNotRanked(t *testing.T) {
	t.Parallel()
	fs := make([]*fact.Fact, metric.MaxUnits+1)
	for i := range fs {
		f := *stores(1, 1, 1)[0]
		f.Context.Location = fmt.Sprint("store-", i)
		fs[i] = &f
	}
	q := query.Query{Survey: "shop", Metrics: []metric.ID{metric.NPS}, GroupBy: []string{"location"}}
	if _, err := query.Rank(t.Context(), q, data(t, fs), metric.Family{}); !isReason(err, query.TooManyRows) {
		t.Errorf("%d units: %v", len(fs), err)
	}
}

func TestRankByDefinition(t *testing.T) {
	t.Parallel()
	r, err := query.Rank(t.Context(), query.Query{Survey: "shop", Definition: index(composite.Fixed), GroupBy: []string{"location"}}, rated(t), metric.Family{})
	if err != nil {
		t.Fatal(err)
	}
	// Answers in the south are lower by one.
	if len(r.Units) != 2 || r.Compared != 2 || r.Units[0].Keys[0].Value != "north" || r.Units[0].Rank != 1 || !r.Units[0].Different ||
		*r.Units[0].Difference <= 0 || r.Units[0].Interval == nil || r.Overall.Composite == nil || r.Overall.Responses != 600 {
		t.Errorf("%+v", r)
	}
}
