package gateway

import (
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/tlskit"
)

// Config is what an operator may set. DefaultConfig gives the values to begin with.
type Config struct {
	MaxBodyBytes      int64              `koanf:"max_body_bytes" doc:"Largest request body in bytes; a larger one is refused with 413."`
	MaxHeaderBytes    int                `koanf:"max_header_bytes" doc:"Largest request head in bytes."`
	ReadHeaderTimeout time.Duration      `koanf:"read_header_timeout" doc:"Longest wait for the head of a request."`
	ReadTimeout       time.Duration      `koanf:"read_timeout" doc:"Longest time to read a whole request."`
	WriteTimeout      time.Duration      `koanf:"write_timeout" doc:"Longest time to write an answer, and each message of a stream; a client that reads more slowly is dropped."`
	BodyIdleTimeout   time.Duration      `koanf:"body_idle_timeout" doc:"Longest wait for the next part of a request's body; a client that sends more slowly is dropped."`
	IdleTimeout       time.Duration      `koanf:"idle_timeout" doc:"How long a connection without requests is kept."`
	CallTimeout       time.Duration      `koanf:"call_timeout" doc:"Deadline of a call to a service; clients can shorten it by the header Grpc-Timeout. Streams have none."`
	MaxConnections    int                `koanf:"max_connections" doc:"Most connections open at once; more wait until one is closed."`
	MaxStreams        int                `koanf:"max_streams" doc:"Most streams (live scores, exports) open at once; more are refused with 429."`
	MaxStreamsOfOne   int                `koanf:"max_streams_of_one" doc:"Most streams open at once with one credential; more are refused with 429."`
	StreamFlushDelay  time.Duration      `koanf:"stream_flush_delay" doc:"Longest time that a line of a newline-delimited stream may wait for others before it is sent. Server-sent events never wait."`
	EventRetry        time.Duration      `koanf:"event_retry" doc:"How long a browser waits before it opens a lost stream of server-sent events again."`
	DrainLinger       time.Duration      `koanf:"drain_linger" doc:"How long requests are still taken after readiness has turned off at shutdown, so that load balancers notice."`
	PublicURL         string             `koanf:"public_url" doc:"Address under which browsers reach the gateway, for example https://otklik.example. Needed where people log in: their OpenID provider sends them back to /auth/callback there."`
	HSTSMaxAge        time.Duration      `koanf:"hsts_max_age" doc:"How long browsers shall insist on https once they came by it (Strict-Transport-Security); 0 sends no such header. Of effect only where the gateway is reached by https."`
	TrustedProxies    []string           `koanf:"trusted_proxies" doc:"Networks (CIDR) or addresses of proxies in front of the gateway. Only what they say in X-Forwarded-For is believed of a client's address."`
	TLS               tlskit.HTTPSConfig `koanf:"tls"`
}

// DefaultConfig returns the configuration used where the operator sets nothing.
func DefaultConfig() Config {
	return Config{
		MaxBodyBytes:      8 << 20,
		MaxHeaderBytes:    64 << 10,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      60 * time.Second,
		BodyIdleTimeout:   10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		CallTimeout:       30 * time.Second,
		MaxConnections:    10_000,
		MaxStreams:        1000,
		MaxStreamsOfOne:   200,
		StreamFlushDelay:  50 * time.Millisecond,
		EventRetry:        3 * time.Second,
		HSTSMaxAge:        365 * 24 * time.Hour,
		TLS:               tlskit.DefaultHTTPSConfig(),
	}
}

// Validate says which value cannot be used.
func (c Config) Validate() error {
	var errs []error
	positive := func(name string, ok bool) {
		if !ok {
			errs = append(errs, fmt.Errorf("%s must be greater than 0", name))
		}
	}
	positive("max_body_bytes", c.MaxBodyBytes > 0)
	positive("max_header_bytes", c.MaxHeaderBytes > 0)
	positive("read_header_timeout", c.ReadHeaderTimeout > 0)
	positive("read_timeout", c.ReadTimeout > 0)
	positive("write_timeout", c.WriteTimeout > 0)
	positive("idle_timeout", c.IdleTimeout > 0)
	positive("call_timeout", c.CallTimeout > 0)
	positive("body_idle_timeout", c.BodyIdleTimeout > 0)
	positive("max_connections", c.MaxConnections > 0)
	positive("max_streams", c.MaxStreams > 0)
	positive("max_streams_of_one", c.MaxStreamsOfOne > 0)
	positive("event_retry", c.EventRetry > 0)
	if c.StreamFlushDelay < 0 {
		errs = append(errs, errors.New("stream_flush_delay must not be negative"))
	}
	if c.HSTSMaxAge < 0 {
		errs = append(errs, errors.New("hsts_max_age must not be negative"))
	}
	if c.PublicURL != "" {
		if _, err := parsePublicURL(c.PublicURL); err != nil {
			errs = append(errs, fmt.Errorf("public_url: %w", err))
		}
	}
	if _, err := parseProxies(c.TrustedProxies); err != nil {
		errs = append(errs, fmt.Errorf("trusted_proxies: %w", err))
	}
	if err := c.TLS.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("tls: %w", err))
	}
	if c.DrainLinger < 0 {
		errs = append(errs, errors.New("drain_linger must not be negative"))
	}
	return errors.Join(errs...)
}
