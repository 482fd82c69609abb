package access_test

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/seal"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	"github.com/otklik/otklik/services/access"
)

// open opens a service over a data folder and closes it.
func open(t *testing.T, data string, keys ...seal.Source) error {
	t.Helper()
	config := access.DefaultConfig()
	config.Vault.Keys = keys
	s, err := access.New(t.Context(), config, access.Deps{Data: data, Roles: roles{}})
	if err != nil {
		return err
	}
	return s.Close()
}

// newKEK sets an environment variable to a new key-encryption key.
func newKEK(t *testing.T, id, variable string) seal.Source {
	t.Helper()
	t.Setenv(variable, base64.StdEncoding.EncodeToString(seal.NewKey(time.Now()).Secret))
	return seal.Source{ID: id, Env: variable}
}

// TestOwnKeyEncryptionKey: it is made once, for its owner only, and never replaced once something was wrapped by it.
func TestOwnKeyEncryptionKey(t *testing.T) {
	data := t.TempDir()
	path := filepath.Join(data, "kek")
	if err := open(t, data); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := open(t, data); err != nil {
		t.Fatalf("second start: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := open(t, data); err == nil || !strings.Contains(err.Error(), `"local"`) || !strings.Contains(err.Error(), path) {
		t.Errorf("without its file: %v, want a refusal that names the key and the file", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("another key took the place of the one that is missing")
	}
	if err := os.WriteFile(path, []byte(base64.StdEncoding.EncodeToString(make([]byte, seal.KeyBytes))), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(t, data); err == nil || !strings.Contains(err.Error(), `"local"`) {
		t.Errorf("with another key: %v, want a refusal that names it", err)
	}
	if err := os.WriteFile(path, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(t, data); err != nil {
		t.Errorf("with its own key again: %v", err)
	}
}

// TestRotationOfKeyEncryptionKeys: the service wraps everything anew by itself, tells how much is left, and needs the old key until then.
func TestRotationOfKeyEncryptionKeys(t *testing.T) {
	data := t.TempDir()
	one, two := newKEK(t, "one", "ACCESS_TEST_ONE"), newKEK(t, "two", "ACCESS_TEST_TWO")
	config := access.DefaultConfig()
	config.Path, config.Vault.Keys = filepath.Join(data, "access.db"), []seal.Source{one}
	leased := make(chan string, 1)
	t.Run("before", func(t *testing.T) {
		client := accessv1.NewVaultServiceClient(rpcclient.WithKey(serve(t, config, "first"), "service", ""))
		answer, err := client.LeasePersonKeys(t.Context(), &accessv1.LeasePersonKeysRequest{Count: 500})
		if err != nil {
			t.Fatal(err)
		}
		leased <- answer.GetKeys()[0].GetId()
	})
	if err := open(t, data, two); err == nil || !strings.Contains(err.Error(), `"one"`) {
		t.Fatalf("without the old key: %v, want a refusal that names it", err)
	}
	config.Vault.Keys = []seal.Source{two, one}
	s, err := access.New(t.Context(), config, access.Deps{Roles: roles{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if left, err := s.OutdatedKeys(t.Context()); err != nil || left["one"] < 500 {
		t.Errorf("outdated before: %v, %v", left, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		left, err := s.OutdatedKeys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("left: %v", left)
		}
	}
	cancel()
	if err := errors.Join(<-done, s.Close()); err != nil {
		t.Fatal(err)
	}
	config.Vault.Keys = []seal.Source{two}
	client := accessv1.NewVaultServiceClient(rpcclient.WithKey(serve(t, config, "second"), "service", ""))
	if got, err := client.GetPersonKeys(t.Context(), &accessv1.GetPersonKeysRequest{Ids: []string{<-leased}}); err != nil || len(got.GetKeys()) != 1 {
		t.Errorf("with the new key alone: %v, %v", got, err)
	}
}

func TestPostgresNeedsAKeyEncryptionKey(t *testing.T) {
	config := onPostgres(t)
	config.Vault.Keys = nil
	if _, err := access.New(t.Context(), config, access.Deps{Roles: roles{}}); err == nil || !strings.Contains(err.Error(), "vault.keys") {
		t.Errorf("%v", err)
	}
}
