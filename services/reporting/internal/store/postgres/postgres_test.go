package postgres

import (
	"fmt"
	"testing"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/reporting/internal/store"
	"github.com/otklik/otklik/services/reporting/internal/store/storetest"
)

const component = "reporting"

// migratedSchema is a schema of a database that is up to date.
func migratedSchema(t testing.TB, dsn, name string) pgkit.Config {
	t.Helper()
	config := pgkit.DefaultConfig(name)
	config.DSN = dsn
	if err := pgkit.Migrate(t.Context(), config, pgkit.Options{Component: component}, Schema()); err != nil {
		t.Fatal(err)
	}
	return config
}

func TestConformance(t *testing.T) {
	// A schema for each case: that services of one database do not see each other's data is tested on the way.
	dsn, cases := pgtest.Database(t), 0
	storetest.Run(t, func(t testing.TB) storetest.Open {
		cases++
		config := migratedSchema(t, dsn, fmt.Sprintf("case_%d", cases))
		return func(t testing.TB) store.Store {
			s, err := Open(t.Context(), config, pgkit.Options{Component: component})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	})
}

// TestDistributable keeps the tables such that they could be divided by organisations over many servers.
func TestDistributable(t *testing.T) {
	dsn := pgtest.Database(t)
	config := migratedSchema(t, dsn, "reporting")
	pgtest.CheckDistributable(t, dsn, config.Schema, "organization", map[string]string{
		"leader":         "one row for all organisations",
		"report_events":  "read by position whatever the organisation, and gone after some weeks",
		"report_counter": "one row that numbers the events of all organisations",
	})
}
