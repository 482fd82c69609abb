package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/otklik/otklik/services/access/internal/store"
)

// vaultCases are about the keys of the vault.
func vaultCases() []testCase {
	return []testCase{
		{"VaultRoundTrip", vaultRoundTrip},
		{"VaultFirstStays", vaultFirstStays},
		{"VaultDestroys", vaultDestroys},
		{"VaultRewraps", vaultRewraps},
	}
}

func wrapped(kind store.KeyKind, id, kek string) store.WrappedKey {
	return store.WrappedKey{Kind: kind, ID: id, KEK: kek, Body: []byte("body of " + id)}
}

func addKeys(t testing.TB, s store.Vault, keys ...store.WrappedKey) {
	t.Helper()
	if err := s.AddVaultKeys(t.Context(), keys); err != nil {
		t.Fatal(err)
	}
}

// keysOf returns keys by their identifiers, in order.
func keysOf(t testing.TB, s store.Vault, kind store.KeyKind, ids ...string) []store.WrappedKey {
	t.Helper()
	keys, err := s.GetVaultKeys(t.Context(), kind, ids)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(keys, func(a, b store.WrappedKey) int { return strings.Compare(a.ID, b.ID) })
	return keys
}

func vaultRoundTrip(t *testing.T, open Open) {
	s := open(t)
	person, pseudonyms, check := wrapped(store.PersonKey, "k", "one"), wrapped(store.PseudonymKey, "k", "one"), wrapped(store.CheckKey, "one", "one")
	addKeys(t, s, person, pseudonyms, check)
	addKeys(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, open)
	equal(t, "person", keysOf(t, s, store.PersonKey, "k", "unknown", "k"), []store.WrappedKey{person})
	equal(t, "pseudonyms", keysOf(t, s, store.PseudonymKey, "k"), []store.WrappedKey{pseudonyms})
	equal(t, "none", keysOf(t, s, store.PersonKey), nil)
	checks, err := s.ListVaultKeys(t.Context(), store.CheckKey)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "checks", checks, []store.WrappedKey{check})
}

// vaultFirstStays: of those who make the same key at once, one wins for all.
func vaultFirstStays(t *testing.T, open Open) {
	s := opened(t, open)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			k := wrapped(store.PseudonymKey, acme, "one")
			k.Body = []byte(fmt.Sprint(i))
			if err := s.AddVaultKeys(t.Context(), []store.WrappedKey{k, wrapped(store.PersonKey, fmt.Sprint(i), "one")}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	first := keysOf(t, s, store.PseudonymKey, acme)
	if len(first) != 1 {
		t.Fatalf("%d keys", len(first))
	}
	addKeys(t, s, wrapped(store.PseudonymKey, acme, "two"))
	equal(t, "after another", keysOf(t, s, store.PseudonymKey, acme), first)
	for i := range 8 {
		if len(keysOf(t, s, store.PersonKey, fmt.Sprint(i))) != 1 {
			t.Errorf("the neighbour %d in the call was lost", i)
		}
	}
}

func vaultDestroys(t *testing.T, open Open) {
	s := opened(t, open)
	addKeys(t, s, wrapped(store.PersonKey, "a", "one"), wrapped(store.PersonKey, "b", "one"), wrapped(store.PseudonymKey, "a", "one"))
	for _, want := range []int{1, 0} {
		n, err := s.DestroyVaultKeys(t.Context(), store.PersonKey, []string{"a", "unknown"})
		if err != nil || n != want {
			t.Fatalf("destroyed %d, want %d, %v", n, want, err)
		}
	}
	equal(t, "left", keysOf(t, s, store.PersonKey, "a", "b"), []store.WrappedKey{wrapped(store.PersonKey, "b", "one")})
	equal(t, "other kind", len(keysOf(t, s, store.PseudonymKey, "a")), 1)
}

func vaultRewraps(t *testing.T, open Open) {
	s := opened(t, open)
	addKeys(t, s, wrapped(store.PersonKey, "a", "one"), wrapped(store.PersonKey, "b", "one"), wrapped(store.PersonKey, "c", "two"),
		wrapped(store.PseudonymKey, acme, "one"), wrapped(store.CheckKey, "one", "one"))
	count := func(kek string, most, want int64) {
		t.Helper()
		if n, err := s.CountWrapped(t.Context(), kek, most); err != nil || n != want {
			t.Fatalf("%d keys are wrapped by %s, want %d, %v", n, kek, want, err)
		}
	}
	count("one", 100, 3)
	count("one", 2, 2)
	if some, err := s.ListWrapped(t.Context(), "one", 2); err != nil || len(some) != 2 {
		t.Fatalf("%v, %v", some, err)
	}
	list, err := s.ListWrapped(t.Context(), "one", 100)
	if err != nil || len(list) != 3 {
		t.Fatalf("%v, %v", list, err)
	}
	if _, err := s.DestroyVaultKeys(t.Context(), store.PersonKey, []string{"b"}); err != nil {
		t.Fatal(err)
	}
	for i := range list {
		list[i].KEK, list[i].Body = "two", []byte("anew")
	}
	// The key that was wrapped by another one meanwhile is not touched either.
	list = append(list, store.WrappedKey{Kind: store.PersonKey, ID: "c", KEK: "two", Body: []byte("anew")})
	if err := s.RewrapKeys(t.Context(), "one", list); err != nil {
		t.Fatal(err)
	}
	count("one", 100, 0)
	count("two", 100, 3)
	equal(t, "destroyed meanwhile", len(keysOf(t, s, store.PersonKey, "b")), 0)
	equal(t, "anew", string(keysOf(t, s, store.PersonKey, "a")[0].Body), "anew")
	equal(t, "of another", string(keysOf(t, s, store.PersonKey, "c")[0].Body), "body of c")
}
