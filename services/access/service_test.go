package access_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	"github.com/otklik/otklik/services/access"
)

// roles are an administrator, who has all permissions, and a viewer.
type roles struct{}

func (roles) Known(role string) bool { return role == "admin" || role == "viewer" || role == "app" }

func (roles) Permissions(held []string) []string {
	if slices.Contains(held, "admin") {
		return []string{"access.keys.create", "survey.responses.submit", "survey.surveys.get"}
	}
	return []string{"survey.surveys.get"}
}

// registrar notes what is registered.
type registrar map[string]bool

func (r registrar) RegisterService(d *grpc.ServiceDesc, _ any) { r[d.ServiceName] = true }

func TestService(t *testing.T) {
	data := t.TempDir()
	s, err := access.New(t.Context(), access.DefaultConfig(), access.Deps{Data: data, Roles: roles{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	r := registrar{}
	s.Register(r)
	for _, name := range []string{"AccessService", "CredentialService", "AuditService", "VaultService", "PrivacyService", "WebhookService"} {
		if !r["otklik.access.v1."+name] {
			t.Errorf("%s is not registered", name)
		}
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("ready: %v", err)
	}
	if _, err := os.Stat(filepath.Join(data, "access.db")); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	cancel()
	if err := <-done; err != nil {
		t.Errorf("run: %v", err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if err := s.Ready(t.Context()); err == nil {
		t.Error("ready after close")
	}
}

func TestNewRefuses(t *testing.T) {
	for want, change := range map[string]func(*access.Config, *access.Deps){
		"path":             func(c *access.Config, _ *access.Deps) { c.Path = "" },
		"session_lifetime": func(c *access.Config, _ *access.Deps) { c.SessionLifetime = 31 * 24 * time.Hour },
		"page_token_ttl":   func(c *access.Config, _ *access.Deps) { c.PageTokenTTL = 0 },
		"Roles":            func(_ *access.Config, d *access.Deps) { d.Roles = nil },
		"make data folder": func(c *access.Config, _ *access.Deps) {
			file := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			c.Path = filepath.Join(file, "access.db")
		},
	} {
		config, deps := access.DefaultConfig(), access.Deps{Data: t.TempDir(), Roles: roles{}}
		change(&config, &deps)
		if _, err := access.New(t.Context(), config, deps); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// onPostgres is a configuration with an empty database.
func onPostgres(t *testing.T) access.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kek")
	if err := os.WriteFile(file, []byte(strings.Repeat("A", 43)+"=\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := access.DefaultConfig()
	config.Path = ""
	config.Postgres.DSN = pgtest.Database(t)
	config.Vault.Keys = []seal.Source{{ID: "k1", File: file}}
	return config
}

func TestPostgresNeedsMigration(t *testing.T) {
	config := onPostgres(t)
	_, err := access.New(t.Context(), config, access.Deps{Roles: roles{}})
	if !errors.Is(err, pgkit.ErrNoSchema) || !strings.Contains(err.Error(), "otklik migrate") {
		t.Fatalf("without a schema: %v", err)
	}
}

// TestReplicas: what one process of the service makes or ends, another knows at once.
func TestReplicas(t *testing.T) {
	config := onPostgres(t)
	if err := pgkit.Migrate(t.Context(), config.Postgres, pgkit.Options{Component: "access"}, access.Schema()); err != nil {
		t.Fatal(err)
	}
	var conns []grpc.ClientConnInterface
	for i := range 2 {
		conns = append(conns, serve(t, config, fmt.Sprint("replica-", i)))
	}
	first := accessv1.NewAccessServiceClient(rpcclient.WithKey(conns[0], "admin", ""))
	second := accessv1.NewCredentialServiceClient(rpcclient.WithKey(conns[1], "service", ""))
	created, err := first.CreateApiKey(t.Context(), &accessv1.CreateApiKeyRequest{ApiKey: &accessv1.ApiKey{
		DisplayName: "Till", Kind: accessv1.ApiKey_KIND_SECRET, Roles: []string{"viewer"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(created.GetSecret()))
	resolve := func() (*accessv1.ResolveTokenResponse, error) {
		return second.ResolveToken(t.Context(), &accessv1.ResolveTokenRequest{Sha256: digest[:]})
	}
	if got, err := resolve(); err != nil || got.GetPrincipal().GetId() != created.GetApiKey().GetName() || got.GetPrincipal().GetOrganization() != "acme" {
		t.Fatalf("%v, %v", got, err)
	}
	if _, err := first.RevokeApiKey(t.Context(), &accessv1.RevokeApiKeyRequest{Name: created.GetApiKey().GetName()}); err != nil {
		t.Fatal(err)
	}
	if _, err := resolve(); rpcerr.Code(err) != codes.Unauthenticated {
		t.Errorf("a key that another process revoked: %v", err)
	}
}

// serve runs a process of the service and connects to it.
func serve(t *testing.T, config access.Config, instance string) grpc.ClientConnInterface {
	t.Helper()
	s, err := access.New(t.Context(), config, access.Deps{Roles: roles{}, Instance: instance})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := authn.NewKeyring([]authn.Key{
		{ID: "admin", SHA256: authn.HashKey("admin"), Organization: "acme", Roles: []string{"admin"}},
		{ID: "service", SHA256: authn.HashKey("service"), Roles: []string{authn.RoleService}},
	})
	if err != nil {
		t.Fatal(err)
	}
	server, err := rpcserver.New(rpcserver.DefaultConfig(), rpcserver.Deps{
		Logger: slog.New(slog.DiscardHandler), Keys: keys, Roles: authz.Roles{"admin": {"*"}, authn.RoleService: {"*"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Register(server)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		if err := server.Drain(context.Background()); err != nil {
			t.Error(err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return server.InProcess()
}
