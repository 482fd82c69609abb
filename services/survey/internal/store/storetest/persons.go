package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/services/survey/internal/store"
)

// RunPersons runs the cases of what is kept about persons: for backends whose schema has a place for it.
func RunPersons(t *testing.T, newOpen func(t testing.TB) Open) {
	run(t, newOpen, []testCase{
		{"PersonsAreFound", personsAreFound},
		{"Remove", removeSubmissions},
		{"RemoveOfOthers", removeOfOthers},
		{"ForgetRemovals", forgetRemovals},
		{"RemoveWhileReading", removeWhileReading},
		{"Rewrite", rewrite},
		{"Consents", consents},
		{"ConsentsWithSubmissions", consentsWithSubmissions},
		{"ConsentReplay", consentReplay},
		{"Erasures", erasures},
		{"Usage", usage},
		{"Vaults", vaults},
		{"UsageWhileRemoving", usageWhileRemoving},
		{"Progress", progress},
		{"EmptyMonths", emptyMonths},
	})
}

// person is a pseudonym.
func person(name string) []byte { return fmt.Appendf(nil, "%016s", name) }

func about(who, id string) store.NewSubmission {
	v := submission(id)
	v.Person = person(who)
	return v
}

// ofPerson lists the identifiers of what is about a person.
func ofPerson(t testing.TB, s store.Store, org, who string) []string {
	t.Helper()
	var out []string
	q := store.PersonQuery{Organization: org, Person: person(who), Page: store.Page{Limit: 2}}
	for {
		list, err := s.ListPerson(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return out
		}
		out, q.After = append(out, ids(list)...), list[len(list)-1].Position
	}
}

// removal of a submission that is stored.
func removal(v store.Submission, key string) store.Removal {
	return store.Removal{Position: v.Position, Comments: 1, Key: key, Body: []byte("removal of " + v.ID)}
}

