package rediskit_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/rediskit"
	"github.com/otklik/otklik/libs/testkit/freeport"
	"github.com/otklik/otklik/libs/testkit/redistest"
)

// connect makes a client for a test.
func connect(t *testing.T, change ...func(*rediskit.Config)) *rediskit.Client {
	t.Helper()
	cfg := rediskit.DefaultConfig()
	cfg.Addresses, cfg.Prefix = []string{"unset:1"}, redistest.Prefix(t)
	for _, f := range change {
		f(&cfg)
	}
	c, err := rediskit.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func at(addresses ...string) func(*rediskit.Config) {
	return func(c *rediskit.Config) { c.Addresses = addresses }
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	plain := redistest.Server(t)
	guarded := redistest.Server(t)
	if err := connect(t, at(guarded.Address())).ConfigSet(t.Context(), "requirepass", "s3cret").Err(); err != nil {
		t.Fatal(err)
	}
	replica := redistest.Server(t, "--replicaof", "127.0.0.1 1")
	cluster := redistest.NewCluster(t)
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	nobody, err := freeport.Find()
	if err != nil {
		t.Fatal(err)
	}
	clustered := func(c *rediskit.Config) { c.Cluster = true }
	for name, c := range map[string]struct {
		change  []func(*rediskit.Config)
		setting string
		text    string
		passing bool
	}{
		"works":                   {change: []func(*rediskit.Config){at(plain.Address())}},
		"cluster works":           {change: []func(*rediskit.Config){at(cluster.Addresses()...), clustered}},
		"password works":          {change: []func(*rediskit.Config){at(guarded.Address()), func(c *rediskit.Config) { c.Password = "s3cret" }}},
		"nobody listens":          {[]func(*rediskit.Config){at(fmt.Sprintf("127.0.0.1:%d", nobody))}, "redis.addresses", "start it", true},
		"no such host":            {[]func(*rediskit.Config){at("no-such-host.invalid:6379")}, "redis.addresses", "redis.addresses", true},
		"nobody of the cluster":   {[]func(*rediskit.Config){at(fmt.Sprintf("127.0.0.1:%d", nobody)), clustered}, "redis.addresses", "start it", true},
		"silent":                  {[]func(*rediskit.Config){at(silent(t))}, "redis.addresses", "does not answer in time", true},
		"web server":              {[]func(*rediskit.Config){at(strings.TrimPrefix(web.URL, "http://"))}, "redis.addresses", "not Redis", false},
		"no password":             {[]func(*rediskit.Config){at(guarded.Address())}, "redis.password", "wants a password", false},
		"wrong password":          {[]func(*rediskit.Config){at(guarded.Address()), func(c *rediskit.Config) { c.Password = "wr0ng" }}, "redis.password", "does not take", false},
		"no such database":        {[]func(*rediskit.Config){at(plain.Address()), func(c *rediskit.Config) { c.DB = 99 }}, "redis.db", "no database 99", false},
		"a cluster, not said":     {[]func(*rediskit.Config){at(cluster.Addresses()[0])}, "redis.cluster", "set redis.cluster to true", false},
		"said, but no cluster":    {[]func(*rediskit.Config){at(plain.Address()), clustered}, "redis.cluster", "set redis.cluster to false", false},
		"cluster, wrong password": {[]func(*rediskit.Config){at(guarded.Address()), clustered, func(c *rediskit.Config) { c.Password = "wr0ng" }}, "redis.password", "does not take", false},
		"replica":                 {[]func(*rediskit.Config){at(replica.Address())}, "redis.addresses", "name its master", false},
		"needless encryption":     {[]func(*rediskit.Config){at(plain.Address()), func(c *rediskit.Config) { c.TLS.Enabled = true }}, "redis.addresses", "redis.tls.enabled", true},
	} {
		t.Run(name, func(t *testing.T) {
			err := connect(t, c.change...).Check(t.Context())
			if c.setting == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var fault *rediskit.Fault
			if !errors.As(err, &fault) {
				t.Fatalf("error %v", err)
			}
			if fault.Setting != c.setting || !strings.Contains(err.Error(), c.text) || rediskit.Unreachable(err) != c.passing {
				t.Errorf("passing %v, %v", fault.Passing, err)
			}
			if strings.Contains(err.Error(), "wr0ng") || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("a password is told: %v", err)
			}
		})
	}
}

// silent listens and says nothing.
func silent(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func TestEncryptedConnections(t *testing.T) {
	certFile, keyFile := certificate(t)
	port, err := freeport.Find()
	if err != nil {
		t.Fatal(err)
	}
	redistest.Server(t, "--tls-port", fmt.Sprint(port), "--tls-cert-file", certFile, "--tls-key-file", keyFile, "--tls-ca-cert-file", certFile)
	address := at(fmt.Sprintf("127.0.0.1:%d", port))
	trust := func(c *rediskit.Config) {
		c.TLS = rediskit.TLSConfig{Enabled: true, CAFile: certFile, CertFile: certFile, KeyFile: keyFile}
	}
	if err := connect(t, address, trust).Check(t.Context()); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		change func(*rediskit.Config)
		want   string
	}{
		"not encrypted":        {func(*rediskit.Config) {}, "redis.tls.enabled"},
		"not trusted":          {func(c *rediskit.Config) { c.TLS.Enabled = true }, "redis.tls.ca_file"},
		"another name":         {func(c *rediskit.Config) { trust(c); c.TLS.ServerName = "other.example" }, "server_name"},
		"not authenticated":    {func(c *rediskit.Config) { c.TLS = rediskit.TLSConfig{Enabled: true, CAFile: certFile} }, "cert_file"},
		"no certificate in it": {func(c *rediskit.Config) { trust(c); c.TLS.CAFile = keyFile }, "no certificate"},
	} {
		cfg := rediskit.DefaultConfig()
		address(&cfg)
		c.change(&cfg)
		client, err := rediskit.New(cfg)
		if err == nil {
			err = client.Check(t.Context())
			_ = client.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

// certificate makes one that signs itself.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// TestOpenGoesOnWithoutRedis: that it cannot be reached does not keep a process from starting; that it was configured wrongly does.
func TestOpenGoesOnWithoutRedis(t *testing.T) {
	server := redistest.Server(t)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cfg := rediskit.DefaultConfig()
	cfg.Addresses = []string{server.Address()}
	c, err := rediskit.Open(t.Context(), cfg, slog.New(slog.NewTextHandler(&out, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // the test is over
	if !strings.Contains(out.String(), "cannot be reached") {
		t.Errorf("logged %q", out.String())
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for c.Check(ctx) != nil {
		if ctx.Err() != nil {
			t.Fatal(c.Check(ctx))
		}
	}
	cfg.DB = 99
	if _, err := rediskit.Open(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "redis.db") {
		t.Errorf("error %v", err)
	}
}
