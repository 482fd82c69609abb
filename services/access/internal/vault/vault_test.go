package vault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/store/sqlite"
)

func kek(id string) seal.Key {
	k := seal.NewKey(time.Unix(1, 0))
	k.ID = id
	return k
}

func ring(t *testing.T, keys ...seal.Key) *seal.Ring {
	t.Helper()
	r, err := seal.NewRing(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// database is a store in a file, and the file.
func database(t *testing.T) (*sqlite.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "access.db")
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, path
}

func opened(t *testing.T, s store.Vault, keys ...seal.Key) *Vault {
	t.Helper()
	v, err := Open(t.Context(), s, ring(t, keys...), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func lease(t *testing.T, v *Vault, n int) []seal.Key {
	t.Helper()
	keys, err := v.Lease(t.Context(), n)
	if err != nil || len(keys) != n {
		t.Fatalf("%d keys, want %d, %v", len(keys), n, err)
	}
	return keys
}

func ids(keys []seal.Key) []string {
	var out []string
	for _, k := range keys {
		out = append(out, k.ID)
	}
	return out
}

// same tells whether the vault gives the keys as they were leased.
func same(t *testing.T, v *Vault, keys []seal.Key) {
	t.Helper()
	got, err := v.Get(t.Context(), ids(keys))
	if err != nil || len(got) != len(keys) {
		t.Fatalf("%d keys, want %d, %v", len(got), len(keys), err)
	}
	for _, k := range got {
		if !slices.ContainsFunc(keys, func(o seal.Key) bool { return o.ID == k.ID && string(o.Secret) == string(k.Secret) }) {
			t.Fatalf("%v is another key than was leased", k)
		}
	}
}

func TestLeaseGetDestroy(t *testing.T) {
	s, _ := database(t)
	one := kek("one")
	v := opened(t, s, one)
	keys := lease(t, v, 50)
	same(t, v, keys)
	same(t, opened(t, s, one), keys)
	if n, err := v.Destroy(t.Context(), []string{keys[0].ID, "unknown"}); n != 1 || err != nil {
		t.Fatalf("destroyed %d, %v", n, err)
	}
	if n, err := v.Destroy(t.Context(), []string{keys[0].ID}); n != 0 || err != nil {
		t.Fatalf("destroyed %d again, %v", n, err)
	}
	if got, err := v.Get(t.Context(), []string{keys[0].ID}); err != nil || len(got) != 0 {
		t.Fatalf("%v, %v", got, err)
	}
	same(t, v, keys[1:])
}

// TestNothingInTheFileOpensAnything: secrets are in the database neither before nor after they are destroyed.
func TestNothingInTheFileOpensAnything(t *testing.T) {
	s, path := database(t)
	v := opened(t, s, kek("one"))
	keys := lease(t, v, 20)
	pseudonyms, err := v.PseudonymKey(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{path, path + "-wal"} {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range append(keys, seal.Key{Secret: pseudonyms}) {
			if strings.Contains(string(raw), string(k.Secret)) {
				t.Fatalf("%s holds a secret", filepath.Base(file))
			}
		}
	}
}

func TestPseudonymKeyNeverChanges(t *testing.T) {
	s, _ := database(t)
	one, two := kek("one"), kek("two")
	first, err := opened(t, s, one).PseudonymKey(t.Context(), "acme")
	if err != nil || len(first) != seal.KeyBytes {
		t.Fatalf("%d bytes, %v", len(first), err)
	}
	v := opened(t, s, two, one)
	if _, err := v.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := v.PseudonymKey(t.Context(), "acme")
	if err != nil || string(again) != string(first) {
		t.Fatalf("after rotation it is another, %v", err)
	}
	other, err := v.PseudonymKey(t.Context(), "globex")
	if err != nil || string(other) == string(first) {
		t.Fatalf("two organisations share a key, %v", err)
	}
}

// TestRotation: the old key-encryption key is needed until everything is wrapped anew, and not after.
func TestRotation(t *testing.T) {
	s, _ := database(t)
	one, two := kek("one"), kek("two")
	v := opened(t, s, one)
	keys := lease(t, v, 2*rotateBatch+7)
	if _, err := v.PseudonymKey(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	wrapped := int64(len(keys) + 1)

	if _, err := Open(t.Context(), s, ring(t, two), time.Now); !errors.Is(err, ErrKeyMissing) || !strings.Contains(err.Error(), `"one"`) || !strings.Contains(err.Error(), fmt.Sprint(wrapped)) {
		t.Fatalf("without the old key: %v, want ErrKeyMissing that names it and says what it is needed for", err)
	}
	v = opened(t, s, two, one)
	same(t, v, keys)
	if left, err := v.Outdated(t.Context()); err != nil || left["one"] != wrapped {
		t.Fatalf("outdated: %v, want %d of one, %v", left, wrapped, err)
	}
	destroyed := keys[0]
	if _, err := v.Destroy(t.Context(), []string{destroyed.ID}); err != nil {
		t.Fatal(err)
	}
	if n, err := v.Rotate(t.Context()); err != nil || int64(n) != wrapped-1 {
		t.Fatalf("wrapped %d anew, want %d, %v", n, wrapped-1, err)
	}
	if left, err := v.Outdated(t.Context()); err != nil || len(left) != 0 {
		t.Fatalf("outdated after rotation: %v, %v", left, err)
	}
	v = opened(t, s, two)
	same(t, v, keys[1:])
	if got, err := v.Get(t.Context(), []string{destroyed.ID}); err != nil || len(got) != 0 {
		t.Fatalf("rotation brought a destroyed key back: %v, %v", got, err)
	}
}

func TestChangedKeyIsRefused(t *testing.T) {
	s, _ := database(t)
	opened(t, s, kek("one"))
	for name, keys := range map[string][]seal.Key{"first": {kek("one")}, "second": {kek("two"), kek("one")}} {
		if _, err := Open(t.Context(), s, ring(t, keys...), time.Now); !errors.Is(err, ErrKeyChanged) || !strings.Contains(err.Error(), `"one"`) {
			t.Errorf("%s: %v, want ErrKeyChanged that names it", name, err)
		}
	}
}

// TestUnusedKeyMayGo: a key-encryption key that was named and never used is missed by nobody.
func TestUnusedKeyMayGo(t *testing.T) {
	s, _ := database(t)
	opened(t, s, kek("one"))
	opened(t, s, kek("two"))
}

// TestRowsCannotBeSwapped: whoever can write the database cannot make one person's key open another's.
func TestRowsCannotBeSwapped(t *testing.T) {
	s, _ := database(t)
	v := opened(t, s, kek("one"))
	keys := lease(t, v, 2)
	rows, err := s.GetVaultKeys(t.Context(), store.PersonKey, ids(keys[:1]))
	if err != nil {
		t.Fatal(err)
	}
	rows[0].ID = keys[1].ID
	if err := s.RewrapKeys(t.Context(), "one", rows); err != nil {
		t.Fatal(err)
	}
	if got, err := v.Get(t.Context(), ids(keys[1:])); !errors.Is(err, seal.ErrOpen) {
		t.Fatalf("%v, %v, want ErrOpen", got, err)
	}
}

func TestRespondents(t *testing.T) {
	s, _ := database(t)
	v := opened(t, s, kek("one"))
	keeper := seal.NewKeeper(v, seal.KeeperOptions{Lease: 10})
	defer func() {
		if err := keeper.Close(); err != nil {
			t.Error(err)
		}
	}()
	r := NewRespondents(keeper)
	sealed, err := r.Seal(t.Context(), "acme", []string{"ann@example.com", "", "bob"})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(sealed[0].Body), "ann") || sealed[0].Person == "" || sealed[1].Person != "" || len(sealed[1].Body) != 0 {
		t.Fatalf("%+v", sealed)
	}
	open := func(ctx context.Context, organization string, i int) string {
		text, err := r.Open(ctx, organization, sealed[i])
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if a, none, b := open(t.Context(), "acme", 0), open(t.Context(), "acme", 1), open(t.Context(), "acme", 2); a != "ann@example.com" || none != "" || b != "bob" {
		t.Fatalf("%q, %q, %q", a, none, b)
	}
	if _, err := r.Open(t.Context(), "globex", sealed[0]); err == nil {
		t.Fatal("another organisation opened it")
	}
	id, err := seal.KeyID(sealed[0].Body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keeper.Destroy(t.Context(), []string{id}); err != nil {
		t.Fatal(err)
	}
	if a, b := open(t.Context(), "acme", 0), open(t.Context(), "acme", 2); a != "" || b != "bob" {
		t.Fatalf("after the erasure of ann: %q, %q", a, b)
	}
}
