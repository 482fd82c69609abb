package erasuretest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/otklik/otklik/services/access/internal/erasure"
)

// Fixture is a holder under test, which keeps nothing at first.
type Fixture struct {
	Holder erasure.Holder
	// Put makes the holder keep n more things of a person, of which Export tells n records.
	Put func(t testing.TB, organization, respondent string, n int)
	// Kind is the kind of the removals that count those things.
	Kind string
	// Person is the pseudonym of a respondent; nil where things are kept under what Put gets.
	Person func(t testing.TB, organization, respondent string) string
}

// person is what the holder knows a respondent by.
func (f Fixture) person(t testing.TB, organization, respondent string) string {
	if f.Person == nil {
		return respondent
	}
	return f.Person(t, organization, respondent)
}

// step erases what is kept of a respondent.
func (f Fixture) step(t testing.TB, organization, respondent, id string) erasure.Step {
	person := f.person(t, organization, respondent)
	return erasure.Step{Organization: organization, Person: person, Persons: []string{person}, Erasure: erasure.NamePrefix + id}
}

// RunHolder holds a holder to the contract. newFixture is called for each case.
func RunHolder(t *testing.T, newFixture func(t testing.TB) Fixture) {
	for name, run := range map[string]func(*testing.T, Fixture){
		"Nothing":       nothing,
		"EraseAndTell":  eraseAndTell,
		"OthersStay":    othersStay,
		"Repeated":      repeated,
		"FoundSince":    foundSince,
		"ErrorOfReader": errorOfReader,
		"Ended":         ended,
	} {
		t.Run(name, func(t *testing.T) { run(t, newFixture(t)) })
	}
}

// names exports what is kept of a person.
func names(t *testing.T, f Fixture, organization, respondent string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	err := f.Holder.Export(t.Context(), organization, f.person(t, organization, respondent), func(r erasure.Record) error {
		if r.Service != f.Holder.Name() || r.Kind == "" || r.Name == "" || len(r.Content) == 0 {
			t.Errorf("record %+v does not say what it is of whom", r)
		}
		if out[r.Kind+" "+r.Name] {
			t.Errorf("%s is told twice", r.Name)
		}
		out[r.Kind+" "+r.Name] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func expect(t *testing.T, f Fixture, organization, respondent string, want int) {
	t.Helper()
	if got := names(t, f, organization, respondent); len(got) != want {
		t.Fatalf("%s of %s: %d records, want %d: %v", respondent, organization, len(got), want, got)
	}
}

// erase erases a person and returns how many things the receipt counts.
func erase(t *testing.T, f Fixture, organization, respondent, id string) int64 {
	t.Helper()
	removals, _, err := f.Holder.Erase(t.Context(), f.step(t, organization, respondent, id))
	if err != nil {
		t.Fatal(err)
	}
	var n int64
	lines := map[string]bool{}
	for _, r := range removals {
		if r.Service != f.Holder.Name() || r.Kind == "" || r.Count < 0 {
			t.Errorf("line %+v does not say what was removed by whom", r)
		}
		if line := r.Kind + " " + r.Place; lines[line] {
			t.Errorf("two lines for %s", line)
		} else {
			lines[line] = true
		}
		if r.Kind == f.Kind {
			n += r.Count
		}
	}
	return n
}

func want(t *testing.T, what string, got, want int64) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: the receipt counts %d, want %d", what, got, want)
	}
}

func nothing(t *testing.T, f Fixture) {
	expect(t, f, "acme", "nobody", 0)
	want(t, "nobody", erase(t, f, "acme", "nobody", "e1"), 0)
}

func eraseAndTell(t *testing.T, f Fixture) {
	f.Put(t, "acme", "ann", 3)
	expect(t, f, "acme", "ann", 3)
	want(t, "ann", erase(t, f, "acme", "ann", "e1"), 3)
	expect(t, f, "acme", "ann", 0)
}

// othersStay: other persons, persons of the same identifier in other organisations, and identifiers that begin alike.
func othersStay(t *testing.T, f Fixture) {
	others := [][2]string{{"acme", "bob"}, {"globex", "ann"}, {"acme", "anna"}, {"acme", "an"}, {"acme", "ANN"}, {"acme", "ann "}}
	for i, o := range others {
		f.Put(t, o[0], o[1], i+1)
	}
	f.Put(t, "acme", "ann", 2)
	expect(t, f, "acme", "ann", 2)
	want(t, "ann", erase(t, f, "acme", "ann", "e1"), 2)
	for i, o := range others {
		expect(t, f, o[0], o[1], i+1)
	}
}

// repeated: the same erasure tells the same, another one that nothing was left.
func repeated(t *testing.T, f Fixture) {
	f.Put(t, "acme", "ann", 2)
	f.Put(t, "globex", "ann", 5)
	for i := range 3 {
		want(t, fmt.Sprint("call ", i), erase(t, f, "acme", "ann", "e1"), 2)
	}
	want(t, "another erasure", erase(t, f, "acme", "ann", "e2"), 0)
	want(t, "an erasure of the same name in another organisation", erase(t, f, "globex", "ann", "e1"), 5)
}

func foundSince(t *testing.T, f Fixture) {
	f.Put(t, "acme", "ann", 2)
	want(t, "first", erase(t, f, "acme", "ann", "e1"), 2)
	f.Put(t, "acme", "ann", 1)
	expect(t, f, "acme", "ann", 1)
	want(t, "together with what came since", erase(t, f, "acme", "ann", "e1"), 3)
	expect(t, f, "acme", "ann", 0)
}

func errorOfReader(t *testing.T, f Fixture) {
	f.Put(t, "acme", "ann", 2)
	enough, calls := errors.New("enough"), 0
	err := f.Holder.Export(t.Context(), "acme", f.person(t, "acme", "ann"), func(erasure.Record) error {
		calls++
		return enough
	})
	if !errors.Is(err, enough) || calls != 1 {
		t.Fatalf("%d calls, %v", calls, err)
	}
}

func ended(t *testing.T, f Fixture) {
	f.Put(t, "acme", "ann", 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := f.Holder.Erase(ctx, f.step(t, "acme", "ann", "e1")); err == nil {
		t.Fatal("erased although the call has ended")
	}
	want(t, "afterwards", erase(t, f, "acme", "ann", "e1"), 1)
}
