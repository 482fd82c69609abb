package rediskit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/rediskit"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/redistest"
)

// listen counts wake-ups.
func listen(t *testing.T, s *rediskit.Signal) *atomic.Int64 {
	t.Helper()
	var n atomic.Int64
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { s.Listen(ctx, func() { n.Add(1) }) })
	t.Cleanup(func() {
		cancel()
		done.Wait()
	})
	return &n
}

// settle waits until a listener is connected: one wake-up at the beginning and one for the subscription, which may have become one.
func settle(t *testing.T, n *atomic.Int64) {
	t.Helper()
	for last := int64(-1); last != n.Load() || last == 0; time.Sleep(100 * time.Millisecond) {
		last = n.Load()
	}
}

func more(n *atomic.Int64, than int64) func() error {
	return func() error {
		if n.Load() <= than {
			return fmt.Errorf("%d wake-ups, want more", n.Load())
		}
		return nil
	}
}

func TestSignalWakesAllWhoListenToItsName(t *testing.T) {
	prefix := redistest.Prefix(t)
	for name, addresses := range map[string][]string{"server": {redistest.Address(t)}, "cluster": redistest.NewCluster(t).Addresses()} {
		t.Run(name, func(t *testing.T) {
			change := []func(*rediskit.Config){at(addresses...), func(c *rediskit.Config) { c.Cluster, c.Prefix = len(addresses) > 1, prefix }}
			logger := slog.New(slog.DiscardHandler)
			a, b := connect(t, change...), connect(t, change...)
			heard := []*atomic.Int64{
				listen(t, rediskit.NewSignal(a, "news", logger)), listen(t, rediskit.NewSignal(b, "news", logger)), listen(t, rediskit.NewSignal(b, "other", logger)),
			}
			for _, n := range heard {
				settle(t, n)
			}
			before := [3]int64{heard[0].Load(), heard[1].Load(), heard[2].Load()}
			rediskit.NewSignal(a, "news", logger).Notify(t.Context())
			testkit.Eventually(t, 5*time.Second, more(heard[0], before[0]))
			testkit.Eventually(t, 5*time.Second, more(heard[1], before[1]))
			if n := heard[2].Load(); n != before[2] {
				t.Errorf("another signal's listener was woken")
			}
		})
	}
}

// TestSignalOutlastsRedis: listeners are woken when Redis comes back, and signals work again, while to notify is quick in the meantime.
func TestSignalOutlastsRedis(t *testing.T) {
	server := redistest.Server(t)
	c := connect(t, at(server.Address()))
	var out bytes.Buffer
	s := rediskit.NewSignal(c, "news", slog.New(slog.NewTextHandler(&out, nil)))
	n := listen(t, s)
	settle(t, n)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	for range 10_000 {
		s.Notify(t.Context())
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("10000 notifications without Redis took %v", took)
	}
	before := n.Load()
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, 20*time.Second, more(n, before))
	settle(t, n)
	before = n.Load()
	testkit.Eventually(t, 20*time.Second, func() error {
		s.Notify(t.Context())
		return more(n, before)()
	})
	if got := out.String(); strings.Count(got, "does not work") != 1 || strings.Count(got, "works again") != 1 {
		t.Errorf("logged\n%s", got)
	}
}

func TestCache(t *testing.T) {
	c := connect(t, at(redistest.Address(t)))
	cache, other := rediskit.NewCache(c, "answers", slog.New(slog.DiscardHandler)), rediskit.NewCache(c, "others", slog.New(slog.DiscardHandler))
	ctx := t.Context()
	if _, ok := cache.Get(ctx, "a"); ok {
		t.Error("there is something in an empty cache")
	}
	value := []byte("any\x00bytes")
	cache.Set(ctx, "a", value, time.Minute)
	cache.Set(ctx, "empty", nil, time.Minute)
	cache.Set(ctx, "past", value, 0)
	cache.Set(ctx, "brief", value, 30*time.Millisecond)
	if got, ok := cache.Get(ctx, "a"); !ok || !bytes.Equal(got, value) {
		t.Errorf("got %q, %v", got, ok)
	}
	if got, ok := cache.Get(ctx, "empty"); !ok || len(got) != 0 {
		t.Errorf("got %q, %v", got, ok)
	}
	if _, ok := cache.Get(ctx, "past"); ok {
		t.Error("a value without a life is there")
	}
	if _, ok := other.Get(ctx, "a"); ok {
		t.Error("another cache has the value")
	}
	testkit.Eventually(t, 5*time.Second, func() error {
		if _, ok := cache.Get(ctx, "brief"); ok {
			return errors.New("it has not ended")
		}
		return nil
	})
}

// TestCacheWithoutRedisCostsNothing: while Redis hangs, callers go without at once, and they use it again when it is back.
func TestCacheWithoutRedisCostsNothing(t *testing.T) {
	server := redistest.Server(t)
	cache := rediskit.NewCache(connect(t, at(server.Address())), "answers", slog.New(slog.DiscardHandler))
	cache.Set(t.Context(), "a", []byte("b"), time.Hour)
	if err := server.Freeze(); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	for range 10_000 {
		if _, ok := cache.Get(t.Context(), "a"); ok {
			t.Fatal("a frozen Redis has answered")
		}
		cache.Set(t.Context(), "a", []byte("c"), time.Hour)
	}
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("20000 calls without Redis took %v", took)
	}
	if err := server.Thaw(); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, 20*time.Second, func() error {
		if _, ok := cache.Get(t.Context(), "a"); !ok {
			return errors.New("nothing")
		}
		return nil
	})
}
