package redislog

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/otklik/otklik/libs/pause"
)

// acker tells Redis which entries are processed, in the background and many at a time. What it does not get to say is said again by whoever
// claims the entries. Safe for concurrent use.
type acker struct {
	client  redis.UniversalClient
	keys    keys
	group   string
	trouble *trouble

	mu      sync.Mutex
	waiting map[int][]int64
	wake    chan struct{}
}

func newAcker(client redis.UniversalClient, k keys, group string, logger *slog.Logger) *acker {
	return &acker{
		client: client, keys: k, group: group, waiting: make(map[int][]int64), wake: make(chan struct{}, 1),
		trouble: &trouble{logger: logger, what: "acknowledging of events", diagnose: diagnoseBy(client)},
	}
}

const (
	// ackBatch is the most entries of a command.
	ackBatch = 1000
	// ackPause is after a failure.
	ackPause = 200 * time.Millisecond
)

// add notes that entries of a partition are processed.
func (a *acker) add(partition int, positions []int64) {
	if len(positions) == 0 {
		return
	}
	a.mu.Lock()
	a.waiting[partition] = append(a.waiting[partition], positions...)
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// take empties what waits of some partitions, or of all.
func (a *acker) take(partitions ...int) map[int][]int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(partitions) == 0 {
		all := a.waiting
		a.waiting = make(map[int][]int64)
		return all
	}
	some := make(map[int][]int64)
	for _, p := range partitions {
		if len(a.waiting[p]) > 0 {
			some[p] = a.waiting[p]
			delete(a.waiting, p)
		}
	}
	return some
}

func (a *acker) run(ctx context.Context) {
	for {
		select {
		case <-a.wake:
		case <-ctx.Done():
			return
		}
		err := a.send(ctx, a.take())
		a.trouble.report(ctx, err)
		if err != nil {
			_ = pause.For(ctx, ackPause) // the loop looks at ctx
		}
	}
}

// flush says at once what waits of a partition.
func (a *acker) flush(ctx context.Context, partition int) {
	a.trouble.report(ctx, a.send(ctx, a.take(partition)))
}

// send tells Redis; what fails waits again.
func (a *acker) send(ctx context.Context, positions map[int][]int64) error {
	if len(positions) == 0 {
		return nil
	}
	pipe := a.client.Pipeline()
	commands := make(map[int][]redis.Cmder)
	for p, list := range positions {
		for len(list) > 0 {
			n := min(len(list), ackBatch)
			ids := make([]string, n)
			for i, position := range list[:n] {
				ids[i] = entryID(position)
			}
			list = list[n:]
			commands[p] = append(commands[p], pipe.XAck(ctx, a.keys.stream(p), a.group, ids...))
		}
	}
	_, err := pipe.Exec(ctx)
	if err == nil {
		return nil
	}
	for p, list := range commands {
		if slices.ContainsFunc(list, func(c redis.Cmder) bool { return c.Err() != nil }) {
			// Said twice does no harm.
			a.add(p, positions[p])
		}
	}
	return fmt.Errorf("acknowledge entries: %w", err)
}
