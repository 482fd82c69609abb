package rediskit_test

import (
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/config"
	"github.com/otklik/otklik/libs/rediskit"
)

func TestConfigFaultsNameTheSetting(t *testing.T) {
	for _, c := range []struct {
		change func(*rediskit.Config)
		want   string
	}{
		{func(c *rediskit.Config) { c.Addresses = nil }, "redis.addresses"},
		{func(c *rediskit.Config) { c.Addresses = []string{"localhost"} }, `"localhost" is not host:port`},
		{func(c *rediskit.Config) { c.Addresses = []string{"a:1", "b:1"} }, "set redis.cluster to true"},
		{func(c *rediskit.Config) { c.DB = -1 }, "redis.db"},
		{func(c *rediskit.Config) { c.DB, c.Cluster = 1, true }, "database 0 only"},
		{func(c *rediskit.Config) { c.Prefix = "" }, "redis.prefix"},
		{func(c *rediskit.Config) { c.Prefix = "a{b}" }, "redis.prefix"},
		{func(c *rediskit.Config) { c.Username = "u" }, "redis.password"},
		{func(c *rediskit.Config) { c.TLS.CAFile = "x" }, "redis.tls.enabled is false"},
		{func(c *rediskit.Config) { c.TLS = rediskit.TLSConfig{Enabled: true, CertFile: "x"} }, "cert_file and key_file"},
		{func(c *rediskit.Config) { c.TLS = rediskit.TLSConfig{Enabled: true, CAFile: "absent"} }, "redis.tls.ca_file"},
		{func(c *rediskit.Config) {
			c.TLS = rediskit.TLSConfig{Enabled: true, CertFile: "absent", KeyFile: "absent"}
		}, "redis.tls.cert_file"},
	} {
		cfg := rediskit.DefaultConfig()
		cfg.Addresses = []string{"127.0.0.1:1"}
		c.change(&cfg)
		if _, err := rediskit.New(cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
}

func TestConfigIsDocumentedAndKeepsTheSecret(t *testing.T) {
	type suite struct {
		Redis rediskit.Config `koanf:"redis"`
	}
	cfg, err := config.Load(suite{Redis: rediskit.DefaultConfig()}, config.WithEnviron([]string{"OTKLIK_REDIS_ADDRESSES=a:1,b:2", "OTKLIK_REDIS_CLUSTER=true", "OTKLIK_REDIS_PASSWORD=hush"}))
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Redis.Addresses) != 2 || !cfg.Redis.Enabled() || cfg.Redis.Prefix != "otklik" {
		t.Errorf("%+v", cfg.Redis)
	}
	if _, err := config.Document(cfg); err != nil {
		t.Error(err)
	}
	out, err := config.Redacted(cfg)
	if err != nil || strings.Contains(string(out), "hush") {
		t.Errorf("%v\n%s", err, out)
	}
}
