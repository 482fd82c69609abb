package relational

import (
	"context"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	sqlCountErased = `INSERT INTO erasures (organization, erasure, kind, removed) VALUES ($1, $2, $3, $4)
ON CONFLICT (organization, erasure, kind) DO UPDATE SET removed = erasures.removed + excluded.removed`
	sqlErased = `SELECT kind, removed FROM erasures WHERE organization = $1 AND erasure = $2`
)

// ErasePerson implements store.Persons.
func (s *Store) ErasePerson(ctx context.Context, organization, erasure string, person []byte) error {
	return s.write(ctx, "erase person", func(ctx context.Context, w *writing) error {
		contacts, err := contactsOf(ctx, w, organization, person)
		if err != nil {
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
		return w.moved(ctx, organization, contacts)
	})
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
