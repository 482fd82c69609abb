package sqlite

import (
	"context"
	"fmt"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// held is a chunk with where it lies in its span.
type held struct {
	level  int
	number int64
	chunk  []byte
}

// purge takes rows out of all chunks of their spans.
func purge(ctx context.Context, tx *sqlkit.Tx, c *store.Changes, gen int64) error {
	for at, rows := range store.PurgedBySpan(c.Purged) {
		p := place{c.Ledger.Organization, gen, at.Survey, at.Span}
		changed, err := p.without(ctx, tx, rows)
		if err != nil {
			return err
		}
		for _, h := range changed {
			statement, args := `UPDATE cells SET chunk = ? WHERE organization = ? AND generation = ? AND survey = ? AND span = ? AND level = ? AND number = ?`,
				append([]any{h.chunk}, p.args(h.level, h.number)...)
			if h.chunk == nil {
				statement, args = `DELETE FROM cells WHERE organization = ? AND generation = ? AND survey = ? AND span = ? AND level = ? AND number = ?`, args[1:]
			}
			if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
				return fmt.Errorf("purge rows: %w", err)
			}
		}
	}
	return nil
}

// without lists the chunks of a span that hold some of the rows, as they are without them.
func (p place) without(ctx context.Context, tx *sqlkit.Tx, purged map[uint64]bool) (changed []held, err error) {
	rows, err := tx.QueryContext(ctx,
		`SELECT level, number, chunk FROM cells WHERE organization = ? AND generation = ? AND survey = ? AND span = ?`, p.args()...)
	if err != nil {
		return nil, fmt.Errorf("read cells: %w", sqlkit.Translate(err))
	}
	defer func() { err = closeRows(rows, err) }()
	for rows.Next() {
		var h held
		if err := rows.Scan(&h.level, &h.number, &h.chunk); err != nil {
			return nil, fmt.Errorf("read cells: %w", err)
		}
		rest, found, err := cell.Purge(h.chunk, purged)
		if err != nil {
			return nil, fmt.Errorf("survey %s: %w", p.survey, err)
		}
		if found {
			h.chunk = rest
			changed = append(changed, h)
		}
	}
	return changed, nil
}
