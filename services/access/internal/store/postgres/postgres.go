// Package postgres keeps the access service's data in PostgreSQL. Any number of processes may use one database at a time.
package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/access/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is what the database holds.
func Schema() pgkit.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		// The folder is embedded under a valid name.
		panic(err)
	}
	return pgkit.Schema{Migrations: files}
}

// Store is a store.Store on PostgreSQL.
type Store struct {
	db      *pgkit.DB
	appends appends
	closed  atomic.Bool
}

var _ store.Store = (*Store)(nil)

// Open connects to the database, which otklik migrate has prepared.
func Open(ctx context.Context, config pgkit.Config, o pgkit.Options) (*Store, error) {
	db, err := pgkit.Open(ctx, config, o)
	if err != nil {
		return nil, err
	}
	if err := db.CheckSchema(ctx, Schema()); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s := &Store{db: db}
	s.appends.commit = s.appendAudit
	return s, nil
}

// Place says where the database is, for logs.
func (s *Store) Place() string { return s.db.Place() }

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.fail("ping", s.db.Ping(ctx)) }

// Close closes the connections.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	return s.db.Close()
}

// update runs a transaction.
func (s *Store) update(ctx context.Context, doing string, fn func(ctx context.Context, tx pgx.Tx) error) error {
	if s.closed.Load() {
		return store.ErrClosed
	}
	return s.fail(doing, s.db.Update(ctx, fn))
}

// fail explains an error: what failed, and ErrClosed when the store is closed, whatever the driver calls it.
func (s *Store) fail(doing string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", doing, pgkit.Translate(err))
	if !errors.Is(err, store.ErrClosed) && (s.closed.Load() || errors.Is(err, pgkit.ErrClosed)) {
		return fmt.Errorf("%w: %w", store.ErrClosed, err)
	}
	return err
}

// list reads all rows of a query.
func list[T any](ctx context.Context, s *Store, scan func(store.Scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := s.db.Pool.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scan)
}

// collect reads the rows and closes them.
func collect[T any](rows pgx.Rows, scan func(store.Scanner) (T, error)) ([]T, error) {
	defer rows.Close()
	return store.ReadAll(rows, scan)
}

// notFound is the store's word for no row.
func notFound(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}
