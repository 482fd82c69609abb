package redislog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/otklik/otklik/libs/pause"
)

const (
	// readCount is the most entries of a stream that are read at a time.
	readCount = 500
	// readBlock is how long Redis holds a read that finds nothing; a change of the partitions that are read waits for its end.
	readBlock = 200 * time.Millisecond
	// roomFor is how many entries may wait to be delivered before a stream is read no further.
	roomFor = 2 * readCount
	// tipIdle is between reads of the tip when nothing happens, tipBusy the least between two.
	tipIdle = 250 * time.Millisecond
	tipBusy = 20 * time.Millisecond
)

// reader reads the streams of some partitions in one call: of all on a single server, of one on a Redis Cluster, where a call must not
// reach into several slots.
type reader[E any] struct {
	*member[E]
	partitions []int
	trouble    *trouble
	// changed wakes the reader when there is something to read for.
	changed chan struct{}

	mu sync.Mutex
	// turn is closed at the end of the read under way; nil when there is none.
	turn chan struct{}
}

// newReaders makes the readers, and tells for each partition which one reads it.
func newReaders[E any](m *member[E]) (readers, of []*reader[E]) {
	_, cluster := unwrap(m.client).(*redis.ClusterClient)
	for p := range m.config.Partitions {
		if p == 0 || cluster {
			readers = append(readers, &reader[E]{
				member: m, changed: make(chan struct{}, 1),
				trouble: &trouble{logger: m.logger, what: "reading of events", diagnose: diagnoseBy(m.client)},
			})
		}
		r := readers[len(readers)-1]
		r.partitions = append(r.partitions, p)
		of = append(of, r)
	}
	return readers, of
}

// unwrap finds the client inside of one that adds to it.
func unwrap(c redis.UniversalClient) redis.UniversalClient {
	if w, ok := c.(interface{ Unwrap() redis.UniversalClient }); ok {
		return w.Unwrap()
	}
	return c
}

// wake says that there is something to read for.
func (r *reader[E]) wake() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// settle waits for the end of the read under way.
func (r *reader[E]) settle(ctx context.Context) {
	r.mu.Lock()
	turn := r.turn
	r.mu.Unlock()
	if turn == nil {
		return
	}
	select {
	case <-turn:
	case <-ctx.Done():
	}
}

func (r *reader[E]) run(ctx context.Context) {
	wait := retryMin
	for ctx.Err() == nil {
		read, err := r.read(ctx)
		switch {
		case err != nil:
			r.trouble.failed(ctx, err)
			_ = pause.For(ctx, wait) // the loop looks at ctx
			wait = min(2*wait, retryMax)
		case read:
			r.trouble.fine(ctx)
			wait = retryMin
		default:
			select {
			case <-r.changed:
			case <-ctx.Done():
			}
		}
	}
}

// read reads once; false when there is nothing to read for.
func (r *reader[E]) read(ctx context.Context) (bool, error) {
	turn := make(chan struct{})
	r.mu.Lock()
	r.turn = turn
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.turn = nil
		r.mu.Unlock()
		close(turn)
	}()
	partitions, block := r.targets()
	if len(partitions) == 0 {
		return false, nil
	}
	streams := make([]string, 2*len(partitions))
	for i, p := range partitions {
		streams[i], streams[len(partitions)+i] = r.keys.stream(p), ">"
	}
	generation := r.desk.generationNow()
	found, err := r.client.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: r.options.Group, Consumer: r.options.Instance, Streams: streams, Count: readCount, Block: block,
	}).Result()
	if redis.HasErrorPrefix(err, "NOGROUP") {
		return true, r.makeGroups(ctx, partitions)
	}
	if err != nil && !errors.Is(err, redis.Nil) {
		return true, fmt.Errorf("read events: %w", err)
	}
	messages := make(map[string][]redis.XMessage, len(found))
	for _, f := range found {
		messages[f.Stream] = f.Messages
	}
	for i, p := range partitions {
		items, err := readMessages(messages[streams[i]])
		if err != nil {
			return true, err
		}
		// A stream that was opened meanwhile may have missed them; it will notice.
		if s := r.desk.stream(p); s != nil {
			s.deliver(items, len(items) < readCount, generation)
		}
	}
	if len(found) > 0 {
		r.desk.nudge()
	}
	return true, nil
}

// targets are the partitions to read, and how long to wait for them: not at all if one has never been read.
func (r *reader[E]) targets() (partitions []int, block time.Duration) {
	block = readBlock
	for _, p := range r.partitions {
		s := r.desk.stream(p)
		if s == nil {
			continue
		}
		room, fresh := s.room()
		if room {
			partitions = append(partitions, p)
		}
		if fresh {
			block = -1
		}
	}
	return partitions, block
}

// makeGroups makes the group where it is missing: at the first start, or after Redis lost it. It begins with what the stream holds; what was
// processed before is passed over.
func (r *reader[E]) makeGroups(ctx context.Context, partitions []int) error {
	pipe := r.client.Pipeline()
	for _, p := range partitions {
		pipe.XGroupCreateMkStream(ctx, r.keys.stream(p), r.options.Group, "0")
	}
	commands, _ := pipe.Exec(ctx) // each command has its own error
	for _, c := range commands {
		if err := c.Err(); err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") {
			return fmt.Errorf("make group: %w", err)
		}
	}
	return nil
}

// watchTip reads how far the log is published: soon after something was read, and now and then.
func (m *member[E]) watchTip(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-m.desk.news:
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		if !m.desk.idle() {
			callCtx, cancel := context.WithTimeout(ctx, m.config.Lease)
			// Why it cannot be read, the readers tell.
			if t, ok, err := readTip(callCtx, m.client, m.keys.tip(), m.config.Partitions); ok && err == nil {
				m.desk.tipped(t)
			}
			cancel()
		}
		if pause.For(ctx, tipBusy) != nil {
			return
		}
		timer.Reset(tipIdle)
	}
}
