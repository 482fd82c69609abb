// Package postgres keeps the survey service's data in PostgreSQL. Any number of processes may use one database at a time: what must be in order
// among them is put in order by a row that a transaction holds until its commit.
package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"
	"time"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/survey/internal/store"
	"github.com/otklik/otklik/services/survey/internal/store/loghead"
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
	return pgkit.Schema{Migrations: files, Partitioned: []string{"submissions"}}
}

// Options of Open.
type Options struct {
	pgkit.Options
	// CommitBatch is the most calls whose submissions are committed together; 0 means DefaultCommitBatch.
	CommitBatch int
}

// DefaultCommitBatch is the most calls whose submissions are committed together unless told otherwise: far more
// than queue during one commit at the highest load measured.
const DefaultCommitBatch = 512

// pollInterval is how often the log is looked at for changes of other processes while somebody waits for one.
const pollInterval = 50 * time.Millisecond

// sqlDistributed tells whether tables of the database may be distributed over several servers.
const sqlDistributed = `SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')`

// sqlHasPersons tells whether the schema is the newest.
const sqlHasPersons = `SELECT to_regclass('consents') IS NOT NULL`

// Store is a store.Store on PostgreSQL.
type Store struct {
	db       *pgkit.DB
	accepts  *flights[acceptance]
	statuses *flights[statusCall]
	head     *loghead.Head
	closed   atomic.Bool

	// logLock is the advisory lock that a group holds from its beginning to the end of its commit.
	logLock int64
	// distributed tells that the tables may lie on several servers.
	distributed bool
	// persons tells that the schema has a place for whom submissions are about. While it is that of the version before, what is stored is not marked.
	persons bool
}

var _ store.Store = (*Store)(nil)

// settings are those of the connections. Every statement has one good plan whatever its arguments; made anew for each execution, as the server would
// because it takes arrays for longer than they are, a plan costs more than most statements. Where the tables are distributed it is the arguments
// that say which server to ask: there the server decides.
func settings() map[string]string { return map[string]string{"plan_cache_mode": "force_generic_plan"} }

// Open connects to the database, which otklik migrate has prepared.
func Open(ctx context.Context, config pgkit.Config, o Options) (*Store, error) {
	o.Settings = settings()
	db, err := pgkit.Open(ctx, config, o.Options)
	if err != nil {
		return nil, err
	}
	if err := db.CheckSchema(ctx, Schema()); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s := &Store{db: db, logLock: lockOf(config.Schema)}
	if err := db.Pool.QueryRow(ctx, sqlDistributed).Scan(&s.distributed); err != nil {
		return nil, errors.Join(fmt.Errorf("look for Citus: %w", pgkit.Translate(err)), db.Close())
	}
	if s.distributed {
		o.Settings = nil
		if err := db.Close(); err != nil {
			return nil, err
		}
		if s.db, err = pgkit.Open(ctx, config, o.Options); err != nil {
			return nil, err
		}
	}
	if err := s.db.Pool.QueryRow(ctx, sqlHasPersons).Scan(&s.persons); err != nil {
		return nil, errors.Join(fmt.Errorf("look for the table of consents: %w", pgkit.Translate(err)), s.db.Close())
	}
	s.head = loghead.NewShared(s.readHead, pollInterval)
	batch := o.CommitBatch
	if batch <= 0 {
		batch = DefaultCommitBatch
	}
	s.accepts = newFlights(flightOptions[acceptance]{maxCalls: batch, maxWeight: maxGroupBytes, weigh: weighAcceptance, linger: acceptLinger}, s.acceptGroup)
	s.statuses = newFlights(flightOptions[statusCall]{maxCalls: maxStatuses, pace: statusPace}, s.readStatuses)
	return s, nil
}

// KeepPartitions makes the partitions of the months ahead until ctx ends.
func (s *Store) KeepPartitions(ctx context.Context, now func() time.Time) {
	s.db.KeepPartitions(ctx, Schema(), now)
}

// Place says where the database is, for logs.
func (s *Store) Place() string { return s.db.Place() }

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.fail("ping", s.db.Ping(ctx)) }

// Close waits for what is under way and closes the connections.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.head.Close()
	s.accepts.close()
	s.statuses.close()
	return s.db.Close()
}

// outdated is the error of what the schema has no place for.
func (s *Store) outdated(doing string) error {
	return fmt.Errorf("%s: %w: run otklik migrate and start this program again", doing, store.ErrOutdated)
}

// ready returns ErrClosed when the store is closed, and ErrOutdated when the schema is that of the version before.
func (s *Store) ready(doing string) error {
	if err := s.open(); err != nil {
		return err
	}
	if !s.persons {
		return s.outdated(doing)
	}
	return nil
}

// open returns ErrClosed when the store is closed.
func (s *Store) open() error {
	if s.closed.Load() {
		return store.ErrClosed
	}
	return nil
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
