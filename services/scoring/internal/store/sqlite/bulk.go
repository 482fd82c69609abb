package sqlite

import (
	"context"
	"strings"

	"github.com/otklik/otklik/libs/sqlkit"
)

// bulkRows is how many rows go into one statement at most: enough to make the cost of a statement small beside that of its rows.
const bulkRows = 32

// bulk inserts rows of one table, many to a statement.
type bulk struct {
	tx *sqlkit.Tx
	// into is the statement up to its values, columns their number in a row.
	into    string
	columns int
	args    []any
}

// add queues a row. Its error may be that of rows queued before; what they refer to must stay unchanged until flush.
func (b *bulk) add(ctx context.Context, row ...any) error {
	b.args = append(b.args, row...)
	if len(b.args) == bulkRows*b.columns {
		return b.flush(ctx)
	}
	return nil
}

// flush inserts what is queued.
func (b *bulk) flush(ctx context.Context) error {
	rows := len(b.args) / b.columns
	if rows == 0 {
		return nil
	}
	one := "(?" + strings.Repeat(", ?", b.columns-1) + ")"
	_, err := b.tx.ExecContext(ctx, b.into+" VALUES "+one+strings.Repeat(", "+one, rows-1), b.args...)
	b.args = b.args[:0]
	return err
}
