package tlskit

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// Deps is what certificates need from outside; each may be nil.
type Deps struct {
	// Logger hears of new certificates and of files that cannot be used.
	Logger *slog.Logger
	// Now is the clock by which files are looked at.
	Now func() time.Time
}

// Server secures a gRPC server. Safe for concurrent use.
type Server struct {
	files    *files
	mode     ClientCertificates
	services map[string]bool
}

// NewServer reads the files; what cannot be used is an error here. The settings must be enabled.
func NewServer(config ServerConfig, deps Deps) (*Server, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if !config.Enabled() {
		return nil, errors.New("make TLS of server: no certificate is set")
	}
	f, err := open(config.CertFile, config.KeyFile, config.ClientCAFile, config.RefreshInterval, deps)
	if err != nil {
		return nil, err
	}
	s := &Server{files: f, mode: config.ClientCertificates, services: make(map[string]bool, len(config.Services))}
	for _, name := range config.Services {
		s.services[name] = true
	}
	return s, nil
}

// Credentials are for grpc.Creds.
func (s *Server) Credentials() credentials.TransportCredentials {
	return &reloading{config: func() *tls.Config {
		m := s.files.material()
		config := &tls.Config{
			MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{*m.certificate}, ClientCAs: m.roots,
			// A resumed session would go on with what was right when it began.
			SessionTicketsDisabled: true,
		}
		switch s.mode {
		case ClientCertificatesOptional:
			config.ClientAuth = tls.VerifyClientCertIfGiven
		case ClientCertificatesRequired:
			config.ClientAuth = tls.RequireAndVerifyClientCert
		}
		return config
	}}
}

// Client secures connections to gRPC servers. Safe for concurrent use.
type Client struct {
	files *files
	name  string
}

// NewClient reads the files; what cannot be used is an error here. The settings must be enabled.
func NewClient(config ClientConfig, deps Deps) (*Client, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if !config.Enabled() {
		return nil, errors.New("make TLS of clients: no authorities are set")
	}
	f, err := open(config.CertFile, config.KeyFile, config.CAFile, config.RefreshInterval, deps)
	if err != nil {
		return nil, err
	}
	return &Client{files: f, name: config.ServerName}, nil
}

// Credentials are for rpcclient.Dial.
func (c *Client) Credentials() credentials.TransportCredentials {
	return &reloading{config: func() *tls.Config {
		m := c.files.material()
		config := &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: m.roots, ServerName: c.name}
		if m.certificate != nil {
			// Shown also to servers that do not ask for its authority: to be refused is better than to be nobody without a word.
			config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return m.certificate, nil }
		}
		return config
	}}
}

// Identified tells whether the client shows a certificate.
func (c *Client) Identified() bool { return c.files.cert != "" }

// HTTPS returns the configuration of an HTTP server. The settings must be enabled.
func HTTPS(config HTTPSConfig, deps Deps) (*tls.Config, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if !config.Enabled() {
		return nil, errors.New("make TLS of HTTP server: no certificate is set")
	}
	f, err := open(config.CertFile, config.KeyFile, "", config.RefreshInterval, deps)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.material().certificate, nil },
	}, nil
}

// reloading makes each handshake with what the files hold then.
type reloading struct {
	config func() *tls.Config
}

// ClientHandshake secures a connection as its client.
func (r *reloading) ClientHandshake(ctx context.Context, authority string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	config := r.config()
	if config.ServerName != "" {
		// gRPC asks for the host of the address, whatever the configuration says.
		authority = config.ServerName
	}
	return credentials.NewTLS(config).ClientHandshake(ctx, authority, conn)
}

// ServerHandshake secures a connection as its server.
func (r *reloading) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return credentials.NewTLS(r.config()).ServerHandshake(conn)
}

// Info describes the protocol.
func (r *reloading) Info() credentials.ProtocolInfo { return credentials.NewTLS(r.config()).Info() }

// Clone returns another one with the same files.
func (r *reloading) Clone() credentials.TransportCredentials { return &reloading{config: r.config} }

// OverrideServerName is not supported: the settings name the server.
func (r *reloading) OverrideServerName(string) error {
	return errors.New("override server name: set tls.server_name instead")
}

// ByCertificate makes calls without a key act by the certificate of their connection. Only connections of services themselves have it: the gateway
// sends calls of others over its connection, and those without a token must not pass for the gateway's own.
func ByCertificate() grpc.DialOption { return grpc.WithPerRPCCredentials(byCertificate{}) }

type byCertificate struct{}

// GetRequestMetadata returns the mark.
func (byCertificate) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{MetadataByCertificate: "1"}, nil
}

// RequireTransportSecurity is true: without it there is no certificate.
func (byCertificate) RequireTransportSecurity() bool { return true }
