package postgres_test

import (
	"context"
	"errors"
	"testing"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/scoring/internal/store/postgres"
)

func TestTablesCanBeDistributed(t *testing.T) {
	t.Parallel()
	pgtest.CheckDistributable(t, migrated(t), "scoring", "organization", map[string]string{
		"alert_counter":      "one row that numbers the alerts and events of all organisations",
		"alert_events":       "read by position whatever the organisation, and gone after some weeks",
		"board":              "one row about all organisations",
		"cursors":            "a row for each partition of the log, which hold events of all organisations",
		"enriched":           "one row about all organisations",
		"enrichment_sources": "a row for each service whose log is read, which holds events of all organisations",
		"deltas":             "read by version whatever the organisation, and gone after minutes",
		"ledgers":            "a row for each organisation, read together with the records of one or with all cells",
		"rebuilds":           "a few rows for each organisation, locked together with ledgers",
		"unused":             "a row for each ledger that is being removed",
	})
}

func TestOpenTellsOfAMissingSchema(t *testing.T) {
	t.Parallel()
	db, err := pgkit.Open(context.Background(), configOf(pgtest.Database(t)), options)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := postgres.Open(context.Background(), db, nil); !errors.Is(err, pgkit.ErrNoSchema) {
		t.Errorf("%v, want ErrNoSchema", err)
	}
}
