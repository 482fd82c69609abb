package storetest

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/services/access/internal/credential"
	"github.com/otklik/otklik/services/access/internal/erasure"
	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

// erasureCases are about erasures.
func erasureCases() []testCase {
	return []testCase{
		{"ErasureRoundTrip", erasureRoundTrip},
		{"ErasureReplay", erasureReplay},
		{"ErasurePages", erasurePages},
		{"ErasuresUnderWay", erasuresUnderWay},
		{"ErasureClaims", erasureClaims},
		{"ErasureClaimsCompete", erasureClaimsCompete},
		{"ErasureOfInvitations", erasureOfInvitations},
		{"ErasureOfDeliveries", erasureOfDeliveries},
		{"ErasureOfWhatIsOnItsWay", erasureOfWhatIsOnItsWay},
	}
}

func running(organization, id string) erasure.Erasure {
	return erasure.Erasure{
		Organization: organization, ID: id, State: erasure.Running, CreateTime: noon, Due: noon,
		Progress: erasure.Progress{Person: "p_" + id, Reason: "request 7", Requester: "key"},
	}
}

func createErasure(t testing.TB, s store.Erasures, e erasure.Erasure) erasure.Erasure {
	t.Helper()
	stored, replayed, err := s.CreateErasure(t.Context(), e)
	if err != nil || replayed {
		t.Fatalf("create %s: replayed %v, %v", e.ID, replayed, err)
	}
	return stored
}

