package rpcserver

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/metric"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/interceptor"
	"github.com/otklik/otklik/libs/interceptor/audit"
	authnstep "github.com/otklik/otklik/libs/interceptor/authn"
	"github.com/otklik/otklik/libs/limit"
)

// Config is how a server behaves. Start from DefaultConfig.
type Config struct {
	MaxReceiveBytes   int           `koanf:"max_receive_bytes" doc:"Largest request message, in bytes; larger ones get INVALID_ARGUMENT with the reason MESSAGE_TOO_LARGE."`
	MaxCalls          int           `koanf:"max_calls" doc:"Most unary calls in flight; further ones get RESOURCE_EXHAUSTED with retry advice. 0 is unlimited."`
	MaxStreams        int           `koanf:"max_streams" doc:"Most streams in flight; further ones get RESOURCE_EXHAUSTED with retry advice. 0 is unlimited."`
	DefaultDeadline   time.Duration `koanf:"default_deadline" doc:"Deadline of unary calls that bring none. 0 is none."`
	MaxDeadline       time.Duration `koanf:"max_deadline" doc:"Longest deadline that a unary call can ask for. 0 is unlimited."`
	MaxConnectionAge  time.Duration `koanf:"max_connection_age" doc:"Age at which a connection is closed, so that clients find new servers; spread by 10 %. 0 is unlimited."`
	KeepaliveTime     time.Duration `koanf:"keepalive_time" doc:"Silence after which the server asks whether the client is still there."`
	KeepaliveTimeout  time.Duration `koanf:"keepalive_timeout" doc:"Wait for the answer to that before the connection is closed."`
	MinClientInterval time.Duration `koanf:"min_client_interval" doc:"Shortest interval at which clients may ask whether the server is still there."`
	Linger            time.Duration `koanf:"linger" doc:"Time between reporting NOT_SERVING and refusing calls when stopping, so that load balancers notice."`
	StreamGrace       time.Duration `koanf:"stream_grace" doc:"Time that streams have to end by themselves when stopping."`
	DrainTimeout      time.Duration `koanf:"drain_timeout" doc:"Time that calls in flight have to finish when stopping; then they are cut off."`
	Reflection        bool          `koanf:"reflection" doc:"Whether the server describes its API to anybody (gRPC reflection)."`
}

// maxAgeGrace is how long calls on a connection that is too old may last before they are cut off.
const maxAgeGrace = time.Minute

// DefaultConfig is a sound configuration.
func DefaultConfig() Config {
	return Config{
		MaxReceiveBytes:   8 << 20,
		MaxCalls:          2048,
		MaxStreams:        1024,
		DefaultDeadline:   30 * time.Second,
		MaxDeadline:       5 * time.Minute,
		MaxConnectionAge:  30 * time.Minute,
		KeepaliveTime:     time.Minute,
		KeepaliveTimeout:  20 * time.Second,
		MinClientInterval: 5 * time.Second,
		Linger:            0,
		StreamGrace:       500 * time.Millisecond,
		DrainTimeout:      15 * time.Second,
		Reflection:        true,
	}
}

func (c Config) check() error {
	if c.MaxReceiveBytes <= 0 {
		return fmt.Errorf("check max_receive_bytes: %d is not positive", c.MaxReceiveBytes)
	}
	if c.MaxCalls < 0 || c.MaxStreams < 0 {
		return errors.New("check max_calls and max_streams: negative")
	}
	for name, d := range map[string]time.Duration{
		"default_deadline": c.DefaultDeadline, "max_deadline": c.MaxDeadline, "max_connection_age": c.MaxConnectionAge,
		"linger": c.Linger, "stream_grace": c.StreamGrace,
	} {
		if d < 0 {
			return fmt.Errorf("check %s: %v is negative", name, d)
		}
	}
	if c.DrainTimeout <= 0 {
		return fmt.Errorf("check drain_timeout: %v is not positive", c.DrainTimeout)
	}
	return nil
}

// Deps is what a server needs from outside.
type Deps struct {
	// Logger gets the access log and masked errors. Required.
	Logger *slog.Logger
	// Keys authenticate callers. Required.
	Keys authn.Authenticator
	// PeerIdentity, if not nil, tells whom a connection proves by its certificate; it is asked for calls without a token.
	PeerIdentity authnstep.PeerIdentity
	// TLS secures the connections over TCP; nil is plain text.
	TLS credentials.TransportCredentials
	// Roles map a role to patterns of permissions (package authz). Required.
	Roles authz.Roles
	// Rule tells what a method declares; nil is authz.ReadRule.
	Rule func(protoreflect.MethodDescriptor) (authz.Rule, error)
	// Stats, if not nil, sees all calls, over TCP and in process: rates, errors, durations and traces (package telemetry).
	Stats stats.Handler
	// Audit, if not nil, remembers calls as their methods declare. It must take entries until Drain returns.
	Audit audit.Sink
	// Meters, if not nil, count the failures of Audit.
	Meters metric.MeterProvider
	// Limiter, if not nil, bounds how often a key, a device and an organisation may call.
	Limiter limit.Limiter
	// Interceptors replace the standard chain; the order must be interceptor.Order all the same.
	Interceptors []interceptor.Interceptor
}
