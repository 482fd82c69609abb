package main

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/otklik/otklik/tests/harness"
)

// eventsTarget is in events a second.
const eventsTarget = 20_000

// measureEvents has events wait in Redis and measures how fast scoring takes them through PostgreSQL, with one process and with two.
func measureEvents(ctx context.Context, s settings, r *report) (err error) {
	servers, err := startServers(ctx)
	if err != nil {
		return err
	}
	defer servers.remove(&err)
	client := redis.NewClient(&redis.Options{Addr: servers.redis.Address()})
	defer func() { _ = client.Close() }()
	for replicas := 1; replicas <= 2; replicas++ {
		if err := drain(ctx, servers, client, replicas, s.events, r); err != nil {
			return fmt.Errorf("%d scoring processes: %w", replicas, err)
		}
	}
	return nil
}

// drain stores answers while scoring is away, until all wait in Redis, and measures what it does when it is back.
func drain(ctx context.Context, servers *servers, client *redis.Client, replicas, events int, r *report) (err error) {
	fresh, err := servers.fresh(ctx)
	if err != nil {
		return err
	}
	suite, err := harness.Start(ctx, harness.Options{
		Layout: harness.Apart, Replicas: replicas, Servers: fresh, Settings: map[string]any{"events.max_unprocessed": events},
	})
	if err != nil {
		return err
	}
	defer discard(suite, &err)
	if err := publish(ctx, suite); err != nil {
		return err
	}
	suite.KillPart(harness.Scoring)
	began := time.Now()
	if err := loadAnswers(ctx, suite, events, locations); err != nil {
		return err
	}
	loaded := time.Since(began)
	if err := awaitWaiting(ctx, client, suite, int64(events)); err != nil {
		return err
	}
	if replicas == 1 {
		r.tell(fmt.Sprintf("PostgreSQL: %d answers in batches of %d over gRPC", events, batchSize), fmt.Sprintf("%.0f answers/s", float64(events)/loaded.Seconds()),
			fmt.Sprintf("BatchSubmitResponses, %d at a time", loaders))
		r.tell("the same until all are in Redis", fmt.Sprintf("%.0f answers/s", float64(events)/time.Since(began).Seconds()), "one survey process publishes")
	}
	if err := suite.Restart(ctx); err != nil {
		return err
	}
	x, spent := &side{suite: suite, servers: servers}, rounds{answers: uint64(events)}
	if err := x.account(&spent, -1); err != nil {
		return err
	}
	rate, err := rateOfCounting(ctx, suite, int64(events))
	if err != nil {
		return err
	}
	if err := x.account(&spent, 1); err != nil {
		return err
	}
	what := fmt.Sprintf("events through scoring, %d waiting in Redis, PostgreSQL, %d processes", events, replicas)
	how := "from the first events that are counted until all are"
	if replicas == 1 {
		r.hold(what, fmt.Sprintf("%.0f events/s", rate), fmt.Sprintf("≥ %d events/s", eventsTarget), rate >= eventsTarget, how)
	} else {
		r.tell(what, fmt.Sprintf("%.0f events/s", rate), how+"; both on the cores of this machine, with PostgreSQL and Redis")
	}
	r.tell(fmt.Sprintf("CPU of scoring, PostgreSQL and Redis for one event, %d processes", replicas), milliseconds(spent.perAnswer(spent.cpu))+", "+
		milliseconds(spent.perAnswer(spent.postgres))+", "+milliseconds(spent.perAnswer(spent.redis)), "user and system time by /proc")
	return nil
}

// awaitWaiting waits until so many entries wait in the streams.
func awaitWaiting(ctx context.Context, client *redis.Client, suite *harness.Suite, want int64) error {
	began := time.Now()
	for {
		keys, err := client.Keys(ctx, "*"+suite.Prefix()+"*:events").Result()
		if err != nil {
			return fmt.Errorf("list streams: %w", err)
		}
		var n int64
		for _, key := range keys {
			length, err := client.XLen(ctx, key).Result()
			if err != nil {
				return fmt.Errorf("measure stream %s: %w", key, err)
			}
			n += length
		}
		if n >= want {
			return nil
		}
		if time.Since(began) > longestCatchUp {
			return fmt.Errorf("%d of %d events are in Redis after %v", n, want, longestCatchUp)
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// rateOfCounting follows the headline from the first answers that it counts to the last.
func rateOfCounting(ctx context.Context, suite *harness.Suite, all int64) (float64, error) {
	var first int64
	var began time.Time
	for {
		n, err := counted(ctx, suite)
		if err != nil {
			return 0, err
		}
		switch {
		case first == 0 && n > 0:
			first, began = n, time.Now()
		case n == all && first == all:
			return 0, fmt.Errorf("all %d events were counted before anybody looked", all)
		case n == all:
			return float64(all-first) / time.Since(began).Seconds(), nil
		}
		if first > 0 && time.Since(began) > longestCatchUp {
			return 0, fmt.Errorf("%d of %d events are counted after %v", n, all, longestCatchUp)
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return 0, err
		}
	}
}
