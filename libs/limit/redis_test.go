package limit_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/otklik/otklik/libs/limit"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/redistest"
)

// TestProcessesShareTheBounds lets three limiters, as of three processes, press on the same Redis.
func TestProcessesShareTheBounds(t *testing.T) {
	const rate, burst, length = 300, 30, 500 * time.Millisecond
	config := limit.Config{PerOrganization: limit.Quota{Rate: rate, Burst: burst}}
	options := limit.RedisOptions{Prefix: redistest.Prefix(t), Timeout: 10 * time.Second}
	counts := make([]pressed, 3)
	var wg sync.WaitGroup
	begin := time.Now()
	for i := range counts {
		l, err := limit.New(config, connect(t, redistest.Address(t)), options)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() { counts[i] = press(t.Context(), l, 4, length) })
	}
	wg.Wait()
	sum := counts[0].count + counts[1].count + counts[2].count
	if most := rate*time.Since(begin).Seconds() + burst; float64(sum) > most || float64(sum) < rate*length.Seconds()/2 {
		t.Errorf("%d admitted, at most %.1f allowed", sum, most)
	}
}

func TestQuotaThatWasLoweredHoldsAtOnce(t *testing.T) {
	client := connect(t, redistest.Address(t))
	options := limit.RedisOptions{Prefix: redistest.Prefix(t), Timeout: 10 * time.Second}
	take := func(q limit.Quota) limit.Verdict {
		l, err := limit.NewRedis(client, limit.Config{PerKey: q}, options)
		if err != nil {
			t.Fatal(err)
		}
		return l.Take(t.Context(), call("o", "k"))
	}
	for range 50 {
		take(limit.Quota{Rate: slow, Burst: 1000})
	}
	// Under the old quota the 50 calls stand for half a day; under the new one the wait is that of its own interval.
	if v := take(limit.Quota{Rate: 1, Burst: 2}); v.Admitted || v.RetryAfter > time.Second {
		t.Errorf("got %+v", v)
	}
}

func TestNamesNeedNoCare(t *testing.T) {
	l := newRedis(t, connect(t, redistest.Address(t)), limit.Config{PerKey: limit.Quota{Rate: slow, Burst: 1}, PerOrganization: limit.Quota{Rate: slow, Burst: 1}},
		limit.RedisOptions{Timeout: 10 * time.Second})
	for _, organization := range []string{"", "}", "{a}", "a b", "ж", "a/b", strings.Repeat("x", 1000)} {
		if v := l.Take(t.Context(), call(organization, "k")); !v.Admitted {
			t.Errorf("%q: %+v", organization, v)
		}
		if v := l.Take(t.Context(), call(organization, "k")); v.Admitted {
			t.Errorf("%q: admitted twice", organization)
		}
	}
}

func TestWorksOnACluster(t *testing.T) {
	cluster := redistest.NewCluster(t)
	l := newRedis(t, connect(t, cluster.Addresses()...), limit.Config{PerKey: limit.Quota{Rate: slow, Burst: 2}, PerDevice: limit.Quota{Rate: slow, Burst: 2}, PerOrganization: limit.Quota{Rate: slow, Burst: 3}},
		limit.RedisOptions{Timeout: 10 * time.Second})
	// Enough organisations to have some on every node.
	for _, organization := range strings.Fields("a b c d e f g h i j k l") {
		admitted := 0
		for _, key := range strings.Fields("x x x y y y") {
			if l.Take(t.Context(), limit.Call{Organization: organization, Key: key, Device: "d", ByDevice: true}).Admitted {
				admitted++
			}
		}
		if admitted != 3 {
			t.Errorf("%s: %d calls were admitted, want 3", organization, admitted)
		}
	}
}