func begun(t testing.TB, s store.Store, org, who string) store.Erasure {
	t.Helper()
	e, err := s.BeginErasure(t.Context(), org, "e-1", person(who), noon)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func personsAreFound(t *testing.T, open Open) {
	s := opened(t, open)
	take(t, s, acme, "visit", about("aida", "a"), about("bakyt", "b"), submission("c"), about("aida", "d"))
	take(t, s, acme, "stay", about("aida", "e"))
	take(t, s, globex, "visit", about("aida", "f"))
	if _, err := s.Accept(t.Context(), acme, "visit", store.KindRefusal, []store.NewSubmission{about("aida", "g")}); err != nil {
		t.Fatal(err)
	}
	equal(t, "about aida", ofPerson(t, s, acme, "aida"), []string{"a", "d", "e", "g"})
	equal(t, "about bakyt", ofPerson(t, s, acme, "bakyt"), []string{"b"})
	equal(t, "elsewhere", ofPerson(t, s, globex, "aida"), []string{"f"})
	equal(t, "about nobody", len(ofPerson(t, s, acme, "nobody")), 0)
	none, err := s.ListPerson(t.Context(), store.PersonQuery{Organization: acme, Page: store.Page{Limit: 9}})
	if err != nil || len(none) != 0 {
		t.Fatalf("without a person: %q, %v", ids(none), err)
	}
	// All of it was noted, be it about somebody or nobody.
	none, err = s.ListUnmarked(t.Context(), store.PersonQuery{Organization: acme, Page: store.Page{Limit: 9}})
	if err != nil || len(none) != 0 {
		t.Fatalf("unmarked: %q, %v", ids(none), err)
	}
}

func removeSubmissions(t *testing.T, open Open) {
	s := opened(t, open)
	begun(t, s, acme, "aida")
	in := take(t, s, acme, "visit", about("aida", "a"), about("bakyt", "b"), about("aida", "c"))
	refused, err := s.Accept(t.Context(), acme, "visit", store.KindRefusal, []store.NewSubmission{about("aida", "r")})
	if err != nil {
		t.Fatal(err)
	}
	r := store.Removals{Organization: acme, Erasure: "e-1", Items: []store.Removal{
		removal(in[2], "k-1"), removal(in[0], "k-2"), removal(refused[0].Submission, "k-1"), {Position: 1 << 40},
	}}
	before, _ := s.Head(t.Context())
	got, err := s.Remove(t.Context(), r)
	if err != nil || got.Count != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	head, err := s.Head(t.Context())
	if err != nil || head != got.Position || head <= before {
		t.Fatalf("head %d before %d, removed at %d, %v", head, before, got.Position, err)
	}
	if err := s.AwaitChange(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	list, err := s.ListSubmissions(t.Context(), store.SubmissionQuery{Organization: acme, Survey: "visit", Kind: store.KindResponse, Page: store.Page{Limit: 9}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "left", ids(list), []string{"b"})
	equal(t, "about aida", len(ofPerson(t, s, acme, "aida")), 0)
	_, err = s.GetSubmission(t.Context(), acme, "visit", store.KindResponse, "a")
	want(t, "get", err, store.ErrNotFound)

	// The log tells what was removed after what was accepted, in the order asked for, and nothing of it any more.
	log, _ := changesOf(t, s, store.ChangeQuery{Organization: acme})
	var told []string
	for _, c := range log {
		told = append(told, fmt.Sprintf("%d %s %s %s", c.Submission.Kind, c.Submission.Survey, c.Submission.ID, c.Submission.Body))
	}
	equal(t, "log", told, []string{"1 visit b body of b", "3 visit c removal of c", "3 visit a removal of a", "3 visit r removal of r"})

	// The identifiers stay used: a retry is told what it stored then, and stores nothing.
	other := about("aida", "c")
	other.Fingerprint = []byte("other")
	out, err := s.Accept(t.Context(), acme, "visit", store.KindResponse, []store.NewSubmission{about("aida", "a"), other})
	if err != nil || !out[0].Replayed || out[0].Submission.Position != in[0].Position || string(out[0].Submission.Body) != "body of a" {
		t.Fatalf("retry: %+v, %v", out, err)
	}
	// What it held is forgotten, so that nobody finds it out by guessing.
	if out[1].Err != nil || !out[1].Replayed {
		t.Errorf("other content under the identifier of what was removed: %+v", out[1])
	}
	_, err = s.Recall(t.Context(), acme, "visit", store.KindResponse, "a", submission("a").Fingerprint)
	want(t, "recall", err, store.ErrNotFound)

	// Again, nothing is left to do.
	if again, err := s.Remove(t.Context(), r); err != nil || again != (store.Removed{}) {
		t.Fatalf("again: %+v, %v", again, err)
	}
	// A removal is none that can be removed.
	if again, err := s.Remove(t.Context(), store.Removals{Organization: acme, Items: []store.Removal{{Position: got.Position}}}); err != nil || again.Count != 0 {
		t.Fatalf("a removal: %+v, %v", again, err)
	}
	if after, _ := s.Head(t.Context()); after != head {
		t.Fatalf("head %d, want %d", after, head)
	}
	e := begun(t, s, acme, "aida")
	equal(t, "erasure", e, store.Erasure{
		Organization: acme, ID: "e-1", Person: person("aida"), BeginTime: noon, Responses: 2, Refusals: 1, Comments: 3, Position: got.Position,
	})
	keys, err := s.ErasedKeys(t.Context(), acme, "e-1")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "keys", keys, []string{"k-1", "k-2"})
}

func removeOfOthers(t *testing.T, open Open) {
	s := opened(t, open)
	theirs := take(t, s, globex, "visit", about("aida", "a"))[0]
	got, err := s.Remove(t.Context(), store.Removals{Organization: acme, Items: []store.Removal{removal(theirs, "")}})
	if err != nil || got.Count != 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := s.Rewrite(t.Context(), acme, []store.NewBody{{Position: theirs.Position, Body: []byte("x")}}); err != nil {
		t.Fatal(err)
	}
	read, err := s.GetSubmission(t.Context(), globex, "visit", store.KindResponse, "a")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "theirs", read, theirs)
}

// removeWhileReading removes while others write and one follows the log: what it is told adds up to what is left.
func removeWhileReading(t *testing.T, open Open) {
	s := opened(t, open)
	const writers, each = 4, 30
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				out, err := s.Accept(t.Context(), acme, "visit", store.KindResponse, []store.NewSubmission{about("aida", fmt.Sprintf("%d-%d", w, i))})
				if err != nil {
					t.Error(err)
					return
				}
				if i%2 == 0 {
					continue
				}
				if got, err := s.Remove(t.Context(), store.Removals{Organization: acme, Items: []store.Removal{removal(out[0].Submission, "")}}); err != nil || got.Count != 1 {
					t.Errorf("%+v, %v", got, err)
				}
			}
		})
	}
	left, removals := map[string]bool{}, 0
	var after int64
	for removals < writers*each/2 || len(left) < writers*each/2 {
		if err := s.AwaitChange(t.Context(), after); err != nil {
			t.Fatal(err)
		}
		list, _ := changesOf(t, s, store.ChangeQuery{After: after, Page: store.Page{Limit: 11}})
		for _, c := range list {
			if c.Position <= after {
				t.Fatalf("position %d after %d", c.Position, after)
			}
			after = c.Position
			if c.Submission.Kind == store.KindRemoval {
				delete(left, c.Submission.ID)
				removals++
			} else {
				left[c.Submission.ID] = true
			}
		}
	}
	wg.Wait()
	got := ofPerson(t, s, acme, "aida")
	for _, id := range got {
		if !left[id] {
			t.Errorf("%s is stored, and the log does not say so", id)
		}
	}
	equal(t, "number left", len(got), len(left))
}

