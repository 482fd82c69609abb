package storetest

import (
	"fmt"
	"testing"

	"github.com/otklik/otklik/services/survey/internal/store"
)

func consent(org, who, id string) store.Consent {
	return store.Consent{Organization: org, Person: person(who), ID: id, Key: "key-of-" + who, Body: []byte("consent " + id)}
}

func record(t testing.TB, s store.Store, c store.Consent) {
	t.Helper()
	got, replayed, err := s.RecordConsent(t.Context(), c, store.Request{})
	if err != nil || replayed {
		t.Fatalf("record %s: replayed %v, %v", c.ID, replayed, err)
	}
	equal(t, "recorded", got, c)
}

// consentsOf lists the identifiers of a person's decisions.
func consentsOf(t testing.TB, s store.Store, org, who string) []string {
	t.Helper()
	list, err := s.ListConsents(t.Context(), org, person(who), 100)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(list))
	for i, c := range list {
		equal(t, "consent", c, consent(org, who, c.ID))
		out[i] = c.ID
	}
	return out
}

func consents(t *testing.T, open Open) {
	s := opened(t, open)
	for _, id := range []string{"b", "a", "c"} {
		record(t, s, consent(acme, "aida", id))
	}
	record(t, s, consent(acme, "bakyt", "d"))
	record(t, s, consent(globex, "aida", "a"))
	equal(t, "of aida", consentsOf(t, s, acme, "aida"), []string{"c", "b", "a"})
	equal(t, "elsewhere", consentsOf(t, s, globex, "aida"), []string{"a"})
	list, err := s.ListConsents(t.Context(), acme, person("aida"), 2)
	if err != nil || len(list) != 2 || list[0].ID != "c" {
		t.Fatalf("%+v, %v", list, err)
	}
	begun(t, s, acme, "aida")
	other := consent(acme, "aida", "e")
	other.Key = "another-key"
	record(t, s, other)
	for keys, wanted := range map[string]int{"a-key-of-nothing": 0, other.Key: 1} {
		if n, err := s.EraseConsents(t.Context(), acme, person("aida"), "e-1", []string{keys}); err != nil || n != wanted {
			t.Fatalf("erased %d that are sealed with %s, want %d, %v", n, keys, wanted, err)
		}
	}
	if n, err := s.EraseConsents(t.Context(), acme, person("aida"), "e-1", []string{}); err != nil || n != 0 {
		t.Fatalf("erased %d that are sealed with none, %v", n, err)
	}
	equal(t, "of aida", consentsOf(t, s, acme, "aida"), []string{"c", "b", "a"})
	for _, wanted := range []int{3, 0} {
		if n, err := s.EraseConsents(t.Context(), acme, person("aida"), "e-1", nil); err != nil || n != wanted {
			t.Fatalf("erased %d, want %d, %v", n, wanted, err)
		}
	}
	equal(t, "of aida", len(consentsOf(t, s, acme, "aida")), 0)
	equal(t, "of bakyt", consentsOf(t, s, acme, "bakyt"), []string{"d"})
	equal(t, "elsewhere", consentsOf(t, s, globex, "aida"), []string{"a"})
	if e := begun(t, s, acme, "aida"); e.Consents != 4 {
		t.Errorf("%+v", e)
	}
	keys, err := s.ErasedKeys(t.Context(), acme, "e-1")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "keys", keys, []string{other.Key, "key-of-aida"})
}

// consentsWithSubmissions: decisions are stored with what they came with, and not with a retry of it.
func consentsWithSubmissions(t *testing.T, open Open) {
	s := opened(t, open)
	first, second, plain := about("aida", "a"), about("aida", "b"), about("aida", "c")
	first.Consents = []store.Consent{consent(acme, "aida", "1"), consent(acme, "aida", "2")}
	second.Consents = []store.Consent{consent(acme, "aida", "3")}
	take(t, s, acme, "visit", first, plain)
	retry := about("aida", "a")
	retry.Consents = []store.Consent{consent(acme, "aida", "4"), consent(acme, "aida", "5")}
	out, err := s.Accept(t.Context(), acme, "visit", store.KindResponse, []store.NewSubmission{retry, second})
	if err != nil || !out[0].Replayed || out[1].Replayed {
		t.Fatalf("%+v, %v", out, err)
	}
	equal(t, "decisions", consentsOf(t, s, acme, "aida"), []string{"3", "2", "1"})
}

func consentReplay(t *testing.T, open Open) {
	s := opened(t, open)
	request := store.Request{Key: "r-1", Fingerprint: []byte("print")}
	first := consent(acme, "aida", "a")
	for i, again := range []bool{false, true, true} {
		got, replayed, err := s.RecordConsent(t.Context(), consent(acme, "aida", string(rune('a'+i))), request)
		if err != nil || replayed != again {
			t.Fatalf("call %d: replayed %v, %v", i, replayed, err)
		}
		equal(t, "stored", got, first)
	}
	_, _, err := s.RecordConsent(t.Context(), consent(acme, "aida", "x"), store.Request{Key: "r-1", Fingerprint: []byte("other")})
	want(t, "other content", err, store.ErrIDReused)
	if _, replayed, err := s.RecordConsent(t.Context(), consent(globex, "aida", "x"), request); err != nil || replayed {
		t.Fatalf("another organisation's: replayed %v, %v", replayed, err)
	}
	begun(t, s, acme, "aida")
	if _, err := s.EraseConsents(t.Context(), acme, person("aida"), "e-1", nil); err != nil {
		t.Fatal(err)
	}
	got, replayed, err := s.RecordConsent(t.Context(), consent(acme, "aida", "z"), request)
	if err != nil || !replayed || got.ID != "a" {
		t.Fatalf("after the erasure: %+v, replayed %v, %v", got, replayed, err)
	}
	equal(t, "decisions", len(consentsOf(t, s, acme, "aida")), 0)
	// The key of a request that created a survey is another one.
	if _, _, err := s.CreateSurvey(t.Context(), draft(acme, "visit"), request); err != nil {
		t.Fatal(fmt.Errorf("create a survey with the same request id: %w", err))
	}
}
