package storetest

import (
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/benchmark"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

// benchmarkCases are about benchmarks.
func benchmarkCases() []testCase {
	return []testCase{{"BenchmarksArePut", benchmarksArePut}, {"BenchmarksAreFound", benchmarksAreFound}}
}

// benchmarkOf is a value of a subject in a month, counted from 0, of thirty days.
func benchmarkOf(id, subject string, metric benchmark.Metric, month int, value float64) benchmark.Value {
	n, se := int64(800), 2.5
	return benchmark.Value{
		ID: id, Series: "grocers", Subject: subject, Metric: metric, First: dayOfMonth(month), Last: dayOfMonth(month+1) - 1, Value: value, N: &n, SE: &se, Source: "A panel, 2026", Time: noon,
	}
}

func benchmarksArePut(t *testing.T, open Open) {
	ctx, s := t.Context(), opened(t, open)
	first, second := benchmarkOf("a", "globus", benchmark.NPS, 0, 31), benchmarkOf("b", "narodny", benchmark.CSAT, 0, 70)
	put := func(dry bool, at time.Time, values ...benchmark.Value) []store.OperationChange {
		t.Helper()
		changes, err := s.PutBenchmarks(ctx, acme, values, at, dry)
		return got(t, changes, err)
	}
	equal(t, "tried", put(true, noon, first, second), []store.OperationChange{store.OperationCreated, store.OperationCreated})
	list, err := s.ListBenchmarks(ctx, acme, store.BenchmarkQuery{}, "", 10)
	equal(t, "after trying", got(t, list, err), nil)
	put(false, noon, first, second)
	corrected := benchmarkOf("b", "narodny", benchmark.CSAT, 0, 71)
	corrected.Time = noon.Add(time.Hour)
	equal(t, "again", put(false, noon.Add(time.Hour), first, corrected), []store.OperationChange{store.OperationUnchanged, store.OperationUpdated})
	list, err = s.ListBenchmarks(ctx, acme, store.BenchmarkQuery{}, "", 10)
	equal(t, "all", got(t, list, err), []benchmark.Value{first, corrected})
	list, err = s.ListBenchmarks(ctx, other, store.BenchmarkQuery{}, "", 10)
	equal(t, "those of another", got(t, list, err), nil)
}

func benchmarksAreFound(t *testing.T, open Open) {
	ctx, s := t.Context(), opened(t, open)
	all := []benchmark.Value{
		benchmarkOf("a", "globus", benchmark.NPS, 0, 31), benchmarkOf("b", "globus", benchmark.NPS, 1, 32), benchmarkOf("c", "globus", benchmark.CSAT, 1, 80),
		benchmarkOf("d", "narodny", benchmark.NPS, 2, 20),
	}
	all[3].Series, all[3].N, all[3].SE = "others", nil, nil
	changes, err := s.PutBenchmarks(ctx, acme, all, noon, false)
	equal(t, "created", len(got(t, changes, err)), 4)
	for name, c := range map[string]struct {
		q     store.BenchmarkQuery
		after string
		limit int
		want  []benchmark.Value
	}{
		"page":    {store.BenchmarkQuery{}, "a", 2, all[1:3]},
		"metric":  {store.BenchmarkQuery{Metric: benchmark.NPS, Subjects: []string{"globus"}}, "", 9, all[:2]},
		"series":  {store.BenchmarkQuery{Series: []string{"others", "none"}}, "", 9, all[3:]},
		"days":    {store.BenchmarkQuery{First: dayOfMonth(1) + 3, Last: dayOfMonth(1) + 5}, "", 9, all[1:3]},
		"touched": {store.BenchmarkQuery{First: dayOfMonth(2)}, "", 9, all[3:]},
		"ids":     {store.BenchmarkQuery{IDs: []string{"d", "a"}}, "", 9, []benchmark.Value{all[0], all[3]}},
	} {
		list, err := s.ListBenchmarks(ctx, acme, c.q, c.after, c.limit)
		equal(t, name, got(t, list, err), c.want)
	}
	n, err := s.DeleteBenchmarks(ctx, acme, store.BenchmarkQuery{Series: []string{"grocers"}, Subjects: []string{"globus"}})
	equal(t, "deleted", got(t, n, err), 3)
	n, err = s.DeleteBenchmarks(ctx, other, store.BenchmarkQuery{})
	equal(t, "deleted of another", got(t, n, err), 0)
	list, err := s.ListBenchmarks(ctx, acme, store.BenchmarkQuery{}, "", 9)
	equal(t, "left", got(t, list, err), all[3:])
}

// dayOfMonth is the first day of a month of thirty days.
func dayOfMonth(month int) operation.Day { return operation.Day(20000 + 30*month) }
