// Package sqlkit is what the SQLite stores stand on: opening a database with the settings that make an acknowledged write durable, prepared
// statements, forward migrations, consistent snapshots, translated errors, and a batcher that commits many small writes at once.
package sqlkit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite" of database/sql: pure Go, so that one static binary is all there is
)

// DB is an open SQLite database: one connection that writes and a pool that reads. In WAL mode the readers never wait for the writer.
type DB struct {
	// Write is the one connection that may write. Prefer Update and the Batcher, which keep prepared statements; never hold a transaction of
	// it while waiting for anything else.
	Write *sql.DB
	// Read is a pool of connections that refuse to write. Prefer Query and QueryRow, which keep prepared statements.
	Read *sql.DB

	writeStmts *Stmts
	readStmts  *Stmts
}

// Defaults of OpenSQLite.
const (
	DefaultReaders     = 4
	DefaultBusyTimeout = 5 * time.Second
	// Page caches in KiB, as PRAGMA cache_size counts when negative. Modest on purpose: the operating system caches the file anyway, and the
	// idle process must stay small.
	writerCacheKiB = 8 << 10
	readerCacheKiB = 2 << 10
	// autoCheckpointPages is how long the WAL grows before its pages move to the database file: 16 MiB. SQLite's own default (4 MiB) makes
	// the writer pause four times as often under load.
	autoCheckpointPages = 4000
	// walLimitBytes is the size to which a WAL is cut back after a checkpoint: a burst must not hold the disk for ever.
	walLimitBytes = 64 << 20
)

// Option changes how a database is opened.
type Option func(*options)

type options struct {
	readers     int
	busyTimeout time.Duration
}

// WithReaders sets the number of reading connections (default DefaultReaders).
func WithReaders(n int) Option { return func(o *options) { o.readers = n } }

// WithBusyTimeout sets how long a connection waits for a lock that another process holds before ErrBusy (default DefaultBusyTimeout).
func WithBusyTimeout(d time.Duration) Option { return func(o *options) { o.busyTimeout = d } }

// OpenSQLite opens or creates the database file at path, whose folder must exist. Every commit is on disk when it returns (WAL with
// synchronous=FULL). mmap is not used: a failing disk would then kill the process instead of giving an error.
func OpenSQLite(ctx context.Context, path string, opts ...Option) (*DB, error) {
	o := options{readers: DefaultReaders, busyTimeout: DefaultBusyTimeout}
	for _, opt := range opts {
		opt(&o)
	}
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return nil, errors.New("open SQLite: a file path is needed: an in-memory database would be another one for each connection")
	}
	if o.readers < 1 {
		return nil, fmt.Errorf("open SQLite %s: %d readers, want at least 1", path, o.readers)
	}
	write, err := openPool(ctx, dsn(path, o, true), 1)
	if err != nil {
		return nil, fmt.Errorf("open SQLite %s for writing: %w", path, Translate(err))
	}
	read, err := openPool(ctx, dsn(path, o, false), o.readers)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open SQLite %s for reading: %w", path, Translate(err)), write.Close())
	}
	return &DB{Write: write, Read: read, writeStmts: NewStmts(write), readStmts: NewStmts(read)}, nil
}

func openPool(ctx context.Context, dsn string, conns int) (*sql.DB, error) {
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(conns)
	// Connections are kept for ever: their page caches and prepared statements are what makes them fast.
	pool.SetMaxIdleConns(conns)
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return pool, nil
}

// dsn spells path and settings as the driver wants them. The order of the pragmas matters: busy_timeout first, since switching to WAL may
// have to wait for another process.
func dsn(path string, o options, writer bool) string {
	pragmas := []string{"busy_timeout(" + strconv.FormatInt(o.busyTimeout.Milliseconds(), 10) + ")"}
	query := url.Values{}
	if writer {
		query.Set("_txlock", "immediate")
		pragmas = append(pragmas, "journal_mode(WAL)", "synchronous(FULL)",
			fmt.Sprintf("cache_size(-%d)", writerCacheKiB),
			fmt.Sprintf("wal_autocheckpoint(%d)", autoCheckpointPages),
			fmt.Sprintf("journal_size_limit(%d)", walLimitBytes))
	} else {
		pragmas = append(pragmas, "query_only(1)", fmt.Sprintf("cache_size(-%d)", readerCacheKiB))
	}
	pragmas = append(pragmas, "temp_store(MEMORY)")
	query["_pragma"] = pragmas
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	return "file:" + escaped + "?" + query.Encode()
}

// Close closes the statements and all connections. SQLite moves the WAL into the database file when the last connection closes.
func (db *DB) Close() error {
	err := errors.Join(db.readStmts.Close(), db.writeStmts.Close(), db.Read.Close(), db.Write.Close())
	if err != nil {
		return fmt.Errorf("close SQLite: %w", err)
	}
	return nil
}

// EmptyLog moves the write-ahead log into the database, where what is deleted is overwritten. Readers may keep a part of the log for a while; like what fails
// here, after a commit, it is moved by a later call, or when the database closes.
func (db *DB) EmptyLog(ctx context.Context) {
	_, _ = db.Write.ExecContext(context.WithoutCancel(ctx), "PRAGMA wal_checkpoint(TRUNCATE)")
}

// Ping tells whether the database can be read: what readiness asks.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	if err := db.QueryRow(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("ping SQLite: %w", Translate(err))
	}
	return nil
}

// Query runs a query on a reading connection with a prepared statement.
func (db *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return db.readStmts.Query(ctx, query, args...)
}

// QueryRow runs a query of at most one row on a reading connection with a prepared statement.
func (db *DB) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return db.readStmts.QueryRow(ctx, query, args...)
}

// Update runs fn in a write transaction of its own, which is committed when fn returns nil and undone otherwise. It waits for the writing
// connection. For many small writes use a Batcher. An error of the commit itself leaves open whether
// it was written: repeat what is safe to repeat, or look.
func (db *DB) Update(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	tx, err := db.Write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", Translate(err))
	}
	t := &Tx{tx: tx, stmts: db.writeStmts}
	committed := false
	defer func() {
		if !committed {
			// SQLite may have undone the transaction already, in which case the rollback fails: there is nothing left to undo.
			_ = t.finish(ctx, tx.Rollback)
		}
	}()
	if err := fn(ctx, t); err != nil {
		return err
	}
	if t.broken != nil {
		return fmt.Errorf("run transaction: %w", t.broken)
	}
	committed = true
	if err := t.finish(ctx, tx.Commit); err != nil {
		return fmt.Errorf("commit: %w", Translate(err))
	}
	return nil
}
