// Package postgres keeps the comment service's data in PostgreSQL. Any number of processes may use one database at a time.
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
	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/store/relational"
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
	*relational.Store
	place string
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
	return &Store{Store: relational.New(&database{db: db}), place: db.Place()}, nil
}

// Place says where the database is, for logs.
func (s *Store) Place() string { return s.place }

// database is what relational.Store works with.
type database struct {
	dialect
	db     *pgkit.DB
	closed atomic.Bool
}

var _ relational.Database = (*database)(nil)

// Query implements relational.Reader.
func (d *database) Query(ctx context.Context, query string, args ...any) (relational.Rows, error) {
	return queryRows(d.db.Pool.Query(ctx, query, args...))
}

// Update implements relational.Database.
func (d *database) Update(ctx context.Context, fn func(ctx context.Context, w relational.Writer) error) error {
	if d.closed.Load() {
		return store.ErrClosed
	}
	return d.db.Update(ctx, func(ctx context.Context, tx pgx.Tx) error { return fn(ctx, transaction{tx}) })
}

// View implements relational.Database.
func (d *database) View(ctx context.Context, fn func(ctx context.Context, r relational.Reader) error) error {
	return d.db.View(ctx, func(ctx context.Context, tx pgx.Tx) error { return fn(ctx, transaction{tx}) })
}

// Explain implements relational.Database: what failed, and ErrClosed when the store is closed, whatever the driver calls it.
func (d *database) Explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", doing, pgkit.Translate(err))
	if !errors.Is(err, store.ErrClosed) && (d.closed.Load() || errors.Is(err, pgkit.ErrClosed)) {
		return fmt.Errorf("%w: %w", store.ErrClosed, err)
	}
	return err
}

// Ping implements relational.Database.
func (d *database) Ping(ctx context.Context) error { return d.db.Ping(ctx) }

// Close implements relational.Database.
func (d *database) Close() error {
	if d.closed.Swap(true) {
		return nil
	}
	return d.db.Close()
}
