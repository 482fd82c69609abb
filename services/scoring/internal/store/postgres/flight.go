package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The errors by which statements of a flight end it before its COMMIT, raised by the function expect.
const (
	// codeCursor: the cursor is not where the batch begins.
	codeCursor = "OTCUR"
	// codeGeneration: the ledger has another live generation than the one that was written to.
	codeGeneration = "OTGEN"
	// codeAside: an event is not set aside.
	codeAside = "OTASI"
)

// uniqueViolation is PostgreSQL's code for a key that exists.
const uniqueViolation = "23505"

// violates returns the error of PostgreSQL in the chain of err if it has the code.
func violates(err error, code string) *pgconn.PgError {
	var e *pgconn.PgError
	if errors.As(err, &e) && e.Code == code {
		return e
	}
	return nil
}

// flight is a transaction that is sent at once, COMMIT included: no process that stops can leave it half done, and it costs one round trip. A statement that
// fails ends it; the ones after it, COMMIT among them, are not reached.
type flight struct {
	batch pgx.Batch
}

// newFlight begins a transaction.
func newFlight() *flight {
	f := &flight{}
	f.add("BEGIN")
	return f
}

// add adds a statement.
func (f *flight) add(sql string, args ...any) { f.batch.Queue(sql, args...) }

// commit adds the end, sends the flight and awaits what becomes of it. An error that is not of the server leaves open whether it was
// committed.
func (f *flight) commit(ctx context.Context, conn *pgx.Conn) error {
	f.add("COMMIT")
	results := conn.SendBatch(ctx, &f.batch)
	var first error
	for range f.batch.Len() {
		if _, err := results.Exec(); err != nil {
			first = err
			break
		}
	}
	if err := results.Close(); first == nil {
		first = err
	}
	if first == nil {
		return nil
	}
	return errors.Join(first, rollback(ctx, conn))
}

// rollback ends a transaction that may have failed, so that the connection can be used again. A connection that was lost needs none.
func rollback(ctx context.Context, conn *pgx.Conn) error {
	if conn.IsClosed() || conn.PgConn().TxStatus() == 'I' {
		return nil
	}
	if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil && !conn.IsClosed() {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}
