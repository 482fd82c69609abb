// Package sqlite keeps the segmentation service's data in one SQLite file. One process owns the file.
package sqlite

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/otklik/otklik/libs/relational/sqlite"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/store/relational"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is a store.Store on SQLite.
type Store struct {
	*relational.Store
	db *sqlite.Database
}

var _ store.Store = (*Store)(nil)

// Open opens or creates the database at path and brings its schema up to date.
func Open(ctx context.Context, path string) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	db, err := sqlite.Open(ctx, path, files)
	if err != nil {
		return nil, err
	}
	return &Store{Store: relational.New(db), db: db}, nil
}

// ErasePerson implements store.Persons. What was erased is moved out of the write-ahead log, too.
func (s *Store) ErasePerson(ctx context.Context, organization, erasure string, person []byte, known ...[]byte) error {
	if err := s.Store.ErasePerson(ctx, organization, erasure, person, known...); err != nil {
		return err
	}
	s.db.EmptyLog(ctx)
	return nil
}
