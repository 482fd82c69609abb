package redislog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/otklik/otklik/libs/eventlog"
)

type event struct {
	position int64
	key      string
	load     string
}

// memLog is a log as its service stores it.
type memLog struct {
	mu     sync.Mutex
	events []event
	next   int64
	grown  chan struct{}
	// opened counts streams of partitions.
	opened int
	load   string
}

func newMemLog() *memLog { return &memLog{grown: make(chan struct{})} }

// append adds an event; positions have gaps.
func (l *memLog) append(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next += 1 + int64(len(l.events)%3)
	l.events = append(l.events, event{position: l.next, key: key, load: l.load})
	close(l.grown)
	l.grown = make(chan struct{})
}

// cutTo forgets all but the first n events, as when a backup is restored.
func (l *memLog) cutTo(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = slices.Clone(l.events[:n])
	l.next = 0
	if n > 0 {
		l.next = l.events[n-1].position
	}
}

func (l *memLog) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.events)
}

// of are the positions of a partition.
func (l *memLog) of(partition, count int) []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []int64
	for _, e := range l.events {
		if eventlog.Partition(e.key, count) == partition {
			out = append(out, e.position)
		}
	}
	return out
}

func (l *memLog) opens() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.opened
}

// part is the log of one partition.
func (l *memLog) part(partition, count int) eventlog.Source[event] {
	return memPart{l, partition, count}
}

// Open follows the whole log.
func (l *memLog) Open(ctx context.Context, after int64) (eventlog.Stream[event], error) {
	return &memStream{ctx: ctx, log: l, after: after}, nil
}

type memPart struct {
	log              *memLog
	partition, count int
}

// Open follows one partition.
func (p memPart) Open(ctx context.Context, after int64) (eventlog.Stream[event], error) {
	p.log.mu.Lock()
	p.log.opened++
	p.log.mu.Unlock()
	return &memStream{ctx: ctx, log: p.log, after: after, partition: p.partition, count: p.count}, nil
}

type memStream struct {
	ctx              context.Context
	log              *memLog
	after            int64
	partition, count int
	silent           bool
}

const (
	memBatch     = 50
	memHeartbeat = 50 * time.Millisecond
)

// Recv returns what is next, or a heartbeat.
func (s *memStream) Recv() (eventlog.Batch[event], error) {
	for {
		asOf := time.Now()
		s.log.mu.Lock()
		var head int64
		if n := len(s.log.events); n > 0 {
			head = s.log.events[n-1].position
		}
		start, _ := slices.BinarySearchFunc(s.log.events, s.after, func(e event, after int64) int {
			if e.position <= after {
				return -1
			}
			return 1
		})
		batch := eventlog.Batch[event]{Head: head}
		end := min(start+memBatch, len(s.log.events))
		for _, e := range s.log.events[start:end] {
			if s.count == 0 || eventlog.Partition(e.key, s.count) == s.partition {
				batch.Events = append(batch.Events, e)
			}
		}
		grown := s.log.grown
		if end == len(s.log.events) {
			batch.AsOf = asOf
		}
		s.log.mu.Unlock()
		if head < s.after {
			return eventlog.Batch[event]{}, fmt.Errorf("read: %w", eventlog.ErrAhead)
		}
		moved := end > start
		if moved {
			s.after = max(s.after, s.log.at(end-1))
		}
		if moved || !s.silent {
			s.silent = !batch.AsOf.IsZero()
			return batch, nil
		}
		select {
		case <-grown:
		case <-time.After(memHeartbeat):
			s.silent = false
		case <-s.ctx.Done():
			return eventlog.Batch[event]{}, s.ctx.Err()
		}
	}
}

func (l *memLog) at(i int) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i >= len(l.events) {
		return 0
	}
	return l.events[i].position
}

// memStore keeps effects and how far each partition is, as one transaction would.
type memStore struct {
	mu      sync.Mutex
	cursors map[int]cursor
	applied map[int][]int64
	// conflicts counts batches that were refused.
	conflicts int
	// owners are who follows each partition.
	owners map[int][]string
	reach  map[int]time.Time
	// hold, if not nil, is called within Apply between reading the cursor and committing.
	hold func(name string, partition int)
}

type cursor struct {
	position, version int64
}

func newMemStore() *memStore {
	return &memStore{cursors: make(map[int]cursor), applied: make(map[int][]int64), owners: make(map[int][]string), reach: make(map[int]time.Time)}
}

func (s *memStore) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, a := range s.applied {
		n += len(a)
	}
	return n
}

func (s *memStore) of(partition int) []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.applied[partition])
}

func (s *memStore) clear(partition int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.applied[partition] = nil
	s.cursors[partition] = cursor{version: s.cursors[partition].version + 1}
}

func (s *memStore) follow(name string, partition int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owners[partition] = append(s.owners[partition], name)
}

func (s *memStore) unfollow(name string, partition int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.owners[partition], name)
	s.owners[partition] = slices.Delete(s.owners[partition], i, i+1)
}

// refused is the number of batches that came too late.
func (s *memStore) refused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conflicts
}

// shares are the numbers of partitions that each follows.
func (s *memStore) shares() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]int)
	for _, names := range s.owners {
		for _, n := range names {
			out[n]++
		}
	}
	return out
}

// reached is the least time up to which the partitions are complete.
func (s *memStore) reached(partitions int) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	var least time.Time
	for p := range partitions {
		if r := s.reach[p]; p == 0 || r.Before(least) {
			least = r
		}
	}
	return least
}

func (s *memStore) missing(l *memLog, partitions int) string {
	out := ""
	for p := range partitions {
		got, want := s.of(p), l.of(p, partitions)
		i := 0
		for i < len(got) && i < len(want) && got[i] == want[i] {
			i++
		}
		if i < len(want) || len(got) > len(want) {
			out += fmt.Sprintf("partition %d: %d of %d, differs at %d\n", p, len(got), len(want), i)
		}
	}
	return out
}

// memSink applies events of a partition, each once.
type memSink struct {
	store     *memStore
	partition int
	gate      *gate
	name      string
}

// Position is how far the partition is.
func (s *memSink) Position(context.Context) (int64, error) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return s.store.cursors[s.partition].position, nil
}

var errConflict = errors.New("the cursor has moved")

// Apply reads the cursor, works, and commits if the cursor is where it was.
func (s *memSink) Apply(_ context.Context, events []event) (int64, error) {
	if err := s.gate.pass(); err != nil {
		return 0, err
	}
	s.store.mu.Lock()
	before, hold := s.store.cursors[s.partition], s.store.hold
	s.store.mu.Unlock()
	if hold != nil {
		hold(s.name, s.partition)
	}
	if err := s.gate.pass(); err != nil {
		return 0, err
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	if s.store.cursors[s.partition] != before {
		s.store.conflicts++
		return 0, errConflict
	}
	position := before.position
	for _, e := range events {
		if e.position > position {
			position = e.position
			s.store.applied[s.partition] = append(s.store.applied[s.partition], position)
		}
	}
	s.store.cursors[s.partition] = cursor{position: position, version: before.version + 1}
	return position, nil
}

// Reached notes how far the partition is complete.
func (s *memSink) Reached(asOf time.Time) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.store.reach[s.partition] = asOf
}
