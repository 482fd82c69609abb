// Package sqlite keeps the reporting service's data in one SQLite file. One process owns the file.
package sqlite

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/otklik/otklik/libs/relational/sqlite"
	"github.com/otklik/otklik/services/reporting/internal/store"
	"github.com/otklik/otklik/services/reporting/internal/store/relational"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is a store.Store on SQLite.
type Store struct{ *relational.Store }

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
	s := &Store{relational.New(db)}
	// Whoever held an export is gone with his process, and need not be waited for.
	if err := s.FreeExports(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}
