package limit_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/otklik/otklik/libs/limit"
	"github.com/otklik/otklik/libs/testkit/redistest"
)

// makers make a limiter of each kind; each test gets one of its own.
func makers(t *testing.T) map[string]func(*testing.T, limit.Config) limit.Limiter {
	t.Helper()
	return map[string]func(*testing.T, limit.Config) limit.Limiter{
		"memory": func(_ *testing.T, c limit.Config) limit.Limiter { return limit.NewMemory(c, time.Now) },
		"redis": func(t *testing.T, c limit.Config) limit.Limiter {
			return newRedis(t, connect(t, redistest.Address(t)), c, limit.RedisOptions{Timeout: 10 * time.Second})
		},
	}
}

func connect(t *testing.T, addresses ...string) redis.UniversalClient {
	t.Helper()
	client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: addresses, ContextTimeoutEnabled: true})
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

func newRedis(t *testing.T, client redis.UniversalClient, c limit.Config, options limit.RedisOptions) *limit.Redis {
	t.Helper()
	options.Prefix = redistest.Prefix(t) + ":"
	l, err := limit.NewRedis(client, c, options)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// onBoth runs a test against each kind of limiter.
func onBoth(t *testing.T, test func(t *testing.T, make func(limit.Config) limit.Limiter)) {
	t.Helper()
	for name, maker := range makers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, func(c limit.Config) limit.Limiter { return maker(t, c) })
		})
	}
}

// slow is a rate at which nothing comes back within a test.
const slow = 0.001

func TestBurstThenRefusalWithAdvice(t *testing.T) {
	onBoth(t, func(t *testing.T, make func(limit.Config) limit.Limiter) {
		l := make(limit.Config{PerKey: limit.Quota{Rate: slow, Burst: 3}})
		for i := range 3 {
			if v := l.Take(t.Context(), "o", "k"); !v.Admitted || v.RetryAfter != 0 {
				t.Fatalf("call %d: %+v", i, v)
			}
		}
		v := l.Take(t.Context(), "o", "k")
		if v.Admitted || v.Scope != limit.ScopeKey || v.RetryAfter < 900*time.Second || v.RetryAfter > 1000*time.Second {
			t.Errorf("beyond the burst: %+v", v)
		}
		for _, other := range [][2]string{{"o", "k2"}, {"o2", "k"}} {
			if v := l.Take(t.Context(), other[0], other[1]); !v.Admitted {
				t.Errorf("%v pays for another: %+v", other, v)
			}
		}
	})
}

func TestOrganizationIsBoundedOverItsKeys(t *testing.T) {
	onBoth(t, func(t *testing.T, make func(limit.Config) limit.Limiter) {
		l := make(limit.Config{PerKey: limit.Quota{Rate: slow, Burst: 2}, PerOrganization: limit.Quota{Rate: slow, Burst: 3}})
		want := func(key string, admitted bool, scope limit.Scope) {
			t.Helper()
			if v := l.Take(t.Context(), "o", key); v.Admitted != admitted || v.Scope != scope {
				t.Errorf("key %s: %+v", key, v)
			}
		}
		want("a", true, "")
		want("a", true, "")
		// What the key refuses is not taken from the organisation.
		want("a", false, limit.ScopeKey)
		want("b", true, "")
		// What the organisation refuses is not taken from the key: b and c would be refused by their own bounds after two calls.
		for range 3 {
			want("b", false, limit.ScopeOrganization)
			want("c", false, limit.ScopeOrganization)
		}
	})
}

func TestRateComesBack(t *testing.T) {
	onBoth(t, func(t *testing.T, make func(limit.Config) limit.Limiter) {
		l := make(limit.Config{PerOrganization: limit.Quota{Rate: 20, Burst: 1}})
		v := l.Take(t.Context(), "o", "k")
		for v.Admitted {
			v = l.Take(t.Context(), "o", "k")
		}
		time.Sleep(v.RetryAfter)
		if v := l.Take(t.Context(), "o", "k"); !v.Admitted {
			t.Errorf("after the advised wait: %+v", v)
		}
	})
}

// TestNeverMoreThanRateAndBurst lets many callers press at once and counts.
func TestNeverMoreThanRateAndBurst(t *testing.T) {
	onBoth(t, func(t *testing.T, make func(limit.Config) limit.Limiter) {
		const rate, burst, callers, length = 400, 20, 16, 500 * time.Millisecond
		l := make(limit.Config{PerKey: limit.Quota{Rate: 3 * rate, Burst: 5 * burst}, PerOrganization: limit.Quota{Rate: rate, Burst: burst}})
		admitted := press(t.Context(), l, callers, length)
		// The first was decided after the begin and the last before the end.
		most := rate*admitted.took.Seconds() + burst
		if float64(admitted.count) > most {
			t.Errorf("%d admitted in %v, at most %.1f allowed", admitted.count, admitted.took, most)
		}
		if float64(admitted.count) < rate*length.Seconds()/2 {
			t.Errorf("%d admitted in %v, though %d a second are allowed", admitted.count, admitted.took, rate)
		}
	})
}

type pressed struct {
	count int
	took  time.Duration
}

func press(ctx context.Context, l limit.Limiter, callers int, length time.Duration) pressed {
	var all pressed
	var mu sync.Mutex
	var wg sync.WaitGroup
	begin := time.Now()
	for c := range callers {
		wg.Go(func() {
			count := 0
			for time.Since(begin) < length {
				if l.Take(ctx, "o", fmt.Sprint("key", c%3)).Admitted {
					count++
				}
			}
			mu.Lock()
			defer mu.Unlock()
			all.count += count
		})
	}
	wg.Wait()
	all.took = time.Since(begin)
	return all
}
