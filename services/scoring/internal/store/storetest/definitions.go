package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/store"
)

// most is how many definitions organisations of the suite may have.
const most = 5

// defined is what somebody says in a version of a definition.
func defined(org, id, body string) store.Definition {
	return store.Definition{Organization: org, ID: id, Author: "key-1", Note: "Ноябрь: " + body, Created: noon, Body: []byte(body)}
}

// create stores a definition with its first version.
func create(t testing.TB, s store.Store, d store.Definition) store.Definition {
	t.Helper()
	stored, err := s.CreateDefinition(context.Background(), d, most)
	if err != nil {
		t.Fatalf("create definition %s: %v", d.ID, err)
	}
	return stored
}

// revise stores the version that follows another one.
func revise(t testing.TB, s store.Store, before store.Definition, body string) store.Definition {
	t.Helper()
	next := before
	next.Author, next.Note, next.Created, next.Body = "key-2", "", before.Created.Add(time.Hour), []byte(body)
	stored, err := s.ReviseDefinition(context.Background(), next)
	if err != nil {
		t.Fatalf("revise definition %s: %v", before.ID, err)
	}
	return stored
}

func definitionsAreVersioned(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	want := defined(acme, "loyalty", "first")
	want.Body = []byte{0, 255, 'f'}
	first := create(t, s, want)
	want.Version, want.Newest, want.Changes = 1, 1, 1
	wantEqual(t, "created", first, want)
	second := revise(t, s, first, "second")
	want = store.Definition{
		Organization: acme, ID: "loyalty", Version: 2, Author: "key-2", Created: noon.Add(time.Hour), Body: []byte("second"), Newest: 2, Changes: 2,
	}
	wantEqual(t, "revised", second, want)
	for version, want := range map[int64]store.Definition{0: second, 1: first, 2: second} {
		got, err := s.Definition(ctx, acme, "loyalty", version)
		if err != nil {
			t.Fatal(err)
		}
		// Of the definition as a whole, an old version tells what holds now.
		want.Newest, want.Changes = 2, 2
		wantEqual(t, fmt.Sprintf("version %d", version), got, want)
	}
	for name, ask := range map[string]func() error{
		"a version to come":      func() error { _, err := s.Definition(ctx, acme, "loyalty", 3); return err },
		"another definition":     func() error { _, err := s.Definition(ctx, acme, "loyal", 0); return err },
		"another organisation":   func() error { _, err := s.Definition(ctx, globex, "loyalty", 0); return err },
		"a version of another's": func() error { _, err := s.Definition(ctx, globex, "loyalty", 1); return err },
	} {
		if err := ask(); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", name, err)
		}
	}
}

// definitionsConflict changes only what nobody changed meanwhile.
func definitionsConflict(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	first := create(t, s, defined(acme, "loyalty", "first"))
	if _, err := s.CreateDefinition(ctx, defined(acme, "loyalty", "again"), most); !errors.Is(err, store.ErrTaken) {
		t.Errorf("create again: %v, want ErrTaken", err)
	}
	second := revise(t, s, first, "second")
	if _, err := s.ReviseDefinition(ctx, first); !errors.Is(err, store.ErrChanged) {
		t.Errorf("revise what was revised: %v, want ErrChanged", err)
	}
	retirement := store.Retirement{Author: "key-3", Note: "Больше не нужно", Time: noon.Add(2 * time.Hour)}
	if _, err := s.RetireDefinition(ctx, acme, "loyalty", first.Changes, retirement); !errors.Is(err, store.ErrChanged) {
		t.Errorf("retire what was revised: %v, want ErrChanged", err)
	}
	other := second
	other.Organization = globex
	if _, err := s.ReviseDefinition(ctx, other); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("revise another organisation's: %v, want ErrNotFound", err)
	}
	if _, err := s.RetireDefinition(ctx, globex, "loyalty", second.Changes, retirement); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("retire another organisation's: %v, want ErrNotFound", err)
	}
	retired, err := s.RetireDefinition(ctx, acme, "loyalty", second.Changes, retirement)
	if err != nil {
		t.Fatal(err)
	}
	want := second
	want.Changes, want.Retired = 3, &retirement
	wantEqual(t, "retired", retired, want)
	got, err := s.Definition(ctx, acme, "loyalty", 1)
	if err != nil || got.Retired == nil || string(got.Body) != "first" {
		t.Errorf("version 1 of what is retired: %+v, %v", got, err)
	}
	if _, err := s.ReviseDefinition(ctx, retired); !errors.Is(err, store.ErrRetired) {
		t.Errorf("revise what is retired: %v, want ErrRetired", err)
	}
	if _, err := s.RetireDefinition(ctx, acme, "loyalty", retired.Changes, retirement); !errors.Is(err, store.ErrRetired) {
		t.Errorf("retire again: %v, want ErrRetired", err)
	}
	if _, err := s.CreateDefinition(ctx, defined(acme, "loyalty", "anew"), most); !errors.Is(err, store.ErrTaken) {
		t.Errorf("create what is retired: %v, want ErrTaken", err)
	}
	create(t, s, defined(globex, "loyalty", "theirs"))
}

