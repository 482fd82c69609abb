package pgkit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"
)

// Schema is what a service keeps in a database.
type Schema struct {
	// Migrations holds numbered .sql files in goose's format at its root. Forward only. A version must leave the program of the version before able
	// to work.
	Migrations fs.FS
	// Partitioned are the tables that are divided by months: PARTITION BY RANGE over one column, a timestamptz or a bigint of Unix nanoseconds, with
	// a default partition called <table>_default.
	Partitioned []string
}

// versionTable is where goose keeps the versions.
const versionTable = "goose_db_version"

// The errors of a schema that does not fit the program.
var (
	// ErrNoSchema tells that the database was never migrated.
	ErrNoSchema = errors.New("the schema is missing")
	// ErrOldSchema tells that the database was migrated by a program that is too old.
	ErrOldSchema = errors.New("the schema is too old")
	// ErrNewerSchema tells that the database was migrated by a newer program.
	ErrNewerSchema = errors.New("the schema is newer than this program")
)

// Version is how far a database is migrated.
type Version struct {
	// Current is the database's, 0 when it was never migrated; Newest is the program's.
	Current, Newest int64
}

// versions lists the versions of the migrations in order.
func (s Schema) versions() ([]int64, error) {
	names, err := fs.Glob(s.Migrations, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	versions := make([]int64, 0, len(names))
	for _, name := range names {
		v, err := goose.NumericComponent(path.Base(name))
		if err != nil {
			return nil, fmt.Errorf("read name of migration %s: %w", name, err)
		}
		versions = append(versions, v)
	}
	if len(versions) == 0 {
		return nil, errors.New("list migrations: there are none")
	}
	slices.Sort(versions)
	return versions, nil
}

// CheckSchema tells whether the program can work with the database as it is migrated: by the newest version, or the one before, so that a
// database is migrated while the programs of before run, and those run on until they are replaced. ErrNoSchema, ErrOldSchema, ErrNewerSchema;
// the text says what to do.
func (db *DB) CheckSchema(ctx context.Context, schema Schema) error {
	versions, err := schema.versions()
	if err != nil {
		return err
	}
	current, err := currentVersion(ctx, db.Pool, db.config.Schema)
	if err != nil {
		return fmt.Errorf("read schema version: %w", Translate(err))
	}
	newest := versions[len(versions)-1]
	oldest := versions[max(0, len(versions)-2)]
	where := fmt.Sprintf("schema %q of PostgreSQL at %s", db.config.Schema, db.place)
	switch {
	case current == 0:
		return fmt.Errorf("%w: %s has no tables of the %s service: run otklik migrate with the same configuration, or correct %s and %s",
			ErrNoSchema, where, db.component, setting(db.component, "dsn"), setting(db.component, "schema"))
	case current < oldest:
		return fmt.Errorf("%w: %s has version %d, this program works with %d and %d: run otklik migrate of this program",
			ErrOldSchema, where, current, oldest, newest)
	case current > newest:
		return fmt.Errorf("%w: %s has version %d, this program knows up to %d: run a program of the release that migrated it, or a later one",
			ErrNewerSchema, where, current, newest)
	}
	if current < newest {
		db.log.WarnContext(ctx, "the schema is one version behind: run otklik migrate", "at", db.Place(), "version", current, "newest", newest)
	}
	return nil
}

// querier is a connection or a pool of them.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// currentVersion is the version of a schema; 0 when it does not exist or was never migrated.
func currentVersion(ctx context.Context, q querier, name string) (int64, error) {
	table := pgx.Identifier{name, versionTable}.Sanitize()
	var version int64
	err := q.QueryRow(ctx, "SELECT COALESCE(max(version_id), 0) FROM "+table+" WHERE is_applied").Scan(&version)
	if Code(err) == codeUndefinedTable {
		return 0, nil
	}
	return version, err
}
