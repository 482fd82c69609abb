package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/libs/testkit/redistest"
	"github.com/otklik/otklik/tests/harness"
)

// The log has few partitions, and they take few unprocessed events, so that it can be filled in seconds.
const (
	partitions = 4
	fullAt     = 60
)

// apart is the suite on servers of its own, which it can lose.
type apart struct {
	*trial
	postgres *pgtest.Server
	redis    *redistest.Node
	client   *redis.Client
}

// TestFaultsOfProcessesApart has every process, server and clock fail in turn while answers come in.
func TestFaultsOfProcessesApart(t *testing.T) {
	t.Parallel()
	a := &apart{postgres: pgtest.New(t, pgtest.Durable()), redis: redistest.Server(t)}
	dsn, err := a.postgres.NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a.client = redis.NewClient(&redis.Options{Addr: a.redis.Address()})
	t.Cleanup(func() { _ = a.client.Close() })
	suite := open(t, harness.Options{
		Layout: harness.Apart, Replicas: replicas, Servers: &harness.Servers{DSN: dsn, Redis: []string{a.redis.Address()}},
		Settings: map[string]any{"events.partitions": partitions, "events.max_unprocessed": fullAt},
	})
	a.trial = begin(t, suite, 100)
	var faults []fault
	for _, more := range [][]fault{a.kills(), a.databases(), a.streams(), a.pauses(), a.clocks(), a.restarts()} {
		faults = append(faults, more...)
	}
	a.run(faults)
}

// outage is the length of a fault in the bounded run and in the long one.
func outage(bounded, whole time.Duration) time.Duration {
	if long() {
		return whole
	}
	return bounded
}

// restart starts what does not run.
func (x *trial) restart(ctx context.Context) error { return x.suite.Restart(ctx) }

// kills ends each process in turn, as an operating system does that is out of memory.
func (x *trial) kills() []fault {
	var all []fault
	for _, r := range x.suite.Replicas() {
		all = append(all, fault{
			name:   "kill -9 " + r.String(),
			strike: func(context.Context) error { x.suite.KillReplica(r); return nil },
			lasts:  outage(time.Second, 10*time.Second),
			heal:   x.restart,
		})
	}
	return all
}

// databases takes PostgreSQL away.
func (a *apart) databases() []fault {
	return []fault{
		{
			name: "PostgreSQL stopped", lasts: outage(4*time.Second, time.Minute), heal: a.postgres.Restart,
			strike: func(ctx context.Context) error {
				if err := a.postgres.Stop(); err != nil {
					return err
				}
				return a.saysItIsNotReady(ctx)
			},
		},
		{
			name: "PostgreSQL crashed", lasts: outage(time.Second, 10*time.Second), heal: a.postgres.Restart,
			strike: func(context.Context) error { return a.postgres.Kill() },
		},
	}
}

// saysItIsNotReady returns nil once every process that needs the database says by its probes that it lives and is not ready.
func (x *trial) saysItIsNotReady(ctx context.Context) error {
	for _, part := range []harness.Part{harness.Access, harness.Survey, harness.Scoring} {
		for _, r := range x.suite.ReplicasOf(part) {
			err := persist(ctx, callPatience, func(ctx context.Context) error {
				return errors.Join(probe(ctx, x.suite.OpsOf(r)+"/livez", http.StatusOK), probe(ctx, x.suite.OpsOf(r)+"/readyz", http.StatusServiceUnavailable))
			})
			if err != nil {
				return fmt.Errorf("%s: %w", r, err)
			}
		}
	}
	return nil
}

// probe asks as Kubernetes does.
func probe(ctx context.Context, url string, want int) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != want {
		return fmt.Errorf("%s: HTTP status %d, want %d", url, response.StatusCode, want)
	}
	return nil
}

