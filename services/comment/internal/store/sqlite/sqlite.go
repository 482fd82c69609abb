// Package sqlite keeps the comment service's data in one SQLite file. One process owns the file.
package sqlite

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/store/relational"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is a store.Store on SQLite.
type Store struct {
	*relational.Store
	db   *database
	path string
}

var _ store.Store = (*Store)(nil)

// folderMode keeps the data from other users of the machine.
const folderMode = 0o700

// Open opens or creates the database at path and brings its schema up to date.
func Open(ctx context.Context, path string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	db, err := sqlkit.OpenSQLite(ctx, path)
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read migrations: %w", err), db.Close())
	}
	if err := sqlkit.Migrate(ctx, db, files); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare schema: %w", err), db.Close())
	}
	// What is deleted, words of persons above all, is overwritten in the file.
	if _, err := db.Write.ExecContext(ctx, "PRAGMA secure_delete = ON"); err != nil {
		return nil, errors.Join(fmt.Errorf("ask for overwriting: %w", err), db.Close())
	}
	d := &database{db: db, batcher: sqlkit.NewBatcher(db, 0)}
	return &Store{Store: relational.New(d), db: d, path: path}, nil
}

// Place says where the database is, for logs.
func (s *Store) Place() string { return s.path }

// database is what relational.Store works with.
type database struct {
	dialect
	db      *sqlkit.DB
	batcher *sqlkit.Batcher
	closed  atomic.Bool
}

var _ relational.Database = (*database)(nil)

// Query implements relational.Reader.
func (d *database) Query(ctx context.Context, query string, args ...any) (relational.Rows, error) {
	rows, err := d.db.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// Update implements relational.Database: together with updates of other calls.
func (d *database) Update(ctx context.Context, fn func(ctx context.Context, w relational.Writer) error) error {
	return d.batcher.Do(ctx, func(ctx context.Context, tx *sqlkit.Tx) error { return fn(ctx, writer{tx}) })
}

// View implements relational.Database.
func (d *database) View(ctx context.Context, fn func(ctx context.Context, r relational.Reader) error) error {
	tx, err := d.db.Read.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	// It has written nothing: there is nothing to commit.
	defer tx.Rollback() //nolint:errcheck // nor to undo
	return fn(ctx, reader{tx})
}

// Explain implements relational.Database: what failed, and ErrClosed when the store is closed, whatever the driver calls it.
func (d *database) Explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", doing, sqlkit.Translate(err))
	if d.closed.Load() || errors.Is(err, sqlkit.ErrClosed) {
		return fmt.Errorf("%w: %w", store.ErrClosed, err)
	}
	return err
}

// Ping implements relational.Database.
func (d *database) Ping(ctx context.Context) error { return d.db.Ping(ctx) }

// Close implements relational.Database: it waits for writes under way.
func (d *database) Close() error {
	if d.closed.Swap(true) {
		return nil
	}
	return errors.Join(d.batcher.Close(), d.db.Close())
}
