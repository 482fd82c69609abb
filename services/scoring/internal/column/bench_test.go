package column_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// synthetic are the rows of a year: as many as OTKLIK_BENCH_ROWS says, or a million.
func synthetic(b *testing.B) column.Synthetic {
	s := column.Synthetic{Rows: 1_000_000, Spans: 46}
	if text := os.Getenv("OTKLIK_BENCH_ROWS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < s.Spans {
			b.Fatalf("OTKLIK_BENCH_ROWS=%q: want a number from %d on", text, s.Spans)
		}
		s.Rows = n
	}
	return s
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkTable measures a table of a year's rows: loading, memory, queries alone, and rows applied while queries run.
func BenchmarkTable(b *testing.B) {
	s := synthetic(b)
	before := heap()
	table := column.NewTable()
	var took time.Duration
	packed := 0
	for span := range s.Spans {
		section := s.Section(span)
		packed += len(section)
		began := time.Now()
		if err := table.Load([][]byte{section}); err != nil {
			b.Fatal(err)
		}
		took += time.Since(began)
	}
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
		}
		b.ReportMetric(took.Seconds(), "s/all")
		b.ReportMetric(float64(took.Nanoseconds())/float64(s.Rows), "ns/row")
		b.ReportMetric(float64(packed)/float64(s.Rows), "packed-B/row")
		b.ReportMetric(0, "ns/op")
	})
	b.Run("memory", func(b *testing.B) {
		for b.Loop() {
		}
		b.ReportMetric(float64(heap()-before)/float64(s.Rows), "B/row")
		b.ReportMetric(0, "ns/op")
	})
	for _, c := range queries() {
		b.Run(c.name, func(b *testing.B) {
			if c.warm {
				query(b, table, c.query(0))
			}
			times := make([]time.Duration, 0, 1024)
			busy := processor(b)
			for i := 0; b.Loop(); i++ {
				began := time.Now()
				query(b, table, c.query(i))
				times = append(times, time.Since(began))
			}
			percentiles(b, times)
			b.ReportMetric((processor(b)-busy).Seconds()*1000/float64(len(times)), "cpu-ms")
		})
	}
	b.Run("memory-with-caches", func(b *testing.B) {
		for b.Loop() {
		}
		b.ReportMetric(float64(heap()-before)/float64(s.Rows), "B/row")
		b.ReportMetric(0, "ns/op")
	})
	b.Run("apply", func(b *testing.B) { apply(b, table, s, false) })
	b.Run("apply-beside-queries", func(b *testing.B) { apply(b, table, s, true) })
	runtime.KeepAlive(table)
}

// processor is the time that the process has been at work, which does not depend on what else the machine does.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func percentiles(b *testing.B, times []time.Duration) {
	slices.Sort(times)
	for _, p := range []int{50, 99} {
		b.ReportMetric(float64(times[(len(times)-1)*p/100].Microseconds())/1000, fmt.Sprintf("p%d-ms", p))
	}
}

func query(b *testing.B, table *column.Table, q column.Query) {
	r, err := table.Query(q)
	if err != nil || len(r.Groups) == 0 {
		b.Fatalf("%d groups, %v", len(r.Groups), err)
	}
}

type benchQuery struct {
	name string
	// warm asks once before measuring, for what is kept of blocks.
	warm  bool
	query func(i int) column.Query
}

func queries() []benchQuery {
	is := func(key string, value int) column.In {
		want := fmt.Sprintf("%s-%04d", key, value)
		return column.In{Key: key, Match: func(v string, _ bool) bool { return v == want }}
	}
	weeks := func() []calendar.Step {
		p := calendar.Period{First: 20_000 * calendar.BucketsPerDay, End: 20_370 * calendar.BucketsPerDay}
		steps, err := calendar.Steps(p, calendar.Week, time.UTC, 100)
		if err != nil {
			panic(err)
		}
		return steps
	}()
	all := func(q column.Query) func(int) column.Query {
		q.Population = fact.Customer
		return func(int) column.Query { return q }
	}
	nps := []string{"nps"}
	return []benchQuery{
		{"total", true, all(column.Query{Questions: nps})},
		{"total-5-questions", true, all(column.Query{Questions: []string{"nps", "csat", "ces", "service"}, Choices: []string{"why"}})},
		{"group-region", true, all(column.Query{Questions: nps, GroupBy: []string{"region"}})},
		{"group-location", true, all(column.Query{Questions: nps, GroupBy: []string{"location"}})},
		{"group-company", true, all(column.Query{Questions: nps, GroupBy: []string{"company"}})},
		{"group-theme", true, all(column.Query{Questions: nps, GroupBy: []string{"theme"}})},
		{"three-filters-weekly", false, func(i int) column.Query {
			q := column.Query{Population: fact.Customer, Questions: nps, Steps: weeks}
			q.Where = column.And{is("region", i%9), is("channel", i%5), is("attributes.age", i%7)}
			return q
		}},
		{"three-wide-filters-weekly", false, func(i int) column.Query {
			q := column.Query{Population: fact.Customer, Questions: nps, Steps: weeks}
			q.Where = column.And{
				column.In{Key: "region", Match: func(v string, _ bool) bool { return v < "region-0005" }},
				column.Not{Predicate: is("channel", i%5)}, column.Scored{Question: "csat", Match: func(v question.Centi) bool { return v >= 300 }},
			}
			return q
		}},
		{"weekly", false, all(column.Query{Questions: nps, Steps: weeks})},
		{"three-keys", false, all(column.Query{Questions: nps, GroupBy: []string{"region", "channel", "attributes.sector"}})},
		{"stated-weights", false, all(column.Query{Questions: nps, Weights: column.Weighting{Stated: true}})},
		{"200-replicates", false, all(column.Query{Questions: nps, Replicates: 200})},
		{"pooled", false, all(column.Query{Pooled: true})},
	}
}

// apply measures rows put into the table in batches of 500, each of which replaces some that came shortly before.
func apply(b *testing.B, table *column.Table, s column.Synthetic, beside bool) {
	changes := s.Changes(s.Spans-1, 50_000)
	stop := make(chan struct{})
	var asked atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		list := queries()[6:8]
		for i := 0; beside; i++ {
			select {
			case <-stop:
				return
			default:
				query(b, table, list[i%2].query(i))
				asked.Add(1)
			}
		}
	}()
	rows, at := 0, 0
	began := time.Now()
	var last []column.Change
	for i := 0; b.Loop(); i++ {
		if at+500 > len(changes) {
			at = 0
		}
		batch := slices.Clone(changes[at : at+500])
		at += 500
		for j := range batch {
			// Another row than the last time around.
			batch[j].Row.ID += uint64(i)
		}
		next := slices.Clone(batch)
		for _, c := range last[:min(100, len(last))] {
			batch = append(batch, column.Change{Row: c.Row, Count: -1})
		}
		if err := table.Apply(batch); err != nil {
			b.Fatal(err)
		}
		rows += len(batch)
		last = next
	}
	took := time.Since(began)
	close(stop)
	<-done
	b.ReportMetric(float64(rows)/took.Seconds(), "rows/s")
	if beside {
		b.ReportMetric(float64(asked.Load())/took.Seconds(), "queries/s")
	}
}