// streams breaks what lies between the services.
func (a *apart) streams() []fault {
	nothing := func(context.Context) error { return nil }
	return []fault{
		{
			name: "Redis stopped", lasts: outage(8*time.Second, time.Minute), heal: a.redis.Restart,
			strike: func(ctx context.Context) error { return errors.Join(a.client.Save(ctx).Err(), a.redis.Stop()) },
		},
		{
			name: "Redis crashed, back with an old snapshot", lasts: outage(time.Second, 10*time.Second), heal: a.redis.Restart,
			strike: func(ctx context.Context) error {
				if err := a.client.Save(ctx).Err(); err != nil {
					return err
				}
				// What comes now is lost by Redis.
				<-time.After(2 * time.Second)
				return a.redis.Kill()
			},
		},
		{
			name:   "Redis lost everything",
			strike: func(ctx context.Context) error { return a.client.FlushAll(ctx).Err() }, heal: nothing,
		},
		{
			name: "Redis does not answer", lasts: outage(5*time.Second, time.Minute),
			strike: func(context.Context) error { return a.redis.Freeze() },
			heal:   func(context.Context) error { return a.redis.Thaw() },
		},
		{
			name: "Redis out of memory", lasts: outage(4*time.Second, 30*time.Second),
			strike: func(ctx context.Context) error { return a.client.ConfigSet(ctx, "maxmemory", "1mb").Err() },
			heal:   func(ctx context.Context) error { return a.client.ConfigSet(ctx, "maxmemory", "0").Err() },
		},
		{
			name:   "consumers stopped until the streams are full",
			strike: func(context.Context) error { return a.eachScoring(a.suite.Pause) },
			until:  a.full(), lasts: outage(time.Second, 30*time.Second),
			heal: func(context.Context) error { return a.eachScoring(a.suite.Wake) },
		},
	}
}

func (x *trial) eachScoring(do func(harness.Replica) error) error {
	var errs []error
	for _, r := range x.suite.ReplicasOf(harness.Scoring) {
		errs = append(errs, do(r))
	}
	return errors.Join(errs...)
}

// full returns a function that returns nil once a stream is full and all have ended to grow, though answers come in, and none holds more unprocessed
// events than it may. Events are published in their order: the others wait for the one that is full, however little they hold.
func (a *apart) full() func(context.Context) error {
	// still is how long a stream must not have grown.
	const still = time.Second
	var since time.Time
	var before int64
	return func(ctx context.Context) error {
		keys, err := a.client.Keys(ctx, a.suite.Prefix()+":*:events").Result()
		if err != nil || len(keys) != partitions {
			return errors.Join(fmt.Errorf("%d streams, want %d", len(keys), partitions), err)
		}
		var sum, most int64
		for _, key := range keys {
			groups, err := a.client.XInfoGroups(ctx, key).Result()
			if err != nil || len(groups) != 1 {
				return errors.Join(fmt.Errorf("%s has %d groups", key, len(groups)), err)
			}
			// Counted, since Redis does not always know the lag of a group that was made anew.
			waiting, err := a.client.XRange(ctx, key, "("+groups[0].LastDeliveredID, "+").Result()
			if err != nil {
				return fmt.Errorf("read %s: %w", key, err)
			}
			n := groups[0].Pending + int64(len(waiting))
			if n > fullAt {
				return fmt.Errorf("%s: %d events are unprocessed, want up to %d", key, n, fullAt)
			}
			sum, most = sum+n, max(most, n)
		}
		if most < fullAt/2 {
			return fmt.Errorf("at most %d events of a stream are unprocessed, want about %d", most, fullAt)
		}
		if sum != before {
			since, before = time.Now(), sum
		}
		if time.Since(since) < still {
			return errors.New("the streams grow")
		}
		return nil
	}
}

