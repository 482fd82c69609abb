// Package postgres keeps the reporting service's data in PostgreSQL. Any number of processes may use one database at a time.
package postgres

import (
	"context"
	"embed"
	"io/fs"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/relational/postgres"
	"github.com/otklik/otklik/services/reporting/internal/store"
	"github.com/otklik/otklik/services/reporting/internal/store/relational"
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
type Store struct{ *relational.Store }

var _ store.Store = (*Store)(nil)

// Open connects to the database, which otklik migrate has prepared.
func Open(ctx context.Context, config pgkit.Config, o pgkit.Options) (*Store, error) {
	db, err := postgres.Open(ctx, config, o, Schema())
	if err != nil {
		return nil, err
	}
	return &Store{relational.New(db)}, nil
}
