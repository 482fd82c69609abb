package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/services/access/internal/store"
)

// sessionCases are about sessions of members.
func sessionCases() []testCase {
	return []testCase{
		{"Sessions", sessions},
		{"SessionsEndWithTheMember", sessionsEndWithTheMember},
		{"SessionsBeginWhileTheMemberIsDisabled", sessionsBeginWhileTheMemberIsDisabled},
	}
}

func session(t testing.TB, s store.Store, id, text string, end time.Time) {
	t.Helper()
	m, err := s.GetMember(t.Context(), acme, id)
	if err != nil {
		t.Fatal(err)
	}
	in := store.Session{Organization: acme, Member: id, Subject: m.Subject, Digest: digest(text), CreateTime: noon, ExpireTime: end}
	if err := s.CreateSession(t.Context(), in); err != nil {
		t.Fatalf("create session: %v", err)
	}
}

func sessions(t *testing.T, open Open) {
	s := opened(t, open)
	ann := createMember(t, s, person(acme, "ann", "sub", ""))
	end := noon.Add(12 * time.Hour)
	session(t, s, "ann", "one", end)
	session(t, s, "ann", "two", end)
	got := resolve(t, s, "one")
	if got.Member == nil || got.Key != nil || !got.ExpireTime.Equal(end) {
		t.Fatalf("%+v", got)
	}
	equal(t, "member", *got.Member, ann)
	// What the member may do is what it may do now.
	ann.Roles = []string{"auditor"}
	if _, err := s.UpdateMember(t.Context(), ann); err != nil {
		t.Fatal(err)
	}
	equal(t, "roles", resolve(t, s, "one").Member.Roles, []string{"auditor"})

	createKey(t, s, acme, "till", "key")
	for _, c := range []struct{ org, secret string }{{globex, "one"}, {acme, "unknown"}, {acme, "key"}} {
		if err := s.EndSession(t.Context(), c.org, digest(c.secret)); err != nil {
			t.Fatal(err)
		}
	}
	resolve(t, s, "one")
	resolve(t, s, "key")
	for range 2 {
		if err := s.EndSession(t.Context(), acme, digest("one")); err != nil {
			t.Fatal(err)
		}
	}
	unresolved(t, s, "one")
	resolve(t, s, "two")
	err := s.CreateSession(t.Context(), store.Session{Organization: acme, Member: "nobody", Digest: digest("x"), CreateTime: noon, ExpireTime: end})
	want(t, "session of nobody", err, store.ErrNotFound)
}

func sessionsEndWithTheMember(t *testing.T, open Open) {
	s := opened(t, open)
	ann := createMember(t, s, person(acme, "ann", "sub-ann", ""))
	createMember(t, s, person(acme, "bob", "sub-bob", ""))
	end := noon.Add(time.Hour)
	session(t, s, "ann", "ann-1", end)
	session(t, s, "bob", "bob-1", end)
	ann.Disabled = true
	ann, err := s.UpdateMember(t.Context(), ann)
	if err != nil {
		t.Fatal(err)
	}
	unresolved(t, s, "ann-1")
	err = s.CreateSession(t.Context(), store.Session{Organization: acme, Member: "ann", Subject: "sub-ann", Digest: digest("ann-2"), CreateTime: noon, ExpireTime: end})
	want(t, "session of a disabled member", err, store.ErrNotFound)
	ann.Disabled = false
	if _, err := s.UpdateMember(t.Context(), ann); err != nil {
		t.Fatal(err)
	}
	unresolved(t, s, "ann-1")
	session(t, s, "ann", "ann-3", end)
	if err := s.DeleteMember(t.Context(), acme, "ann"); err != nil {
		t.Fatal(err)
	}
	unresolved(t, s, "ann-3")
	// Nor is who was the member before the subject changed.
	bob, err := s.GetMember(t.Context(), acme, "bob")
	if err != nil {
		t.Fatal(err)
	}
	session(t, s, "bob", "bob-2", end)
	bob.DisplayName = "Bob"
	if bob, err = s.UpdateMember(t.Context(), bob); err != nil {
		t.Fatal(err)
	}
	resolve(t, s, "bob-2")
	bob.Subject = "sub-bill"
	if _, err = s.UpdateMember(t.Context(), bob); err != nil {
		t.Fatal(err)
	}
	unresolved(t, s, "bob-2")
	err = s.CreateSession(t.Context(), store.Session{Organization: acme, Member: "bob", Subject: "sub-bob", Digest: digest("bob-3"), CreateTime: noon, ExpireTime: end})
	want(t, "session of whom the member was", err, store.ErrNotFound)
	// A member of the same name is another one.
	createMember(t, s, person(acme, "ann", "sub-ann", ""))
	unresolved(t, s, "ann-3")
}

// sessionsBeginWhileTheMemberIsDisabled: whichever comes first, no session is left.
func sessionsBeginWhileTheMemberIsDisabled(t *testing.T, open Open) {
	s := opened(t, open)
	for round := range 8 {
		id := fmt.Sprint("m", round)
		m := createMember(t, s, person(acme, id, id, ""))
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				err := s.CreateSession(t.Context(), store.Session{
					Organization: acme, Member: id, Subject: id, Digest: digest(fmt.Sprint(id, i)), CreateTime: noon, ExpireTime: noon.Add(time.Hour),
				})
				if err != nil && !errors.Is(err, store.ErrNotFound) {
					t.Error(err)
				}
			})
		}
		wg.Go(func() {
			var err error
			if m.Disabled = true; round%2 == 0 {
				_, err = s.UpdateMember(t.Context(), m)
			} else {
				err = s.DeleteMember(t.Context(), acme, id)
			}
			if err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		for i := range 3 {
			unresolved(t, s, fmt.Sprint(id, i))
		}
	}
}
