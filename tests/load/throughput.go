package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otklik/otklik/tests/harness"
)

// level is a number of requests in flight and the least ratio to the baseline that is asked for; 0 asks for none.
type level struct {
	inFlight int
	ratio    float64
}

const (
	// roundSeconds is the length of one round; ours and the baseline take turns.
	roundSeconds = 5
	// cpuTarget is the server's CPU time for one answer of `otklik all` on SQLite.
	cpuTarget = 200 * time.Microsecond
)

// contest compares durable submits over REST with the same gateway and chain in front of a handler that stores nothing.
type contest struct {
	// name tells in the report what is compared; empty for the suite as users know it.
	name     string
	ours     harness.Options
	baseline harness.Layout
	levels   []level
	// withoutScoring ends the scoring processes for the length of the contest.
	withoutScoring bool
	// withoutRedis has scoring read the survey service's log itself.
	withoutRedis bool
	// cpuTarget is for each answer; 0 is none.
	cpuTarget time.Duration
	// servers are what ours stores in; nil is a file.
	servers *servers
}

// side is one of the two that are compared.
type side struct {
	suite *harness.Suite
	// stored is how many answers were acknowledged since the start; numbers of answers go on from there.
	stored uint64
	// consumes tells that scores follow the answers.
	consumes bool
	// servers are what it stores in, nil for none.
	servers *servers
}

// rounds is what one side did at one level.
type rounds struct {
	answers  uint64
	duration time.Duration
	cpu      time.Duration
	// parts is cpu by part.
	parts map[harness.Part]time.Duration
	// postgres and redis are the CPU time of the servers.
	postgres, redis time.Duration
	// catchUp is the longest time that the scores needed after a round.
	catchUp time.Duration
}

func (r rounds) perSecond() float64 { return float64(r.answers) / r.duration.Seconds() }

func (r rounds) perAnswer(d time.Duration) time.Duration { return d / time.Duration(max(r.answers, 1)) }

// byPart tells the CPU time for one answer, of all processes and of each part.
func (r rounds) byPart() string {
	text := milliseconds(r.perAnswer(r.cpu))
	if len(r.parts) < 2 {
		return text
	}
	var each []string
	for _, part := range slices.Sorted(maps.Keys(r.parts)) {
		each = append(each, string(part)+" "+milliseconds(r.perAnswer(r.parts[part])))
	}
	return text + " (" + strings.Join(each, ", ") + ")"
}

// measureThroughput is for `otklik all` on SQLite.
func measureThroughput(ctx context.Context, s settings, r *report) error {
	return contest{baseline: harness.Baseline, levels: []level{{64, 0.3}, {512, 0.5}}, cpuTarget: cpuTarget}.run(ctx, s, r)
}

