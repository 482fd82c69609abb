package limit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
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
	book    book
	memory  *Memory
	breaker *breaker
	logger  *slog.Logger
}

var _ Limiter = (*Redis)(nil)

// gcra decides over one call in all its bounds, by the clock of Redis so that processes need not agree on the time. The keys hold the
// theoretical arrival time of the next call in µs of Unix time, which a Lua number holds exactly. One that is further ahead than any quota leads
// to (the quota was lowered, or a master with a slow clock took over) is cut to where it just refuses. The result is the wait in µs and the number
// of the bound that demands it, 0 and 0 when the call is admitted, and then for each bound how far ahead its next call is due in µs.
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
local result = {0, 0}
for i, key in ipairs(KEYS) do
  local next = due[i] + tonumber(ARGV[2 * i - 1])
  redis.call('SET', key, string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000))
  result[i + 2] = next - now
end
return result
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
	return &Redis{
		client: client, prefix: options.Prefix, timeout: options.Timeout, logger: options.Logger, book: newBook(config, time.Microsecond),
		memory: NewMemory(config, options.Now), breaker: newBreaker(options.Pause, options.Now),
	}, nil
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
func (r *Redis) Take(ctx context.Context, call Call) Verdict {
	b := r.book.boundsOf(call)
	if b.count == 0 {
		return Verdict{Admitted: true}
	}
	if !r.breaker.closed() {
		return r.memory.Take(ctx, call)
	}
	v, err := r.ask(ctx, call, b)
	switch {
	case err == nil:
		if r.breaker.succeed() {
			r.logger.InfoContext(ctx, "Redis is back: rate limits hold over all processes again")
		}
		return v
	case ctx.Err() == nil && r.breaker.fail():
		r.logger.WarnContext(ctx, "rate limits are kept by each process alone while Redis does not answer", "error", err)
	}
	return r.memory.Take(ctx, call)
}

func (r *Redis) ask(ctx context.Context, call Call, b bounds) (Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	args := make([]any, 0, 2*maxBounds)
	for _, p := range b.paces[:b.count] {
		args = append(args, p.interval.Microseconds(), p.tolerance.Microseconds())
	}
	result, err := gcra.Run(ctx, r.client, r.keys(call, b), args...).Int64Slice()
	if err != nil {
		return Verdict{}, fmt.Errorf("run rate limit script: %w", err)
	}
	switch {
	case len(result) == 2 && result[1] > 0 && int(result[1]) <= b.count:
		return b.refused(int(result[1])-1, time.Duration(result[0])*time.Microsecond), nil
	case len(result) == 2+b.count && result[1] == 0:
		var ahead [maxBounds]time.Duration
		for i, us := range result[2:] {
			ahead[i] = time.Duration(us) * time.Microsecond
		}
		return b.admitted(ahead), nil
	}
	return Verdict{}, fmt.Errorf("run rate limit script: unexpected result %v", result)
}

// keys are the keys of a call's bounds. The organisation is their hash tag: a Redis Cluster keeps them on one node, as one script needs. A device is
// told by a hash, which is short and tells nobody which it is.
func (r *Redis) keys(call Call, b bounds) []string {
	owner := r.prefix + "limit:{organization/" + url.QueryEscape(call.Organization) + "}"
	keys := make([]string, b.count)
	for i, scope := range b.scopes[:b.count] {
		switch scope {
		case ScopeKey:
			keys[i] = owner + "/" + call.Key
		case ScopeDevice:
			sum := sha256.Sum256([]byte(call.Key + "\x00" + call.Device))
			keys[i] = owner + "#" + base64.RawURLEncoding.EncodeToString(sum[:deviceHash])
		case ScopeOrganization:
			keys[i] = owner
		}
	}
	return keys
}

// deviceHash is how many bytes of a hash tell a device.
const deviceHash = 16