func definitionsAreListed(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	// By bytes: a language would put the underscore elsewhere.
	var want []store.Definition
	for _, id := range []string{"a-b", "a0", "a_b", "aa", "b"} {
		want = append(want, revise(t, s, create(t, s, defined(acme, id, "first")), "second of "+id))
	}
	if _, err := s.CreateDefinition(ctx, defined(acme, "c", "one more"), most); !errors.Is(err, store.ErrTooMany) {
		t.Errorf("one more than allowed: %v, want ErrTooMany", err)
	}
	create(t, s, defined(globex, "aaa", "theirs"))
	var err error
	if want[3], err = s.RetireDefinition(ctx, acme, "aa", want[3].Changes, store.Retirement{Author: "key-3", Time: noon}); err != nil {
		t.Fatal(err)
	}
	list := func(retired bool) (all []store.Definition) {
		for after := ""; ; after = all[len(all)-1].ID {
			page, err := s.ListDefinitions(ctx, acme, after, retired, 2)
			if err != nil {
				t.Fatal(err)
			}
			if all = append(all, page...); len(page) < 2 {
				return all
			}
		}
	}
	wantEqual(t, "all", list(true), want)
	wantEqual(t, "in use", list(false), append(append([]store.Definition{}, want[:3]...), want[4]))
}

func definitionVersionsAreListed(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	var want []store.Definition
	d := create(t, s, defined(acme, "loyalty", "version 1"))
	want = append(want, d)
	for i := 2; i <= 5; i++ {
		d = revise(t, s, d, fmt.Sprintf("version %d", i))
		want = append([]store.Definition{d}, want...)
	}
	create(t, s, defined(acme, "other", "other"))
	create(t, s, defined(globex, "loyalty", "theirs"))
	for i := range want {
		want[i].Newest, want[i].Changes = 5, 5
	}
	first, err := s.DefinitionVersions(ctx, acme, "loyalty", 0, 3)
	if err != nil || len(first) != 3 {
		t.Fatalf("first page %+v, %v", first, err)
	}
	// One that is made meanwhile does not move the others.
	revise(t, s, d, "version 6")
	rest, err := s.DefinitionVersions(ctx, acme, "loyalty", first[2].Version, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rest {
		rest[i].Newest, rest[i].Changes = 5, 5
	}
	wantEqual(t, "versions", append(first, rest...), want)
	if none, err := s.DefinitionVersions(ctx, acme, "none", 0, 3); err != nil || len(none) > 0 {
		t.Errorf("of no definition: %+v, %v", none, err)
	}
}

// definitionsCompete lets one of those win who change the same version at the same time.
func definitionsCompete(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	stores := []store.Store{s, s}
	if s.Shared() {
		stores[1] = opened(t, open)
	}
	const writers = 8
	var created, revised, lost atomic.Int32
	var work sync.WaitGroup
	for i := range writers {
		work.Go(func() {
			switch _, err := stores[i%2].CreateDefinition(ctx, defined(acme, "loyalty", fmt.Sprint(i)), most); {
			case err == nil:
				created.Add(1)
			case !errors.Is(err, store.ErrTaken):
				t.Errorf("create: %v", err)
			}
		})
	}
	work.Wait()
	d, err := s.Definition(ctx, acme, "loyalty", 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range writers {
		work.Go(func() {
			next := d
			next.Body = fmt.Append(nil, "revision ", i)
			switch _, err := stores[i%2].ReviseDefinition(ctx, next); {
			case err == nil:
				revised.Add(1)
			case errors.Is(err, store.ErrChanged):
				lost.Add(1)
			default:
				t.Errorf("revise: %v", err)
			}
		})
	}
	work.Wait()
	if created.Load() != 1 || revised.Load() != 1 || lost.Load() != writers-1 {
		t.Errorf("%d created, %d revised and %d lost; want 1, 1 and %d", created.Load(), revised.Load(), lost.Load(), writers-1)
	}
	versions, err := s.DefinitionVersions(ctx, acme, "loyalty", 0, 10)
	if err != nil || len(versions) != 2 || versions[0].Version != 2 || versions[0].Changes != 2 {
		t.Errorf("versions %+v, %v", versions, err)
	}
}

// definitionsOutlastTheScores keeps definitions when everything that comes from the change log goes, and when the store is opened again.
func definitionsOutlastTheScores(t *testing.T, open Open) {
	ctx := context.Background()
	s := open(t)
	divide(t, s)
	want := create(t, s, defined(acme, "loyalty", "first"))
	apply(t, s, 0, 5, changes(live(acme), facts("shop", 1, 5)...))
	if err := s.Clear(ctx, marks(t, s).Epoch, "another log", noon); err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		var err error
		if more, err = s.Sweep(ctx, 10); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := opened(t, open).Definition(ctx, acme, "loyalty", 0)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "definition", got, want)
}

// definitionMethods are the methods of a store that keep definitions, for tests of what holds for each method.
func definitionMethods(s store.Store) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"CreateDefinition": func(ctx context.Context) error {
			_, err := s.CreateDefinition(ctx, defined(acme, "x", "x"), most)
			return err
		},
		"ReviseDefinition": func(ctx context.Context) error {
			_, err := s.ReviseDefinition(ctx, defined(acme, "x", "x"))
			return err
		},
		"RetireDefinition": func(ctx context.Context) error {
			_, err := s.RetireDefinition(ctx, acme, "x", 1, store.Retirement{Time: noon})
			return err
		},
		"Definition":         func(ctx context.Context) error { _, err := s.Definition(ctx, acme, "x", 0); return err },
		"ListDefinitions":    func(ctx context.Context) error { _, err := s.ListDefinitions(ctx, acme, "", true, 1); return err },
		"DefinitionVersions": func(ctx context.Context) error { _, err := s.DefinitionVersions(ctx, acme, "x", 0, 1); return err },
	}
}
