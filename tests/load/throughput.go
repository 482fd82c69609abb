package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otklik/otklik/tests/harness"
)

// levels are the numbers of requests in flight and the least ratio to the baseline that is asked for.
var levels = []struct {
	inFlight int
	ratio    float64
}{{64, 0.3}, {512, 0.5}}

const (
	// roundSeconds is the length of one round; ours and the baseline take turns.
	roundSeconds = 5
	// cpuTarget is the server's CPU time for one answer.
	cpuTarget = 200 * time.Microsecond
)

// side is one of the two that are compared.
type side struct {
	suite *harness.Suite
	// stored is how many answers were acknowledged since the start; numbers of answers go on from there.
	stored uint64
	// consumes tells that scores follow the answers.
	consumes bool
}

// rounds is what one side did at one level.
type rounds struct {
	answers  uint64
	duration time.Duration
	cpu      time.Duration
	// catchUp is the longest time that the scores needed after a round.
	catchUp time.Duration
}

func (r rounds) perSecond() float64 { return float64(r.answers) / r.duration.Seconds() }

func (r rounds) cpuPerAnswer() time.Duration { return r.cpu / time.Duration(max(r.answers, 1)) }

// measureThroughput compares durable submits over REST with the same gateway and chain in front of a handler that stores nothing.
func measureThroughput(ctx context.Context, s settings, r *report) (err error) {
	suite, err := harness.Start(ctx, harness.Options{})
	if err != nil {
		return err
	}
	defer discard(suite, &err)
	if err := publish(ctx, suite); err != nil {
		return err
	}
	null, err := harness.Start(ctx, harness.Options{Layout: harness.Baseline})
	if err != nil {
		return err
	}
	defer discard(null, &err)

	ours, baseline := &side{suite: suite, consumes: true}, &side{suite: null}
	for _, level := range levels {
		var a, b rounds
		for round := range max(s.seconds/roundSeconds, 1) {
			// Who goes first takes turns too.
			for turn := range 2 {
				x, sum := ours, &a
				if (round+turn)%2 == 1 {
					x, sum = baseline, &b
				}
				if err := x.round(ctx, level.inFlight, sum); err != nil {
					return fmt.Errorf("%d in flight: %w", level.inFlight, err)
				}
			}
		}
		reportThroughput(r, a, b, level.inFlight, level.ratio)
	}
	return nil
}

func reportThroughput(r *report, ours, baseline rounds, inFlight int, target float64) {
	how := fmt.Sprintf("%d connections, keep-alive, %.0f s each in alternating rounds of %d s", inFlight, ours.duration.Seconds(), roundSeconds)
	r.tell(fmt.Sprintf("REST submit, stores nothing, %d in flight", inFlight), fmt.Sprintf("%.0f answers/s", baseline.perSecond()), how)
	r.tell(fmt.Sprintf("REST submit, durable, scores follow, %d in flight", inFlight), fmt.Sprintf("%.0f answers/s", ours.perSecond()), how)
	ratio := ours.perSecond() / baseline.perSecond()
	r.hold(fmt.Sprintf("ratio of the two, %d in flight", inFlight), fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≥ %.1f", target), ratio >= target, "same run")
	cpu := ours.cpuPerAnswer()
	r.hold(fmt.Sprintf("server CPU for one answer, %d in flight", inFlight), milliseconds(cpu), "≤ "+milliseconds(cpuTarget), cpu <= cpuTarget,
		"user and system time of the process by /proc, scoring and catching up included")
	r.tell(fmt.Sprintf("the same of the baseline, %d in flight", inFlight), milliseconds(baseline.cpuPerAnswer()), "as above")
	r.tell(fmt.Sprintf("scores complete after a round, %d in flight, longest", inFlight), milliseconds(ours.catchUp), "from the last acknowledgement until the score counts all")
}

// round submits for roundSeconds and waits for the scores, so that the next round of the other side finds an idle machine.
func (x *side) round(ctx context.Context, inFlight int, sum *rounds) error {
	before, err := cpuTime(x.suite.PID(harness.All))
	if err != nil {
		return err
	}
	answers, took, err := x.submit(ctx, inFlight)
	if err != nil {
		return err
	}
	if x.consumes {
		catchUp, err := awaitCounted(ctx, x.suite, int64(x.stored))
		if err != nil {
			return err
		}
		sum.catchUp = max(sum.catchUp, catchUp)
	}
	after, err := cpuTime(x.suite.PID(harness.All))
	if err != nil {
		return err
	}
	sum.answers += answers
	sum.duration += took
	sum.cpu += after - before
	return nil
}

// submit runs so many connections for roundSeconds and returns how many answers were acknowledged, and the time that it took.
func (x *side) submit(ctx context.Context, inFlight int) (uint64, time.Duration, error) {
	address := strings.TrimPrefix(x.suite.HTTP(), "http://")
	wires := make([]*wire, inFlight)
	for i := range wires {
		w, err := dialWire(address, responsePath, appKey())
		if err != nil {
			return 0, 0, err
		}
		defer w.close()
		wires[i] = w
	}
	var number, acknowledged atomic.Uint64
	number.Store(x.stored)
	var failed atomic.Pointer[error]
	var group sync.WaitGroup
	began := time.Now()
	deadline := began.Add(roundSeconds * time.Second)
	for _, w := range wires {
		group.Go(func() {
			for time.Now().Before(deadline) && ctx.Err() == nil {
				if err := w.submit(number.Add(1)); err != nil {
					failed.CompareAndSwap(nil, &err)
					return
				}
				acknowledged.Add(1)
			}
		})
	}
	group.Wait()
	took := time.Since(began)
	if err := failed.Load(); err != nil {
		return 0, 0, *err
	}
	x.stored += acknowledged.Load()
	return acknowledged.Load(), took, ctx.Err()
}
