package relational

import (
	"context"
	"testing"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// known makes a contact that is known by a pseudonym.
func known(t *testing.T, s *Store, id string, person []byte) {
	t.Helper()
	out, err := s.PutContacts(t.Context(), "acme", noon, false, []store.ContactChange{{
		ID: id, AllowMissing: true, Edit: func(*directory.Contact) error { return nil }, Identities: []directory.Identity{{Person: person, Home: id}},
	}})
	if err != nil || out[0].Err != nil {
		t.Fatal(err, out[0].Err)
	}
}

// merged merges contacts.
func merged(t *testing.T, s *Store, from, to string) directory.Move {
	t.Helper()
	m, err := s.MergeContacts(t.Context(), "acme", directory.Move{From: from, To: to, Actor: "keys/k", Reason: "the same person", Time: noon})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestErasureLeavesNothing looks into every table: whatever was kept of a contact before it was merged, or since, is gone.
func TestErasureLeavesNothing(t *testing.T) {
	t.Parallel()
	s, ctx := begin(t), t.Context()
	anna, boris := []byte("aaaaaaaaaaaaaaaa"), []byte("bbbbbbbbbbbbbbbb")
	known(t, s, "anna", anna)
	known(t, s, "boris", boris)
	g, err := s.CreateSegment(ctx, store.Segment{Organization: "acme", ID: "vip", Rule: "true", CreateTime: noon}, 9)
	if err != nil {
		t.Fatal(err)
	}
	keep := func() {
		t.Helper()
		do(t, s, func(ctx context.Context, w *writing) error {
			if err := w.tell(ctx, "acme", event("cases/1", "boris", nil)); err != nil {
				return err
			}
			return w.remember(ctx, entry("boris", "cases/1", nil))
		})
		err := s.PutMemberships(ctx, store.MembershipChange{
			Organization: "acme", Rules: map[string]int64{"vip": g.RuleVersion}, Contacts: []store.ContactMembership{{Contact: "boris", In: []string{"vip"}, Time: noon}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	keep()
	merged(t, s, "boris", "anna")
	keep()
	if err := s.ErasePerson(ctx, "acme", "e", boris); err != nil {
		t.Fatal(err)
	}
	touched, err := relational.One(ctx, s.db, relational.Value[int64], `SELECT count(*) FROM segment_touches`)
	if err != nil || touched > 0 {
		t.Errorf("%d contacts are still to be compared with segments: %v", touched, err)
	}
	for _, table := range personTables() {
		n, err := relational.One(ctx, s.db, relational.Value[int64], `SELECT count(*) FROM `+table.table+` WHERE contact IN ('anna', 'boris') OR person IN ($1, $2)`, anna, boris)
		if err != nil || n > 0 {
			t.Errorf("%s keeps %d rows: %v", table.table, n, err)
		}
	}
}
