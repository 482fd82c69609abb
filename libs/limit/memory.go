package limit

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// shards spread callers over locks. One organisation is in one shard, so that all of a call's bounds are decided under one lock.
const shards = 64

// sweepFrom is the least number of callers in a shard at which those that have been silent long enough are forgotten.
const sweepFrom = 1024

// maxDevices bounds the devices that are remembered, over all shards. Who makes up devices meets the bound of the key.
const maxDevices = 1 << 18

// Memory is a Limiter of one process. It remembers only callers that have used a part of their burst.
type Memory struct {
	book   book
	now    func() time.Time
	start  time.Time
	seed   maphash.Seed
	shards [shards]shard
	// devices counts those in all shards.
	devices    atomic.Int64
	maxDevices int64
}

// caller is an organisation or, with a key, one of its keys.
type caller struct{ organization, key string }

// device is one that a key names.
type device struct{ organization, key, device string }

// shard holds the theoretical arrival time of the next call of each caller, since the start of the limiter. One in the past is the same as
// none. Devices are held by a hash of their names: there are many, and nobody needs to know which they are.
type shard struct {
	mu      sync.Mutex
	callers ledger[caller]
	devices ledger[uint64]
}

var _ Limiter = (*Memory)(nil)

// NewMemory makes a limiter of a sound configuration. now is the clock; only its steps count, so that setting the machine's clock does no harm
// where it is time.Now.
func NewMemory(config Config, now func() time.Time) *Memory {
	m := &Memory{book: newBook(config, time.Nanosecond), now: now, start: now(), seed: maphash.MakeSeed(), maxDevices: maxDevices}
	for i := range m.shards {
		m.shards[i].callers, m.shards[i].devices = newLedger[caller](), newLedger[uint64]()
	}
	return m
}

// Take asks for one call.
func (m *Memory) Take(_ context.Context, call Call) Verdict {
	b := m.book.boundsOf(call)
	if b.count == 0 {
		return Verdict{Admitted: true}
	}
	s := &m.shards[maphash.String(m.seed, call.Organization)%shards]
	var hash uint64
	if call.ByDevice {
		hash = maphash.Comparable(m.seed, device{call.Organization, call.Key, call.Device})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := m.now().Sub(m.start)
	var due, ahead [maxBounds]time.Duration
	var wait time.Duration
	by := 0
	for i := range b.count {
		due[i] = max(s.due(b.scopes[i], call, hash), now)
		// A bound that was lowered holds at once: nobody waits longer than it can lead to.
		due[i] = min(due[i], now+b.paces[i].tolerance+b.paces[i].interval)
		if w := due[i] - b.paces[i].tolerance - now; w > wait {
			wait, by = w, i
		}
	}
	if wait > 0 {
		return b.refused(by, wait)
	}
	for i := range b.count {
		due[i] += b.paces[i].interval
		ahead[i] = due[i] - now
		m.remember(s, b.scopes[i], call, hash, due[i], now)
	}
	return b.admitted(ahead)
}

// due is when the next call in a bound is due. Called with mu held.
func (s *shard) due(scope Scope, call Call, hash uint64) time.Duration {
	switch scope {
	case ScopeKey:
		return s.callers.due[caller{call.Organization, call.Key}]
	case ScopeDevice:
		return s.devices.due[hash]
	}
	return s.callers.due[caller{organization: call.Organization}]
}

// remember counts a call in a bound. Called with mu held.
func (m *Memory) remember(s *shard, scope Scope, call Call, hash uint64, due, now time.Duration) {
	switch scope {
	case ScopeKey:
		s.callers.set(caller{call.Organization, call.Key}, due, now)
	case ScopeDevice:
		before := len(s.devices.due)
		if _, known := s.devices.due[hash]; !known && m.devices.Load() >= m.maxDevices {
			if !s.devices.makeRoom() {
				return
			}
		}
		s.devices.set(hash, due, now)
		m.devices.Add(int64(len(s.devices.due) - before))
	case ScopeOrganization:
		s.callers.set(caller{organization: call.Organization}, due, now)
	}
}

// ledger holds when the next calls are due.
type ledger[K comparable] struct {
	due     map[K]time.Duration
	sweepAt int
}

func newLedger[K comparable]() ledger[K] {
	return ledger[K]{due: make(map[K]time.Duration), sweepAt: sweepFrom}
}

// set remembers, and now and then forgets those whose whole burst is there again. That costs little for each call, since the next time is when the
// rest has doubled.
func (l *ledger[K]) set(key K, due, now time.Duration) {
	l.due[key] = due
	if len(l.due) < l.sweepAt {
		return
	}
	for k, due := range l.due {
		if due <= now {
			delete(l.due, k)
		}
	}
	l.sweepAt = max(sweepFrom, 2*len(l.due))
}

// makeRoom forgets one of a few at random, the one that has used the least; false when there is none.
func (l *ledger[K]) makeRoom() bool {
	const sample = 8
	var least K
	found, seen := false, 0
	for k, due := range l.due {
		if !found || due < l.due[least] {
			least, found = k, true
		}
		if seen++; seen == sample {
			break
		}
	}
	if found {
		delete(l.due, least)
	}
	return found
}
