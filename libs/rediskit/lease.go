package rediskit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// takeScript takes a lease that is free, or prolongs one that is the caller's own. It works while Redis's memory is full, since what makes
// room again needs the lease. It answers the holder's token.
const takeScript = `#!lua flags=allow-oom
local holder = redis.call('GET', KEYS[1])
if not holder then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return ARGV[1]
end
if holder == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return holder`

// releaseScript gives a lease back if it is the caller's own.
const releaseScript = `#!lua flags=allow-oom
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0`

// Leases makes leases of one kind: a right that one process holds at a time, for as long as it gives signs of life. Leases order who works;
// they cannot prove it, because a process that was stopped for a while learns too late that its lease ended. What must never be done twice
// has to be guarded where it is done: by the lease's token within a script, or by the store's own versions.
type Leases struct {
	client        redis.UniversalClient
	ttl           time.Duration
	take, release *redis.Script
}

// NewLeases makes leases that end when they were not prolonged for ttl.
func NewLeases(client redis.UniversalClient, ttl time.Duration) *Leases {
	return &Leases{client: client, ttl: ttl, take: redis.NewScript(takeScript), release: redis.NewScript(releaseScript)}
}

// TTL is how long a lease lasts without a sign of life.
func (l *Leases) TTL() time.Duration { return l.ttl }

// Lease is one lease as one holder sees it. Safe for concurrent use.
type Lease struct {
	// Key is where the lease is in Redis; Token is what is stored there while it is this holder's. Scripts compare it.
	Key, Token string
	set        *Leases

	mu    sync.Mutex
	until time.Time
}

// New makes a lease that is not held yet. owner begins the token, so that people see who holds it; the rest is random.
func (l *Leases) New(key, owner string) *Lease {
	return &Lease{Key: key, Token: owner + "/" + rand.Text(), set: l}
}

// Until is when the lease ends unless it is prolonged, by this process's clock, on the safe side; zero when it is not held.
func (l *Lease) Until() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until
}

// Held tells whether the lease is held, as far as this process can know.
func (l *Lease) Held() bool { return time.Now().Before(l.Until()) }

func (l *Lease) setUntil(t time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = t
}

// Take takes leases or prolongs them, in one round trip to each server; Held tells which are held now. A lease whose call failed stays as it
// was, until it ends. The errors are joined.
func (l *Leases) Take(ctx context.Context, leases ...*Lease) error {
	if len(leases) == 0 {
		return nil
	}
	calls := make([]*Call, len(leases))
	for i, lease := range leases {
		calls[i] = &Call{Script: l.take, Keys: []string{lease.Key}, Args: []any{lease.Token, l.ttl.Milliseconds()}}
	}
	begin := time.Now()
	err := RunScripts(ctx, l.client, calls...)
	for i, lease := range leases {
		switch c := calls[i]; {
		case c.Err != nil:
		case c.Result == lease.Token:
			lease.setUntil(begin.Add(l.ttl))
		default:
			lease.setUntil(time.Time{})
		}
	}
	if err != nil {
		return fmt.Errorf("take lease: %w", err)
	}
	return nil
}

// Release gives leases back; those that others hold by now stay theirs.
func (l *Leases) Release(ctx context.Context, leases ...*Lease) error {
	if len(leases) == 0 {
		return nil
	}
	calls := make([]*Call, len(leases))
	for i, lease := range leases {
		lease.setUntil(time.Time{})
		calls[i] = &Call{Script: l.release, Keys: []string{lease.Key}, Args: []any{lease.Token}}
	}
	if err := RunScripts(ctx, l.client, calls...); err != nil {
		return fmt.Errorf("release lease: %w", err)
	}
	return nil
}

// ErrLeaseLost is the cause of the context that Hold gives, when the lease was lost.
var ErrLeaseLost = errors.New("the lease is lost")

// renewals is how often a lease is prolonged before it would end.
const renewals = 3

// Hold waits until it has the lease, calls work with a context that ends when the lease is lost, prolongs it meanwhile, and gives it back
// when work returns, whose error it returns. It returns nil when ctx ends before. failed, if not nil, is told of each attempt to take the
// lease: its error or nil.
func (l *Leases) Hold(ctx context.Context, lease *Lease, failed func(error), work func(ctx context.Context) error) error {
	tick := time.NewTicker(l.ttl / renewals)
	defer tick.Stop()
	try := func() bool {
		callCtx, cancel := context.WithTimeout(ctx, l.ttl)
		defer cancel()
		err := l.Take(callCtx, lease)
		if failed != nil && ctx.Err() == nil {
			failed(err)
		}
		return lease.Held()
	}
	for !try() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
	workCtx, lose := context.WithCancelCause(ctx)
	defer lose(nil)
	done := make(chan error, 1)
	go func() { done <- work(workCtx) }()
	end := time.NewTimer(time.Until(lease.Until()))
	defer end.Stop()
	finish := func(err error) error {
		releaseCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
		defer cancel()
		_ = l.Release(releaseCtx, lease) // it ends by itself
		return err
	}
	// Prolonging waits for Redis, which may take longer than the lease lasts; so the end is watched beside it.
	prolonged := make(chan bool, 1)
	busy := false
	for {
		select {
		case err := <-done:
			if busy {
				<-prolonged
			}
			return finish(err)
		case <-tick.C:
			if !busy {
				busy = true
				go func() { prolonged <- try() }()
			}
		case held := <-prolonged:
			busy = false
			if !held {
				lose(ErrLeaseLost)
			}
			end.Reset(time.Until(lease.Until()))
		case <-end.C:
			if !lease.Held() {
				lose(ErrLeaseLost)
			}
		}
	}
}

// releaseTimeout is for giving a lease back when everything ends.
const releaseTimeout = time.Second