// pauses stops processes that do not know that they were stopped.
func (a *apart) pauses() []fault {
	paused := harness.Replica{Part: harness.Scoring}
	var zombie, other harness.Replica
	return []fault{
		{
			name:   "SIGSTOP " + paused.String() + " until its partitions are reclaimed, SIGCONT",
			strike: func(context.Context) error { return a.suite.Pause(paused) },
			until:  a.countedBy(1, func() door { return a.gateway(0) }),
			heal:   func(context.Context) error { return a.suite.Wake(paused) },
		},
		{
			name: "SIGSTOP the survey process that publishes until another does, SIGCONT",
			strike: func(ctx context.Context) (err error) {
				if zombie, other, err = a.publisher(ctx); err != nil {
					return err
				}
				return a.suite.Pause(zombie)
			},
			until: a.countedBy(0, func() door { return a.traffic.direct(other.Number) }),
			heal:  func(context.Context) error { return a.suite.Wake(zombie) },
		},
	}
}

// publisher is the survey process that brings events to Redis, and one that does not.
func (a *apart) publisher(ctx context.Context) (leads, waits harness.Replica, err error) {
	holder, err := a.client.Get(ctx, a.suite.Prefix()+":{survey}:publisher").Result()
	if err != nil {
		return leads, waits, fmt.Errorf("ask who publishes: %w", err)
	}
	for _, r := range a.suite.ReplicasOf(harness.Survey) {
		if strings.HasPrefix(holder, r.String()+"/") {
			return r, harness.Replica{Part: r.Part, Number: (r.Number + 1) % replicas}, nil
		}
	}
	return leads, waits, fmt.Errorf("%q publishes, which is no survey process", holder)
}

// countedBy returns nil once answers submitted through a door, given since it was asked first, are counted by a scoring process.
func (x *trial) countedBy(number int, through func() door) func(context.Context) error {
	var location string
	var n int64
	return func(ctx context.Context) (err error) {
		if n == 0 {
			if location, n, err = x.probe(ctx, through()); err != nil {
				return err
			}
		}
		return counts(ctx, x.scorings()[number], location, n)
	}
}

// clocks starts a process with a clock that is wrong.
func (x *trial) clocks() []fault {
	skew := func(r harness.Replica, by time.Duration, longOnly bool) fault {
		again := func(ctx context.Context, offset any) error {
			x.suite.Set(r, "clock.offset", offset)
			x.suite.KillReplica(r)
			return x.suite.Restart(ctx)
		}
		sign := ""
		if by > 0 {
			sign = "+"
		}
		return fault{
			name:   fmt.Sprintf("clock of %s at %s%s", r, sign, strings.TrimSuffix(strings.TrimSuffix(by.String(), "0s"), "0m")),
			strike: func(ctx context.Context) error { return again(ctx, by.String()) },
			lasts:  outage(3*time.Second, 30*time.Second),
			heal:   func(ctx context.Context) error { return again(ctx, nil) }, longOnly: longOnly,
		}
	}
	surveyed, scored := harness.Replica{Part: harness.Survey, Number: 1}, harness.Replica{Part: harness.Scoring, Number: 1}
	return []fault{
		skew(surveyed, time.Hour, false), skew(surveyed, -time.Hour, true), skew(scored, time.Hour, true), skew(scored, -time.Hour, false),
	}
}

// restarts ends everything, in good order and not.
func (x *trial) restarts() []fault {
	nothing := func(context.Context) error { return nil }
	return []fault{
		{
			name: "all killed at once", heal: x.restart, lasts: outage(time.Second, 10*time.Second),
			strike: func(context.Context) error {
				for _, r := range x.suite.Replicas() {
					x.suite.KillReplica(r)
				}
				return nil
			},
		},
		{
			name: "all stopped and started", heal: x.restart,
			strike: func(context.Context) error { return errors.Join(x.suite.Terminate(), x.suite.Wait(patience)) },
		},
		{
			name: "each stopped and started in turn", heal: nothing,
			strike: func(ctx context.Context) error {
				for _, r := range x.suite.Replicas() {
					if err := x.suite.StopReplica(r, patience); err != nil {
						return err
					}
					if err := x.suite.StartReplica(ctx, r); err != nil {
						return err
					}
				}
				return nil
			},
		},
	}
}
