package postgres

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/relational"
)

// rows are those of a query.
type rows struct{ pgx.Rows }

// Close implements relational.Rows: its error is that of Err.
func (r rows) Close() error {
	r.Rows.Close()
	return nil
}

func queryRows(r pgx.Rows, err error) (relational.Rows, error) {
	if err != nil {
		return nil, err
	}
	return rows{r}, nil
}

// Reading reads from a database that its owner has opened by itself.
func Reading(db *pgkit.DB) relational.Reader { return opened{db} }

// opened is a database that was opened elsewhere.
type opened struct{ db *pgkit.DB }

// Query implements relational.Reader.
func (o opened) Query(ctx context.Context, query string, args ...any) (relational.Rows, error) {
	return queryRows(o.db.Pool.Query(ctx, query, args...))
}

// Writing writes in a transaction that its owner has begun by itself.
func Writing(tx pgx.Tx) relational.Writer { return transaction{tx} }

// transaction is a transaction.
type transaction struct{ tx pgx.Tx }

// Query implements relational.Reader.
func (t transaction) Query(ctx context.Context, query string, args ...any) (relational.Rows, error) {
	return queryRows(t.tx.Query(ctx, query, args...))
}

// Exec implements relational.Writer.
func (t transaction) Exec(ctx context.Context, statement string, args ...any) (int64, error) {
	tag, err := t.tx.Exec(ctx, statement, args...)
	return tag.RowsAffected(), err
}

const (
	// statementsAtOnce is how many statements are sent before their results are read.
	statementsAtOnce = 200
	// rowsAtOnce is how many rows are written by one statement.
	rowsAtOnce = 50
)

// Many implements relational.Writer: many rows with a statement, and without waiting for the result of each.
func (t transaction) Many(ctx context.Context, statement string, args [][]any) error {
	batch := &pgx.Batch{}
	if several := repeated(statement, rowsAtOnce); several != "" {
		for len(args) >= rowsAtOnce {
			batch.Queue(several, slices.Concat(args[:rowsAtOnce]...)...)
			args = args[rowsAtOnce:]
		}
	}
	for _, a := range args {
		if batch.Len() >= statementsAtOnce {
			if err := t.send(ctx, batch); err != nil {
				return err
			}
			batch = &pgx.Batch{}
		}
		batch.Queue(statement, a...)
	}
	return t.send(ctx, batch)
}

// send runs statements.
func (t transaction) send(ctx context.Context, batch *pgx.Batch) error {
	results := t.tx.SendBatch(ctx, batch)
	for range batch.Len() {
		if _, err := results.Exec(); err != nil {
			return errors.Join(err, results.Close())
		}
	}
	return results.Close()
}
