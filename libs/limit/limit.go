// Package limit bounds how often a key, a device with it and an organisation may call: by GCRA, which admits never more than rate·t + burst calls in any time t,
// in the memory of one process or, over all processes, in Redis.
package limit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/redis/go-redis/v9"
)

// Quota is how often something may be done. The zero value sets no bound.
type Quota struct {
	Rate  float64 `koanf:"rate" doc:"Calls a second in the long run; 0 is unlimited."`
	Burst int     `koanf:"burst" doc:"Calls that may come at once, at least 1 where there is a rate."`
}

// Config is the quota of each caller. The zero value sets no bound.
type Config struct {
	PerKey          Quota `koanf:"per_key"`
	PerDevice       Quota `koanf:"per_device"`
	PerOrganization Quota `koanf:"per_organization"`
}

// maxRate keeps the interval between two calls above the microsecond in which Redis counts.
const maxRate = 1e5

// Validate says which value cannot be used.
func (c Config) Validate() error {
	return errors.Join(c.PerKey.validate("per_key"), c.PerDevice.validate("per_device"), c.PerOrganization.validate("per_organization"))
}

func (q Quota) enabled() bool { return q.Rate > 0 }

func (q Quota) validate(name string) error {
	switch {
	case math.IsNaN(q.Rate) || q.Rate < 0 || q.Rate > maxRate:
		return fmt.Errorf("check %s.rate: %v is not between 0 and %d", name, q.Rate, int(maxRate))
	case q.Burst < 0:
		return fmt.Errorf("check %s.burst: %d is negative", name, q.Burst)
	case q.Rate > 0 && q.Burst < 1:
		return fmt.Errorf("check %s.burst: it must be at least 1, since %s.rate is %v", name, name, q.Rate)
	case q.Rate == 0 && q.Burst > 0:
		return fmt.Errorf("check %s.rate: it must be set, since %s.burst is %d", name, name, q.Burst)
	case q.Rate > 0 && time.Duration(q.Burst) > math.MaxInt64/4/q.interval(time.Nanosecond):
		return fmt.Errorf("check %s: a burst of %d at %v a second lasts longer than anybody can wait", name, q.Burst, q.Rate)
	}
	return nil
}

// interval is the time between two calls at the rate, in whole units, rounded up so that never more than the rate is admitted.
func (q Quota) interval(unit time.Duration) time.Duration {
	return time.Duration(math.Ceil(float64(time.Second/unit)/q.Rate)) * unit
}

// tolerance is how much earlier than at the rate a call may come.
func (q Quota) tolerance(unit time.Duration) time.Duration {
	return time.Duration(q.Burst-1) * q.interval(unit)
}

// Scope names a bound.
type Scope string

// The bounds.
const (
	ScopeKey          Scope = "key"
	ScopeDevice       Scope = "device"
	ScopeOrganization Scope = "organization"
)

// Call is one call that is asked for.
type Call struct {
	Organization, Key string
	// Device is the device that makes the call, and ByDevice tells that devices are bounded each by itself. All devices of a key that are not named
	// are one.
	Device   string
	ByDevice bool
	// KeyRate is how many calls a second the key may make in the long run, DeviceRate how many a minute each of its devices; 0 means the
	// configuration.
	KeyRate, DeviceRate float64
}

// Verdict is the outcome for one call.
type Verdict struct {
	// Admitted tells whether the call may go on.
	Admitted bool
	// Scope is the bound that refused it; where several did, the one with the longest wait. For a call that is admitted it is the bound that leaves
	// the fewest further calls; empty when there is no bound.
	Scope Scope
	// RetryAfter is the time after which the call would be admitted if no other came before; 0 for one that is.
	RetryAfter time.Duration
	// Limit is how many calls the bound admits at once, and Remaining how many more it would admit now.
	Limit, Remaining int
	// Reset is how long it takes until the bound admits Limit calls at once again; where it admits none now, until it admits one.
	Reset time.Duration
}

// Limiter decides over calls. Implementations are safe for concurrent use and never fail: a bound that cannot be looked up is no reason to
// refuse anybody.
type Limiter interface {
	// Take asks for one call. It is counted against all its bounds, or, if refused, against none.
	Take(ctx context.Context, call Call) Verdict
}

// New makes a limiter: one in the memory of this process without a client, else one over all processes that share the Redis. Where the
// configuration sets no bound there are still those of single keys.
func New(config Config, client redis.UniversalClient, options RedisOptions) (Limiter, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if client == nil {
		return NewMemory(config, time.Now), nil
	}
	return NewRedis(client, config, options)
}
