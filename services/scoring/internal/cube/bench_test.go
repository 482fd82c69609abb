package cube_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// million is a cube with a million answers to one question, spread over a year, under 10 touchpoints, 4 channels, 200
// locations and 3 languages: the worst case of a query, since all answers are in one question.
var million = sync.OnceValue(func() *cube.Cube { return filled(1_000_000) })

// yearStart is the first moment of generated facts.
var yearStart = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// generate is a response at a random moment within a span.
func generate(r *rand.Rand, span time.Duration) *fact.Fact {
	at := yearStart
	if span > 0 {
		at = at.Add(time.Duration(r.Int64N(int64(span))))
	}
	return &fact.Fact{
		Survey: "s", Population: fact.Customer, CountTime: at,
		Context: fact.Context{
			Touchpoint: fmt.Sprintf("touchpoint-%d", r.IntN(10)), Channel: fmt.Sprintf("channel-%d", r.IntN(4)),
			Location: fmt.Sprintf("location-%d", r.IntN(200)), Language: []string{"ru", "ky", "en"}[r.IntN(3)],
		},
		Answers: []fact.Answer{{
			Question: "nps", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: question.Centi(r.IntN(11) * 100),
		}},
	}
}

func filled(n int) *cube.Cube {
	r := rand.New(rand.NewPCG(1, 2))
	c := cube.New()
	var d cube.Delta
	for i := range n {
		d.AddFact(generate(r, 365*24*time.Hour))
		if i%1000 == 999 || i == n-1 {
			if err := c.Apply(&d); err != nil {
				panic(err)
			}
			d = cube.Delta{}
		}
	}
	return c
}

func BenchmarkQueryMillionAnswers(b *testing.B) {
	bishkek := time.FixedZone("Asia/Bishkek", 6*3600)
	base := cube.Query{Survey: "s", Question: "nps", Population: fact.Customer, WithAnswers: true, Location: bishkek}
	day, touchpoint, location, odd, both := base, base, base, base, base
	day.Grain = calendar.Day
	touchpoint.Key = fact.Touchpoint
	location.Key = fact.Location
	odd.Period = calendar.Period{First: calendar.BucketOf(time.Date(2025, 1, 3, 4, 15, 0, 0, time.UTC))}
	odd.Period.End = odd.Period.First + 96*350 + 13
	both.Grain, both.Key = calendar.Day, fact.Touchpoint
	for _, c := range []struct {
		name  string
		query cube.Query
	}{{"total", base}, {"oddPeriod", odd}, {"byDay", day}, {"byTouchpoint", touchpoint}, {"byLocation", location}, {"byTouchpointAndDay", both}} {
		b.Run(c.name, func(b *testing.B) {
			million()
			var took []time.Duration
			for b.Loop() {
				start := time.Now()
				if _, err := million().Query(c.query); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

// BenchmarkApplyLive is the cost of one response among those that arrive together: batches of 100 within a quarter of an hour.
func BenchmarkApplyLive(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 4))
	facts := make([]*fact.Fact, 100_000)
	for i := range facts {
		facts[i] = generate(r, 0)
		facts[i].CountTime = yearStart.Add(time.Duration(i) * time.Second)
	}
	c := cube.New()
	var d cube.Delta
	i := 0
	for b.Loop() {
		d.AddFact(facts[i%len(facts)])
		if i++; i%100 == 0 {
			if err := c.Apply(&d); err != nil {
				b.Fatal(err)
			}
			d = cube.Delta{}
		}
	}
}

// BenchmarkApplyScattered is the cost of one response of an import whose responses are scattered over a year: nearly every
// cell is new.
func BenchmarkApplyScattered(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		filled(n)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/response")
}

func BenchmarkMemoryMillionAnswers(b *testing.B) {
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		c := filled(1_000_000)
		runtime.GC()
		runtime.ReadMemStats(&after)
		cells := 0
		for range c.Cells() {
			cells++
		}
		b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/1e6, "MB")
		b.ReportMetric(float64(cells), "cells")
		runtime.KeepAlive(c)
	}
}
