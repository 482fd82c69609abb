package ingest_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/light"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// event is the nth response of many customers of many companies, in many places.
func event(n int) *surveyv1.Event {
	// Strides that have no divisor in common with the numbers: customers come back now and then.
	e := response(fmt.Sprint("r", n), fmt.Sprint("company-", n*7919%2000), 1+n*104729%50_000, float64(n%11))
	e.GetResponse().Context.Location, e.GetResponse().Context.Employee = fmt.Sprint("branch-", n%200), fmt.Sprint("employee-", n%1000)
	return e
}

// BenchmarkApply is how fast responses of a backlog become lights, through the follower and the store on disk.
func BenchmarkApply(b *testing.B) {
	s := newSurvey()
	f := run(b, s)
	s.add(event(0))
	f.reach(b, 1)
	events := make([]*surveyv1.Event, b.N)
	for i := range events {
		events[i] = event(i + 1)
	}
	b.ResetTimer()
	s.add(events...)
	f.reach(b, int64(b.N+1))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "responses/s")
}

// BenchmarkCurrent is how long after a response its company's light is current, while 2,000 responses a second come.
func BenchmarkCurrent(b *testing.B) {
	const perSecond, seconds, each = 2000, 5, 10 * time.Millisecond
	for range b.N {
		s := newSurvey()
		f := run(b, s)
		s.add(event(0))
		f.reach(b, 1)
		var lags []time.Duration
		n := 1
		for tick := range int(seconds * time.Second / each) {
			began := time.Now()
			batch := make([]*surveyv1.Event, perSecond*int(each)/int(time.Second))
			for i := range batch {
				batch[i] = event(n)
				n++
			}
			s.add(batch...)
			if tick%25 == 0 {
				f.reach(b, int64(n))
				if _, err := f.store.GetLight(b.Context(), acme, nil, light.Unit{Kind: light.Company, ID: batch[len(batch)-1].GetResponse().GetContext().GetCompany()}); err != nil {
					b.Fatal(err)
				}
				lags = append(lags, time.Since(began))
			}
			time.Sleep(time.Until(began.Add(each)))
		}
		slices.Sort(lags)
		b.ReportMetric(float64(lags[len(lags)/2].Microseconds())/1000, "ms-median")
		b.ReportMetric(float64(lags[len(lags)-1].Microseconds())/1000, "ms-worst")
	}
}
