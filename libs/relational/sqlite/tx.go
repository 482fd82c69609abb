package sqlite

import (
	"context"
	"database/sql"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/libs/sqlkit"
)

// reader reads the data as it is at one moment.
type reader struct{ tx *sql.Tx }

// Query implements relational.Reader.
func (r reader) Query(ctx context.Context, query string, args ...any) (relational.Rows, error) {
	rows, err := r.tx.QueryContext(ctx, query, args...) //nolint:sqlclosecheck // who asked closes them
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// Reading reads from a database that its owner has opened by itself.
func Reading(db *sqlkit.DB) relational.Reader { return opened{db} }

// opened is a database that was opened elsewhere.
type opened struct{ db *sqlkit.DB }

// Query implements relational.Reader.
func (o opened) Query(ctx context.Context, query string, args ...any) (relational.Rows, error) {
	rows, err := o.db.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// Writing writes in a transaction that its owner has begun by itself.
func Writing(tx *sqlkit.Tx) relational.Writer { return writer{tx} }

// writer is a transaction of the writing connection.
type writer struct{ tx *sqlkit.Tx }

// Query implements relational.Reader.
func (w writer) Query(ctx context.Context, query string, args ...any) (relational.Rows, error) {
	rows, err := w.tx.QueryContext(ctx, query, args...) //nolint:sqlclosecheck // who asked closes them
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// Exec implements relational.Writer.
func (w writer) Exec(ctx context.Context, statement string, args ...any) (int64, error) {
	res, err := w.tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Many implements relational.Writer: row by row, since statements of many rows are slower, having to be undone when they fail midway.
func (w writer) Many(ctx context.Context, statement string, args [][]any) error {
	for _, a := range args {
		if _, err := w.tx.ExecContext(ctx, statement, a...); err != nil {
			return err
		}
	}
	return nil
}
