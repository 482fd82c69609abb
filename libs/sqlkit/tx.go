package sqlkit

import (
	"context"
	"database/sql"
	"strings"
)

// Tx is a transaction whose statements are prepared once and kept for later transactions. Not safe for concurrent use. Rows must be closed
// before the function that got the Tx returns.
type Tx struct {
	tx    *sql.Tx
	stmts *Stmts
	// bound are the kept statements as this transaction uses them.
	bound map[string]*sql.Stmt
	// wanted are texts seen for the first time. Preparing them for good needs the connection that this transaction holds, so that it has to
	// wait for the end of the transaction.
	wanted []string
	// broken is the error after which SQLite may have undone the whole transaction.
	broken error
	// save is the state of the savepoint that undoes one operation of a batch.
	save savepoint
}

type savepoint int

const (
	// saveOff: the whole transaction is one operation.
	saveOff savepoint = iota
	// saveArmed: a savepoint is set before the first statement that may write.
	saveArmed
	// saveSet: the savepoint is set.
	saveSet
)

const (
	sqlSave     = "SAVEPOINT op"
	sqlRelease  = "RELEASE op"
	sqlRollback = "ROLLBACK TO op"
)

// ExecContext runs a statement that returns no rows.
func (t *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := t.beforeWrite(ctx); err != nil {
		return nil, err
	}
	return t.exec(ctx, query, args...)
}

// QueryContext runs a statement that returns rows; the caller closes them.
func (t *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if !readsOnly(query) {
		if err := t.beforeWrite(ctx); err != nil {
			return nil, err
		}
	}
	var rows *sql.Rows
	var err error
	if stmt := t.bind(ctx, query); stmt != nil { //nolint:sqlclosecheck // kept
		rows, err = stmt.QueryContext(ctx, args...)
	} else {
		rows, err = t.tx.QueryContext(ctx, query, args...)
	}
	return rows, t.observe(err)
}

// QueryRowContext runs a statement that returns at most one row. Its errors, sql.ErrNoRows among them, come out of Scan.
func (t *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if !readsOnly(query) {
		// A failing savepoint has marked the transaction as broken: nothing will be committed.
		_ = t.beforeWrite(ctx)
	}
	var row *sql.Row
	if stmt := t.bind(ctx, query); stmt != nil { //nolint:sqlclosecheck // kept
		row = stmt.QueryRowContext(ctx, args...)
	} else {
		row = t.tx.QueryRowContext(ctx, query, args...)
	}
	_ = t.observe(row.Err())
	return row
}

func (t *Tx) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	var res sql.Result
	var err error
	if stmt := t.bind(ctx, query); stmt != nil { //nolint:sqlclosecheck // kept
		res, err = stmt.ExecContext(ctx, args...)
	} else {
		res, err = t.tx.ExecContext(ctx, query, args...)
	}
	return res, t.observe(err)
}

// bind returns the kept statement of the text for this transaction, or nil when there is none yet.
func (t *Tx) bind(ctx context.Context, query string) *sql.Stmt {
	if stmt, ok := t.bound[query]; ok {
		return stmt
	}
	kept := t.stmts.cached(query)
	if kept == nil {
		t.wanted = append(t.wanted, query)
		return nil
	}
	if t.bound == nil {
		t.bound = make(map[string]*sql.Stmt)
	}
	stmt := t.tx.StmtContext(ctx, kept)
	t.bound[query] = stmt
	return stmt
}

// observe translates an error of a statement and remembers one after which the transaction cannot be trusted.
func (t *Tx) observe(err error) error {
	if err == nil {
		return nil
	}
	translated := Translate(err)
	if t.broken == nil && breaksTransaction(err) {
		t.broken = translated
	}
	return translated
}

func (t *Tx) beforeWrite(ctx context.Context) error {
	if t.broken != nil {
		return t.broken
	}
	if t.save != saveArmed {
		return nil
	}
	if _, err := t.exec(ctx, sqlSave); err != nil {
		if t.broken == nil {
			t.broken = err
		}
		return err
	}
	t.save = saveSet
	return nil
}

// beginOperation arms a savepoint for the operation that follows.
func (t *Tx) beginOperation() { t.save = saveArmed }

// endOperation keeps what the operation did, or undoes it.
func (t *Tx) endOperation(ctx context.Context, keep bool) {
	set := t.save == saveSet
	t.save = saveOff
	if !set || t.broken != nil {
		return
	}
	if !keep {
		if _, err := t.exec(ctx, sqlRollback); err != nil && t.broken == nil {
			t.broken = err
		}
	}
	if _, err := t.exec(ctx, sqlRelease); err != nil && t.broken == nil {
		t.broken = err
	}
}

// finish ends the transaction by end and then prepares the texts that were new.
func (t *Tx) finish(ctx context.Context, end func() error) error {
	err := end()
	for _, query := range t.wanted {
		// Not being prepared is no failure: the text runs unprepared again and is wanted again.
		if _, prepareErr := t.stmts.prepare(ctx, query); prepareErr != nil { //nolint:sqlclosecheck // kept
			break
		}
	}
	t.wanted = nil
	return err
}

// readsOnly tells whether the text is plainly a query. INSERT … RETURNING and WITH … INSERT are not.
func readsOnly(query string) bool {
	query = strings.TrimLeft(query, " \t\r\n")
	return len(query) >= 6 && strings.EqualFold(query[:6], "SELECT")
}
