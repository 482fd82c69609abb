// Package rpcclient makes connections to servers of package rpcserver: spread over all addresses of a name, kept alive, with a deadline on
// every call and the caller's key. Calls that may be repeated survive the loss of a server.
package rpcclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/otklik/otklik/libs/authn"
)

// Peer is who is called, and by what right.
type Peer struct {
	// Target is where the servers are: host:port, several of them with commas between, or a gRPC target such as unix:///path. A name stands
	// for all of its addresses.
	Target string
	// Key is a key that the server knows; empty leaves it to each call to bring one.
	Key string
	// Organization is the one to act for; only for keys with the role service, empty otherwise.
	Organization string
}

// Config is how a client behaves. Start from DefaultConfig.
type Config struct {
	Deadline         time.Duration `koanf:"deadline" doc:"Deadline of unary calls that bring none. 0 is none."`
	MaxReceiveBytes  int           `koanf:"max_receive_bytes" doc:"Largest response message, in bytes; 0 is gRPC's default, 4 MiB."`
	KeepaliveTime    time.Duration `koanf:"keepalive_time" doc:"Silence after which the client asks whether the server is still there; at least 10s, 0 is never."`
	KeepaliveTimeout time.Duration `koanf:"keepalive_timeout" doc:"Wait for the answer to that before the connection is given up."`
	ResolveInterval  time.Duration `koanf:"resolve_interval" doc:"How often names are looked up again, to find servers that have been added; at least 1s, 0 is only when a connection is lost."`
}

// DefaultConfig is a sound configuration.
func DefaultConfig() Config {
	return Config{
		Deadline:         10 * time.Second,
		MaxReceiveBytes:  16 << 20,
		KeepaliveTime:    minKeepaliveTime,
		KeepaliveTimeout: 3 * time.Second,
		ResolveInterval:  5 * time.Second,
	}
}

// minKeepaliveTime is the least that gRPC takes; it would silently raise shorter ones.
const minKeepaliveTime = 10 * time.Second

// Validate says which value cannot be used.
func (c Config) Validate() error {
	switch {
	case c.Deadline < 0:
		return fmt.Errorf("check deadline: %v is negative", c.Deadline)
	case c.MaxReceiveBytes < 0:
		return fmt.Errorf("check max_receive_bytes: %d is negative", c.MaxReceiveBytes)
	case c.KeepaliveTime != 0 && c.KeepaliveTime < minKeepaliveTime:
		return fmt.Errorf("check keepalive_time: %v is less than %v", c.KeepaliveTime, minKeepaliveTime)
	case c.KeepaliveTime > 0 && c.KeepaliveTimeout <= 0:
		return fmt.Errorf("check keepalive_timeout: %v is not positive", c.KeepaliveTimeout)
	case c.ResolveInterval != 0 && c.ResolveInterval < lookupPause:
		return fmt.Errorf("check resolve_interval: %v is less than %v", c.ResolveInterval, lookupPause)
	}
	return nil
}

// maxBackoff bounds the wait between attempts to connect. It is less than what retries bridge: a server that is back is found before they give
// up, also when the only other one leaves at that moment.
const maxBackoff = time.Second

