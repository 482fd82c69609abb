// Package tlskit secures connections with certificates from files, and takes new ones without a restart: files that were replaced are used by the
// connections that are made from then on. Files that cannot be used, for example because they are half written, change nothing.
//
// It does not build on the certificate watcher of gRPC: that one writes a key that it cannot parse into the log.
package tlskit

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// ClientCertificates says what a server asks of clients.
type ClientCertificates string

// What a server may ask of clients.
const (
	// ClientCertificatesOff asks for none.
	ClientCertificatesOff ClientCertificates = "off"
	// ClientCertificatesOptional takes connections without a certificate, and refuses those with a wrong one.
	ClientCertificatesOptional ClientCertificates = "optional"
	// ClientCertificatesRequired refuses connections without a good certificate.
	ClientCertificatesRequired ClientCertificates = "required"
)

// DefaultRefreshInterval is how often files are looked at when the configuration says nothing.
const DefaultRefreshInterval = 30 * time.Second

// ServerConfig is how a gRPC server is secured. The zero value is plain text.
type ServerConfig struct {
	CertFile           string             `koanf:"cert_file" doc:"Certificate of the server with its chain, PEM. Empty: plain text."`
	KeyFile            string             `koanf:"key_file" doc:"Private key of the certificate, PEM."`
	ClientCAFile       string             `koanf:"client_ca_file" doc:"Authorities that certificates of clients must come from, PEM."`
	ClientCertificates ClientCertificates `koanf:"client_certificates" doc:"Whether clients need a certificate: off, optional or required. gRPC health checks need one too when it is required; the ops address does not."`
	Services           []string           `koanf:"services" doc:"Names in certificates of clients (DNS name or spiffe://…) that stand for services of the suite: they need no key."`
	RefreshInterval    time.Duration      `koanf:"refresh_interval" doc:"How often the files are looked at for new certificates."`
}

// DefaultServerConfig is plain text.
func DefaultServerConfig() ServerConfig {
	return ServerConfig{ClientCertificates: ClientCertificatesOff, RefreshInterval: DefaultRefreshInterval}
}

// Enabled tells whether connections are secured.
func (c ServerConfig) Enabled() bool { return c.CertFile != "" || c.KeyFile != "" }

// Validate tells what is wrong with the settings; it does not look at the files.
func (c ServerConfig) Validate() error {
	if (c.CertFile == "") != (c.KeyFile == "") {
		return errors.New("check tls: cert_file and key_file go together")
	}
	switch c.ClientCertificates {
	case ClientCertificatesOff, "":
		if c.ClientCAFile != "" || len(c.Services) > 0 {
			return errors.New("check tls: client_ca_file and services are of use only when client_certificates is optional or required")
		}
	case ClientCertificatesOptional, ClientCertificatesRequired:
		if !c.Enabled() {
			return errors.New("check tls: client_certificates needs cert_file and key_file")
		}
		if c.ClientCAFile == "" {
			return errors.New("check tls: client_certificates needs client_ca_file: the authorities of the machine vouch for anybody")
		}
	default:
		return fmt.Errorf("check tls.client_certificates: %q is not off, optional or required", c.ClientCertificates)
	}
	for _, name := range c.Services {
		if err := checkName(name); err != nil {
			return err
		}
	}
	return checkInterval(c.RefreshInterval)
}

// checkName refuses what no certificate is compared with: a pattern would let in more than anybody listed.
func checkName(name string) error {
	if strings.Contains(name, "://") {
		u, err := url.Parse(name)
		if err != nil || u.Scheme != "spiffe" || u.Host == "" || u.Path == "" {
			return fmt.Errorf("check tls.services: %q is no spiffe://domain/path", name)
		}
		return nil
	}
	if name == "" || strings.ContainsAny(name, "*/:@ ") {
		return fmt.Errorf("check tls.services: %q is no DNS name", name)
	}
	return nil
}

// ClientConfig is how connections to the services of the suite are secured. The zero value is plain text.
type ClientConfig struct {
	CAFile          string        `koanf:"ca_file" doc:"Authorities that certificates of servers must come from, PEM. Empty: plain text."`
	CertFile        string        `koanf:"cert_file" doc:"Certificate to show to servers, PEM; empty is none."`
	KeyFile         string        `koanf:"key_file" doc:"Private key of the certificate, PEM."`
	ServerName      string        `koanf:"server_name" doc:"Name that certificates of servers must have. Empty: the host of the address."`
	RefreshInterval time.Duration `koanf:"refresh_interval" doc:"How often the files are looked at for new certificates."`
}

// DefaultClientConfig is plain text.
func DefaultClientConfig() ClientConfig { return ClientConfig{RefreshInterval: DefaultRefreshInterval} }

// Enabled tells whether connections are secured.
func (c ClientConfig) Enabled() bool { return c.CAFile != "" }

// Validate tells what is wrong with the settings; it does not look at the files.
func (c ClientConfig) Validate() error {
	if (c.CertFile == "") != (c.KeyFile == "") {
		return errors.New("check tls: cert_file and key_file go together")
	}
	if !c.Enabled() && (c.CertFile != "" || c.ServerName != "") {
		return errors.New("check tls: cert_file and server_name need ca_file")
	}
	return checkInterval(c.RefreshInterval)
}

// HTTPSConfig is how an HTTP server is secured. The zero value is plain text.
type HTTPSConfig struct {
	CertFile        string        `koanf:"cert_file" doc:"Certificate of the server with its chain, PEM. Empty: plain text."`
	KeyFile         string        `koanf:"key_file" doc:"Private key of the certificate, PEM."`
	RefreshInterval time.Duration `koanf:"refresh_interval" doc:"How often the files are looked at for new certificates."`
}

// DefaultHTTPSConfig is plain text.
func DefaultHTTPSConfig() HTTPSConfig { return HTTPSConfig{RefreshInterval: DefaultRefreshInterval} }

// Enabled tells whether connections are secured.
func (c HTTPSConfig) Enabled() bool { return c.CertFile != "" || c.KeyFile != "" }

// Validate tells what is wrong with the settings; it does not look at the files.
func (c HTTPSConfig) Validate() error {
	if (c.CertFile == "") != (c.KeyFile == "") {
		return errors.New("check tls: cert_file and key_file go together")
	}
	return checkInterval(c.RefreshInterval)
}

func checkInterval(d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("check tls.refresh_interval: %v is negative", d)
	}
	return nil
}
