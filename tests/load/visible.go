package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/tests/harness"
)

const (
	visibleSeconds = 30
	// ratePerWire is how many answers a second a connection is asked for.
	ratePerWire = 30
	// look is the pause between two looks at the score; it is part of what is measured.
	look = 2 * time.Millisecond
)

// freshness is how soon scores must follow answers that come at a rate.
type freshness struct {
	name   string
	suite  harness.Options
	rate   int // answers a second
	target time.Duration
}

// measureVisible is for `otklik all` on SQLite.
func measureVisible(ctx context.Context, _ settings, r *report) error {
	return freshness{rate: 1000, target: 250 * time.Millisecond}.measure(ctx, r)
}

// measureFreshness is for processes apart on PostgreSQL and Redis, with one process of each service and with two.
func measureFreshness(ctx context.Context, _ settings, r *report) (err error) {
	servers, err := startServers(ctx)
	if err != nil {
		return err
	}
	defer servers.remove(&err)
	for replicas := 1; replicas <= 2; replicas++ {
		f := freshness{
			name:  fmt.Sprintf("processes apart, replicas %d", replicas),
			suite: harness.Options{Layout: harness.Apart, Replicas: replicas}, rate: 2000, target: 500 * time.Millisecond,
		}
		if f.suite.Servers, err = servers.fresh(ctx); err != nil {
			return err
		}
		if err := f.measure(ctx, r); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return nil
}

// measure submits at a steady rate and measures, for answers of a location of their own, the time from the acknowledgement until a query counts
// them.
func (f freshness) measure(ctx context.Context, r *report) (err error) {
	suite, err := harness.Start(ctx, f.suite)
	if err != nil {
		return err
	}
	defer discard(suite, &err)
	if err := publish(ctx, suite); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	steady := make(chan error, 1)
	var sent atomic.Uint64
	go func() { steady <- submitSteadily(ctx, suite, f.rate, &sent) }()

	var times durations
	began := time.Now()
	for time.Since(began) < visibleSeconds*time.Second {
		took, err := probe(ctx, suite, len(times))
		if err != nil {
			return err
		}
		times = append(times, took)
		select {
		case err := <-steady:
			return fmt.Errorf("submit steadily: %w", err)
		default:
		}
	}
	rate := float64(sent.Load()) / time.Since(began).Seconds()
	stop()
	if err := <-steady; err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("submit steadily: %w", err)
	}
	how := fmt.Sprintf("%d probes in %d s at %.0f answers/s; looked at every %v", len(times), visibleSeconds, rate, look)
	what := "acknowledged to visible in the score"
	if f.name != "" {
		what = f.name + ": " + what
	}
	// At another rate the rest means nothing.
	r.hold(what+", answers submitted meanwhile", fmt.Sprintf("%.0f answers/s", rate), fmt.Sprintf("≥ %.0f answers/s", 0.99*float64(f.rate)), rate >= 0.99*float64(f.rate), "submitted steadily over REST")
	r.tell(what+", median", milliseconds(times.quantile(0.5)), how)
	p99 := times.quantile(0.99)
	r.hold(what+", p99", milliseconds(p99), "≤ "+milliseconds(f.target), p99 <= f.target, how)
	return nil
}

// probe submits one answer of a location of its own and returns how long after its acknowledgement the score counts it.
func probe(ctx context.Context, suite *harness.Suite, number int) (time.Duration, error) {
	location := fmt.Sprintf("probe-%d", number)
	_, err := surveyClient(suite).SubmitResponse(ctx, &surveyv1.SubmitResponseRequest{
		Parent: survey, ResponseId: location, Response: &surveyv1.Response{
			Context: &typev1.Context{Location: location},
			Answers: []*surveyv1.Answer{{Question: "recommend", Value: &surveyv1.Answer_Score{Score: 9}}},
		},
	})
	if err != nil {
		return 0, fmt.Errorf("submit probe: %w", err)
	}
	acknowledged := time.Now()
	query := headline()
	query.Filter = fmt.Sprintf("location = %q", location)
	for {
		response, err := scoringClient(suite).QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: query})
		if err != nil {
			return 0, fmt.Errorf("query probe: %w", err)
		}
		if scores := response.GetScores(); len(scores) == 1 && scores[0].GetN() == 1 {
			return time.Since(acknowledged), nil
		}
		if err := pause(ctx, look); err != nil {
			return 0, err
		}
	}
}

// submitSteadily submits over REST at a rate until ctx ends.
func submitSteadily(ctx context.Context, suite *harness.Suite, rate int, sent *atomic.Uint64) error {
	gateways := suite.ReplicasOf(harness.Gateway)
	permits := make(chan struct{}, rate)
	wires := rate / ratePerWire
	errs := make(chan error, wires)
	var group sync.WaitGroup
	defer group.Wait()
	defer close(permits)
	var number atomic.Uint64
	for i := range wires {
		w, err := dialWire(strings.TrimPrefix(suite.HTTPOf(gateways[i%len(gateways)]), "http://"), responsePath, appKey())
		if err != nil {
			return err
		}
		group.Go(func() {
			defer w.close()
			for range permits {
				if err := w.submit(number.Add(1)); err != nil {
					errs <- err
					return
				}
				sent.Add(1)
			}
		})
	}
	began := time.Now()
	issued := 0
	for {
		// As many as are due, so that a late tick makes up for itself.
		for due := int(time.Since(began).Seconds() * float64(rate)); issued < due; issued++ {
			select {
			case permits <- struct{}{}:
			case err := <-errs:
				return err
			}
		}
		if err := pause(ctx, time.Millisecond); err != nil {
			return err
		}
	}
}
