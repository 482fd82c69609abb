package rediskit

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

// Config is how Redis is reached. Start from DefaultConfig; without addresses there is no Redis.
type Config struct {
	Addresses []string  `koanf:"addresses" doc:"Addresses of Redis, host:port: one server, or some nodes of a Redis Cluster (see cluster). Empty means none: events go from process to process directly, and limits and caches are each process's own."`
	Username  string    `koanf:"username" doc:"Name of the Redis user (ACL); empty is the default user."`
	Password  string    `koanf:"password" secret:"true" doc:"Password of the Redis user; empty is none."`
	DB        int       `koanf:"db" doc:"Number of the database; a Redis Cluster has 0 only."`
	Cluster   bool      `koanf:"cluster" doc:"Whether the addresses are nodes of a Redis Cluster."`
	Prefix    string    `koanf:"prefix" doc:"Beginning of all keys, so that several installations can share a Redis."`
	TLS       TLSConfig `koanf:"tls"`
}

// TLSConfig is how connections to Redis are encrypted.
type TLSConfig struct {
	Enabled    bool   `koanf:"enabled" doc:"Whether connections to Redis are encrypted."`
	CAFile     string `koanf:"ca_file" doc:"File with the certificates (PEM) that Redis's certificate must be signed by; empty means those of the system."`
	CertFile   string `koanf:"cert_file" doc:"File with the certificate (PEM) by which to authenticate to Redis; empty is none."`
	KeyFile    string `koanf:"key_file" doc:"File with the private key (PEM) of cert_file."`
	ServerName string `koanf:"server_name" doc:"Name that Redis's certificate must hold; empty means the host of its address."`
}

// DefaultConfig is no Redis.
func DefaultConfig() Config { return Config{Prefix: "otklik"} }

// Enabled tells whether there is a Redis.
func (c Config) Enabled() bool { return len(c.Addresses) > 0 }

func (c Config) check() error {
	if !c.Enabled() {
		return errors.New("check redis.addresses: it is empty")
	}
	for _, a := range c.Addresses {
		if _, port, err := net.SplitHostPort(a); err != nil || port == "" {
			return fmt.Errorf("check redis.addresses: %q is not host:port", a)
		}
	}
	switch {
	case len(c.Addresses) > 1 && !c.Cluster:
		return errors.New("check redis.addresses: there are several; name one, or set redis.cluster to true if they are nodes of a Redis Cluster")
	case c.DB < 0:
		return fmt.Errorf("check redis.db: %d is negative", c.DB)
	case c.DB != 0 && c.Cluster:
		return fmt.Errorf("check redis.db: %d is set, but a Redis Cluster has database 0 only", c.DB)
	case c.Prefix == "":
		return errors.New("check redis.prefix: it is empty")
	case strings.ContainsAny(c.Prefix, "{} *?[]\\"):
		return fmt.Errorf("check redis.prefix: %q has a brace, blank, backslash or wildcard", c.Prefix)
	case c.Username != "" && c.Password == "":
		return errors.New("check redis.password: it is empty, but redis.username is set")
	case (c.TLS.CertFile == "") != (c.TLS.KeyFile == ""):
		return errors.New("check redis.tls: cert_file and key_file need each other")
	case !c.TLS.Enabled && c.TLS != TLSConfig{}:
		return errors.New("check redis.tls: it has settings, but redis.tls.enabled is false")
	}
	return nil
}

// build reads the files.
func (c TLSConfig) build() (*tls.Config, error) {
	if !c.Enabled {
		return nil, nil
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read redis.tls.ca_file: %w", err)
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read redis.tls.ca_file: no certificate in %s", c.CAFile)
		}
	}
	if c.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("read redis.tls.cert_file and key_file: %w", err)
		}
		out.Certificates = []tls.Certificate{cert}
	}
	return out, nil
}
