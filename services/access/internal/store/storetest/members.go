package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/services/access/internal/credential"
	"github.com/otklik/otklik/services/access/internal/member"
	"github.com/otklik/otklik/services/access/internal/store"
)

// memberCases are about members.
func memberCases() []testCase {
	return []testCase{
		{"MemberRoundTrip", memberRoundTrip},
		{"MembersDiffer", membersDiffer},
		{"MemberUpdates", memberUpdates},
		{"MemberPages", memberPages},
		{"LastAdministrator", lastAdministrator},
		{"AdministratorsCompete", administratorsCompete},
		{"FirstLogin", firstLogin},
		{"FirstLoginsCompete", firstLoginsCompete},
	}
}

func person(org, id, subject, email string, roles ...string) store.Member {
	if len(roles) == 0 {
		roles = []string{"viewer"}
	}
	m := store.Member{
		Organization: org, ID: id, CreateTime: noon,
		Member: member.Member{Subject: subject, Email: email, Roles: roles, Units: credential.Units{Regions: []string{"Чүй"}}},
	}
	if slices.Contains(roles, "admin") {
		// Who is restricted to units administers nothing.
		m.Units = credential.Units{}
	}
	return m
}

func createMember(t testing.TB, s store.Store, m store.Member) store.Member {
	t.Helper()
	out, err := s.CreateMember(t.Context(), m)
	if err != nil {
		t.Fatalf("create member %s: %v", m.ID, err)
	}
	return out
}

func memberRoundTrip(t *testing.T, open Open) {
	s := opened(t, open)
	in := person(acme, "ann", "sub", "Ann@Example.com", "viewer", "analyst")
	in.DisplayName = "Ann"
	stored := createMember(t, s, in)
	in.Version = 1
	equal(t, "stored", stored, in)
	got, err := s.GetMember(t.Context(), acme, "ann")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "read", got, in)
	got, err = s.FindSubject(t.Context(), acme, "sub")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "found", got, in)
	for _, org := range []string{globex, ""} {
		_, err = s.GetMember(t.Context(), org, "ann")
		want(t, "get of another organisation", err, store.ErrNotFound)
		_, err = s.FindSubject(t.Context(), org, "sub")
		want(t, "find of another organisation", err, store.ErrNotFound)
	}
	_, err = s.FindSubject(t.Context(), acme, "")
	want(t, "find nobody", err, store.ErrNotFound)
}

