package tlskit_test

import (
	"path/filepath"
	"testing"

	"github.com/otklik/otklik/libs/testkit/certtest"
	"github.com/otklik/otklik/libs/tlskit"
)

func TestSettingsAreChecked(t *testing.T) {
	good := tlskit.ServerConfig{CertFile: "c", KeyFile: "k", ClientCAFile: "a", ClientCertificates: tlskit.ClientCertificatesRequired, Services: []string{"a.b", "spiffe://x/y"}}
	if err := good.Validate(); err != nil {
		t.Errorf("good settings: %v", err)
	}
	if err := tlskit.DefaultServerConfig().Validate(); err != nil || tlskit.DefaultServerConfig().Enabled() {
		t.Errorf("the default: %v", err)
	}
	for name, change := range map[string]func(*tlskit.ServerConfig){
		"no key":                 func(c *tlskit.ServerConfig) { c.KeyFile = "" },
		"no certificate":         func(c *tlskit.ServerConfig) { c.CertFile = "" },
		"neither":                func(c *tlskit.ServerConfig) { c.CertFile, c.KeyFile = "", "" },
		"no authorities":         func(c *tlskit.ServerConfig) { c.ClientCAFile = "" },
		"services without":       func(c *tlskit.ServerConfig) { c.ClientCertificates = tlskit.ClientCertificatesOff },
		"unknown mode":           func(c *tlskit.ServerConfig) { c.ClientCertificates = "maybe" },
		"a pattern":              func(c *tlskit.ServerConfig) { c.Services = []string{"*.internal"} },
		"an address":             func(c *tlskit.ServerConfig) { c.Services = []string{"https://a/b"} },
		"a domain of identities": func(c *tlskit.ServerConfig) { c.Services = []string{"spiffe://x"} },
		"an empty name":          func(c *tlskit.ServerConfig) { c.Services = []string{""} },
		"a negative interval":    func(c *tlskit.ServerConfig) { c.RefreshInterval = -1 },
	} {
		c := good
		change(&c)
		if err := c.Validate(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, c := range map[string]tlskit.ClientConfig{
		"no key": {CAFile: "a", CertFile: "c"}, "no authorities": {CertFile: "c", KeyFile: "k"}, "a name without": {ServerName: "x"}, "interval": {RefreshInterval: -1},
	} {
		if err := c.Validate(); err == nil {
			t.Errorf("client: %s: accepted", name)
		}
	}
	if err := (tlskit.HTTPSConfig{CertFile: "c"}).Validate(); err == nil {
		t.Error("HTTPS without a key: accepted")
	}
}

func TestTheFirstFilesMustBeGood(t *testing.T) {
	ca := certtest.NewAuthority(t, "ca")
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	pair, other := ca.Issue(t, "x"), ca.Issue(t, "x")
	certtest.Write(t, path("cert.pem"), pair.Cert)
	certtest.Write(t, path("key.pem"), other.Key)
	certtest.Write(t, path("empty.pem"), nil)
	if _, err := tlskit.NewServer(tlskit.ServerConfig{CertFile: path("cert.pem"), KeyFile: path("key.pem")}, tlskit.Deps{}); err == nil {
		t.Error("a key of another certificate is accepted")
	}
	if _, err := tlskit.NewClient(tlskit.ClientConfig{CAFile: path("empty.pem")}, tlskit.Deps{}); err == nil {
		t.Error("a file without authorities is accepted")
	}
	if _, err := tlskit.HTTPS(tlskit.HTTPSConfig{CertFile: path("nothing"), KeyFile: path("key.pem")}, tlskit.Deps{}); err == nil {
		t.Error("a missing file is accepted")
	}
	if _, err := tlskit.NewServer(tlskit.DefaultServerConfig(), tlskit.Deps{}); err == nil {
		t.Error("settings of plain text make TLS")
	}
}
