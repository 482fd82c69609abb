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

// call is one of a key in an organisation, without a device.
func call(organization, key string) limit.Call {
	return limit.Call{Organization: organization, Key: key}
}

// slow is a rate at which nothing comes back within a test.
const slow = 0.001

func TestBurstThenRefusalWithAdvice(t *testing.T) {
	onBoth(t, func(t *testing.T, make func(limit.Config) limit.Limiter) {
		l := make(limit.Config{PerKey: limit.Quota{Rate: slow, Burst: 3}})
		for i := range 3 {
			if v := l.Take(t.Context(), call("o", "k")); !v.Admitted || v.RetryAfter != 0 {
				t.Fatalf("call %d: %+v", i, v)
			}
		}
		v := l.Take(t.Context(), call("o", "k"))
		if v.Admitted || v.Scope != limit.ScopeKey || v.RetryAfter < 900*time.Second || v.RetryAfter > 1000*time.Second {
			t.Errorf("beyond the burst: %+v", v)
		}
		for _, other := range [][2]string{{"o", "k2"}, {"o2", "k"}} {
			if v := l.Take(t.Context(), call(other[0], other[1])); !v.Admitted {
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
			if v := l.Take(t.Context(), call("o", key)); v.Admitted != admitted || (!admitted && v.Scope != scope) {
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
		v := l.Take(t.Context(), call("o", "k"))
		for v.Admitted {
			v = l.Take(t.Context(), call("o", "k"))
		}
		time.Sleep(v.RetryAfter)
		if v := l.Take(t.Context(), call("o", "k")); !v.Admitted {
			t.Errorf("after the advised wait: %+v", v)
		}
	})
}

func TestDevicesAreBoundedEachByItself(t *testing.T) {
	onBoth(t, func(t *testing.T, make func(limit.Config) limit.Limiter) {
		l := make(limit.Config{PerKey: limit.Quota{Rate: slow, Burst: 6}, PerDevice: limit.Quota{Rate: slow, Burst: 2}})
		take := func(key, device string) limit.Verdict {
			return l.Take(t.Context(), limit.Call{Organization: "o", Key: key, Device: device, ByDevice: true})
		}
		for _, device := range []string{"a", "a", "b"} {
			if v := take("k", device); !v.Admitted {
				t.Fatalf("device %s: %+v", device, v)
			}
		}
		if v := take("k", "a"); v.Admitted || v.Scope != limit.ScopeDevice {
			t.Errorf("beyond the burst of the device: %+v", v)
		}
		// Those that are not named are one device, and of another key they are others.
		for i, want := range []bool{true, true, false} {
			if v := take("k", ""); v.Admitted != want {
				t.Errorf("unnamed device, call %d: %+v", i, v)
			}
		}
		if v := take("k2", "a"); !v.Admitted {
			t.Errorf("the device of another key: %+v", v)
		}
		// Who makes up devices meets the bound of the key: 5 calls of it are counted so far.
		for i, want := range []bool{true, false, false} {
			if v := take("k", fmt.Sprint("made up ", i)); v.Admitted != want || (!want && v.Scope != limit.ScopeKey) {
				t.Errorf("made up device %d: %+v", i, v)
			}
		}
		// One that is not bounded by device is bounded by its key alone.
		for range 5 {
			if v := l.Take(t.Context(), limit.Call{Organization: "o", Key: "machine", Device: "a"}); !v.Admitted {
				t.Errorf("a machine: %+v", v)
			}
		}
	})
}

func TestKeysHaveRatesOfTheirOwn(t *testing.T) {
	onBoth(t, func(t *testing.T, make func(limit.Config) limit.Limiter) {
		for name, tc := range map[string]struct {
			config limit.Config
			call   limit.Call
			scope  limit.Scope
			burst  int
		}{
			"more than others":            {limit.Config{PerKey: limit.Quota{Rate: 0.001, Burst: 1}}, limit.Call{KeyRate: 0.004}, limit.ScopeKey, 4},
			"less than others":            {limit.Config{PerKey: limit.Quota{Rate: 0.1, Burst: 100}}, limit.Call{KeyRate: 0.003}, limit.ScopeKey, 3},
			"where others have none":      {limit.Config{}, limit.Call{KeyRate: 0.01}, limit.ScopeKey, 1},
			"a device":                    {limit.Config{}, limit.Call{DeviceRate: 3, ByDevice: true}, limit.ScopeDevice, 3},
			"a device, beside others":     {limit.Config{PerDevice: limit.Quota{Rate: 0.001, Burst: 1}}, limit.Call{DeviceRate: 0.12, ByDevice: true}, limit.ScopeDevice, 2},
			"a rate beyond all sense":     {limit.Config{}, limit.Call{KeyRate: 1e-300}, limit.ScopeKey, 1},
			"a device beyond all sense":   {limit.Config{}, limit.Call{DeviceRate: 1e-300, ByDevice: true}, limit.ScopeDevice, 1},
			"not bounded by device":       {limit.Config{PerOrganization: limit.Quota{Rate: slow, Burst: 2}}, limit.Call{DeviceRate: 1}, limit.ScopeOrganization, 2},
			"the organisation is bounded": {limit.Config{PerOrganization: limit.Quota{Rate: slow, Burst: 2}}, limit.Call{KeyRate: 100}, limit.ScopeOrganization, 2},
		} {
			tc.call.Organization, tc.call.Key = name, "k"
			l := make(tc.config)
			for i := range tc.burst {
				v := l.Take(t.Context(), tc.call)
				if !v.Admitted || v.Scope != tc.scope || v.Limit != tc.burst || v.Remaining != tc.burst-1-i {
					t.Errorf("%s, call %d: %+v", name, i, v)
				}
			}
			if v := l.Take(t.Context(), tc.call); v.Admitted || v.Scope != tc.scope || v.RetryAfter <= 0 {
				t.Errorf("%s, beyond the burst: %+v", name, v)
			}
		}
	})
}

func TestWithoutBoundsEverythingIsAdmitted(t *testing.T) {
	onBoth(t, func(t *testing.T, make func(limit.Config) limit.Limiter) {
		l := make(limit.Config{})
		for range 100 {
			if v := l.Take(t.Context(), limit.Call{Organization: "o", Key: "k", Device: "d", ByDevice: true}); v != (limit.Verdict{Admitted: true}) {
				t.Fatalf("got %+v", v)
			}
		}
	})
}

func TestVerdictTellsWhatIsLeft(t *testing.T) {
	onBoth(t, func(t *testing.T, make func(limit.Config) limit.Limiter) {
		// A call of the key comes back in 1000 s, one of the organisation in 500 s.
		l := make(limit.Config{PerKey: limit.Quota{Rate: 0.001, Burst: 3}, PerOrganization: limit.Quota{Rate: 0.002, Burst: 4}})
		for i, want := range []struct {
			key       string
			admitted  bool
			scope     limit.Scope
			limit     int
			remaining int
			reset     time.Duration
		}{
			{"a", true, limit.ScopeKey, 3, 2, 1000 * time.Second},
			{"a", true, limit.ScopeKey, 3, 1, 2000 * time.Second},
			{"b", true, limit.ScopeOrganization, 4, 1, 1500 * time.Second},
			// Of both nothing is left; the key takes longer to come back.
			{"a", true, limit.ScopeKey, 3, 0, 1000 * time.Second},
			{"a", false, limit.ScopeKey, 3, 0, 1000 * time.Second},
			{"b", false, limit.ScopeOrganization, 4, 0, 500 * time.Second},
		} {
			v := l.Take(t.Context(), call("o", want.key))
			if v.Admitted != want.admitted || v.Scope != want.scope || v.Limit != want.limit || v.Remaining != want.remaining ||
				v.Reset > want.reset || v.Reset < want.reset-60*time.Second {
				t.Errorf("call %d: %+v, want %+v", i, v, want)
			}
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
				if l.Take(ctx, call("o", fmt.Sprint("key", c%3))).Admitted {
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
