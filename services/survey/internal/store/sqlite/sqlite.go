// Package sqlite keeps the survey service's data in one SQLite file. One process owns the file: it caches the status of surveys.
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
	"github.com/otklik/otklik/services/survey/internal/store"
	"github.com/otklik/otklik/services/survey/internal/store/loghead"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Options of Open.
type Options struct {
	// Path is the database file; its folder is made when it is missing.
	Path string
	// CommitBatch is the most calls whose writes are committed together; 0 means the default of sqlkit.
	CommitBatch int
}

// Store is a store.Store on SQLite.
type Store struct {
	db      *sqlkit.DB
	batcher *sqlkit.Batcher
	status  *statusCache
	head    *loghead.Head
	closed  atomic.Bool
	path    string
}

var _ store.Store = (*Store)(nil)

// folderMode keeps answers from other users of the machine.
const folderMode = 0o700

// Open opens or creates the database and brings its schema up to date.
func Open(ctx context.Context, o Options) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(o.Path), folderMode); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	db, err := sqlkit.OpenSQLite(ctx, o.Path)
	if err != nil {
		return nil, err
	}
	s, err := open(ctx, db, o)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func open(ctx context.Context, db *sqlkit.DB, o Options) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	if err := sqlkit.Migrate(ctx, db, files); err != nil {
		return nil, fmt.Errorf("prepare schema: %w", err)
	}
	// What is deleted is overwritten, since it was asked to be gone.
	if _, err := db.Write.ExecContext(ctx, "PRAGMA secure_delete = ON"); err != nil {
		return nil, fmt.Errorf("have deleted rows overwritten: %w", sqlkit.Translate(err))
	}
	s := &Store{db: db, path: o.Path, status: newStatusCache(), head: loghead.New()}
	last, err := s.Head(ctx)
	if err != nil {
		return nil, err
	}
	s.head.Advance(last)
	s.batcher = sqlkit.NewBatcher(db, o.CommitBatch)
	return s, nil
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
	s.head.Close()
	return errors.Join(s.batcher.Close(), s.db.Close())
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
