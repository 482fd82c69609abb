// Package postgres keeps what scoring knows in a PostgreSQL database, which any number of processes may share.
package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/store/alerting"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is what the store needs of its database.
func Schema() pgkit.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		// The name is a constant and valid.
		panic(err)
	}
	return pgkit.Schema{Migrations: files, Partitioned: []string{"facts", "refusals"}}
}

// patience is how long a process that has locks of the store may give no sign of life before others take them from it.
const patience = 5 * time.Second

// Store is a store in one PostgreSQL database.
type Store struct {
	// Tables keeps alerts.
	*alerting.Tables

	db     *pgkit.DB
	logger *slog.Logger
	// streams is the room for readers of long results, batches that for batches of live ledgers.
	streams, batches room

	// merging is held while chunks are merged.
	merging sync.Mutex

	mu sync.Mutex
	// generations are those of ledgers when last looked at.
	generations map[store.Ledger]int64
	// appended counts chunks added to spans since they were last merged. Losing it makes merging come a little later.
	appended map[place]int
	// pruned is when the deltas of each partition were last pruned.
	pruned map[int]time.Time
}

var _ store.Store = (*Store)(nil)

// Open makes a store on a database whose schema `otklik migrate` has made, and which it closes with itself. The logger may be nil.
func Open(ctx context.Context, db *pgkit.DB, logger *slog.Logger) (*Store, error) {
	if err := db.CheckSchema(ctx, Schema()); err != nil {
		return nil, fmt.Errorf("open scoring store: %w", err)
	}
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	connections := db.Pool.Config().MaxConns
	return &Store{
		Tables: alerting.New(alertsIn(db)), db: db, logger: logger, streams: streamRoom(connections), batches: batchRoom(connections),
		generations: make(map[store.Ledger]int64), appended: make(map[place]int), pruned: make(map[int]time.Time),
	}, nil
}

// Shared is true: other processes may write to the database.
func (s *Store) Shared() bool { return true }

// KeepPartitions makes the partitions of the months ahead until ctx ends. Records of a month that has none lie in the default partition meanwhile.
func (s *Store) KeepPartitions(ctx context.Context, now func() time.Time) {
	s.db.KeepPartitions(ctx, Schema(), now)
}

// Ping tells whether the store can be read.
func (s *Store) Ping(ctx context.Context) error { return s.db.Ping(ctx) }

// Close ends the use of the store and of its database.
func (s *Store) Close() error { return s.db.Close() }

// place is where the chunks of a span lie.
type place struct {
	organization string
	generation   int64
	survey       string
	span         cell.Span
}
