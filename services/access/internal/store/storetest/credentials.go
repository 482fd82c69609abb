package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/services/access/internal/store"
)

// credentialCases are about secrets, whatever they belong to.
func credentialCases() []testCase {
	return []testCase{
		{"Uses", uses},
		{"UsesOverlap", usesOverlap},
		{"Sweep", sweep},
		{"SecretsSurviveReopening", secretsSurviveReopening},
	}
}

func uses(t *testing.T, open Open) {
	s := opened(t, open)
	createKey(t, s, acme, "till", "s1")
	if _, err := s.RotateKey(t.Context(), acme, "till", 1, secret("s2"), noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	note := func(uses ...store.Use) {
		t.Helper()
		if err := s.NoteUse(t.Context(), uses); err != nil {
			t.Fatal(err)
		}
	}
	at := func(text string, minutes int) store.Use {
		return store.Use{Digest: digest(text), Time: noon.Add(time.Duration(minutes) * time.Minute)}
	}
	check := func(key, first, second int) {
		t.Helper()
		got, err := s.GetKey(t.Context(), acme, "till")
		if err != nil {
			t.Fatal(err)
		}
		last := map[string]time.Time{}
		for _, v := range got.Secrets {
			last[v.Hint] = v.LastUseTime
		}
		minutes := func(m int) time.Time {
			if m < 0 {
				return time.Time{}
			}
			return noon.Add(time.Duration(m) * time.Minute)
		}
		if !got.LastUseTime.Equal(minutes(key)) || !last["1"].Equal(minutes(first)) || !last["2"].Equal(minutes(second)) {
			t.Fatalf("used at %v; secrets %v", got.LastUseTime, last)
		}
		if got.Version != 2 {
			t.Fatalf("being used has changed the key: version %d", got.Version)
		}
	}
	check(-1, -1, -1)
	note(at("s1", 5), at("unknown", 7))
	check(5, 5, -1)
	note(at("s2", 3))
	check(5, 5, 3)
	note(at("s2", 9), at("s1", 2), at("s2", 8))
	check(9, 5, 9)
}

// usesOverlap: reports of many processes about the same keys do not get in each other's way.
func usesOverlap(t *testing.T, open Open) {
	s := opened(t, open)
	const keys = 20
	for i := range keys {
		createKey(t, s, acme, fmt.Sprint("k", i), fmt.Sprint("secret", i))
	}
	var wg sync.WaitGroup
	for p := range 6 {
		wg.Go(func() {
			for round := range 5 {
				batch := make([]store.Use, keys)
				for i := range batch {
					// Each process has its own order.
					batch[i] = store.Use{Digest: digest(fmt.Sprint("secret", (i*7+p*3)%keys)), Time: noon.Add(time.Duration(round*10+p) * time.Second)}
				}
				if err := s.NoteUse(t.Context(), batch); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range 3 {
		wg.Go(func() {
			id := fmt.Sprint("k", i)
			key, err := s.GetKey(t.Context(), acme, id)
			if err == nil {
				_, err = s.RotateKey(t.Context(), acme, id, key.Version, secret(fmt.Sprint("more", i)), noon.Add(time.Hour))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range keys {
		key, err := s.GetKey(t.Context(), acme, fmt.Sprint("k", i))
		if err != nil || !key.LastUseTime.Equal(noon.Add(45*time.Second)) {
			t.Fatalf("%s was used at %v, %v", key.ID, key.LastUseTime, err)
		}
	}
}

func sweep(t *testing.T, open Open) {
	s := opened(t, open)
	createKey(t, s, acme, "till", "s1")
	if _, err := s.RotateKey(t.Context(), acme, "till", 1, secret("s2"), noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	createMember(t, s, person(acme, "ann", "sub-ann", ""))
	for i := range 3 {
		session(t, s, "ann", fmt.Sprint("session", i), noon.Add(time.Duration(i+1)*time.Hour))
	}
	invite(t, s, noon.Add(time.Hour), invitation(acme, "i1"), invitation(acme, "i2"))
	invite(t, s, noon.Add(9*time.Hour), invitation(acme, "i3"))

	sweepAll := func(before time.Time) (total int) {
		t.Helper()
		for {
			n, err := s.SweepEnded(t.Context(), before, 2)
			if err != nil || n > 4 {
				t.Fatalf("%d removed, %v", n, err)
			}
			if n == 0 {
				return total
			}
			total += n
		}
	}
	if n := sweepAll(noon.Add(time.Hour)); n != 0 {
		t.Fatalf("%d removed before anything had ended", n)
	}
	// A secret of a key, a session, two invitations with their secrets.
	if n := sweepAll(noon.Add(time.Hour + 1)); n != 6 {
		t.Fatalf("%d removed", n)
	}
	for _, gone := range []string{"s1", "session0", "token-i1", "token-i2"} {
		unresolved(t, s, gone)
	}
	for _, kept := range []string{"s2", "session1", "session2", "token-i3"} {
		resolve(t, s, kept)
	}
	if key, err := s.GetKey(t.Context(), acme, "till"); err != nil || len(key.Secrets) != 1 {
		t.Fatalf("%+v, %v", key, err)
	}
	// The identifier of a swept invitation is free.
	invite(t, s, noon.Add(9*time.Hour), invitation(acme, "i1"))
}

func secretsSurviveReopening(t *testing.T, open Open) {
	s := open(t)
	createKey(t, s, acme, "till", "s1")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := s.Resolve(t.Context(), digest("s1"))
	want(t, "resolve after close", err, store.ErrClosed)
	_, err = s.CreateKey(t.Context(), keyOf(acme, "web"), secret("s2"))
	want(t, "create after close", err, store.ErrClosed)
	s = opened(t, open)
	if got := resolve(t, s, "s1").Key.ID; got != "till" {
		t.Fatalf("resolved %s", got)
	}
	if _, err := s.GetKey(ended(t), acme, "till"); err == nil {
		t.Fatal("a call whose context has ended succeeded")
	}
}
