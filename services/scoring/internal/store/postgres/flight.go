package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
)

// PostgreSQL's codes.
const (
	codeUniqueViolation = "23505"
	// codeInvalidText: a text is no number. It is how a guard fails.
	codeInvalidText = "22P02"
	// codeQueryCanceled: a statement was given up on request.
	codeQueryCanceled = "57014"
)

// flight is a transaction that is sent at once, COMMIT included: no process that stops can leave it half done, and it costs one round trip. A statement that
// fails ends it; the ones after it, COMMIT among them, are not reached.
type flight struct {
	batch pgx.Batch
	// guards are what it means when a statement fails, by its number.
	guards map[int]error
}

// newFlight begins a transaction.
func newFlight() *flight {
	f := &flight{guards: make(map[int]error)}
	f.add("BEGIN")
	return f
}

// add adds a statement.
func (f *flight) add(sql string, args ...any) { f.batch.Queue(sql, args...) }

// guardChange adds a change of one row that ends the flight with an error when there is no such row.
func (f *flight) guardChange(otherwise error, change string, args ...any) {
	f.addGuard(otherwise, `WITH changed AS (`+change+` RETURNING 1) `, `count(*) = 1`, `FROM changed`, args)
}

// guard adds a query that ends the flight with an error unless a condition holds.
func (f *flight) guard(otherwise error, condition, from string, args ...any) {
	f.addGuard(otherwise, "", condition, from, args)
}

// addGuard adds a guard: it fails by taking the error's text for a number, so that the server's log has it, too.
func (f *flight) addGuard(otherwise error, with, condition, from string, args []any) {
	f.guards[f.batch.Len()] = otherwise
	text := strings.ReplaceAll(otherwise.Error(), "'", "''")
	f.add(with+`SELECT (CASE WHEN `+condition+` THEN '1' ELSE '`+text+`' END)::integer `+from, args...)
}

// commit adds the end, sends the flight and awaits what becomes of it. An error that is not of the server leaves open whether it was
// committed.
func (f *flight) commit(ctx context.Context, conn *pgx.Conn) error {
	f.add("COMMIT")
	results := conn.SendBatch(ctx, &f.batch)
	var first error
	for i := range f.batch.Len() {
		if _, err := results.Exec(); err != nil {
			first = err
			if guard := f.guards[i]; guard != nil && pgkit.Code(err) == codeInvalidText {
				first = guard
			}
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
