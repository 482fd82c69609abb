package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// changeAside sets events aside and takes back those that are not any more.
func changeAside(ctx context.Context, tx *sqlkit.Tx, c *store.Changes, gen int64) error {
	for _, a := range c.Aside {
		// An empty value is not NULL.
		event := append([]byte{}, a.Event...)
		if _, err := tx.ExecContext(ctx,
			`INSERT INTO aside (organization, generation, position, reason, time, event) VALUES (?, ?, ?, ?, ?, ?)`,
			c.Ledger.Organization, gen, a.Position, a.Reason, store.ToNano(a.Time), event); err != nil {
			return fmt.Errorf("set event aside: %w", err)
		}
	}
	for _, position := range c.Resolved {
		r, err := tx.ExecContext(ctx, `DELETE FROM aside WHERE organization = ? AND generation = ? AND position = ?`,
			c.Ledger.Organization, gen, position)
		if err != nil {
			return fmt.Errorf("resolve event set aside: %w", err)
		}
		n, err := r.RowsAffected()
		if err != nil {
			return fmt.Errorf("resolve event set aside: %w", err)
		}
		if n == 0 {
			return fmt.Errorf("resolve event set aside at %d: %w", position, store.ErrNotFound)
		}
	}
	return nil
}

// asideColumns are those of scanAside.
const asideColumns = `position, reason, time, event`

func scanAside(row scanner, organization string) (store.SetAside, error) {
	a := store.SetAside{Organization: organization}
	var t int64
	err := row.Scan(&a.Position, &a.Reason, &t, &a.Event)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return store.SetAside{}, store.ErrNotFound
	case err != nil:
		return store.SetAside{}, sqlkit.Translate(err)
	}
	a.Time = store.FromNano(t)
	if len(a.Event) == 0 {
		a.Event = nil
	}
	return a, nil
}

// Aside lists events that were set aside.
func (s *Store) Aside(ctx context.Context, l store.Ledger, after int64, limit int) (aside []store.SetAside, err error) {
	rows, err := s.db.Query(ctx, `SELECT `+asideColumns+` FROM aside WHERE `+inLedger+` AND position > ? ORDER BY position LIMIT ?`,
		ledgerArgs(l, after, limit)...)
	if err != nil {
		return nil, fmt.Errorf("list events set aside: %w", sqlkit.Translate(err))
	}
	defer func() { err = closeRows(rows, err) }()
	for rows.Next() {
		a, err := scanAside(rows, l.Organization)
		if err != nil {
			return nil, fmt.Errorf("list events set aside: %w", err)
		}
		aside = append(aside, a)
	}
	return aside, nil
}

// AsideAt returns the event that was set aside at a position.
func (s *Store) AsideAt(ctx context.Context, l store.Ledger, position int64) (store.SetAside, error) {
	a, err := scanAside(s.db.QueryRow(ctx, `SELECT `+asideColumns+` FROM aside WHERE `+inLedger+` AND position = ?`,
		ledgerArgs(l, position)...), l.Organization)
	if err != nil {
		return store.SetAside{}, fmt.Errorf("read event set aside: %w", err)
	}
	return a, nil
}