// Dial makes a connection; it does not wait for the server. creds nil means plain text. opts are added last (statistics, for example).
func Dial(peer Peer, config Config, creds credentials.TransportCredentials, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	if peer.Target == "" {
		return nil, errors.New("dial: no target")
	}
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if creds == nil {
		creds = insecure.NewCredentials()
	}
	names := repeatable(protoregistry.GlobalFiles)
	service, err := newServiceConfig(names)
	if err != nil {
		return nil, err
	}
	target := peer.Target
	if !strings.Contains(target, "://") {
		target = "dns:///" + target
	}
	connect := grpc.ConnectParams{MinConnectTimeout: 5 * time.Second}
	connect.Backoff.BaseDelay = 100 * time.Millisecond
	connect.Backoff.Multiplier = 1.6
	connect.Backoff.Jitter = 0.2
	connect.Backoff.MaxDelay = maxBackoff
	all := []grpc.DialOption{
		grpc.WithTransportCredentials(creds),
		grpc.WithResolvers(&addresses{interval: config.ResolveInterval, lookup: net.DefaultResolver.LookupHost}),
		grpc.WithDefaultServiceConfig(service),
		grpc.WithDisableServiceConfig(),
		grpc.WithDefaultCallOptions(grpc.MaxRetryRPCBufferSize(maxRetriedBytes)),
		grpc.WithConnectParams(connect),
		grpc.WithChainUnaryInterceptor(finishUnary(config.Deadline), repeatBegun(names)),
		grpc.WithChainStreamInterceptor(finishStream),
	}
	if config.MaxReceiveBytes > 0 {
		all = append(all, grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(config.MaxReceiveBytes)))
	}
	if config.KeepaliveTime > 0 {
		all = append(all, grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: config.KeepaliveTime, Timeout: config.KeepaliveTimeout, PermitWithoutStream: true,
		}))
	}
	if peer.Key != "" {
		all = append(all, grpc.WithPerRPCCredentials(newKeyCredentials(peer.Key, peer.Organization)))
	}
	conn, err := grpc.NewClient(target, append(all, opts...)...)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", target, err)
	}
	return conn, nil
}

// keyCredentials add the key to every call.
type keyCredentials struct{ md map[string]string }

func newKeyCredentials(key, organization string) keyCredentials {
	md := map[string]string{"authorization": "Bearer " + key}
	if organization != "" {
		md[authn.MetadataOrganization] = organization
	}
	return keyCredentials{md}
}

// GetRequestMetadata returns the metadata of a call.
func (k keyCredentials) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return k.md, nil
}

// RequireTransportSecurity is false: whether to encrypt is the operator's decision, and between processes of one machine plain text is fine.
func (keyCredentials) RequireTransportSecurity() bool { return false }

// WithKey returns conn with a key, and if organization is not empty the organisation to act for, added to every call. It is for connections
// in process; calls that bring an authorization of their own keep it.
func WithKey(conn grpc.ClientConnInterface, key, organization string) grpc.ClientConnInterface {
	k := &keyedConn{conn: conn, key: "Bearer " + key, organization: organization}
	k.md = k.complete(metadata.MD{})
	return k
}

type keyedConn struct {
	conn              grpc.ClientConnInterface
	key, organization string
	// md is the metadata of calls that bring none. Nobody changes it: metadata in a context is copied by whoever reads it.
	md metadata.MD
}

// Invoke makes a unary call with the key.
func (k *keyedConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	return k.conn.Invoke(k.with(ctx), method, args, reply, opts...)
}

// NewStream starts a streaming call with the key.
func (k *keyedConn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return k.conn.NewStream(k.with(ctx), desc, method, opts...)
}

func (k *keyedConn) with(ctx context.Context) context.Context {
	md, ok := metadata.FromOutgoingContext(ctx)
	if !ok {
		return metadata.NewOutgoingContext(ctx, k.md)
	}
	// FromOutgoingContext returns a copy, so that writing to it is safe.
	return metadata.NewOutgoingContext(ctx, k.complete(md))
}

// complete adds to md what is missing in it.
func (k *keyedConn) complete(md metadata.MD) metadata.MD {
	if len(md["authorization"]) == 0 {
		md["authorization"] = []string{k.key}
	}
	if k.organization != "" && len(md[authn.MetadataOrganization]) == 0 {
		md[authn.MetadataOrganization] = []string{k.organization}
	}
	return md
}

// WithOrganization returns a context whose calls act for the organisation; the key must have the role service. It is for services that serve
// several organisations over one connection; leave Peer.Organization empty then.
func WithOrganization(ctx context.Context, organization string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, authn.MetadataOrganization, organization)
}
