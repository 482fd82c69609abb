package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// addAside adds what changes in the events that were set aside.
func addAside(f *flight, changes []*store.Changes, generations []int64) {
	for i, c := range changes {
		if len(c.Resolved) > 0 {
			f.guard(errAside, `count(*) = cardinality($3::bigint[])`,
				`FROM aside WHERE organization = $1 AND generation = $2 AND position = ANY ($3::bigint[])`,
				c.Ledger.Organization, generations[i], c.Resolved)
			f.add(`DELETE FROM aside WHERE organization = $1 AND generation = $2 AND position = ANY ($3::bigint[])`,
				c.Ledger.Organization, generations[i], c.Resolved)
		}
		for _, a := range c.Aside {
			// An empty event is not NULL.
			f.add(`INSERT INTO aside (organization, generation, position, reason, time, event) VALUES ($1, $2, $3, $4, $5, $6)`,
				c.Ledger.Organization, generations[i], a.Position, prose(a.Reason), store.ToNano(a.Time), append([]byte{}, a.Event...))
		}
	}
}

// asideColumns are those of scanAside.
const asideColumns = `position, reason, time, event`

func scanAside(row pgx.Row, organization string) (store.SetAside, error) {
	a := store.SetAside{Organization: organization}
	var t int64
	err := row.Scan(&a.Position, &a.Reason, &t, &a.Event)
	switch {
	case noRows(err):
		return store.SetAside{}, store.ErrNotFound
	case err != nil:
		return store.SetAside{}, pgkit.Translate(err)
	}
	a.Time = store.FromNano(t)
	if len(a.Event) == 0 {
		a.Event = nil
	}
	return a, nil
}

// Aside lists events that were set aside.
func (s *Store) Aside(ctx context.Context, l store.Ledger, after int64, limit int) ([]store.SetAside, error) {
	rows, err := s.db.Pool.Query(ctx, `SELECT `+asideColumns+` FROM aside WHERE `+inLedger+` AND position > $3 ORDER BY position LIMIT $4`,
		l.Organization, l.Rebuild, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list events set aside: %w", pgkit.Translate(err))
	}
	defer rows.Close()
	var aside []store.SetAside
	for rows.Next() {
		a, err := scanAside(rows, l.Organization)
		if err != nil {
			return nil, fmt.Errorf("list events set aside: %w", err)
		}
		aside = append(aside, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list events set aside: %w", pgkit.Translate(err))
	}
	return aside, nil
}

// AsideAt returns the event that was set aside at a position.
func (s *Store) AsideAt(ctx context.Context, l store.Ledger, position int64) (store.SetAside, error) {
	a, err := scanAside(s.db.Pool.QueryRow(ctx, `SELECT `+asideColumns+` FROM aside WHERE `+inLedger+` AND position = $3`,
		l.Organization, l.Rebuild, position), l.Organization)
	if err != nil {
		return store.SetAside{}, fmt.Errorf("read event set aside: %w", err)
	}
	return a, nil
}
