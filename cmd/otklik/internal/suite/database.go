package suite

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/telemetry"
	"github.com/otklik/otklik/services/access"
	"github.com/otklik/otklik/services/comment"
	"github.com/otklik/otklik/services/reporting"
	"github.com/otklik/otklik/services/scoring"
	"github.com/otklik/otklik/services/segmentation"
	"github.com/otklik/otklik/services/survey"
)

// database is what a service keeps in PostgreSQL.
type database struct {
	service string
	config  pgkit.Config
	schema  pgkit.Schema
}

// services is how many services keep something.
const services = 6

// databases lists those that are configured.
func (c Config) databases() []database {
	all := [services]database{
		{"survey", c.Survey.Postgres, survey.Schema()},
		{"scoring", c.Scoring.Postgres, scoring.Schema()},
		{"access", c.Access.Postgres, access.Schema()},
		{"comment", c.Comment.Postgres, comment.Schema()},
		{"segmentation", c.Segmentation.Postgres, segmentation.Schema()},
		{"reporting", c.Reporting.Postgres, reporting.Schema()},
	}
	var configured []database
	for _, d := range all {
		if d.config.Enabled() {
			configured = append(configured, d)
		}
	}
	return configured
}

// checkDatabases refuses services that would overwrite each other's tables.
func (c Config) checkDatabases() error {
	all := c.databases()
	for i, d := range all {
		for _, other := range all[:i] {
			if d.config.DSN == other.config.DSN && d.config.Schema == other.config.Schema {
				return fmt.Errorf("%s.postgres and %s.postgres name the same schema %q of the same database: give each service a schema of its own",
					other.service, d.service, d.config.Schema)
			}
		}
	}
	return nil
}

// errNoDatabase tells that there is nothing to migrate.
var errNoDatabase = errors.New("no service has a PostgreSQL database: set survey.postgres.dsn, scoring.postgres.dsn, access.postgres.dsn, comment.postgres.dsn, segmentation.postgres.dsn and reporting.postgres.dsn in the file " +
	"named by --config, or OTKLIK_SURVEY_POSTGRES_DSN and so on. SQLite files need no such step: services migrate them when they start")

// Migrate brings the databases of all services that have one in PostgreSQL to the schema of this program and says on out what it did.
func Migrate(ctx context.Context, config Config, out io.Writer) error {
	return config.eachDatabase(ctx, func(d database, options pgkit.Options) error {
		before, err := pgkit.Status(ctx, d.config, options, d.schema)
		if err == nil {
			err = pgkit.Migrate(ctx, d.config, options, d.schema)
		}
		if err != nil {
			return err
		}
		text := fmt.Sprintf("%s: schema %s is at version %d already\n", d.service, d.config.Schema, before.Newest)
		if before.Current != before.Newest {
			text = fmt.Sprintf("%s: schema %s migrated from version %d to %d\n", d.service, d.config.Schema, before.Current, before.Newest)
		}
		_, err = io.WriteString(out, text)
		return err
	})
}

// ErrMigrationNeeded tells that a database is behind the program, or ahead of it.
var ErrMigrationNeeded = errors.New("a database does not have the schema of this program")

// MigrationStatus says on out how far the databases are. ErrMigrationNeeded when one is not where this program would bring it.
func MigrationStatus(ctx context.Context, config Config, out io.Writer) error {
	needed := false
	err := config.eachDatabase(ctx, func(d database, options pgkit.Options) error {
		v, err := pgkit.Status(ctx, d.config, options, d.schema)
		if err != nil {
			return err
		}
		verdict := "up to date"
		switch {
		case v.Current == 0:
			verdict = "missing: run otklik migrate"
		case v.Current > v.Newest:
			verdict = "newer than this program: run a program of the release that migrated it, or a later one"
		case v.Current < v.Newest:
			verdict = "behind: run otklik migrate"
		}
		needed = needed || v.Current != v.Newest
		_, err = fmt.Fprintf(out, "%s: schema %s has version %d, this program %d: %s\n", d.service, d.config.Schema, v.Current, v.Newest, verdict)
		return err
	})
	if err == nil && needed {
		err = ErrMigrationNeeded
	}
	return err
}

// eachDatabase calls fn for each database that is configured. One that fails does not keep the others from their turn.
func (c Config) eachDatabase(ctx context.Context, fn func(d database, options pgkit.Options) error) error {
	if err := c.checkDatabases(); err != nil {
		return err
	}
	tel, err := telemetry.New(ctx, c.Telemetry, telemetry.Identity{Service: "otklik-migrate", Version: version()})
	if err != nil {
		return fmt.Errorf("start telemetry: %w", err)
	}
	databases := c.databases()
	if len(databases) == 0 {
		err = errNoDatabase
	}
	for _, d := range databases {
		err = errors.Join(err, fn(d, pgkit.Options{Component: d.service, Logger: tel.Logger}))
	}
	return errors.Join(err, tel.Shutdown(context.WithoutCancel(ctx)))
}
