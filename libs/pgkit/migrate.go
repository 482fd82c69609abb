package pgkit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// migrationLockTimeout bounds the wait of a migration for a table that is in use, since everybody else waits behind it.
const migrationLockTimeout = 20 * time.Second

// Migrate makes the schema if it is missing, brings it to the newest version and makes the partitions of the next months. Several at once wait for
// each other. ErrNewerSchema when the database is ahead; it is then left alone. Each file is one transaction: after an error the files
// before it are in and it is not.
func Migrate(ctx context.Context, config Config, options Options, schema Schema) error {
	versions, err := schema.versions()
	if err != nil {
		return err
	}
	return MigrateTo(ctx, config, options, schema, versions[len(versions)-1])
}

// MigrateTo is Migrate up to a version, as a program of that time would have done: for tests.
func MigrateTo(ctx context.Context, config Config, options Options, schema Schema, version int64) error {
	db, err := openToMigrate(ctx, config, options)
	if err != nil {
		return err
	}
	err = db.exclusively(ctx, "migrate", func(ctx context.Context) error { return db.migrate(ctx, schema, version) })
	if err == nil {
		err = db.EnsurePartitions(ctx, schema, time.Now())
	}
	if err != nil {
		err = fmt.Errorf("migrate schema %q of PostgreSQL at %s: %w", config.Schema, db.place, explainMigration(err, options.Component))
	}
	return errors.Join(err, db.Close())
}

// Status tells how far a database is migrated.
func Status(ctx context.Context, config Config, options Options, schema Schema) (Version, error) {
	versions, err := schema.versions()
	if err != nil {
		return Version{}, err
	}
	db, err := Open(ctx, config, options)
	if err != nil {
		return Version{}, err
	}
	current, err := currentVersion(ctx, db.Pool, config.Schema)
	if err != nil {
		err = fmt.Errorf("read schema version: %w", Translate(err))
	}
	return Version{Current: current, Newest: versions[len(versions)-1]}, errors.Join(err, db.Close())
}

// openToMigrate opens a database without limits on how long statements take.
func openToMigrate(ctx context.Context, config Config, options Options) (*DB, error) {
	config.StatementTimeout, config.IdleTransactionTimeout = 0, 0
	return Open(ctx, config, options)
}

// migrate runs the migrations up to a version. The lock is held.
func (db *DB) migrate(ctx context.Context, schema Schema, version int64) error {
	current, err := currentVersion(ctx, db.Pool, db.config.Schema)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	versions, err := schema.versions()
	if err != nil {
		return err
	}
	if newest := versions[len(versions)-1]; current > newest {
		return fmt.Errorf("%w: it has version %d, this program knows up to %d: run otklik migrate of the release that migrated it, or a later one", ErrNewerSchema, current, newest)
	}
	if current >= version {
		return nil
	}
	if _, err := db.Pool.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+pgx.Identifier{db.config.Schema}.Sanitize()); err != nil {
		return fmt.Errorf("make schema: %w", err)
	}
	connections := db.sql()
	// A Provider holds all of its state itself; goose's package-level functions are not used.
	provider, err := goose.NewProvider(goose.DialectPostgres, connections, schema.Migrations)
	if err != nil {
		return errors.Join(fmt.Errorf("read migrations: %w", err), connections.Close())
	}
	results, err := provider.UpTo(ctx, version)
	for _, r := range results {
		db.log.InfoContext(ctx, "migrated", "schema", db.config.Schema, "version", r.Source.Version, "took", r.Duration.String())
	}
	return errors.Join(err, connections.Close())
}

// sql opens connections of database/sql, which goose works with.
func (db *DB) sql() *sql.DB {
	config := db.Pool.Config().ConnConfig
	config.RuntimeParams["lock_timeout"] = fmt.Sprint(migrationLockTimeout.Milliseconds())
	return stdlib.OpenDB(*config)
}

// exclusively calls fn while no other process does something of the same name for the same schema. The lock goes with its connection, so that
// nobody is left waiting for a process that died.
func (db *DB) exclusively(ctx context.Context, name string, fn func(ctx context.Context) error) error {
	conn, err := db.Pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Release()
	key := lockKey(db.config.Schema, name)
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, key); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	err = fn(ctx)
	// Without the end of ctx, so that the connection is not lost with the lock on it.
	if _, unlockErr := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, key); unlockErr != nil {
		err = errors.Join(err, fmt.Errorf("unlock: %w", unlockErr), conn.Conn().Close(context.WithoutCancel(ctx)))
	}
	return err
}

// lockKey makes the number of an advisory lock out of names.
func lockKey(schema, name string) int64 {
	h := fnv.New64a()
	// Writing to a hash cannot fail.
	_, _ = fmt.Fprintf(h, "otklik/%s/%s", schema, name)
	return int64(h.Sum64())
}

// explainMigration says what to do about errors that operators can mend.
func explainMigration(err error, component string) error {
	switch Code(err) {
	case codeInsufficientPrivilege:
		return fmt.Errorf("%w: migrate as a user who may create schemas and owns the tables, named in %s", err, setting(component, "dsn"))
	case codeLockNotAvailable:
		return fmt.Errorf("%w: a long transaction holds a table: try again, or end it", err)
	}
	return Translate(err)
}
