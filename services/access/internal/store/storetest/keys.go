package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/services/access/internal/credential"
	"github.com/otklik/otklik/services/access/internal/store"
)

// keyCases are about keys.
func keyCases() []testCase {
	return []testCase{
		{"KeyRoundTrip", keyRoundTrip},
		{"KeyUpdates", keyUpdates},
		{"KeyRotation", keyRotation},
		{"KeyRevocation", keyRevocation},
		{"KeyPages", keyPages},
		{"KeysCompete", keysCompete},
	}
}

func digest(text string) store.Digest { return sha256.Sum256([]byte(text)) }

func secret(text string) store.Secret {
	return store.Secret{Digest: digest(text), Hint: text[len(text)-1:], CreateTime: noon}
}

func keyOf(org, id string) store.Key {
	return store.Key{
		Organization: org, ID: id, CreateTime: noon, ExpireTime: noon.Add(time.Hour),
		Key: credential.Key{
			DisplayName: "Ключ " + id, Kind: credential.Secret, Roles: []string{"viewer"}, Surveys: []string{"surveys/a"}, Rate: 2.5,
			Units: credential.Units{Locations: []string{"Ош"}},
		},
	}
}

func createKey(t testing.TB, s store.Store, org, id, text string) store.Key {
	t.Helper()
	out, err := s.CreateKey(t.Context(), keyOf(org, id), secret(text))
	if err != nil {
		t.Fatalf("create key %s: %v", id, err)
	}
	return out
}

func resolve(t testing.TB, s store.Store, text string) store.Resolved {
	t.Helper()
	out, err := s.Resolve(t.Context(), digest(text))
	if err != nil {
		t.Fatalf("resolve %s: %v", text, err)
	}
	return out
}

func unresolved(t testing.TB, s store.Store, text string) {
	t.Helper()
	_, err := s.Resolve(t.Context(), digest(text))
	want(t, "resolve "+text, err, store.ErrNotFound)
}

func keyRoundTrip(t *testing.T, open Open) {
	s := opened(t, open)
	stored := createKey(t, s, acme, "till", "s1")
	wanted := keyOf(acme, "till")
	wanted.Version = 1
	wanted.Secrets = []store.KeySecret{{Hint: "1", CreateTime: noon}}
	equal(t, "stored", stored, wanted)
	got, err := s.GetKey(t.Context(), acme, "till")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "read", got, stored)
	found := resolve(t, s, "s1")
	wanted.Secrets = nil
	if found.Key == nil || found.Member != nil || found.Invitation != nil || !found.ExpireTime.IsZero() {
		t.Fatalf("%+v", found)
	}
	equal(t, "resolved", *found.Key, wanted)
	unresolved(t, s, "s2")

	_, err = s.CreateKey(t.Context(), keyOf(acme, "till"), secret("s3"))
	want(t, "create again", err, store.ErrExists)
	unresolved(t, s, "s3")
	// Another organisation has its own.
	createKey(t, s, globex, "till", "s4")
	_, err = s.GetKey(t.Context(), globex, "other")
	want(t, "get missing", err, store.ErrNotFound)
}

func keyUpdates(t *testing.T, open Open) {
	s := opened(t, open)
	key := createKey(t, s, acme, "till", "s1")
	next := key
	next.DisplayName, next.Roles, next.ExpireTime = "New", []string{"analyst", "staff"}, time.Time{}
	stored, err := s.UpdateKey(t.Context(), next)
	if err != nil {
		t.Fatal(err)
	}
	next.Version = 2
	equal(t, "updated", stored, next)
	equal(t, "resolved", resolve(t, s, "s1").Key.Key, next.Key)
	_, err = s.UpdateKey(t.Context(), key)
	want(t, "update an old version", err, store.ErrChanged)
	key.Organization = globex
	_, err = s.UpdateKey(t.Context(), key)
	want(t, "update of another organisation", err, store.ErrNotFound)
}

