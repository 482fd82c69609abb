package relational

import (
	"context"
	"slices"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	sqlCountErased = `INSERT INTO erasures (organization, erasure, kind, removed) VALUES ($1, $2, $3, $4)
ON CONFLICT (organization, erasure, kind) DO UPDATE SET removed = erasures.removed + excluded.removed`
	sqlForgetTouch = `DELETE FROM segment_touches WHERE organization = $1 AND contact = $2`
	sqlErased      = `SELECT kind, removed FROM erasures WHERE organization = $1 AND erasure = $2`
)

// ErasePerson implements store.Persons.
func (s *Store) ErasePerson(ctx context.Context, organization, erasure string, person []byte, known ...[]byte) error {
	return s.write(ctx, "erase person", func(ctx context.Context, w *writing) error {
		contacts, err := contactsOf(ctx, w, organization, person)
		if err != nil {
			return err
		}
		persons, err := personsOf(ctx, w, organization, contacts)
		if err != nil {
			return err
		}
		unknown := func(p []byte) bool {
			return !slices.ContainsFunc(known, func(k []byte) bool { return slices.Equal(k, p) })
		}
		if len(known) > 0 && slices.ContainsFunc(persons, unknown) {
			return store.ErrFurtherIdentities
		}
		if err := w.noteErased(ctx, organization, append(persons, append([][]byte{person}, known...)...)); err != nil {
			return err
		}
		if err := w.forgetMoves(ctx, organization, erasure, person, contacts); err != nil {
			return err
		}
		for _, t := range personTables() {
			for _, rows := range t.about(organization, person, contacts) {
				n, err := t.remove(ctx, w, organization, rows.condition, rows.args)
				if err != nil {
					return err
				}
				if err := w.countErased(ctx, organization, erasure, t.kind, n); err != nil {
					return err
				}
			}
		}
		if err := w.moved(ctx, organization, contacts); err != nil {
			return err
		}
		// That it changed would be looked at, and name it until then.
		for _, contact := range contacts {
			if _, err := w.Exec(ctx, sqlForgetTouch, organization, contact); err != nil {
				return err
			}
		}
		return nil
	})
}

// PersonIdentities implements store.Persons.
func (s *Store) PersonIdentities(ctx context.Context, organization string, person []byte) (out [][]byte, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		contacts, err := contactsOf(ctx, r, organization, person)
		if err != nil {
			return err
		}
		out, err = personsOf(ctx, r, organization, contacts)
		return err
	})
	if err != nil {
		return nil, s.db.Explain("list by what a person is known", err)
	}
	return out, nil
}

// personsOf are the pseudonyms of contacts, in their order.
func personsOf(ctx context.Context, r relational.Reader, organization string, contacts []string) ([][]byte, error) {
	out, err := inNames(ctx, r, relational.Value[[]byte], sqlPersonsOf, []any{organization}, contacts)
	slices.SortFunc(out, slices.Compare)
	return out, err
}

// countErased counts what went by an erasure; empty is none. Followers count what they remove by it.
func (w *writing) countErased(ctx context.Context, organization, erasure, kind string, n int64) error {
	if erasure == "" || n == 0 {
		return nil
	}
	_, err := w.Exec(ctx, sqlCountErased, organization, erasure, kind, n)
	return err
}

// Erased implements store.Persons.
func (s *Store) Erased(ctx context.Context, organization, erasure string) ([]store.Erased, error) {
	counted := map[string]int64{}
	_, err := relational.List(ctx, s.db, func(row relational.Scanner) (none struct{}, err error) {
		var kind string
		var n int64
		err = row.Scan(&kind, &n)
		counted[kind] = n
		return none, err
	}, sqlErased, organization, erasure)
	if err != nil {
		return nil, s.db.Explain("count what was erased", err)
	}
	var out []store.Erased
	listed := map[string]bool{}
	for _, t := range personTables() {
		if !listed[t.kind] {
			listed[t.kind] = true
			out = append(out, store.Erased{Kind: t.kind, Count: counted[t.kind]})
		}
	}
	return out, nil
}