// TestRedisForgetsAndLearnsNoDevice looks at what is kept: nothing longer than its bound lasts, and no name of a device.
func TestRedisForgetsAndLearnsNoDevice(t *testing.T) {
	client := connect(t, redistest.Address(t))
	prefix := redistest.Prefix(t)
	l, err := limit.NewRedis(client, limit.Config{PerKey: limit.Quota{Rate: 1, Burst: 5}, PerDevice: limit.Quota{Rate: 1, Burst: 5}},
		limit.RedisOptions{Prefix: prefix, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if v := l.Take(t.Context(), limit.Call{Organization: "o", Key: "k", Device: "phone of ann", ByDevice: true}); !v.Admitted {
		t.Fatalf("got %+v", v)
	}
	keys, err := client.Keys(t.Context(), prefix+"*").Result()
	if err != nil || len(keys) != 2 {
		t.Fatalf("got %q, %v", keys, err)
	}
	for _, key := range keys {
		if strings.Contains(key, "ann") {
			t.Errorf("the key %q tells of the device", key)
		}
		if left, err := client.PTTL(t.Context(), key).Result(); err != nil || left <= 0 || left > time.Second {
			t.Errorf("%q is kept for %v, %v", key, left, err)
		}
	}
}

// syncBuffer is a log that can be read while it is written.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) count(s string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Count(b.buf.String(), s)
}

// TestOutageCostsNobodyAWait freezes Redis, which then neither answers nor refuses connections, and wakes it again.
func TestOutageCostsNobodyAWait(t *testing.T) {
	server := redistest.Server(t)
	log := &syncBuffer{}
	const timeout, pause = 200 * time.Millisecond, time.Second
	l := newRedis(t, connect(t, server.Address()), limit.Config{PerKey: limit.Quota{Rate: slow, Burst: 5}},
		limit.RedisOptions{Timeout: timeout, Pause: pause, Logger: slog.New(slog.NewTextHandler(log, nil))})
	for range 5 {
		if v := l.Take(t.Context(), call("o", "k")); !v.Admitted {
			t.Fatalf("before: %+v", v)
		}
	}
	if err := server.Freeze(); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	const calls = 2000
	admitted := 0
	for range calls {
		if l.Take(t.Context(), call("o", "k")).Admitted {
			admitted++
		}
	}
	// One call waited; each pause that passed meanwhile lets one more try.
	if took, most := time.Since(begin), timeout+pause; took > most {
		t.Errorf("%d calls took %v without Redis, want at most %v", calls, took, most)
	}
	if admitted != 5 {
		t.Errorf("%d calls were admitted without Redis, want the burst of 5", admitted)
	}
	if err := server.Thaw(); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, 20*time.Second, func() error {
		l.Take(t.Context(), call("o", "k"))
		if log.count("Redis is back") == 0 {
			return context.DeadlineExceeded
		}
		return nil
	})
	// Redis has kept its count.
	if v := l.Take(t.Context(), call("o", "k")); v.Admitted {
		t.Errorf("after: %+v", v)
	}
	if lost := log.count("each process alone"); lost != 1 {
		t.Errorf("the loss was logged %d times", lost)
	}
}

func TestAbsentRedisIsDoneWithout(t *testing.T) {
	l := newRedis(t, connect(t, "127.0.0.1:1"), limit.Config{PerKey: limit.Quota{Rate: slow, Burst: 2}}, limit.RedisOptions{})
	begin := time.Now()
	for i := range 1000 {
		if v := l.Take(t.Context(), call("o", "k")); v.Admitted != (i < 2) {
			t.Fatalf("call %d: %+v", i, v)
		}
	}
	if took := time.Since(begin); took > time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestCallerThatLeavesIsNoOutage gives up calls while Redis is well.
func TestCallerThatLeavesIsNoOutage(t *testing.T) {
	log := &syncBuffer{}
	l := newRedis(t, connect(t, redistest.Address(t)), limit.Config{PerKey: limit.Quota{Rate: slow, Burst: 2}},
		limit.RedisOptions{Timeout: 10 * time.Second, Logger: slog.New(slog.NewTextHandler(log, nil))})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	l.Take(gone, call("o", "k"))
	if log.count("each process alone") != 0 {
		t.Error("a caller that left was taken for an outage")
	}
}

// TestAnswersOfOthersAreNoVerdict asks something that speaks, but not as Redis does.
func TestAnswersOfOthersAreNoVerdict(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			// That the client has gone away is none of this test's concern.
			_, _ = conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			_ = conn.Close()
		}
	}()
	client := redis.NewClient(&redis.Options{Addr: listener.Addr().String(), ContextTimeoutEnabled: true})
	defer client.Close()
	l := newRedis(t, client, limit.Config{PerKey: limit.Quota{Rate: slow, Burst: 1}}, limit.RedisOptions{})
	if v := l.Take(t.Context(), call("o", "k")); !v.Admitted {
		t.Errorf("first: %+v", v)
	}
	if v := l.Take(t.Context(), call("o", "k")); v.Admitted {
		t.Errorf("second: %+v", v)
	}
}
