// Package sqlite keeps what scoring knows in a SQLite database.
package sqlite

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/store/alerting"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is a store in one SQLite database.
type Store struct {
	// Tables keeps alerts.
	*alerting.Tables

	db *sqlkit.DB

	mu sync.Mutex
	// appended counts chunks added to a span since it was last looked at for merging. Losing it makes merging come a little later.
	appended map[place]int

	// live is held, a part of it by each batch for live ledgers and all of it by Hold.
	live *semaphore.Weighted
}

var _ store.Store = (*Store)(nil)

// Open opens or creates the database file, whose folder must exist, and brings its schema up to date.
func Open(ctx context.Context, path string) (*Store, error) {
	db, err := sqlkit.OpenSQLite(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open scoring store: %w", err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err == nil {
		err = sqlkit.Migrate(ctx, db, files)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open scoring store: %w", err), db.Close())
	}
	return &Store{Tables: alerting.New(alertsIn(db)), db: db, appended: make(map[place]int), live: semaphore.NewWeighted(everybody)}, nil
}

// Ping tells whether the store can be read.
func (s *Store) Ping(ctx context.Context) error { return s.db.Ping(ctx) }

// Close ends the use of the store.
func (s *Store) Close() error { return s.db.Close() }

// generation is the SQL of a ledger's generation; its parameters are those of ledgerArgs.
const generation = `coalesce(nullif(?, 0), (SELECT live FROM ledgers WHERE organization = ?), 0)`

// inLedger is the condition that rows belong to a ledger; its parameters are those of ledgerArgs.
const inLedger = `organization = ? AND generation = ` + generation

func ledgerArgs(l store.Ledger, more ...any) []any {
	return append([]any{l.Organization, l.Rebuild, l.Organization}, more...)
}
