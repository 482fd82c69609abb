// Package sqlite is a relational.Database in one SQLite file. One process owns the file.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/libs/sqlkit"
)

// Database is a relational.Database on SQLite. Safe for concurrent use.
type Database struct {
	db      *sqlkit.DB
	batcher *sqlkit.Batcher
	path    string
	closed  atomic.Bool
}

var _ relational.Database = (*Database)(nil)

// folderMode keeps the data from other users of the machine.
const folderMode = 0o700

// Open opens or creates the database at path and brings its schema up to date by the migrations, the files at the root of a file system.
func Open(ctx context.Context, path string, migrations fs.FS) (*Database, error) {
	if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	db, err := sqlkit.OpenSQLite(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := sqlkit.Migrate(ctx, db, migrations); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare schema: %w", err), db.Close())
	}
	// What is deleted, words of persons above all, is overwritten in the file.
	if _, err := db.Write.ExecContext(ctx, "PRAGMA secure_delete = ON"); err != nil {
		return nil, errors.Join(fmt.Errorf("ask for overwriting: %w", err), db.Close())
	}
	return &Database{db: db, batcher: sqlkit.NewBatcher(db, 0), path: path}, nil
}

// Place implements relational.Database.
func (d *Database) Place() string { return d.path }

// Query implements relational.Reader.
func (d *Database) Query(ctx context.Context, query string, args ...any) (relational.Rows, error) {
	return opened{d.db}.Query(ctx, query, args...)
}

// Update implements relational.Database: together with updates of other calls.
func (d *Database) Update(ctx context.Context, fn func(ctx context.Context, w relational.Writer) error) error {
	return d.batcher.Do(ctx, func(ctx context.Context, tx *sqlkit.Tx) error { return fn(ctx, writer{tx}) })
}

// View implements relational.Database.
func (d *Database) View(ctx context.Context, fn func(ctx context.Context, r relational.Reader) error) error {
	tx, err := d.db.Read.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	// It has written nothing: there is nothing to commit.
	defer tx.Rollback() //nolint:errcheck // nor to undo
	return fn(ctx, reader{tx})
}

// Explain implements relational.Database: what failed, and ErrClosed when the database is closed, whatever the driver calls it.
func (d *Database) Explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", doing, sqlkit.Translate(err))
	if d.closed.Load() || errors.Is(err, sqlkit.ErrClosed) {
		return fmt.Errorf("%w: %w", relational.ErrClosed, err)
	}
	return err
}

// Ping implements relational.Database.
func (d *Database) Ping(ctx context.Context) error { return d.db.Ping(ctx) }

// Close implements relational.Database.
func (d *Database) Close() error {
	if d.closed.Swap(true) {
		return nil
	}
	return errors.Join(d.batcher.Close(), d.db.Close())
}

// EmptyLog does so for what was deleted: see sqlkit.DB.
func (d *Database) EmptyLog(ctx context.Context) { d.db.EmptyLog(ctx) }