func membersDiffer(t *testing.T, open Open) {
	s := opened(t, open)
	createMember(t, s, person(acme, "ann", "sub-ann", "Ann@Example.com"))
	for name, c := range map[string]struct {
		in  store.Member
		err error
	}{
		"identifier":              {person(acme, "ann", "x", "x@example.com"), store.ErrExists},
		"subject":                 {person(acme, "bob", "sub-ann", ""), store.ErrSubjectTaken},
		"address":                 {person(acme, "bob", "", "aNN@example.COM"), store.ErrEmailTaken},
		"subject and address":     {person(acme, "bob", "sub-ann", "ann@example.com"), store.ErrSubjectTaken},
		"subject in another case": {person(acme, "cid", "SUB-ANN", ""), nil},
		"another organisation":    {person(globex, "ann", "sub-ann", "ann@example.com"), nil},
	} {
		_, err := s.CreateMember(t.Context(), c.in)
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Nobody is kept from being a member by what others lack.
	createMember(t, s, person(acme, "dan", "", "dan@example.com"))
	createMember(t, s, person(acme, "eve", "", "eve@example.com"))
	createMember(t, s, person(acme, "fay", "sub-fay", ""))
	eve, err := s.GetMember(t.Context(), acme, "eve")
	if err != nil {
		t.Fatal(err)
	}
	eve.Email = "DAN@example.com"
	_, err = s.UpdateMember(t.Context(), eve)
	want(t, "take an address", err, store.ErrEmailTaken)
	eve.Email, eve.Subject = "EVE@example.com", "sub-fay"
	_, err = s.UpdateMember(t.Context(), eve)
	want(t, "take a subject", err, store.ErrSubjectTaken)
	eve.Subject = ""
	if _, err = s.UpdateMember(t.Context(), eve); err != nil {
		t.Fatalf("write the own address in another case: %v", err)
	}
}

func memberUpdates(t *testing.T, open Open) {
	s := opened(t, open)
	before := createMember(t, s, person(acme, "ann", "sub", "ann@example.com"))
	next := before
	next.DisplayName, next.Subject, next.Email, next.Roles, next.Units = "Ann", "other", "", []string{"analyst"}, credential.Units{}
	stored, err := s.UpdateMember(t.Context(), next)
	if err != nil {
		t.Fatal(err)
	}
	next.Version = 2
	equal(t, "updated", stored, next)
	_, err = s.FindSubject(t.Context(), acme, "sub")
	want(t, "find the subject before", err, store.ErrNotFound)
	_, err = s.UpdateMember(t.Context(), before)
	want(t, "update an old version", err, store.ErrChanged)
	before.Organization = globex
	_, err = s.UpdateMember(t.Context(), before)
	want(t, "update of another organisation", err, store.ErrNotFound)
	want(t, "delete of another organisation", s.DeleteMember(t.Context(), globex, "ann"), store.ErrNotFound)
	if err := s.DeleteMember(t.Context(), acme, "ann"); err != nil {
		t.Fatal(err)
	}
	want(t, "delete again", s.DeleteMember(t.Context(), acme, "ann"), store.ErrNotFound)
	createMember(t, s, person(acme, "ann", "other", ""))
}

func memberPages(t *testing.T, open Open) {
	s := opened(t, open)
	createMember(t, s, person(globex, "foreign", "f", ""))
	for i := range 5 {
		m := person(acme, fmt.Sprint("m", i), fmt.Sprint("sub", i), "")
		m.CreateTime = noon.Add(time.Duration(i/2) * time.Minute)
		createMember(t, s, m)
	}
	var got []string
	q := store.Query{Organization: acme, Limit: 2}
	for more := true; more; {
		var page []store.Member
		var err error
		if page, more, err = s.ListMembers(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		for _, m := range page {
			got = append(got, m.ID)
			q.Before = store.Place{CreateTime: m.CreateTime, ID: m.ID}
		}
	}
	equal(t, "order", got, []string{"m4", "m3", "m2", "m1", "m0"})
}

func lastAdministrator(t *testing.T, open Open) {
	s := opened(t, open)
	ann := createMember(t, s, person(acme, "ann", "sub-ann", "", "admin"))
	bob := createMember(t, s, person(acme, "bob", "sub-bob", "", "admin"))
	createMember(t, s, person(globex, "ann", "sub-ann", "", "admin"))
	bob.Disabled = true
	bob, err := s.UpdateMember(t.Context(), bob)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "delete the last", s.DeleteMember(t.Context(), acme, "ann"), store.ErrLastAdministrator)
	disabled, demoted := ann, ann
	disabled.Disabled = true
	_, err = s.UpdateMember(t.Context(), disabled)
	want(t, "disable the last", err, store.ErrLastAdministrator)
	demoted.Roles = []string{"viewer"}
	_, err = s.UpdateMember(t.Context(), demoted)
	want(t, "demote the last", err, store.ErrLastAdministrator)
	// Other changes are none of this.
	ann.DisplayName = "Ann"
	if _, err = s.UpdateMember(t.Context(), ann); err != nil {
		t.Fatal(err)
	}
	bob.Disabled = false
	if _, err = s.UpdateMember(t.Context(), bob); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteMember(t.Context(), acme, "ann"); err != nil {
		t.Fatalf("delete one of two: %v", err)
	}
	// Who is alone may leave.
	if err := s.DeleteMember(t.Context(), acme, "bob"); err != nil {
		t.Fatalf("delete the only member: %v", err)
	}
}

// administratorsCompete: however many leave at the same time, one stays.
func administratorsCompete(t *testing.T, open Open) {
	s := opened(t, open)
	const admins = 6
	for i := range admins {
		createMember(t, s, person(acme, fmt.Sprint("a", i), fmt.Sprint("sub", i), "", "admin"))
	}
	createMember(t, s, person(acme, "viewer", "sub-viewer", ""))
	var mu sync.Mutex
	var refused int
	var wg sync.WaitGroup
	for i := range admins {
		wg.Go(func() {
			var err error
			id := fmt.Sprint("a", i)
			if i%2 == 0 {
				err = s.DeleteMember(t.Context(), acme, id)
			} else {
				m, getErr := s.GetMember(t.Context(), acme, id)
				if getErr != nil {
					t.Error(getErr)
					return
				}
				m.Disabled = true
				_, err = s.UpdateMember(t.Context(), m)
			}
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, store.ErrLastAdministrator) {
				refused++
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if refused != 1 {
		t.Fatalf("%d were refused", refused)
	}
}

func firstLogin(t *testing.T, open Open) {
	s := opened(t, open)
	createMember(t, s, person(acme, "ann", "", "Ann@Example.com"))
	createMember(t, s, person(globex, "ann", "", "ann@example.com"))
	named := person(acme, "bob", "", "bob@example.com")
	named.DisplayName = "Bob"
	createMember(t, s, named)
	in := store.Binding{Organization: acme, Subject: "sub-ann", Email: "aNN@example.com", DisplayName: "Ann A.", Time: noon.Add(time.Minute)}
	got, err := s.BindSubject(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != "ann" || got.Subject != "sub-ann" || got.DisplayName != "Ann A." || got.Email != "Ann@Example.com" || got.Version != 2 ||
		!got.LastLoginTime.Equal(in.Time) {
		t.Fatalf("%+v", got)
	}
	if found, err := s.FindSubject(t.Context(), acme, "sub-ann"); err != nil || found.ID != "ann" {
		t.Fatalf("%+v, %v", found, err)
	}
	// An address that was given to somebody else does not bring the member along.
	in.Subject = "sub-mallory"
	_, err = s.BindSubject(t.Context(), in)
	want(t, "another subject", err, store.ErrNotFound)
	in.Email = "nobody@example.com"
	_, err = s.BindSubject(t.Context(), in)
	want(t, "unknown address", err, store.ErrNotFound)
	in.Email = ""
	_, err = s.BindSubject(t.Context(), in)
	want(t, "no address", err, store.ErrNotFound)
	in.Email, in.Subject = "bob@example.com", "sub-ann"
	_, err = s.BindSubject(t.Context(), in)
	want(t, "subject of somebody else", err, store.ErrSubjectTaken)
	in.Subject = "sub-bob"
	if bob, err := s.BindSubject(t.Context(), in); err != nil || bob.DisplayName != "Bob" {
		t.Fatalf("%+v, %v", bob, err)
	}
	disabled := person(acme, "cid", "", "cid@example.com")
	disabled.Disabled = true
	createMember(t, s, disabled)
	in.Email, in.Subject = "cid@example.com", "sub-cid"
	_, err = s.BindSubject(t.Context(), in)
	want(t, "disabled", err, store.ErrNotFound)

	// Later log-ins are noted, earlier ones are not, and neither changes the version.
	for _, minutes := range []int{10, 5} {
		if err := s.NoteLogin(t.Context(), acme, "ann", noon.Add(time.Duration(minutes)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.NoteLogin(t.Context(), acme, "nobody", noon); err != nil {
		t.Fatal(err)
	}
	if got, err = s.GetMember(t.Context(), acme, "ann"); err != nil || !got.LastLoginTime.Equal(noon.Add(10*time.Minute)) || got.Version != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
}

// firstLoginsCompete: of several log-ins at the same time with one address one is the first.
func firstLoginsCompete(t *testing.T, open Open) {
	s := opened(t, open)
	createMember(t, s, person(acme, "ann", "", "ann@example.com"))
	var mu sync.Mutex
	var bound []string
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			subject := fmt.Sprint("sub", i)
			_, err := s.BindSubject(t.Context(), store.Binding{Organization: acme, Subject: subject, Email: "ann@example.com", Time: noon})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				bound = append(bound, subject)
			} else if !errors.Is(err, store.ErrNotFound) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got, err := s.GetMember(t.Context(), acme, "ann"); err != nil || len(bound) != 1 || got.Subject != bound[0] {
		t.Fatalf("%v were told that they are the member whose subject is %s; %v", bound, got.Subject, err)
	}
}
