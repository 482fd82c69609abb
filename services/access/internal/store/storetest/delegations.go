package storetest

import (
	"testing"
	"time"

	"github.com/otklik/otklik/services/access/internal/store"
)

// delegationCases are about secrets by which services act on behalf of somebody.
func delegationCases() []testCase {
	return []testCase{
		{"Delegations", delegations},
		{"DelegationsEndWithTheirOwner", delegationsEndWithTheirOwner},
	}
}

func delegation(kind store.SecretKind, owner, text string) store.Delegation {
	return store.Delegation{
		Organization: acme, Kind: kind, Owner: owner, For: "reportSchedules/weekly", Digest: digest(text), CreateTime: noon, ExpireTime: noon.Add(time.Minute),
	}
}

func delegate(t testing.TB, s store.Store, kind store.SecretKind, owner, text string) {
	t.Helper()
	if err := s.CreateDelegation(t.Context(), delegation(kind, owner, text)); err != nil {
		t.Fatalf("create delegation: %v", err)
	}
}

func delegations(t *testing.T, open Open) {
	s := opened(t, open)
	ann := createMember(t, s, person(acme, "ann", "sub", ""))
	key := createKey(t, s, acme, "till", "key")
	delegate(t, s, store.DelegatedMember, "ann", "for-ann")
	delegate(t, s, store.DelegatedKey, "till", "for-till")
	delegate(t, s, store.DelegatedStatic, "first", "for-first")
	if got := resolve(t, s, "for-ann"); got.Member == nil || got.Member.ID != "ann" || got.For != "reportSchedules/weekly" || !got.ExpireTime.Equal(noon.Add(time.Minute)) {
		t.Fatalf("%+v", got)
	}
	if got := resolve(t, s, "for-till"); got.Key == nil || got.Key.ID != "till" || got.For != "reportSchedules/weekly" {
		t.Fatalf("%+v", got)
	}
	if got := resolve(t, s, "for-first"); got.Static == nil || *got.Static != (store.StaticKey{Organization: acme, ID: "first"}) || got.For != "reportSchedules/weekly" {
		t.Fatalf("%+v", got)
	}
	if got := resolve(t, s, "key"); got.For != "" {
		t.Fatalf("a key's own secret is for %q", got.For)
	}
	// They are none of the key's secrets, and using them is not using the key.
	if err := s.NoteUse(t.Context(), []store.Use{{Digest: digest("for-till"), Time: noon.Add(time.Hour)}}); err != nil {
		t.Fatal(err)
	}
	got, err := s.GetKey(t.Context(), acme, "till")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "key", got, key)
	// What a delegation gives is what its owner may do now.
	ann.Roles = []string{"auditor"}
	if _, err := s.UpdateMember(t.Context(), ann); err != nil {
		t.Fatal(err)
	}
	equal(t, "roles", resolve(t, s, "for-ann").Member.Roles, []string{"auditor"})
	for _, d := range []store.Delegation{delegation(store.DelegatedMember, "nobody", "x"), delegation(store.DelegatedKey, "nothing", "y")} {
		want(t, "delegation of nobody", s.CreateDelegation(t.Context(), d), store.ErrNotFound)
	}
	theirs := delegation(store.DelegatedMember, "ann", "z")
	theirs.Organization = globex
	want(t, "delegation of another organisation's member", s.CreateDelegation(t.Context(), theirs), store.ErrNotFound)
	if n, err := s.SweepEnded(t.Context(), noon.Add(time.Hour), 10); err != nil || n != 3 {
		t.Fatalf("%d swept, %v", n, err)
	}
	unresolved(t, s, "for-first")
}

func delegationsEndWithTheirOwner(t *testing.T, open Open) {
	s := opened(t, open)
	ann := createMember(t, s, person(acme, "ann", "sub-ann", ""))
	createMember(t, s, person(acme, "bob", "sub-bob", ""))
	createKey(t, s, acme, "till", "key")
	delegate(t, s, store.DelegatedMember, "ann", "for-ann")
	delegate(t, s, store.DelegatedMember, "bob", "for-bob")
	delegate(t, s, store.DelegatedKey, "till", "for-till")
	ann.Disabled = true
	ann, err := s.UpdateMember(t.Context(), ann)
	if err != nil {
		t.Fatal(err)
	}
	unresolved(t, s, "for-ann")
	want(t, "delegation of a disabled member", s.CreateDelegation(t.Context(), delegation(store.DelegatedMember, "ann", "again")), store.ErrNotFound)
	resolve(t, s, "for-bob")
	if err := s.DeleteMember(t.Context(), acme, "bob"); err != nil {
		t.Fatal(err)
	}
	// A member of the same name is another one.
	createMember(t, s, person(acme, "bob", "sub-bill", ""))
	unresolved(t, s, "for-bob")
	ann.Disabled, ann.Subject = false, "sub-anne"
	if ann, err = s.UpdateMember(t.Context(), ann); err != nil {
		t.Fatal(err)
	}
	delegate(t, s, store.DelegatedMember, "ann", "for-anne")
	ann.Subject = "sub-annabel"
	if _, err = s.UpdateMember(t.Context(), ann); err != nil {
		t.Fatal(err)
	}
	unresolved(t, s, "for-anne")
	if _, err := s.RevokeKey(t.Context(), acme, "till", noon); err != nil {
		t.Fatal(err)
	}
	unresolved(t, s, "for-till")
	want(t, "delegation of a revoked key", s.CreateDelegation(t.Context(), delegation(store.DelegatedKey, "till", "again")), store.ErrNotFound)
}
