// Package postgres is a relational.Database in PostgreSQL. Any number of processes may use one database at a time.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/relational"
)

// Database is a relational.Database on PostgreSQL. Safe for concurrent use.
type Database struct {
	db     *pgkit.DB
	closed atomic.Bool
}

var _ relational.Database = (*Database)(nil)

// Open connects to the database, which otklik migrate has prepared with the schema.
func Open(ctx context.Context, config pgkit.Config, o pgkit.Options, schema pgkit.Schema) (*Database, error) {
	db, err := pgkit.Open(ctx, config, o)
	if err != nil {
		return nil, err
	}
	if err := db.CheckSchema(ctx, schema); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Database{db: db}, nil
}

// Place implements relational.Database.
func (d *Database) Place() string { return d.db.Place() }

// Query implements relational.Reader.
func (d *Database) Query(ctx context.Context, query string, args ...any) (relational.Rows, error) {
	return opened{d.db}.Query(ctx, query, args...)
}

// Update implements relational.Database.
func (d *Database) Update(ctx context.Context, fn func(ctx context.Context, w relational.Writer) error) error {
	if d.closed.Load() {
		return relational.ErrClosed
	}
	return d.db.Update(ctx, func(ctx context.Context, tx pgx.Tx) error { return fn(ctx, transaction{tx}) })
}

// View implements relational.Database.
func (d *Database) View(ctx context.Context, fn func(ctx context.Context, r relational.Reader) error) error {
	return d.db.View(ctx, func(ctx context.Context, tx pgx.Tx) error { return fn(ctx, transaction{tx}) })
}

// Explain implements relational.Database: what failed, and ErrClosed when the database is closed, whatever the driver calls it.
func (d *Database) Explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", doing, pgkit.Translate(err))
	if !errors.Is(err, relational.ErrClosed) && (d.closed.Load() || errors.Is(err, pgkit.ErrClosed)) {
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
	return d.db.Close()
}