func keyRotation(t *testing.T, open Open) {
	s := opened(t, open)
	key := createKey(t, s, acme, "till", "s1")
	second := secret("s2")
	second.CreateTime = noon.Add(time.Minute)
	rotated, err := s.RotateKey(t.Context(), acme, "till", key.Version, second, noon.Add(time.Hour))
	if err != nil || rotated.Version != 2 {
		t.Fatalf("%+v, %v", rotated, err)
	}
	equal(t, "secrets", rotated.Secrets, []store.KeySecret{
		{Hint: "2", CreateTime: second.CreateTime}, {Hint: "1", CreateTime: noon, ExpireTime: noon.Add(time.Hour)},
	})
	if end := resolve(t, s, "s1").ExpireTime; !end.Equal(noon.Add(time.Hour)) {
		t.Fatalf("the secret before ends at %v", end)
	}
	if end := resolve(t, s, "s2").ExpireTime; !end.IsZero() {
		t.Fatalf("the new secret ends at %v", end)
	}
	// A later end does not prolong what ends earlier.
	rotated, err = s.RotateKey(t.Context(), acme, "till", 2, secret("s3"), noon.Add(2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if end := resolve(t, s, "s1").ExpireTime; !end.Equal(noon.Add(time.Hour)) {
		t.Fatalf("the first secret ends at %v", end)
	}
	if end := resolve(t, s, "s2").ExpireTime; !end.Equal(noon.Add(2 * time.Hour)) {
		t.Fatalf("the second secret ends at %v", end)
	}
	_, err = s.RotateKey(t.Context(), acme, "till", 1, secret("s4"), noon)
	want(t, "rotate an old version", err, store.ErrChanged)
	unresolved(t, s, "s4")
	_, err = s.RotateKey(t.Context(), globex, "till", rotated.Version, secret("s5"), noon)
	want(t, "rotate a key of another organisation", err, store.ErrNotFound)
}

func keyRevocation(t *testing.T, open Open) {
	s := opened(t, open)
	key := createKey(t, s, acme, "till", "s1")
	createKey(t, s, acme, "web", "s2")
	createKey(t, s, globex, "till", "s3")
	_, err := s.RevokeKey(t.Context(), globex, "web", noon)
	want(t, "revoke a key of another organisation", err, store.ErrNotFound)
	revoked, err := s.RevokeKey(t.Context(), acme, "till", noon.Add(time.Minute))
	if err != nil || !revoked.RevokeTime.Equal(noon.Add(time.Minute)) || len(revoked.Secrets) != 0 || revoked.Version != 2 {
		t.Fatalf("%+v, %v", revoked, err)
	}
	unresolved(t, s, "s1")
	resolve(t, s, "s2")
	resolve(t, s, "s3")
	again, err := s.RevokeKey(t.Context(), acme, "till", noon.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "revoked again", again, revoked)
	key.Version = revoked.Version
	_, err = s.UpdateKey(t.Context(), key)
	want(t, "update a revoked key", err, store.ErrChanged)
	_, err = s.RotateKey(t.Context(), acme, "till", revoked.Version, secret("s4"), noon)
	want(t, "rotate a revoked key", err, store.ErrChanged)
	unresolved(t, s, "s4")
	_, err = s.CreateKey(t.Context(), keyOf(acme, "till"), secret("s5"))
	want(t, "take its identifier", err, store.ErrExists)
}

func keyPages(t *testing.T, open Open) {
	s := opened(t, open)
	createKey(t, s, globex, "foreign", "f")
	for i := range 7 {
		key := keyOf(acme, fmt.Sprintf("k%d", i))
		// Pairs of one moment are told apart by their identifiers.
		key.CreateTime = noon.Add(time.Duration(i/2) * time.Minute)
		if _, err := s.CreateKey(t.Context(), key, secret(fmt.Sprint("secret", i))); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	q := store.Query{Organization: acme, Limit: 3}
	for {
		keys, more, err := s.ListKeys(t.Context(), q)
		if err != nil || len(keys) > 3 {
			t.Fatalf("%d keys, %v", len(keys), err)
		}
		for _, k := range keys {
			if len(k.Secrets) != 1 {
				t.Fatalf("%s has the secrets %+v", k.ID, k.Secrets)
			}
			got = append(got, k.ID)
		}
		if !more {
			break
		}
		last := keys[len(keys)-1]
		q.Before = store.Place{CreateTime: last.CreateTime, ID: last.ID}
		if len(got) == 3 {
			// What is created meanwhile displaces nothing.
			late := keyOf(acme, "late")
			late.CreateTime = noon.Add(time.Hour)
			if _, err := s.CreateKey(t.Context(), late, secret("late")); err != nil {
				t.Fatal(err)
			}
		}
	}
	equal(t, "order", got, []string{"k6", "k5", "k4", "k3", "k2", "k1", "k0"})
	// Large bodies end a page early; one item is returned in any case.
	keys, more, err := s.ListKeys(t.Context(), store.Query{Organization: acme, Limit: 5, Bytes: 1})
	if err != nil || len(keys) != 1 || !more {
		t.Fatalf("%d keys, more %v, %v", len(keys), more, err)
	}
	keys, more, err = s.ListKeys(t.Context(), store.Query{Organization: "nobody", Limit: 5})
	if err != nil || len(keys) != 0 || more {
		t.Fatalf("of nobody: %d keys, more %v, %v", len(keys), more, err)
	}
}

// keysCompete: of changes based on one version one is made, and a revocation wins over all.
func keysCompete(t *testing.T, open Open) {
	s := opened(t, open)
	key := createKey(t, s, acme, "till", "s")
	var mu sync.Mutex
	var made int
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			var err error
			if i%2 == 0 {
				_, err = s.UpdateKey(t.Context(), key)
			} else {
				_, err = s.RotateKey(t.Context(), acme, "till", key.Version, secret(fmt.Sprint("new", i)), noon.Add(time.Hour))
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made++
			} else if !errors.Is(err, store.ErrChanged) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if made != 1 {
		t.Fatalf("%d changes of one version were made", made)
	}
	for i := range 6 {
		wg.Go(func() {
			if i == 3 {
				if _, err := s.RevokeKey(t.Context(), acme, "till", noon); err != nil {
					t.Error(err)
				}
				return
			}
			for {
				now, err := s.GetKey(t.Context(), acme, "till")
				if err != nil {
					t.Error(err)
					return
				}
				if !now.RevokeTime.IsZero() {
					return
				}
				if _, err := s.RotateKey(t.Context(), acme, "till", now.Version, secret(fmt.Sprint("late", i, now.Version)), noon.Add(time.Hour)); err != nil &&
					!errors.Is(err, store.ErrChanged) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if now, err := s.GetKey(t.Context(), acme, "till"); err != nil || len(now.Secrets) != 0 {
		t.Fatalf("a revoked key has the secrets %+v, %v", now.Secrets, err)
	}
}
