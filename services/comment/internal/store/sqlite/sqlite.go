// Package sqlite keeps the comment service's data in one SQLite file. One process owns the file.
package sqlite

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/otklik/otklik/libs/relational/sqlite"
	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/store/relational"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is a store.Store on SQLite.
type Store struct {
	*relational.Store
	db *database
}

var _ store.Store = (*Store)(nil)

// Open opens or creates the database at path and brings its schema up to date.
func Open(ctx context.Context, path string) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	opened, err := sqlite.Open(ctx, path, files)
	if err != nil {
		return nil, err
	}
	db := &database{Database: opened}
	return &Store{Store: relational.New(db), db: db}, nil
}

// database is what relational.Store works with.
type database struct {
	*sqlite.Database
	dialect
}

var _ relational.Database = (*database)(nil)
