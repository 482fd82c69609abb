package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestConfigShowsNoSecret: whatever is secret in a configuration is not in what the command prints of it.
func TestConfigShowsNoSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "otklik.yaml")
	if err := os.WriteFile(path, []byte(`
auth:
  keys: [{id: a, sha256: hush-1, organization: acme, roles: [admin]}]
  login_key: hush-2
  oidc: [{issuer: "https://login.example", client_id: otklik, client_secret: hush-3, organization: acme}]
peers: {key: hush-4}
redis: {addresses: ["redis:6379"], password: hush-5}
survey: {postgres: {dsn: "postgres://u:hush-6@h/d"}}
scoring: {postgres: {dsn: "postgres://u:hush-7@h/d"}}
access: {postgres: {dsn: "postgres://u:hush-8@h/d"}, vault: {keys: [{id: k1, env: VAULT_KEY}]}}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	if code := run(t.Context(), []string{"config", "--config", path}, nil, &out, &errOut); code != 0 {
		t.Fatalf("exit code %d: %s", code, errOut.String())
	}
	if strings.Contains(out.String(), "hush") {
		t.Errorf("a secret is shown:\n%s", out.String())
	}
	for _, shown := range []string{"https://login.example", "VAULT_KEY", "redis:6379"} {
		if !strings.Contains(out.String(), shown) {
			t.Errorf("%s is not shown", shown)
		}
	}
}