// measurePostgres is for PostgreSQL, in one process and in processes apart.
func measurePostgres(ctx context.Context, s settings, r *report) (err error) {
	servers, err := startServers(ctx)
	if err != nil {
		return err
	}
	defer servers.remove(&err)
	for _, c := range []contest{
		{name: "PostgreSQL, all in one", ours: harness.Options{Layout: harness.AllServed}, baseline: harness.Baseline, withoutRedis: true, levels: []level{{512, 0}}},
		{name: "PostgreSQL and Redis, all in one", ours: harness.Options{Layout: harness.AllServed}, baseline: harness.Baseline, levels: []level{{512, 0}}},
		{name: "PostgreSQL and Redis, apart", ours: harness.Options{Layout: harness.Apart}, baseline: harness.BaselineApart, levels: []level{{512, 0}}},
		// The target is for the way to the acknowledgement. In the others scoring, and what it asks of the servers, shares the machine.
		{
			name: "PostgreSQL and Redis, apart, scoring away", ours: harness.Options{Layout: harness.Apart}, baseline: harness.BaselineApart,
			withoutScoring: true, levels: []level{{512, 0.55}},
		},
	} {
		c.servers = servers
		if c.ours.Servers, err = servers.fresh(ctx); err != nil {
			return err
		}
		if c.withoutRedis {
			c.ours.Servers.Redis = nil
		}
		if err := c.run(ctx, s, r); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

func (c contest) run(ctx context.Context, s settings, r *report) (err error) {
	suite, err := harness.Start(ctx, c.ours)
	if err != nil {
		return err
	}
	defer discard(suite, &err)
	if err := publish(ctx, suite); err != nil {
		return err
	}
	if c.withoutScoring {
		suite.KillPart(harness.Scoring)
	}
	null, err := harness.Start(ctx, harness.Options{Layout: c.baseline})
	if err != nil {
		return err
	}
	defer discard(null, &err)

	ours, baseline := &side{suite: suite, consumes: !c.withoutScoring, servers: c.servers}, &side{suite: null}
	for _, level := range c.levels {
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
		c.report(r, a, b, level)
	}
	if !c.withoutScoring {
		return nil
	}
	if err := suite.Restart(ctx); err != nil {
		return err
	}
	_, err = awaitCounted(ctx, suite, int64(ours.stored))
	return err
}

func (c contest) report(r *report, ours, baseline rounds, l level) {
	what := func(text string) string {
		if c.name != "" {
			text = c.name + ": " + text
		}
		return fmt.Sprintf("%s, %d in flight", text, l.inFlight)
	}
	how := fmt.Sprintf("%d connections, keep-alive, %.0f s each in alternating rounds of %d s", l.inFlight, ours.duration.Seconds(), roundSeconds)
	durable := "REST submit, durable, scores follow"
	if c.withoutScoring {
		durable = "REST submit, durable"
	}
	r.tell(what("REST submit, stores nothing"), fmt.Sprintf("%.0f answers/s", baseline.perSecond()), how)
	r.tell(what(durable), fmt.Sprintf("%.0f answers/s", ours.perSecond()), how)
	ratio := ours.perSecond() / baseline.perSecond()
	if l.ratio > 0 {
		r.hold(what("ratio of the two"), fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≥ %.2f", l.ratio), ratio >= l.ratio, "same run")
	} else {
		r.tell(what("ratio of the two"), fmt.Sprintf("%.2f", ratio), "same run")
	}
	const source = "user and system time of the suite's processes by /proc, scoring and catching up included"
	if cpu := ours.perAnswer(ours.cpu); c.cpuTarget > 0 {
		r.hold(what("server CPU for one answer"), milliseconds(cpu), "≤ "+milliseconds(c.cpuTarget), cpu <= c.cpuTarget, source)
	} else {
		r.tell(what("CPU for one answer"), ours.byPart(), source)
		r.tell(what("CPU of PostgreSQL and of Redis for one answer"), milliseconds(ours.perAnswer(ours.postgres))+", "+milliseconds(ours.perAnswer(ours.redis)), "as above")
	}
	r.tell(what("the same of the baseline"), baseline.byPart(), "as above")
	if !c.withoutScoring {
		r.tell(what("scores complete after a round, longest"), milliseconds(ours.catchUp), "from the last acknowledgement until the score counts all")
	}
}

// account adds the CPU time spent so far to the sums, or takes it away at the beginning of what is counted.
func (x *side) account(sum *rounds, sign time.Duration) error {
	for _, r := range x.suite.Replicas() {
		if !x.suite.Alive(r) {
			continue
		}
		spent, err := cpuTime(x.suite.PIDOf(r))
		if err != nil {
			return err
		}
		sum.cpu += sign * spent
		if sum.parts == nil {
			sum.parts = make(map[harness.Part]time.Duration)
		}
		sum.parts[r.Part] += sign * spent
	}
	if x.servers == nil {
		return nil
	}
	postgres, redis, err := x.servers.spent()
	sum.postgres += sign * postgres
	sum.redis += sign * redis
	return err
}

// round submits for roundSeconds and waits for the scores, so that the next round of the other side finds an idle machine.
func (x *side) round(ctx context.Context, inFlight int, sum *rounds) error {
	if err := x.account(sum, -1); err != nil {
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
	sum.answers += answers
	sum.duration += took
	return x.account(sum, 1)
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
