package postgres

import (
	"fmt"
	"testing"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/survey/internal/store"
	"github.com/otklik/otklik/services/survey/internal/store/storetest"
)

const component = "survey"

// migrated is a fresh database at a version of the schema.
func migrated(t testing.TB, version int64) pgkit.Config {
	t.Helper()
	return migratedSchema(t, pgtest.Database(t), component, version)
}

// migratedSchema is a schema of a database at a version.
func migratedSchema(t testing.TB, dsn, name string, version int64) pgkit.Config {
	t.Helper()
	config := pgkit.DefaultConfig(name)
	config.DSN = dsn
	if err := pgkit.MigrateTo(t.Context(), config, pgkit.Options{Component: component}, Schema(), version); err != nil {
		t.Fatal(err)
	}
	return config
}

// newest is the version of the newest schema; the program must work with the one before as well.
const newest = 3

func opened(t testing.TB, config pgkit.Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), config, Options{Options: pgkit.Options{Component: component}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	for name, version := range map[string]int64{"newest schema": newest, "schema before": newest - 1} {
		t.Run(name, func(t *testing.T) {
			// A schema for each case: that services of one database do not see each other's data is tested on the way.
			dsn, cases := pgtest.Database(t), 0
			newOpen := func(t testing.TB) storetest.Open {
				cases++
				config := migratedSchema(t, dsn, fmt.Sprintf("case_%d", cases), version)
				return func(t testing.TB) store.Store { return opened(t, config) }
			}
			storetest.Run(t, newOpen)
			storetest.RunShared(t, newOpen)
			if version == newest {
				storetest.RunPersons(t, newOpen)
			}
		})
	}
}
