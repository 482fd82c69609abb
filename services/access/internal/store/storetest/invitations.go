package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/services/access/internal/credential"
	"github.com/otklik/otklik/services/access/internal/store"
)

// invitationCases are about one-time tokens.
func invitationCases() []testCase {
	return []testCase{
		{"InvitationRoundTrip", invitationRoundTrip},
		{"InvitationsTaken", invitationsTaken},
		{"InvitationsCompete", invitationsCompete},
		{"InvitationRevocation", invitationRevocation},
		{"InvitedPersons", invitedPersons},
		{"ManyInvitations", manyInvitations},
	}
}

// invitation is one whose secret is `token-` and its identifier.
func invitation(org, id string) store.NewInvitation {
	return store.NewInvitation{
		Digest: digest("token-" + id),
		Invitation: store.Invitation{
			Organization: org, ID: "t-" + id, Invitation: id, Survey: "visit", CreateTime: noon, ExpireTime: noon.Add(time.Hour),
		},
	}
}

func invite(t testing.TB, s store.Store, end time.Time, list ...store.NewInvitation) {
	t.Helper()
	for i := range list {
		list[i].ExpireTime = end
	}
	if err := s.CreateInvitations(t.Context(), list); err != nil {
		t.Fatalf("create invitations: %v", err)
	}
}

func invitationRoundTrip(t *testing.T, open Open) {
	s := opened(t, open)
	in := invitation(acme, "i1")
	in.Respondent = credential.Sealed{Person: "p_x", Body: []byte{0, 255, 1}}
	nobody := invitation(acme, "i2")
	invite(t, s, noon.Add(time.Hour), in, nobody)
	for text, wanted := range map[string]store.Invitation{"token-i1": in.Invitation, "token-i2": nobody.Invitation} {
		got := resolve(t, s, text)
		if got.Invitation == nil || got.Key != nil || got.Member != nil || !got.ExpireTime.Equal(wanted.ExpireTime) {
			t.Fatalf("%+v", got)
		}
		equal(t, text, *got.Invitation, wanted)
	}
	if err := s.CreateInvitations(t.Context(), nil); err != nil {
		t.Fatalf("none: %v", err)
	}
}

func invitationsTaken(t *testing.T, open Open) {
	s := opened(t, open)
	invite(t, s, noon.Add(time.Hour), invitation(acme, "i1"))
	refused := func(index int, list ...store.NewInvitation) {
		t.Helper()
		for i := range list {
			list[i].ID, list[i].Digest = fmt.Sprint("other-", i), digest(fmt.Sprint("other-", i))
		}
		err := s.CreateInvitations(t.Context(), list)
		var taken *store.TakenError
		if !errors.As(err, &taken) || taken.Index != index || !errors.Is(err, store.ErrExists) {
			t.Fatalf("%v", err)
		}
		for i := range list {
			unresolved(t, s, fmt.Sprint("other-", i))
		}
	}
	refused(1, invitation(acme, "i0"), invitation(acme, "i1"), invitation(acme, "i2"))
	// All or none: the others are free.
	invite(t, s, noon.Add(time.Hour), invitation(acme, "i0"), invitation(acme, "i2"))
	foreign := invitation(globex, "i1")
	foreign.Digest = digest("foreign")
	invite(t, s, noon.Add(time.Hour), foreign)
}

// invitationsCompete: calls that overlap wait for each other, whatever their order.
func invitationsCompete(t *testing.T, open Open) {
	s := opened(t, open)
	const calls, each = 4, 50
	var mu sync.Mutex
	var made int
	var wg sync.WaitGroup
	for c := range calls {
		wg.Go(func() {
			list := make([]store.NewInvitation, each)
			for i := range list {
				v := invitation(acme, fmt.Sprint("i", (i*7+c*11)%each))
				v.ID, v.Digest = fmt.Sprint(c, "-", v.ID), digest(fmt.Sprint(c, v.ID))
				list[i] = v
			}
			err := s.CreateInvitations(t.Context(), list)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made++
			} else if !errors.Is(err, store.ErrExists) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if made != 1 {
		t.Fatalf("%d calls made the same invitations", made)
	}
}

func invitationRevocation(t *testing.T, open Open) {
	s := opened(t, open)
	invite(t, s, noon.Add(time.Hour), invitation(acme, "i1"), invitation(acme, "i2"))
	want(t, "revoke of another organisation", s.RevokeInvitation(t.Context(), globex, "t-i1", noon), store.ErrNotFound)
	resolve(t, s, "token-i1")
	for range 2 {
		if err := s.RevokeInvitation(t.Context(), acme, "t-i1", noon); err != nil {
			t.Fatal(err)
		}
		unresolved(t, s, "token-i1")
	}
	resolve(t, s, "token-i2")
	want(t, "take its identifier", s.CreateInvitations(t.Context(), []store.NewInvitation{invitation(acme, "i1")}), store.ErrExists)
}

func invitedPersons(t *testing.T, open Open) {
	s := opened(t, open)
	for i, p := range []string{"p_ann", "p_bob", "p_ann", "", "p_ann"} {
		v := invitation(acme, fmt.Sprint("i", i))
		v.Respondent = credential.Sealed{Person: p, Body: []byte("sealed")}
		invite(t, s, noon.Add(time.Hour), v)
	}
	foreign := invitation(globex, "f")
	foreign.Respondent.Person = "p_ann"
	invite(t, s, noon.Add(time.Hour), foreign)

	var got []string
	for after := ""; ; {
		page, err := s.ListInvited(t.Context(), acme, "p_ann", after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, v := range page {
			got, after = append(got, v.Invitation), v.ID
		}
	}
	equal(t, "invitations", got, []string{"i0", "i2", "i4"})
}

// manyInvitations: a call makes as many as the API allows.
func manyInvitations(t *testing.T, open Open) {
	s := opened(t, open)
	list := make([]store.NewInvitation, 1000)
	for i := range list {
		list[i] = invitation(acme, fmt.Sprint("i", i))
		list[i].Respondent.Body = make([]byte, 200)
	}
	invite(t, s, noon.Add(time.Hour), list...)
	if got := resolve(t, s, "token-i999").Invitation; got.Invitation != "i999" {
		t.Fatalf("%+v", got)
	}
}
