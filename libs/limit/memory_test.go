package limit_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/limit"
	"github.com/otklik/otklik/libs/testkit"
)

// quotas are bounds of every size; the times between calls are whole nanoseconds, so that the model below is exact.
func quotas(t *rapid.T, name string) limit.Quota {
	return limit.Quota{
		Rate:  rapid.SampledFrom([]float64{1e5, 1000, 25, 1, 0.125}).Draw(t, name),
		Burst: rapid.IntRange(1, 6).Draw(t, name+" burst"),
	}
}

// history is the times of admitted calls.
type history []time.Duration

// fits tells whether another call at now keeps the promise: in no time t more than rate·t + burst.
func (h history) fits(q limit.Quota, now time.Duration) bool {
	if q.Rate == 0 {
		return true
	}
	for i, begin := range h {
		// Calls from the i-th on, with the new one. The slack is for the rounding of the product.
		if float64(len(h)-i+1) > q.Rate*(now-begin).Seconds()+float64(q.Burst)+1e-6 {
			return false
		}
	}
	return true
}

// TestAdmitsExactlyWhatIsPromised plays random calls against the definition of the bounds.
func TestAdmitsExactlyWhatIsPromised(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		config := limit.Config{}
		if rapid.Bool().Draw(t, "per key") {
			config.PerKey = quotas(t, "per key")
		}
		if rapid.Bool().Draw(t, "per organization") {
			config.PerOrganization = quotas(t, "per organization")
		}
		if rapid.Bool().Draw(t, "per device") {
			config.PerDevice = quotas(t, "per device")
		}
		begin := time.Unix(1e9, 0)
		clock := testkit.NewClock(begin)
		l := limit.NewMemory(config, clock.Now)
		keys, devices, organizations := map[string]history{}, map[string]history{}, map[string]history{}
		steps := rapid.SampledFrom([]time.Duration{0, 0, time.Microsecond, 10 * time.Microsecond, time.Millisecond, 39 * time.Millisecond, time.Second, 9 * time.Second})
		for i := range rapid.IntRange(1, 60).Draw(t, "calls") {
			clock.Advance(steps.Draw(t, fmt.Sprint("pause ", i)))
			organization := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "organization")
			key := rapid.SampledFrom([]string{"x", "y"}).Draw(t, "key")
			now := clock.Now().Sub(begin)
			device := rapid.SampledFrom([]string{"", "d"}).Draw(t, "device")
			want := keys[organization+key].fits(config.PerKey, now) && devices[organization+key+device].fits(config.PerDevice, now) &&
				organizations[organization].fits(config.PerOrganization, now)
			got := l.Take(t.Context(), limit.Call{Organization: organization, Key: key, Device: device, ByDevice: true})
			if got.Admitted != want || (got.RetryAfter > 0) == want {
				t.Fatalf("call %d of %s/%s at %v: %+v, want admitted: %v", i, organization, key, now, got, want)
			}
			if got.Admitted {
				keys[organization+key] = append(keys[organization+key], now)
				devices[organization+key+device] = append(devices[organization+key+device], now)
				organizations[organization] = append(organizations[organization], now)
			}
		}
	})
}

func TestSilentCallersAreForgotten(t *testing.T) {
	clock := testkit.NewClock(time.Unix(1e9, 0))
	l := limit.NewMemory(limit.Config{PerKey: limit.Quota{Rate: 1, Burst: 2}}, clock.Now)
	for i := range 100_000 {
		clock.Advance(time.Millisecond)
		if v := l.Take(t.Context(), call("o", fmt.Sprint("key", i))); !v.Admitted {
			t.Fatalf("call %d: %+v", i, v)
		}
	}
	// A thousand callers came within the last second; the sweeps come when their number has doubled.
	if n := limit.Remembered(l); n > 5000 {
		t.Errorf("%d callers are remembered", n)
	}
}

// TestDevicesThatAreMadeUpTakeNoMoreRoom names a new device in every call.
func TestDevicesThatAreMadeUpTakeNoMoreRoom(t *testing.T) {
	l := limit.NewMemory(limit.Config{PerDevice: limit.Quota{Rate: slow, Burst: 2}}, time.Now)
	limit.SetMaxDevices(l, 500)
	take := func(organization, device string) limit.Verdict {
		return l.Take(t.Context(), limit.Call{Organization: organization, Key: "k", Device: device, ByDevice: true})
	}
	for i := range 5000 {
		if v := take("o", fmt.Sprint("made up ", i)); !v.Admitted {
			t.Fatalf("call %d: %+v", i, v)
		}
	}
	if n := limit.RememberedDevices(l); n != 500 {
		t.Errorf("%d devices are remembered, want 500", n)
	}
	// Where there is no room for a device of another organisation it is let in, and not bounded.
	if v := take("another", "d"); !v.Admitted {
		t.Errorf("got %+v", v)
	}
}

func TestSilentDevicesAreForgotten(t *testing.T) {
	clock := testkit.NewClock(time.Unix(1e9, 0))
	l := limit.NewMemory(limit.Config{PerDevice: limit.Quota{Rate: 1, Burst: 2}}, clock.Now)
	for i := range 50_000 {
		clock.Advance(time.Millisecond)
		if v := l.Take(t.Context(), limit.Call{Organization: "o", Key: "k", Device: fmt.Sprint(i), ByDevice: true}); !v.Admitted {
			t.Fatalf("call %d: %+v", i, v)
		}
	}
	if n := limit.RememberedDevices(l); n > 5000 {
		t.Errorf("%d devices are remembered", n)
	}
}

func BenchmarkMemory(b *testing.B) {
	l := limit.NewMemory(limit.Config{PerKey: limit.Quota{Rate: 1e5, Burst: 1e6}, PerDevice: limit.Quota{Rate: 1e5, Burst: 1e6}, PerOrganization: limit.Quota{Rate: 1e5, Burst: 1e6}}, time.Now)
	b.ReportAllocs()
	for b.Loop() {
		l.Take(b.Context(), limit.Call{Organization: "organization", Key: "key", Device: "device", ByDevice: true})
	}
}
