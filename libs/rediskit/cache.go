package rediskit

import (
	"context"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
)

// cacheTimeout is the longest wait for a cached value: whoever asks can work it out.
const cacheTimeout = 50 * time.Millisecond

// Cache keeps values that can be worked out anew, for all processes. Whoever uses it puts into the key all that the value depends on, so that
// a value is never wrong, only missing. While Redis is out of order everything is missing at once. Safe for concurrent use.
type Cache struct {
	client  redis.UniversalClient
	prefix  string
	breaker *breaker
	logger  *slog.Logger
}

// NewCache makes a cache with a name.
func NewCache(client *Client, name string, logger *slog.Logger) *Cache {
	return &Cache{client: client, prefix: client.Key("cache", name) + ":", breaker: newBreaker(time.Now), logger: logger}
}

// Get returns the value of a key; false when there is none, or when Redis does not say in time.
func (c *Cache) Get(ctx context.Context, key string) ([]byte, bool) {
	if !c.breaker.allow() {
		return nil, false
	}
	callCtx, cancel := context.WithTimeout(ctx, cacheTimeout)
	defer cancel()
	value, err := c.client.Get(callCtx, c.prefix+key).Bytes()
	c.breaker.report(ctx, err, c.logger, "cache")
	return value, err == nil
}

// Set keeps a value for ttl, if Redis takes it in time.
func (c *Cache) Set(ctx context.Context, key string, value []byte, ttl time.Duration) {
	if ttl <= 0 || !c.breaker.allow() {
		return
	}
	callCtx, cancel := context.WithTimeout(ctx, cacheTimeout)
	defer cancel()
	err := c.client.Set(callCtx, c.prefix+key, value, ttl).Err()
	if redis.HasErrorPrefix(err, "OOM") {
		// Full is not broken: what is there can still be read.
		return
	}
	c.breaker.report(ctx, err, c.logger, "cache")
}
