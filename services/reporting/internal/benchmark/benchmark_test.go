package benchmark_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/benchmark"
	"github.com/otklik/otklik/services/reporting/internal/operation"
)

var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

// sound is a value with nothing wrong.
func sound() benchmark.Value {
	return benchmark.Value{Series: "Grocers", Subject: "Globus", Metric: benchmark.NPS, First: 20500, Last: 20590, Value: 31, Source: "A panel"}
}

func of[T any](v T) *T { return &v }

// TestCheck: each field that is wrong is named, with its reason.
func TestCheck(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*benchmark.Value){
		"":                             func(*benchmark.Value) {},
		"id MALFORMED":                 func(v *benchmark.Value) { v.ID = "a/b" },
		"series MISSING":               func(v *benchmark.Value) { v.Series = " " },
		"subject MALFORMED":            func(v *benchmark.Value) { v.Subject = "a\x00" },
		"source MISSING":               func(v *benchmark.Value) { v.Source = "" },
		"metric MISSING":               func(v *benchmark.Value) { v.Metric = 0 },
		"end_date CONTRADICTORY":       func(v *benchmark.Value) { v.Last = v.First - 1 },
		"end_date OUT_OF_RANGE":        func(v *benchmark.Value) { v.Last = v.First + 3700 },
		"start_date IN_FUTURE":         func(v *benchmark.Value) { v.First, v.Last = 30000, 30001 },
		"value OUT_OF_RANGE":           func(v *benchmark.Value) { v.Value = math.NaN() },
		"n OUT_OF_RANGE":               func(v *benchmark.Value) { v.N = of(int64(0)) },
		"standard_error OUT_OF_RANGE":  func(v *benchmark.Value) { v.SE = of(math.Inf(1)) },
		"scale_min MISSING":            func(v *benchmark.Value) { v.Metric = benchmark.Mean },
		"scale_min CONTRADICTORY":      func(v *benchmark.Value) { v.ScaleMin = of(1.0) },
		"scale_max OUT_OF_RANGE":       func(v *benchmark.Value) { v.Metric, v.ScaleMin, v.ScaleMax = benchmark.CES, of(7.0), of(1.0) },
		"value OUT_OF_RANGE of a CSAT": func(v *benchmark.Value) { v.Metric, v.Value = benchmark.CSAT, -1 },
	} {
		v := sound()
		change(&v)
		var got string
		for _, p := range v.Check(now) {
			got += p.Field + " " + string(p.Reason)
		}
		if got != want && got+" of a CSAT" != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestRead: a row as people write it.
func TestRead(t *testing.T) {
	t.Parallel()
	row := map[string]string{
		"series": "Grocers", "subject": " Globus ", "metric": "CSAT", "start_date": "2026-01-01", "last_date": "2026-03-31 00:00", "value": "71,5 %", "n": "1 200",
		"source": "A panel",
	}
	got, problems := benchmark.Read(func(field string) string { return row[field] })
	if len(problems) > 0 || got.Subject != "Globus" || got.Metric != benchmark.CSAT || got.First.String() != "2026-01-01" || got.Last.String() != "2026-03-31" ||
		got.Value != 71.5 || *got.N != 1200 || got.SE != nil || len(got.Check(now)) > 0 {
		t.Errorf("%+v, %v", got, problems)
	}
	if again, _ := benchmark.Read(func(field string) string { return row[field] }); again.Prepared().ID != got.Prepared().ID || got.Prepared().ID == sound().Prepared().ID {
		t.Error("the identifier that is made does not tell values apart, or is another one each time")
	}
	for field, text := range map[string]string{"metric": "ltv", "start_date": "spring", "value": "many", "n": "1.5", "end_date": "2026-04-01"} {
		broken := map[string]string{field: text}
		_, problems := benchmark.Read(func(f string) string {
			if s, ok := broken[f]; ok {
				return s
			}
			return row[f]
		})
		if !slices.ContainsFunc(problems, func(p operation.Problem) bool {
			return p.Field == field || field == "end_date" && p.Field == "last_date"
		}) {
			t.Errorf("%s %q: %v", field, text, problems)
		}
	}
}

// TestDifference is worked by hand: NPS 40 with a standard error of 3 against 31 of 800, whose greatest is √((1 - (0.31·800/803)²)/803); and its interval
// holds the truth at least as often as it says, as the variance is the greatest that there can be.
func TestDifference(t *testing.T) {
	t.Parallel()
	v := sound()
	if _, _, ok := v.StandardError(); ok {
		t.Error("without n the precision is known")
	}
	v.N = of(int64(800))
	se, convention, ok := v.StandardError()
	if share := 0.31 * 800 / 803; !ok || convention != "GREATEST_VARIANCE_OF_NPS" || math.Abs(se-100*math.Sqrt((1-share*share)/803)) > 1e-12 {
		t.Errorf("%v %s", se, convention)
	}
	e, p := benchmark.Difference(40, 3, v.Value, se, 0.95)
	if want := math.Hypot(3, se); e.Value != 9 || math.Abs(*e.SE-want) > 1e-12 || math.Abs(e.Interval.High-(9+1.959963984540054*want)) > 1e-9 || *p < 0.02 || *p > 0.06 {
		t.Errorf("%+v, %v", e, *p)
	}
	v.Metric, v.Value = benchmark.CSAT, 100
	if se, _, ok := v.StandardError(); !ok || !(se > 0) {
		t.Errorf("nobody of 800 dissatisfied: %v", se)
	}
	v.Metric = benchmark.Mean
	if _, _, ok := v.StandardError(); ok {
		t.Error("n tells how precise a mean is")
	}
	if fmt.Sprint(benchmark.NPS, benchmark.Mean, benchmark.Metric(0)) != "nps mean " {
		t.Error("names of metrics")
	}
}
