package suite

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/testkit/pgtest"
)

// quiet is a configuration that logs errors only.
func quiet() Config {
	c := DefaultConfig()
	c.Telemetry.LogLevel = "error"
	return c
}

func TestMigrateBringsEveryDatabaseToTheNewestVersion(t *testing.T) {
	t.Parallel()
	c := quiet()
	dsn := pgtest.Database(t)
	c.Survey.Postgres.DSN, c.Scoring.Postgres.DSN = dsn, dsn
	c.Scoring.Postgres.Schema = "scores"

	var out bytes.Buffer
	if err := MigrationStatus(t.Context(), c, &out); !errors.Is(err, ErrMigrationNeeded) {
		t.Errorf("before: %v", err)
	}
	if text := out.String(); strings.Count(text, "missing: run otklik migrate") != 2 {
		t.Errorf("before: %s", text)
	}
	out.Reset()
	if err := Migrate(t.Context(), c, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"survey: schema survey migrated from version 0 to ", "scoring: schema scores migrated from version 0 to "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in: %s", want, out.String())
		}
	}
	out.Reset()
	if err := errors.Join(Migrate(t.Context(), c, &out), MigrationStatus(t.Context(), c, &out)); err != nil {
		t.Errorf("again: %v", err)
	}
	if text := out.String(); strings.Count(text, " already") != 2 || strings.Count(text, "up to date") != 2 {
		t.Errorf("again: %s", text)
	}
	out.Reset()
	pgtest.Exec(t, dsn, `INSERT INTO scores.goose_db_version (version_id, is_applied) VALUES (900, true)`)
	if err := MigrationStatus(t.Context(), c, &out); !errors.Is(err, ErrMigrationNeeded) || !strings.Contains(out.String(), "newer than this program") {
		t.Errorf("newer: %v, %s", err, out.String())
	}
}

// TestMigrateGoesOnAfterAFailure: one database that cannot be migrated does not keep the other from being migrated.
func TestMigrateGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	c := quiet()
	c.Survey.Postgres.DSN, c.Scoring.Postgres.DSN = "nonsense", pgtest.Database(t)
	var out bytes.Buffer
	if err := Migrate(t.Context(), c, &out); err == nil || !strings.Contains(err.Error(), "survey.postgres.dsn") {
		t.Errorf("error %v", err)
	}
	if !strings.Contains(out.String(), "scoring: schema scoring migrated") {
		t.Errorf("output %s", out.String())
	}
}

func TestMigrateNeedsDatabasesThatDoNotClash(t *testing.T) {
	t.Parallel()
	if err := Migrate(t.Context(), quiet(), &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "survey.postgres.dsn") {
		t.Errorf("without a database: %v", err)
	}
	c := quiet()
	c.Survey.Postgres.DSN, c.Scoring.Postgres.DSN = "postgres://u@h/d", "postgres://u@h/d"
	c.Scoring.Postgres.Schema = c.Survey.Postgres.Schema
	for name, err := range map[string]error{
		"migrate": Migrate(t.Context(), c, &bytes.Buffer{}),
		"start":   Survey(t.Context(), c, func(Ready) {}),
	} {
		if err == nil || !strings.Contains(err.Error(), "schema of its own") {
			t.Errorf("%s with one schema for two services: %v", name, err)
		}
	}
}
