package suite

import (
	"errors"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/tlskit"
)

// TLS says how the connections between processes are secured. The gateway's own certificate is under gateway.tls.
type TLS struct {
	Server tlskit.ServerConfig `koanf:"server"`
	Client tlskit.ClientConfig `koanf:"client"`
}

// check says what is wrong with the settings.
func (t TLS) check() error {
	var errs []error
	if err := t.Server.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("check tls.server: %w", err))
	}
	if err := t.Client.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("check tls.client: %w", err))
	}
	return errors.Join(errs...)
}

// secureServer makes a server speak TLS, if it should, and take certificates of services for keys.
func (p *process) secureServer(deps *rpcserver.Deps) error {
	if !p.config.TLS.Server.Enabled() {
		return nil
	}
	server, err := tlskit.NewServer(p.config.TLS.Server, p.tlsDeps())
	if err != nil {
		return fmt.Errorf("read tls.server: %w", err)
	}
	deps.TLS, deps.PeerIdentity = server.Credentials(), server.PeerIdentity
	return nil
}

func (p *process) tlsDeps() tlskit.Deps { return tlskit.Deps{Logger: p.log, Now: p.config.Clock.now} }

// secureClient says how to connect to the services of other processes; nil credentials are plain text. A process that calls by itself may prove
// what it is by its certificate in place of a key.
func (p *process) secureClient(own bool) (credentials.TransportCredentials, []grpc.DialOption, error) {
	if !p.config.TLS.Client.Enabled() {
		return nil, nil, nil
	}
	client, err := tlskit.NewClient(p.config.TLS.Client, p.tlsDeps())
	if err != nil {
		return nil, nil, fmt.Errorf("read tls.client: %w", err)
	}
	if own && p.config.Peers.Key == "" && client.Identified() {
		return client.Credentials(), []grpc.DialOption{tlskit.ByCertificate()}, nil
	}
	return client.Credentials(), nil, nil
}

// connect makes a connection to a service in other processes. own tells that this process calls by itself, with peers.key or a certificate;
// otherwise callers bring their own keys.
func (p *process) connect(target string, own bool) (*grpc.ClientConn, error) {
	creds, options, err := p.secureClient(own)
	if err != nil {
		return nil, err
	}
	to := rpcclient.Peer{Target: target}
	if own {
		to.Key = p.config.Peers.Key
	}
	return rpcclient.Dial(to, p.config.Peers.Client, creds, append(options, grpc.WithStatsHandler(p.telemetry.ClientStats()))...)
}