// forgetRemovals takes removals out of the log, which ends where it ended.
func forgetRemovals(t *testing.T, open Open) {
	s := opened(t, open)
	in := take(t, s, acme, "visit", submission("a"), submission("b"), submission("c"))
	got, err := s.Remove(t.Context(), store.Removals{Organization: acme, Items: []store.Removal{removal(in[0], ""), removal(in[1], "")}})
	if err != nil {
		t.Fatal(err)
	}
	all := []int64{in[2].Position, got.Position - 1, got.Position, 1 << 40}
	for _, step := range []struct {
		org  string
		left int
	}{{globex, 3}, {acme, 2}} {
		if err := s.ForgetRemovals(t.Context(), step.org, all); err != nil {
			t.Fatal(err)
		}
		log, head := changesOf(t, s, store.ChangeQuery{})
		if len(log) != step.left || head != got.Position || log[len(log)-1].Submission.ID != "b" {
			t.Fatalf("%s: head %d, want %d; %+v", step.org, head, got.Position, log)
		}
	}
	if next := take(t, s, acme, "visit", submission("d")); next[0].Position <= got.Position {
		t.Fatalf("position %d after %d", next[0].Position, got.Position)
	}
}

func rewrite(t *testing.T, open Open) {
	s := opened(t, open)
	in := take(t, s, acme, "visit", about("aida", "a"), submission("b"))
	if err := s.Rewrite(t.Context(), acme, []store.NewBody{{Position: in[0].Position, Body: []byte("short")}, {Position: 1 << 40, Body: []byte("x")}}); err != nil {
		t.Fatal(err)
	}
	in[0].Body = []byte("short")
	list, err := s.ListSubmissions(t.Context(), store.SubmissionQuery{Organization: acme, Survey: "visit", Kind: store.KindResponse, Page: store.Page{Limit: 9}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "list", list, in)
	equal(t, "about aida", ofPerson(t, s, acme, "aida"), []string{"a"})
}

func erasures(t *testing.T, open Open) {
	s := opened(t, open)
	first := begun(t, s, acme, "aida")
	equal(t, "begun", first, store.Erasure{Organization: acme, ID: "e-1", Person: person("aida"), BeginTime: noon})
	_, err := s.GetErasure(t.Context(), acme, "e-2")
	want(t, "get none", err, store.ErrNotFound)
	_, err = s.BeginErasure(t.Context(), acme, "e-1", person("bakyt"), noon.Add(time.Second))
	want(t, "of another person", err, store.ErrIDReused)
	got, err := s.GetErasure(t.Context(), acme, "e-1")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "after another's try", got, first)
	begun(t, s, globex, "bakyt")
	unsettled := func(before time.Time) []store.Erasure {
		t.Helper()
		list, err := s.UnsettledErasures(t.Context(), before, 9)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	equal(t, "before they began", len(unsettled(noon)), 0)
	settle := func(began time.Time) {
		t.Helper()
		if err := s.SettleErasure(t.Context(), globex, "e-1", began); err != nil {
			t.Fatal(err)
		}
	}
	settle(noon)
	equal(t, "unsettled", unsettled(noon.Add(time.Minute)), []store.Erasure{first})
	if e, err := s.GetErasure(t.Context(), globex, "e-1"); err != nil || !e.Settled {
		t.Errorf("%+v, %v", e, err)
	}
	// Begun anew, it is settled anew, and not by whoever settles the one before.
	anew, err := s.BeginErasure(t.Context(), globex, "e-1", person("bakyt"), noon.Add(time.Second))
	if err != nil || anew.Settled {
		t.Fatalf("%+v, %v", anew, err)
	}
	settle(noon)
	equal(t, "begun anew", unsettled(noon.Add(time.Minute)), []store.Erasure{first, anew})
	settle(noon.Add(time.Second))
	equal(t, "settled", unsettled(noon.Add(time.Minute)), []store.Erasure{first})
}

func emptyMonths(t *testing.T, open Open) {
	s := opened(t, open)
	take(t, s, acme, "visit", submission("a"))
	if n, err := s.DropEmptyMonths(t.Context()); err != nil || n != 0 {
		t.Fatalf("dropped %d, %v", n, err)
	}
	take(t, s, acme, "visit", submission("b"))
}