func getErasure(t testing.TB, s store.Erasures, organization, id string) erasure.Erasure {
	t.Helper()
	e, err := s.GetErasure(t.Context(), organization, id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// claimed claims an erasure at a moment; empty when there is none.
func claimed(t testing.TB, s store.Erasures, owner string, at time.Time) string {
	t.Helper()
	e, ok, err := s.ClaimErasure(t.Context(), owner, at, at.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return ""
	}
	return e.Organization + "/" + e.ID
}

func erasureRoundTrip(t *testing.T, open Open) {
	s := open(t)
	one := running(acme, "one")
	createErasure(t, s, one)
	createErasure(t, s, running(globex, "one"))
	_, _, err := s.CreateErasure(t.Context(), one)
	want(t, "create again", err, store.ErrExists)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, open)
	equal(t, "stored", getErasure(t, s, acme, "one"), one)
	_, err = s.GetErasure(t.Context(), "initech", "one")
	want(t, "of another organisation", err, store.ErrNotFound)

	if got := claimed(t, s, "me", noon); got != "acme/one" && got != "globex/one" {
		t.Fatalf("claimed %q", got)
	}
	claimed(t, s, "me", noon)
	one.State, one.EndTime, one.Due = erasure.Succeeded, noon.Add(time.Hour), noon.Add(time.Minute)
	one.Persons = []string{"p_one", "p_two"}
	one.Done, one.Position, one.WaitingFor, one.Attempts = []string{"survey"}, 7, "scoring", 3
	one.Removals = []erasure.Removal{{Service: "survey", Kind: "responses", Place: "database", Count: 2, Note: "note"}}
	if ok, err := s.SaveErasure(t.Context(), one, "me", true); err != nil || !ok {
		t.Fatalf("save: %v, %v", ok, err)
	}
	equal(t, "saved", getErasure(t, s, acme, "one"), one)
	equal(t, "of another organisation", getErasure(t, s, globex, "one"), running(globex, "one"))
	if got := claimed(t, s, "you", noon.Add(time.Hour)); got != "globex/one" {
		t.Fatalf("claimed %q, want the one that runs and whose claim has ended", got)
	}
}

// erasureReplay: of those who create with one request at once, one does, and all get the same.
func erasureReplay(t *testing.T, open Open) {
	s := opened(t, open)
	var group sync.WaitGroup
	var mu sync.Mutex
	ids, replays := map[string]bool{}, 0
	for i := range 6 {
		group.Go(func() {
			e := running(acme, fmt.Sprint("e", i))
			e.RequestID = "request"
			stored, replayed, err := s.CreateErasure(t.Context(), e)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			ids[stored.ID] = true
			if replayed {
				replays++
			}
		})
	}
	group.Wait()
	if len(ids) != 1 || replays != 5 {
		t.Fatalf("%v, %d replays", ids, replays)
	}
	other := running(globex, "other")
	other.RequestID = "request"
	createErasure(t, s, other)
	for id := range ids {
		equal(t, "request", getErasure(t, s, acme, id).RequestID, "request")
	}
}

func erasurePages(t *testing.T, open Open) {
	s := opened(t, open)
	for i := range 5 {
		e := running(acme, fmt.Sprint("e", i))
		e.CreateTime = noon.Add(time.Duration(i/2) * time.Second)
		createErasure(t, s, e)
	}
	createErasure(t, s, running(globex, "g"))
	var got []string
	q := store.Query{Organization: acme, Limit: 2}
	for more := true; more; {
		var part []erasure.Erasure
		var err error
		if part, more, err = s.ListErasures(t.Context(), q, time.Time{}); err != nil {
			t.Fatal(err)
		}
		for _, e := range part {
			got = append(got, e.ID)
			q.Before = store.PlaceOfErasure(e)
		}
	}
	equal(t, "order", got, []string{"e4", "e3", "e2", "e1", "e0"})
}

func erasureClaims(t *testing.T, open Open) {
	s := opened(t, open)
	oldest := func(want time.Time) {
		t.Helper()
		if got, err := s.OldestErasure(t.Context()); err != nil || !got.Equal(want) {
			t.Fatalf("the oldest that runs is of %v, want %v, %v", got, want, err)
		}
	}
	oldest(time.Time{})
	finished := running(globex, "done")
	finished.State, finished.CreateTime = erasure.Succeeded, noon.Add(-time.Hour)
	createErasure(t, s, finished)
	oldest(time.Time{})
	newest := running(globex, "new")
	newest.CreateTime, newest.Due = noon.Add(time.Hour), noon.Add(time.Hour)
	createErasure(t, s, newest)
	oldest(noon.Add(time.Hour))
	late := running(acme, "late")
	late.Due = noon.Add(time.Hour)
	createErasure(t, s, late)
	equal(t, "nothing is due", claimed(t, s, "me", noon), "")
	soon := createErasure(t, s, running(acme, "soon"))
	oldest(noon)
	equal(t, "due", claimed(t, s, "me", noon), "acme/soon")
	equal(t, "claimed", claimed(t, s, "you", noon.Add(30*time.Second)), "")
	hold := func(owner string, until time.Time, want bool) {
		t.Helper()
		if ok, err := s.HoldErasure(t.Context(), acme, "soon", owner, until); err != nil || ok != want {
			t.Fatalf("hold for %s: %v, want %v, %v", owner, ok, want, err)
		}
	}
	hold("me", noon.Add(2*time.Minute), true)
	hold("you", noon.Add(2*time.Minute), false)
	equal(t, "held", claimed(t, s, "you", noon.Add(90*time.Second)), "")
	equal(t, "the claim ended", claimed(t, s, "you", noon.Add(2*time.Minute)), "acme/soon")
	hold("me", noon.Add(time.Hour), false)
	soon.WaitingFor = "mine"
	if ok, err := s.SaveErasure(t.Context(), soon, "me", true); err != nil || ok {
		t.Fatalf("saved without a claim: %v, %v", ok, err)
	}
	soon.WaitingFor = "yours"
	if ok, err := s.SaveErasure(t.Context(), soon, "you", false); err != nil || !ok {
		t.Fatalf("save: %v, %v", ok, err)
	}
	equal(t, "still claimed", claimed(t, s, "me", noon.Add(2*time.Minute+time.Second)), "")
	if ok, err := s.SaveErasure(t.Context(), soon, "you", true); err != nil || !ok {
		t.Fatalf("save: %v, %v", ok, err)
	}
	equal(t, "given up", claimed(t, s, "me", noon.Add(2*time.Minute+time.Second)), "acme/soon")
	equal(t, "longest due first", getErasure(t, s, acme, "soon").WaitingFor, "yours")
}

// erasureClaimsCompete: many who look at once work on different ones.
func erasureClaimsCompete(t *testing.T, open Open) {
	s := opened(t, open)
	const n = 12
	for i := range n {
		createErasure(t, s, running(acme, fmt.Sprint("e", i)))
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	got := map[string]int{}
	for i := range 6 {
		group.Go(func() {
			for {
				e, ok, err := s.ClaimErasure(t.Context(), fmt.Sprint(i), noon, noon.Add(time.Minute))
				if err != nil {
					t.Error(err)
				}
				if !ok {
					return
				}
				mu.Lock()
				got[e.ID]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	for id, times := range got {
		if times != 1 {
			t.Errorf("%s was claimed %d times", id, times)
		}
	}
	if len(got) != n {
		t.Errorf("%d were claimed, want %d", len(got), n)
	}
}

func erasureOfInvitations(t *testing.T, open Open) {
	s := opened(t, open)
	invite := func(organization, id, person string) {
		t.Helper()
		in := store.NewInvitation{
			Invitation: store.Invitation{
				Organization: organization, ID: id, Invitation: "invitation-" + id, Survey: "s1", CreateTime: noon, ExpireTime: noon.Add(time.Hour),
				Respondent: credential.Sealed{Person: person, Body: []byte("sealed")},
			},
			Digest: sha256.Sum256([]byte(organization + id)),
		}
		if err := s.CreateInvitations(t.Context(), []store.NewInvitation{in}); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"a", "b", "c"} {
		invite(acme, id, "p_ann")
		invite(globex, id, "p_ann")
	}
	for _, c := range []struct {
		erasure string
		ids     []string
		keys    int
		want    store.ErasedInvitations
	}{
		{"e1", []string{"a", "unknown"}, 1, store.ErasedInvitations{Tokens: 1, Keys: 1}},
		{"e1", []string{"b"}, 1, store.ErasedInvitations{Tokens: 2, Keys: 2}},
		{"e1", nil, 0, store.ErasedInvitations{Tokens: 2, Keys: 2}},
		{"e2", nil, 0, store.ErasedInvitations{}},
	} {
		got, err := s.EraseInvitations(t.Context(), acme, c.erasure, c.ids, c.keys)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "erased", got, c.want)
	}
	for organization, want := range map[string]int{acme: 1, globex: 3} {
		left, err := s.ListInvited(t.Context(), organization, "p_ann", "", 10)
		if err != nil || len(left) != want {
			t.Fatalf("%s has %d invitations left, want %d, %v", organization, len(left), want, err)
		}
	}
	_, err := s.Resolve(t.Context(), sha256.Sum256([]byte(acme+"a")))
	want(t, "the secret of an erased invitation", err, store.ErrNotFound)
	if _, err := s.Resolve(t.Context(), sha256.Sum256([]byte(acme+"c"))); err != nil {
		t.Fatal(err)
	}
}

// erasureOfDeliveries: messages that name a person go, those of others and of nobody stay.
func erasureOfDeliveries(t *testing.T, open Open) {
	s := opened(t, open)
	for _, organization := range []string{acme, globex} {
		if _, err := s.CreateWebhook(t.Context(), hook(organization, "h", webhook.LightChanged), 1); err != nil {
			t.Fatal(err)
		}
		for i, person := range []string{"p_ann", "p_ann", "p_bob", ""} {
			o := webhook.Occurrence{
				Organization: organization, Event: webhook.LightChanged, Resource: fmt.Sprint("contacts/", i, "/light"), Position: int64(i + 1), Time: noon, Person: person,
			}
			if err := s.EnqueueEvents(t.Context(), []webhook.Occurrence{o}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		erasure, person string
		want            int64
	}{{"e1", "p_ann", 2}, {"e1", "p_ann", 2}, {"e2", "p_ann", 0}, {"e2", "p_nobody", 0}, {"e2", "p_bob", 1}} {
		n, err := s.EraseDeliveries(t.Context(), acme, c.erasure, c.person, noon)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, c.erasure+" "+c.person, n, c.want)
	}
	for organization, want := range map[string]int{acme: 1, globex: 4} {
		left, _, err := s.ListDeliveries(t.Context(), webhook.Ref{Organization: organization, ID: "h"}, store.Query{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "left of "+organization, len(left), want)
	}
}

// erasureOfWhatIsOnItsWay: what was read of a log before an erasure is not stored after it; what happens later, to others or elsewhere is.
func erasureOfWhatIsOnItsWay(t *testing.T, open Open) {
	s := opened(t, open)
	for _, organization := range []string{acme, globex} {
		addHook(t, s, hook(organization, "h", webhook.LightChanged))
	}
	read := func(organization, person string, at time.Time) webhook.Occurrence {
		o := occurrence(organization, webhook.LightChanged, "contacts/"+person+"/light")
		o.Person, o.Time, o.Position = person, at, at.UnixNano()
		return o
	}
	batch := []webhook.Occurrence{read(acme, "p_ann", noon), read(acme, "p_bob", noon), read(globex, "p_ann", noon)}
	if _, _, err := s.HoldFeed(t.Context(), webhook.Attention, "me", noon, noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	start := int64(0)
	want(t, "begin the feed", s.PlaceFeed(t.Context(), webhook.Attention, "me", &start), nil)
	erase := func(until time.Time) {
		t.Helper()
		_, err := s.EraseDeliveries(t.Context(), acme, "e", "p_ann", until)
		want(t, "erase", err, nil)
	}
	erase(noon.Add(time.Minute))
	// A repeated step that is late, by a clock that is behind, takes nothing back.
	erase(noon.Add(-time.Minute))
	want(t, "go on with what was read", s.AdvanceFeed(t.Context(), webhook.Attention, "me", 0, 3, batch), nil)
	enqueue(t, s, read(acme, "p_ann", noon.Add(time.Minute)))
	told := func(organization string) (out []string) {
		t.Helper()
		for _, d := range deliveries(t, s, webhook.Ref{Organization: organization, ID: "h"}) {
			out = append(out, d.Resource)
		}
		return out
	}
	equal(t, "told", told(acme), []string{"contacts/p_bob/light"})
	equal(t, "told another organisation", told(globex), []string{"contacts/p_ann/light"})
	enqueue(t, s, read(acme, "p_ann", noon.Add(2*time.Minute)))
	equal(t, "told of a new beginning", told(acme), []string{"contacts/p_ann/light", "contacts/p_bob/light"})

	// It is remembered for as long as messages are.
	sweep := func(failed time.Time) {
		t.Helper()
		_, err := s.SweepDeliveries(t.Context(), noon, failed, 10)
		want(t, "sweep", err, nil)
	}
	sweep(noon.Add(time.Minute))
	enqueue(t, s, read(acme, "p_ann", noon.Add(time.Second)))
	equal(t, "remembered", len(told(acme)), 2)
	sweep(noon.Add(time.Hour))
	enqueue(t, s, read(acme, "p_ann", noon.Add(time.Second)))
	equal(t, "forgotten", len(told(acme)), 3)
}
