// Package rediskit connects to Redis, one server or a Redis Cluster, and says in words that help what is wrong with it. On top of it are the
// few things that services share Redis for: scripts in one round trip, leases, wake-up calls and a cache. None of them keeps anything that
// cannot be lost: what must last is in the services' stores.
package rediskit

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// dialTimeout is for the connection, callTimeout for a command that does not block.
	dialTimeout = 2 * time.Second
	callTimeout = 3 * time.Second
	// poolSize bounds the connections to a server. Readers of a log divided into many partitions hold one each on a Redis Cluster.
	poolSize = 128
	// reloadInterval is how often a client of a Redis Cluster looks who serves what while nothing fails; by itself it looks once a minute.
	reloadInterval = 5 * time.Second
	// idleTime is how long an unused connection is kept.
	idleTime = 5 * time.Minute
)

// Client is a connection to Redis. Safe for concurrent use.
type Client struct {
	redis.UniversalClient
	config Config
}

// New makes a client; nothing is connected yet. Errors are those of the configuration and name the setting.
func New(config Config) (*Client, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	tlsConfig, err := config.TLS.build()
	if err != nil {
		return nil, err
	}
	// The library writes unstructured lines of its own to standard error; everything it says there, callers get as errors.
	logging.Disable()
	o := &redis.UniversalOptions{
		Addrs: config.Addresses, DB: config.DB, Username: config.Username, Password: config.Password, TLSConfig: tlsConfig,
		IsClusterMode: config.Cluster,
		DialTimeout:   dialTimeout, ReadTimeout: callTimeout, WriteTimeout: callTimeout, ContextTimeoutEnabled: true,
		// Everything here that must succeed is tried again by whoever needs it; one more try hides a connection that was cut while idle.
		MaxRetries: 1, DialerRetries: 1,
		PoolSize: poolSize, ConnMaxIdleTime: idleTime,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if config.Cluster {
		options := o.Cluster()
		options.ClusterStateReloadInterval = reloadInterval
		cluster := redis.NewClusterClient(options)
		cluster.AddHook(refresh{cluster})
		return &Client{UniversalClient: cluster, config: config}, nil
	}
	return &Client{UniversalClient: redis.NewClient(o.Simple()), config: config}, nil
}

// Open makes a client and looks whether Redis can be worked with. What a person has to mend is an error; that Redis cannot be reached for the
// moment is not, because everything goes on when it comes: it is logged.
func Open(ctx context.Context, config Config, logger *slog.Logger) (*Client, error) {
	c, err := New(config)
	if err != nil {
		return nil, err
	}
	err = c.Check(ctx)
	switch {
	case err == nil:
		logger.InfoContext(ctx, "connected to Redis", "addresses", strings.Join(config.Addresses, ","), "cluster", config.Cluster)
	case Unreachable(err):
		logger.WarnContext(ctx, "Redis cannot be reached yet, going on without", "error", err)
	default:
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// Prefix begins all keys.
func (c *Client) Prefix() string { return c.config.Prefix }

// Key is the key of something: the prefix and the parts, joined by colons.
func (c *Client) Key(parts ...string) string { return c.config.Prefix + ":" + strings.Join(parts, ":") }

// Check tells whether Redis can be worked with: nil, or a *Fault that says what is wrong and which setting mends it.
func (c *Client) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if c.config.Cluster {
		return c.checkCluster(ctx)
	}
	info, err := c.Info(ctx).Result()
	if err != nil {
		return c.diagnose(err)
	}
	return c.checkServer(info)
}

// checkServer judges what a server says of itself.
func (c *Client) checkServer(info string) error {
	facts := parseInfo(info)
	switch {
	case facts["redis_version"] == "":
		return &Fault{Setting: "redis.addresses", Text: "what answers at " + c.where() + " does not say that it is Redis"}
	case !supported(facts["redis_version"]):
		return &Fault{Setting: "redis.addresses", Text: fmt.Sprintf("the server at %s is Redis %s; 7.0 or newer is needed", c.where(), facts["redis_version"])}
	case facts["cluster_enabled"] == "1" && !c.config.Cluster:
		return &Fault{Setting: "redis.cluster", Text: "the server at " + c.where() + " is a node of a Redis Cluster: set redis.cluster to true"}
	case facts["role"] == "slave" && !c.config.Cluster:
		return &Fault{Setting: "redis.addresses", Text: "the server at " + c.where() + " is a replica, which takes no writes: name its master"}
	}
	return nil
}

func (c *Client) checkCluster(ctx context.Context) error {
	// A client for clusters hides what single nodes say of themselves, which is what a person needs to know; so each is asked alone until one
	// answers.
	var last error
	for _, address := range c.config.Addresses {
		info, err := c.askNode(ctx, address)
		if err != nil {
			last = err
			continue
		}
		if parseInfo(info)["cluster_enabled"] != "1" {
			return &Fault{Setting: "redis.cluster", Text: "the server at " + address + " is no node of a Redis Cluster: set redis.cluster to false"}
		}
		if err := c.checkServer(info); err != nil {
			return err
		}
		if err := c.Get(ctx, c.Key("check")).Err(); err != nil && !isNil(err) {
			return c.diagnose(err)
		}
		return nil
	}
	return c.diagnose(last)
}

func (c *Client) askNode(ctx context.Context, address string) (string, error) {
	tlsConfig, err := c.config.TLS.build()
	if err != nil {
		return "", err
	}
	node := redis.NewClient(&redis.Options{
		Addr: address, Username: c.config.Username, Password: c.config.Password, TLSConfig: tlsConfig, DialTimeout: dialTimeout,
		ReadTimeout: callTimeout, ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	defer node.Close() //nolint:errcheck // it has served
	return node.Info(ctx).Result()
}

func (c *Client) where() string { return strings.Join(c.config.Addresses, ",") }

// parseInfo reads what INFO answers.
func parseInfo(info string) map[string]string {
	facts := make(map[string]string)
	for line := range strings.Lines(info) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			facts[key] = value
		}
	}
	return facts
}

// supported tells whether a version has what is used here: scripts that run while the memory is full.
func supported(version string) bool {
	var major int
	_, err := fmt.Sscanf(version, "%d", &major)
	return err == nil && major >= 7
}

// Unwrap is the client itself.
func (c *Client) Unwrap() redis.UniversalClient { return c.UniversalClient }
