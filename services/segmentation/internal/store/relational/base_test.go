package relational

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otklik/otklik/libs/relational/sqlite"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"
)

// What verticals build on is told by no method of the store: it is tested from within, on one database. That their methods do the same on both is for storetest.

func begin(t *testing.T) *Store {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "segmentation.db"), os.DirFS("../sqlite/migrations"))
	if err != nil {
		t.Fatal(err)
	}
	s := New(db)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// do writes.
func do(t *testing.T, s *Store, fn func(ctx context.Context, w *writing) error) {
	t.Helper()
	if err := s.write(t.Context(), "test", fn); err != nil {
		t.Fatal(err)
	}
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func event(resource, contact string, person []byte) store.Event {
	return store.Event{Kind: store.CaseOpened, Resource: resource, Contact: contact, Person: person, Company: "c1", Body: []byte(`{}`), Time: noon}
}

func TestTell(t *testing.T) {
	t.Parallel()
	s, ctx := begin(t), t.Context()
	told := s.Told()
	undone := errors.New("undone")
	err := s.write(ctx, "test", func(ctx context.Context, w *writing) error {
		return errors.Join(w.tell(ctx, "acme", event("cases/0", "", nil)), undone)
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	select {
	case <-told:
		t.Fatal("what was undone was told")
	default:
	}
	do(t, s, func(ctx context.Context, w *writing) error {
		return errors.Join(w.tell(ctx, "acme", event("cases/1", "", nil)), w.tell(ctx, "other", event("cases/1", "", nil)), w.tell(ctx, "acme", event("cases/2", "", nil)))
	})
	select {
	case <-told:
	default:
		t.Fatal("who waits is not woken")
	}
	events, head, err := s.OutboxEvents(ctx, "", 1, 10)
	want := event("cases/2", "", nil)
	want.Position, want.Organization = 3, "acme"
	if err != nil || head != (store.Head{Position: 3, Last: 3}) || len(events) != 2 || cmp.Diff(want, events[1]) != "" {
		t.Errorf("%+v, %+v, %v", events, head, err)
	}
	events, head, err = s.OutboxEvents(ctx, "other", 0, 10)
	if err != nil || head != (store.Head{Position: 2, Last: 3}) || len(events) != 1 || events[0].Position != 2 {
		t.Errorf("%+v, %+v, %v", events, head, err)
	}
	do(t, s, func(ctx context.Context, w *writing) error { return w.untell(ctx, "acme", store.CaseOpened, "cases/2") })
	do(t, s, func(ctx context.Context, w *writing) error { return w.tell(ctx, "acme", event("cases/3", "", nil)) })
	events, head, err = s.OutboxEvents(ctx, "acme", 0, 10)
	if err != nil || head.Last != 4 || len(events) != 2 || events[1].Position != 4 {
		t.Errorf("a position was given again: %+v, %+v, %v", events, head, err)
	}
}

// entry is an entry of a timeline.
func entry(contact, resource string, person []byte) store.TimelineEntry {
	return store.TimelineEntry{Organization: "acme", Contact: contact, Person: person, Time: noon, Kind: timeline.CaseKind, Resource: resource, Body: []byte(`{"event":"opened"}`)}
}

// names are the resources that a person's export names, by kind.
func names(t *testing.T, s *Store, person []byte) map[string][]string {
	t.Helper()
	list, err := s.ListPerson(t.Context(), "acme", person)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, r := range list {
		if r.Kind != "timeline_entries" && r.Kind != "events" {
			// What verticals keep is for storetest.
			continue
		}
		out[r.Kind] = append(out[r.Kind], r.Name+" of "+r.Contact)
	}
	return out
}

func TestMergeSplitErase(t *testing.T) {
	t.Parallel()
	s, ctx := begin(t), t.Context()
	one, two := []byte("pseudonym-one..."), []byte("pseudonym-two...")
	var a, b string
	do(t, s, func(ctx context.Context, w *writing) (err error) {
		if a, err = contactOf(ctx, w, "acme", one); err != nil {
			return err
		}
		b, err = contactOf(ctx, w, "acme", two)
		return err
	})
	do(t, s, func(ctx context.Context, w *writing) error {
		return errors.Join(
			w.remember(ctx, entry(a, "cases/0", one)), w.remember(ctx, entry(a, "cases/1", one)), w.remember(ctx, entry(a, "cases/2", nil)),
			w.remember(ctx, entry(b, "cases/3", two)), w.tell(ctx, "acme", event("cases/3", b, two)), w.remember(ctx, entry(b, "cases/4", two)),
			w.forget(ctx, "acme", timeline.CaseKind, "cases/0"), w.forget(ctx, "acme", timeline.LightKind, "cases/1"),
		)
	})
	// What is remembered again takes the place of what was.
	do(t, s, func(ctx context.Context, w *writing) error { return w.remember(ctx, entry(b, "cases/4", two)) })
	want := map[string][]string{"timeline_entries": {"cases/1 of " + a, "cases/2 of " + a}}
	if diff := cmp.Diff(want, names(t, s, one)); diff != "" {
		t.Errorf("before: %s", diff)
	}
	do(t, s, func(ctx context.Context, w *writing) error { return w.moveAll(ctx, "acme", b, a) })
	want = map[string][]string{"timeline_entries": {"cases/1 of " + a, "cases/2 of " + a, "cases/3 of " + a, "cases/4 of " + a}, "events": {"cases/3 of " + a}}
	if diff := cmp.Diff(want, names(t, s, one)); diff != "" {
		t.Errorf("merged: %s", diff)
	}
	do(t, s, func(ctx context.Context, w *writing) error { return w.movePerson(ctx, "acme", a, b, two) })
	want = map[string][]string{"timeline_entries": {"cases/3 of " + b, "cases/4 of " + b}, "events": {"cases/3 of " + b}}
	if diff := cmp.Diff(want, names(t, s, two)); diff != "" {
		t.Errorf("split: %s", diff)
	}
	do(t, s, func(ctx context.Context, w *writing) error {
		return w.countErased(ctx, "acme", "e", "timeline_entries", 5)
	})
	if err := s.ErasePerson(ctx, "acme", "e", two); err != nil {
		t.Fatal(err)
	}
	if left := names(t, s, two); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	if diff := cmp.Diff(map[string][]string{"timeline_entries": {"cases/1 of " + a, "cases/2 of " + a}}, names(t, s, one)); diff != "" {
		t.Errorf("left of another one: %s", diff)
	}
	counts, err := s.Erased(ctx, "acme", "e")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range counts {
		if c.Kind == "contacts" || c.Kind == "identities" {
			continue
		}
		if want := map[string]int64{"timeline_entries": 7, "events": 1}[c.Kind]; c.Count != want {
			t.Errorf("%d %s were counted, want %d", c.Count, c.Kind, want)
		}
	}
}

// TestPersonTables keeps the tables of persons such that an export, a merge and an erasure find their way by indexes.
func TestPersonTables(t *testing.T) {
	t.Parallel()
	s := begin(t)
	for _, p := range personTables() {
		conditions := p.about("acme", []byte("x"), []string{"a"})
		if p.byPerson {
			conditions = append(conditions, where{"organization = $1 AND person = $2 AND contact <> ''", []any{"acme", []byte("x")}})
		}
		for _, w := range conditions {
			rows, err := s.db.Query(t.Context(), `EXPLAIN QUERY PLAN SELECT 1 FROM `+p.table+` WHERE `+w.condition, w.args...)
			if err != nil {
				t.Fatalf("%s: %v", p.table, err)
			}
			for rows.Next() {
				var id, parent, unused int
				var line string
				if err := rows.Scan(&id, &parent, &unused, &line); err != nil {
					t.Fatal(err)
				}
				// A search by the organisation alone is none. What could not be applied is little, and has no contact.
				isBroad := strings.Contains(line, "SCAN "+p.table) || strings.HasSuffix(line, "(organization=?)")
				if isBroad && (p.table != "dead_letters" || w.condition != ofContact) {
					t.Errorf("rows of %s are not found by an index where %s: %s", p.table, w.condition, line)
				}
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
}
