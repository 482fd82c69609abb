package postgres

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// months lists the partitions of submissions.
func months(t *testing.T, s *Store) (names []string) {
	t.Helper()
	rows, err := s.db.Pool.Query(t.Context(), sqlMonths)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// TestDropEmptyMonths: months that are over are dropped when they are empty, and not before.
func TestDropEmptyMonths(t *testing.T) {
	config := migrated(t, newest)
	s := opened(t, config)
	out, err := accept(t.Context(), s, submission("old"), submission("other"))
	if err != nil {
		t.Fatal(err)
	}
	present := months(t, s)
	pgtest.Exec(t, config.DSN, `SET search_path = survey;
		CREATE TABLE submissions_p2001_01 PARTITION OF submissions FOR VALUES FROM ('2001-01-01Z') TO ('2001-02-01Z');
		CREATE TABLE submissions_p2001_02 PARTITION OF submissions FOR VALUES FROM ('2001-02-01Z') TO ('2001-03-01Z');
		UPDATE submissions SET accept_time = '2001-01-15Z' WHERE id = 'old';
		UPDATE identifiers SET accept_time = '2001-01-15Z' WHERE id = 'old';`)
	if n, err := s.DropEmptyMonths(t.Context()); err != nil || n != 1 {
		t.Fatalf("dropped %d, %v", n, err)
	}
	if left := listed(t, s); len(left) != 2 {
		t.Fatalf("%d submissions", len(left))
	}
	r := store.Removals{Organization: "acme", Items: []store.Removal{{Position: out[0].Submission.Position, Body: []byte("removal")}}}
	if got, err := s.Remove(t.Context(), r); err != nil || got.Count != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	if n, err := s.DropEmptyMonths(t.Context()); err != nil || n != 1 {
		t.Fatalf("dropped %d, %v", n, err)
	}
	if got := months(t, s); !slices.Equal(got, present) {
		t.Errorf("partitions %q, want %q", got, present)
	}
	if again, err := accept(t.Context(), s, submission("old"), submission("new")); err != nil || !again[0].Replayed || again[1].Replayed {
		t.Errorf("%+v, %v", again, err)
	}
}

// TestUnmarked: what the version before stores meanwhile is found among what is not marked.
func TestUnmarked(t *testing.T) {
	config := migrated(t, newest-1)
	before := opened(t, config)
	if _, err := accept(t.Context(), before, submission("a")); err != nil {
		t.Fatal(err)
	}
	decided := submission("b")
	decided.Consents = []store.Consent{{Organization: "acme", ID: "1"}}
	if _, err := accept(t.Context(), before, decided); !errors.Is(err, store.ErrOutdated) {
		t.Fatalf("a decision that there is no place for: %v", err)
	}
	if _, err := before.BeginErasure(t.Context(), "acme", "e", nil, time.Now()); !errors.Is(err, store.ErrOutdated) {
		t.Fatalf("an erasure: %v", err)
	}
	if err := pgkit.Migrate(t.Context(), config, pgkit.Options{Component: component}, Schema()); err != nil {
		t.Fatal(err)
	}
	after := opened(t, config)
	// The program that was started before the migration goes on as it did.
	if _, err := accept(t.Context(), before, submission("c")); err != nil {
		t.Fatal(err)
	}
	if _, err := accept(t.Context(), after, submission("d")); err != nil {
		t.Fatal(err)
	}
	q := store.PersonQuery{Organization: "acme", Page: store.Page{Limit: 9}}
	list, err := after.ListUnmarked(t.Context(), q)
	if err != nil || len(list) != 2 || list[0].ID != "a" || list[1].ID != "c" {
		t.Fatalf("%+v, %v", list, err)
	}
	all, err := after.ListAllUnmarked(t.Context(), store.PersonQuery{Page: q.Page})
	if err != nil || len(all) != 2 || all[0].ID != "a" || all[1].ID != "c" {
		t.Fatalf("of all: %+v, %v", all, err)
	}
	rest, err := after.ListAllUnmarked(t.Context(), store.PersonQuery{Organization: "acme", After: list[0].Position, Page: q.Page})
	if err != nil || len(rest) != 1 || rest[0].ID != "c" {
		t.Fatalf("of all after the first: %+v, %v", rest, err)
	}
	// Once marked, a mark stays.
	for _, who := range []string{"aida", "bakyt"} {
		marks := []store.Mark{{Position: list[0].Position, Person: []byte(who)}, {Position: list[1].Position}, {Position: 1 << 40, Person: []byte(who)}}
		if err := after.Mark(t.Context(), "acme", marks); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := after.ListUnmarked(t.Context(), q); err != nil || len(left) != 0 {
		t.Fatalf("left unmarked: %+v, %v", left, err)
	}
	q.Person = []byte("aida")
	if found, err := after.ListPerson(t.Context(), q); err != nil || len(found) != 1 || found[0].ID != "a" {
		t.Fatalf("marked: %+v, %v", found, err)
	}
}
