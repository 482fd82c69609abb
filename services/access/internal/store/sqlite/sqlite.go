// Package sqlite keeps the access service's data in one SQLite file. One process owns the file.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/access/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is a store.Store on SQLite.
type Store struct {
	db      *sqlkit.DB
	batcher *sqlkit.Batcher
	closed  atomic.Bool
	path    string
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
	// What is deleted, destroyed keys above all, is overwritten in the file, also by migrations.
	if _, err := db.Write.ExecContext(ctx, "PRAGMA secure_delete = ON"); err != nil {
		return nil, errors.Join(fmt.Errorf("ask for overwriting: %w", err), db.Close())
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read migrations: %w", err), db.Close())
	}
	if err := sqlkit.Migrate(ctx, db, files); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare schema: %w", err), db.Close())
	}
	return &Store{db: db, path: path, batcher: sqlkit.NewBatcher(db, 0)}, nil
}

// Place says where the database is, for logs.
func (s *Store) Place() string { return s.path }

// Ping tells whether the database can be read.
func (s *Store) Ping(ctx context.Context) error { return s.fail("ping", s.db.Ping(ctx)) }

// Close waits for writes under way and closes the database.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	return errors.Join(s.batcher.Close(), s.db.Close())
}

// update runs a transaction together with those of other calls.
func (s *Store) update(ctx context.Context, doing string, fn sqlkit.Operation) error {
	return s.fail(doing, s.batcher.Do(ctx, fn))
}

// fail explains an error: what failed, and ErrClosed when the store is closed, whatever the driver calls it.
func (s *Store) fail(doing string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", doing, sqlkit.Translate(err))
	if s.closed.Load() || errors.Is(err, sqlkit.ErrClosed) {
		return fmt.Errorf("%w: %w", store.ErrClosed, err)
	}
	return err
}

// list reads all rows of a query.
func list[T any](ctx context.Context, s *Store, scan func(store.Scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := s.db.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scan)
}

// collect reads the rows and closes them.
func collect[T any](rows *sql.Rows, scan func(store.Scanner) (T, error)) (out []T, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	return store.ReadAll(rows, scan)
}

// notFound is the store's word for no row.
func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}

// affected tells whether a statement changed any row.
func affected(res sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}
