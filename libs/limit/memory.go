package limit

import (
	"context"
	"hash/maphash"
	"sync"
	"time"
)

// shards spread callers over locks. One organisation is in one shard, so that both of a call's bounds are decided under one lock.
const shards = 64

// sweepFrom is the least number of callers in a shard at which those that have been silent long enough are forgotten.
const sweepFrom = 1024

// Memory is a Limiter of one process. It remembers only callers that have used a part of their burst.
type Memory struct {
	perKey, perOrganization pace
	now                     func() time.Time
	start                   time.Time
	seed                    maphash.Seed
	shards                  [shards]shard
}

// pace is a quota in the terms of GCRA.
type pace struct {
	interval, tolerance time.Duration
}

func paceOf(q Quota) pace {
	if !q.enabled() {
		return pace{}
	}
	return pace{interval: q.interval(time.Nanosecond), tolerance: q.tolerance(time.Nanosecond)}
}

// caller is an organisation or, with a key, one of its keys.
type caller struct{ organization, key string }

// shard holds the theoretical arrival time of the next call of each caller, since the start of the limiter. One in the past is the same as
// none.
type shard struct {
	mu      sync.Mutex
	due     map[caller]time.Duration
	sweepAt int
}

var _ Limiter = (*Memory)(nil)

// NewMemory makes a limiter of a sound configuration. now is the clock; only its steps count, so that setting the machine's clock does no harm
// where it is time.Now.
func NewMemory(config Config, now func() time.Time) *Memory {
	m := &Memory{
		perKey: paceOf(config.PerKey), perOrganization: paceOf(config.PerOrganization),
		now: now, start: now(), seed: maphash.MakeSeed(),
	}
	for i := range m.shards {
		m.shards[i] = shard{due: make(map[caller]time.Duration), sweepAt: sweepFrom}
	}
	return m
}

// Take asks for one call.
func (m *Memory) Take(_ context.Context, organization, key string) Verdict {
	s := &m.shards[maphash.String(m.seed, organization)%shards]
	keyCaller, organizationCaller := caller{organization, key}, caller{organization: organization}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := m.now().Sub(m.start)
	keyDue, keyWait := s.look(keyCaller, m.perKey, now)
	organizationDue, organizationWait := s.look(organizationCaller, m.perOrganization, now)
	switch {
	case keyWait > 0 && keyWait >= organizationWait:
		return Verdict{Scope: ScopeKey, RetryAfter: keyWait}
	case organizationWait > 0:
		return Verdict{Scope: ScopeOrganization, RetryAfter: organizationWait}
	}
	s.take(keyCaller, m.perKey, keyDue)
	s.take(organizationCaller, m.perOrganization, organizationDue)
	s.sweep(now)
	return Verdict{Admitted: true}
}

// look returns when the next call of c is due, and how long a call now would have to wait. Called with mu held.
func (s *shard) look(c caller, p pace, now time.Duration) (due, wait time.Duration) {
	if p.interval == 0 {
		return 0, 0
	}
	due = max(s.due[c], now)
	return due, max(due-p.tolerance-now, 0)
}

// take counts a call. Called with mu held.
func (s *shard) take(c caller, p pace, due time.Duration) {
	if p.interval > 0 {
		s.due[c] = due + p.interval
	}
}

// sweep forgets callers whose whole burst is there again. It costs little for each call, since the next time is when the rest has doubled.
// Called with mu held.
func (s *shard) sweep(now time.Duration) {
	if len(s.due) < s.sweepAt {
		return
	}
	for c, due := range s.due {
		if due <= now {
			delete(s.due, c)
		}
	}
	s.sweepAt = max(sweepFrom, 2*len(s.due))
}
