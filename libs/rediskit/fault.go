package rediskit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Fault tells why Redis cannot be worked with.
type Fault struct {
	// Setting is the configuration key by which it is mended.
	Setting string
	// Text says what is wrong and what to do, for people; it holds no secret.
	Text string
	// Passing tells that it may pass by itself: Redis cannot be reached, is loading or fails over.
	Passing bool
	cause   error
}

// Error is the text with its setting and cause.
func (f *Fault) Error() string {
	if f.cause == nil {
		return fmt.Sprintf("check Redis (%s): %s", f.Setting, f.Text)
	}
	return fmt.Sprintf("check Redis (%s): %s: %v", f.Setting, f.Text, f.cause)
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.cause }

// Unreachable tells whether Check's error is one that may pass by itself.
func Unreachable(err error) bool {
	var f *Fault
	return errors.As(err, &f) && f.Passing
}

// Diagnose turns an error of any call into what a person needs to know. A *Fault stays as it is.
func (c *Client) Diagnose(err error) error { return c.diagnose(err) }

func (c *Client) diagnose(err error) error {
	var known *Fault
	if err == nil || errors.As(err, &known) {
		return err
	}
	text := err.Error()
	fault := func(setting, format string, args ...any) error {
		return &Fault{Setting: setting, Text: fmt.Sprintf(format, args...), cause: err}
	}
	passing := func(format string, args ...any) error {
		return &Fault{Setting: "redis.addresses", Text: fmt.Sprintf(format, args...), Passing: true, cause: err}
	}
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(text, p) {
				return true
			}
		}
		return false
	}
	switch {
	case has("NOAUTH"):
		return fault("redis.password", "Redis wants a password: set redis.password, and redis.username if it is not the default user")
	case has("WRONGPASS"):
		return fault("redis.password", "Redis does not take the user name and password: set redis.username and redis.password to those of a user of it")
	case has("DB index is out of range"):
		return fault("redis.db", "Redis has no database %d: choose a lower redis.db", c.config.DB)
	case has("cluster support disabled"):
		return fault("redis.cluster", "the server at %s is no node of a Redis Cluster: set redis.cluster to false", c.where())
	case has("MOVED ", "CROSSSLOT"):
		return fault("redis.cluster", "the server at %s is a node of a Redis Cluster: set redis.cluster to true", c.where())
	case has("NOPERM"):
		return fault("redis.username", "the Redis user may not do this: it needs the commands on keys and channels that begin with %q", c.config.Prefix+":")
	case has("READONLY"):
		return passing("the server at %s takes no writes: it is a replica; name its master, or wait while it takes over", c.where())
	case has("LOADING", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN"):
		return passing("Redis at %s is not ready: it is starting or electing a master", c.where())
	case has("first record does not look like a TLS handshake"):
		return fault("redis.tls.enabled", "the server at %s does not encrypt: set redis.tls.enabled to false, or name its TLS port", c.where())
	case has("x509:", "tls: "):
		return fault("redis.tls", "the encrypted connection to %s cannot be made: look at redis.tls.ca_file, cert_file and server_name", c.where())
	case has("can't parse", "invalid bulk", "unexpected reply", "unknown reply", "invalid reply"):
		return fault("redis.addresses", "what answers at %s is not Redis, or wants encryption: look at redis.addresses and redis.tls.enabled", c.where())
	}
	return c.diagnoseNetwork(err, fault, passing)
}

func (c *Client) diagnoseNetwork(err error, fault func(setting, format string, args ...any) error, passing func(format string, args ...any) error) error {
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return passing("no such host: start Redis, or set redis.addresses to where it listens")
	case errors.As(err, &op) && op.Op == "dial":
		return passing("Redis cannot be reached at %s: start it, or set redis.addresses to where it listens", c.where())
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		return passing("the server at %s closes the connection: it is stopping, or wants encryption (redis.tls.enabled), or is not Redis", c.where())
	case errors.As(err, &op), errors.Is(err, context.DeadlineExceeded), errors.Is(err, redis.ErrPoolTimeout):
		if c.config.TLS.Enabled {
			return passing("the server at %s does not answer in time: it is overloaded or stopped, or does not encrypt (redis.tls.enabled), or is not Redis", c.where())
		}
		return passing("the server at %s does not answer in time: it is overloaded or stopped, or not Redis", c.where())
	}
	return fault("redis.addresses", "Redis at %s refuses to work", c.where())
}

func isNil(err error) bool { return errors.Is(err, redis.Nil) }
