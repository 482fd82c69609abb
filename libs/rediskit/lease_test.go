package rediskit_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/otklik/otklik/libs/rediskit"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/redistest"
)

const ttl = 300 * time.Millisecond

func TestOneHoldsALease(t *testing.T) {
	c := connect(t, at(redistest.Address(t)))
	leases := rediskit.NewLeases(c, ttl)
	a, b := leases.New(c.Key("lease"), "a"), leases.New(c.Key("lease"), "b")
	take := func(want bool, l *rediskit.Lease) {
		t.Helper()
		if err := leases.Take(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		if l.Held() != want {
			t.Errorf("held: %v, want %v", l.Held(), want)
		}
	}
	take(true, a)
	take(false, b)
	take(true, a)
	if got := c.Get(t.Context(), a.Key).Val(); got != a.Token || !strings.HasPrefix(got, "a/") {
		t.Errorf("Redis holds %q", got)
	}
	// Who does not hold it cannot give it away.
	if err := leases.Release(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	take(false, b)
	if err := leases.Release(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	take(true, b)
	take(false, a)
	// It ends by itself, in Redis as for its holder, who is never the last to know.
	testkit.Eventually(t, 5*time.Second, func() error {
		gone := c.Exists(t.Context(), a.Key).Val() == 0
		if gone && b.Held() {
			t.Fatal("the holder believes to hold what has ended")
		}
		if !gone {
			return errors.New("it has not ended")
		}
		return nil
	})
	take(true, a)
	take(false, b)
}

// TestWorkersWithALeaseTakeTurns: of many who want to work one works at a time, and the next begins when one ends.
func TestWorkersWithALeaseTakeTurns(t *testing.T) {
	c := connect(t, at(redistest.Address(t)))
	leases := rediskit.NewLeases(c, ttl)
	var at, turns atomic.Int32
	var workers sync.WaitGroup
	for i := range 4 {
		workers.Go(func() {
			err := leases.Hold(t.Context(), leases.New(c.Key("turn"), strconv.Itoa(i)), nil, func(context.Context) error {
				if at.Add(1) != 1 {
					t.Error("two work at a time")
				}
				time.Sleep(2 * ttl)
				at.Add(-1)
				turns.Add(1)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	workers.Wait()
	if turns.Load() != 4 {
		t.Errorf("%d turns", turns.Load())
	}
}

func TestAWorkerIsToldThatItLostItsLease(t *testing.T) {
	for name, lose := range map[string]func(*testing.T, *rediskit.Client, *redistest.Node, string){
		"taken": func(t *testing.T, c *rediskit.Client, _ *redistest.Node, key string) {
			if err := c.Set(t.Context(), key, "somebody", 0).Err(); err != nil {
				t.Fatal(err)
			}
		},
		"Redis hangs": func(t *testing.T, _ *rediskit.Client, n *redistest.Node, _ string) {
			if err := n.Freeze(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = n.Thaw() })
		},
		"Redis is gone": func(t *testing.T, _ *rediskit.Client, n *redistest.Node, _ string) {
			if err := n.Kill(); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Server(t)
			c := connect(t, at(server.Address()))
			leases := rediskit.NewLeases(c, ttl)
			lease := leases.New(c.Key("work"), "a")
			working := make(chan struct{})
			done := make(chan error, 1)
			go func() {
				done <- leases.Hold(t.Context(), lease, nil, func(ctx context.Context) error {
					close(working)
					<-ctx.Done()
					return context.Cause(ctx)
				})
			}()
			<-working
			lose(t, c, server, lease.Key)
			begin := time.Now()
			select {
			case err := <-done:
				if !errors.Is(err, rediskit.ErrLeaseLost) {
					t.Errorf("ended with %v", err)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("the worker was not told")
			}
			t.Logf("told after %v", time.Since(begin))
		})
	}
}

func TestHoldEndsWithItsContext(t *testing.T) {
	c := connect(t, at(redistest.Address(t)))
	leases := rediskit.NewLeases(c, ttl)
	other := leases.New(c.Key("work"), "other")
	if err := leases.Take(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := leases.Hold(ctx, leases.New(c.Key("work"), "a"), nil, func(context.Context) error {
		t.Error("it works without the lease")
		return nil
	}); err != nil {
		t.Error(err)
	}
	// What was held is free at once when the work ends.
	if err := leases.Release(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	if err := leases.Hold(ctx, leases.New(c.Key("work"), "a"), nil, func(ctx context.Context) error {
		cancel()
		<-ctx.Done()
		return nil
	}); err != nil {
		t.Error(err)
	}
	if n := c.Exists(t.Context(), c.Key("work")).Val(); n != 0 {
		t.Error("the lease is still there")
	}
}

// TestScriptsAreSentWhenTheServerForgotThem, each with its own result.
func TestScriptsAreSentWhenTheServerForgotThem(t *testing.T) {
	server := redistest.Server(t)
	c := connect(t, at(server.Address()))
	echo, fail := redis.NewScript(`return ARGV[1]`), redis.NewScript(`return redis.error_reply('OWN fault')`)
	for range 3 {
		calls := []*rediskit.Call{
			{Script: echo, Keys: []string{"k"}, Args: []any{"1"}},
			{Script: fail, Keys: []string{"k"}},
			{Script: echo, Keys: []string{"k"}, Args: []any{"2"}},
			{Script: redis.NewScript(`return nil`), Keys: []string{"k"}},
		}
		err := rediskit.RunScripts(t.Context(), c, calls...)
		if err == nil || !strings.Contains(err.Error(), "OWN fault") || calls[0].Err != nil || calls[2].Err != nil || calls[3].Err != nil {
			t.Errorf("errors %v, %v, %v, %v", err, calls[0].Err, calls[2].Err, calls[3].Err)
		}
		if calls[0].Result != "1" || calls[2].Result != "2" || calls[3].Result != nil {
			t.Errorf("results %v, %v, %v", calls[0].Result, calls[2].Result, calls[3].Result)
		}
		if err := c.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
}
