package redislog

import (
	"context"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/libs/rediskit"
)

// entry is an event on its way into a stream.
type entry struct {
	position int64
	// prev is a position before it after which the partition holds nothing up to the entry.
	prev int64
	data []byte
}

// lane is the way into one partition's stream.
type lane struct {
	partition int
	stream    string
	// last is the position of the newest entry of the stream, or its floor; seen that of the newest event read of the log.
	last, seen int64
	waiting    []entry
	// length is the number of entries in the stream, at most.
	length int
	// skipping tells that events are left out, because nobody processes those that are there while other partitions go on.
	skipping bool
	// oldest is the identifier before which everything is processed, group the one that has not processed it.
	oldest, group string
	// progress is when the stream last was empty or oldest changed, trimmed when something was last removed.
	progress, trimmed time.Time
}

const (
	// appendEvents and appendBytes bound what one script appends: Redis does nothing else meanwhile.
	appendEvents = 500
	appendBytes  = 1 << 20
	// fullPause is between looks at streams that are full.
	fullPause = 20 * time.Millisecond
	// stallLeases is how many leases long a full stream may stand still before the other partitions stop waiting for it: longer than it takes until
	// a dead subscriber's partitions are followed by another one.
	stallLeases = 4
)

// next is what can be appended now.
func (l *lane) next(limit int) []entry {
	n, bytes := 0, 0
	for n < len(l.waiting) && n < appendEvents && l.length+n < limit && bytes < appendBytes {
		bytes += len(l.waiting[n].data)
		n++
	}
	return l.waiting[:n]
}

func (l *lane) call(s scripts, entries []entry) *rediskit.Call {
	args := make([]any, 1, 1+3*len(entries))
	args[0] = entryID(l.last)
	for _, e := range entries {
		args = append(args, entryID(e.position), e.prev, e.data)
	}
	return &rediskit.Call{Script: s.append, Keys: []string{l.stream}, Args: args}
}

// flush appends all that waits, however long that takes.
func (s *session[E]) flush(ctx context.Context) error {
	for {
		full, err := s.append(ctx)
		if err != nil {
			return err
		}
		if len(full) == 0 {
			return nil
		}
		// The others are looked at too, but not as often.
		if time.Since(s.rounded) >= trimEvery {
			full = s.lanes
		}
		if err := s.trim(ctx, full); err != nil {
			return err
		}
		if s.relieve(ctx, full) {
			continue
		}
		s.instruments.held(ctx)
		if err := pause.For(ctx, fullPause); err != nil {
			return err
		}
	}
}

// append appends what there is room for and returns the lanes where something has to wait.
func (s *session[E]) append(ctx context.Context) (full []*lane, err error) {
	for {
		var lanes []*lane
		var calls []*rediskit.Call
		full = nil
		for _, l := range s.lanes {
			if len(l.waiting) == 0 {
				continue
			}
			entries := l.next(s.config.MaxUnprocessed)
			if len(entries) == 0 {
				full = append(full, l)
				continue
			}
			lanes, calls = append(lanes, l), append(calls, l.call(s.scripts, entries))
		}
		if len(calls) == 0 {
			return full, nil
		}
		if err := rediskit.RunScripts(ctx, s.client, calls...); err != nil {
			return nil, fmt.Errorf("append events: %w", err)
		}
		for i, l := range lanes {
			if calls[i].Result != entryID(l.last) {
				return nil, fmt.Errorf("append events to partition %d: %w: expected %s, found %v", l.partition, errMoved, entryID(l.last), calls[i].Result)
			}
			n := (len(calls[i].Args) - 1) / 3
			l.last = l.waiting[n-1].position
			l.waiting = l.waiting[n:]
			l.length += n
			s.instruments.publish(ctx, l.partition, n)
		}
	}
}

// relieve tells whether there is room again in some of the full lanes. Where nothing was processed for long while most partitions go on, it makes
// room by leaving events out, which are then read from the log: one partition does not stop the others. If most stand still nobody is there
// to go on, and the log keeps what comes.
func (s *session[E]) relieve(ctx context.Context, full []*lane) bool {
	used, stuck := 0, 0
	for _, l := range s.lanes {
		if l.length > 0 || !l.trimmed.IsZero() {
			used++
		}
		if s.stuck(l) {
			stuck++
		}
	}
	relieved := false
	for _, l := range full {
		switch {
		case len(l.waiting) == 0:
		case l.length < s.config.MaxUnprocessed:
			relieved = true
		case s.stuck(l) && 2*stuck <= used:
			l.skipping, l.waiting = true, nil
			s.logger.WarnContext(ctx, "a partition is not processed; its further events are left to be read from the log, so that others go on",
				"partition", l.partition, "unprocessed", l.length, "group", l.group)
			relieved = true
		}
	}
	return relieved
}

// stuck tells whether nobody processes a lane.
func (s *session[E]) stuck(l *lane) bool {
	return l.length > 0 && time.Since(l.progress) >= stallLeases*s.config.Lease
}
