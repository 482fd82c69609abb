package limit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/redis/go-redis/v9"
)

// RedisOptions are how Redis is used. The zero value is sound.
type RedisOptions struct {
	// Prefix stands before all keys.
	Prefix string
	// Timeout bounds the wait for Redis in one call; 0 is 100 ms.
	Timeout time.Duration
	// Pause is how long Redis is left alone after a failure; 0 is a second.
	Pause time.Duration
	// Logger is told when Redis is lost and found; nil is nobody.
	Logger *slog.Logger
	// Now is the clock of the fallback and the pauses; nil is time.Now. The bounds themselves go by the clock of Redis.
	Now func() time.Time
}

// Redis is a Limiter over all processes that share a Redis, one round trip a call. While Redis cannot be asked each process keeps the bounds
// by itself: callers then get up to the quota from every process, but nobody is refused, and nobody waits, for want of a cache.
type Redis struct {
	client  redis.UniversalClient
	prefix  string
	timeout time.Duration
	// scopes and args are for the script: the bounds in force, and for each the interval and the tolerance in µs.
	scopes  []Scope
	args    []any
	memory  *Memory
	breaker *breaker
	logger  *slog.Logger
}

var _ Limiter = (*Redis)(nil)

// gcra decides over one call in all its bounds, by the clock of Redis so that processes need not agree on the time. The keys hold the
// theoretical arrival time of the next call in µs of Unix time, which a Lua number holds exactly. One that is further ahead than any quota leads
// to (the quota was lowered, or a master with a slow clock took over) is cut to where it just refuses. The result is the wait in µs and the number
// of the bound that demands it, 0 and 0 when the call is admitted.
var gcra = redis.NewScript(`
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local due, wait, by = {}, 0, 0
for i, key in ipairs(KEYS) do
  local interval, tolerance = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  due[i] = math.min(math.max(tonumber(redis.call('GET', key) or 0), now), now + tolerance + interval)
  if due[i] - tolerance - now > wait then
    wait, by = due[i] - tolerance - now, i
  end
end
if by > 0 then
  return {wait, by}
end
for i, key in ipairs(KEYS) do
  local next = due[i] + tonumber(ARGV[2 * i - 1])
  redis.call('SET', key, string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000))
end
return {0, 0}
`)

// NewRedis makes a limiter of a sound configuration. The client must heed the deadlines of contexts (ContextTimeoutEnabled): a Redis that
// hangs would otherwise hold up every call.
func NewRedis(client redis.UniversalClient, config Config, options RedisOptions) (*Redis, error) {
	if !heedsDeadlines(client) {
		return nil, errors.New("make rate limiter: the Redis client does not heed the deadlines of contexts (ContextTimeoutEnabled)")
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Timeout <= 0 {
		options.Timeout = 100 * time.Millisecond
	}
	if options.Pause <= 0 {
		options.Pause = time.Second
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Redis{
		client: client, prefix: options.Prefix, timeout: options.Timeout, logger: options.Logger,
		memory: NewMemory(config, options.Now), breaker: newBreaker(options.Pause, options.Now),
	}
	r.bound(ScopeKey, config.PerKey)
	r.bound(ScopeOrganization, config.PerOrganization)
	return r, nil
}

func (r *Redis) bound(scope Scope, q Quota) {
	if q.enabled() {
		r.scopes = append(r.scopes, scope)
		r.args = append(r.args, q.interval(time.Microsecond).Microseconds(), q.tolerance(time.Microsecond).Microseconds())
	}
}

func heedsDeadlines(client redis.UniversalClient) bool {
	switch c := client.(type) {
	case *redis.Client:
		return c.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		return c.Options().ContextTimeoutEnabled
	case *redis.Ring:
		return c.Options().ContextTimeoutEnabled
	}
	// Another implementation is its maker's business.
	return true
}

// Take asks for one call.
func (r *Redis) Take(ctx context.Context, organization, key string) Verdict {
	if !r.breaker.closed() {
		return r.memory.Take(ctx, organization, key)
	}
	v, err := r.ask(ctx, organization, key)
	switch {
	case err == nil:
		if r.breaker.succeed() {
			r.logger.InfoContext(ctx, "Redis is back: rate limits hold over all processes again")
		}
		return v
	case ctx.Err() == nil && r.breaker.fail():
		r.logger.WarnContext(ctx, "rate limits are kept by each process alone while Redis does not answer", "error", err)
	}
	return r.memory.Take(ctx, organization, key)
}

func (r *Redis) ask(ctx context.Context, organization, key string) (Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	result, err := gcra.Run(ctx, r.client, r.keys(organization, key), r.args...).Int64Slice()
	if err != nil {
		return Verdict{}, fmt.Errorf("run rate limit script: %w", err)
	}
	if len(result) != 2 || result[1] < 0 || int(result[1]) > len(r.scopes) {
		return Verdict{}, fmt.Errorf("run rate limit script: unexpected result %v", result)
	}
	if result[1] == 0 {
		return Verdict{Admitted: true}, nil
	}
	return Verdict{Scope: r.scopes[result[1]-1], RetryAfter: time.Duration(result[0]) * time.Microsecond}, nil
}

// keys are the keys of a call's bounds. The organisation is their hash tag: a Redis Cluster keeps them on one node, as one script needs.
func (r *Redis) keys(organization, key string) []string {
	owner := r.prefix + "limit:{organization/" + url.QueryEscape(organization) + "}"
	keys := make([]string, len(r.scopes))
	for i, scope := range r.scopes {
		keys[i] = owner
		if scope == ScopeKey {
			keys[i] = owner + "/" + key
		}
	}
	return keys
}
