package sqlkit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// ErrNewerSchema tells that the database was written by a newer version of the program.
var ErrNewerSchema = errors.New("the database has a newer schema than this program")

// Migrate brings the schema of db up to the newest of the numbered .sql files at the root of fsys (goose's format; use fs.Sub on an embedded
// folder). Forward only. Each file is one transaction: after an error the files before it are in and it is not. A database whose schema is
// newer than fsys gives ErrNewerSchema and is left alone.
func Migrate(ctx context.Context, db *DB, fsys fs.FS) error {
	// A Provider holds all of its state itself; goose's package-level functions are not used.
	provider, err := goose.NewProvider(goose.DialectSQLite3, db.Write, fsys)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	current, newest, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", Translate(err))
	}
	if current > newest {
		return fmt.Errorf("check schema version %d against %d: %w", current, newest, ErrNewerSchema)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", Translate(err))
	}
	return nil
}
