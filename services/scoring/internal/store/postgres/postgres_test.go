package postgres_test

import (
	"context"
	"testing"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/store/postgres"
	"github.com/otklik/otklik/services/scoring/internal/store/storetest"
)

// configOf is how a store uses a database.
func configOf(dsn string) pgkit.Config {
	c := pgkit.DefaultConfig("scoring")
	c.DSN = dsn
	return c
}

var options = pgkit.Options{Component: "scoring"}

// migrated makes a database of the newest schema.
func migrated(t testing.TB) (dsn string) {
	t.Helper()
	dsn = pgtest.Database(t)
	if err := pgkit.Migrate(t.Context(), configOf(dsn), options, postgres.Schema()); err != nil {
		t.Fatal(err)
	}
	return dsn
}

// open opens a store; whoever calls it closes it.
func open(t testing.TB, dsn string) *postgres.Store {
	t.Helper()
	db, err := pgkit.Open(context.Background(), configOf(dsn), options)
	if err != nil {
		t.Fatal(err)
	}
	s, err := postgres.Open(context.Background(), db, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// opened opens a store that is closed at the end of the test.
func opened(t testing.TB, dsn string) *postgres.Store {
	t.Helper()
	s := open(t, dsn)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB) storetest.Open {
		dsn := migrated(t)
		return func(t testing.TB) store.Store { return open(t, dsn) }
	})
}

// TestConformanceOnTheVersionBefore: a program works with the schema of the one before, so that the database is migrated while processes run.
func TestConformanceOnTheVersionBefore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB) storetest.Open {
		dsn := pgtest.Database(t)
		status, err := pgkit.Status(t.Context(), configOf(dsn), options, postgres.Schema())
		if err == nil {
			err = pgkit.MigrateTo(t.Context(), configOf(dsn), options, postgres.Schema(), status.Newest-1)
		}
		if err != nil {
			t.Fatal(err)
		}
		return func(t testing.TB) store.Store { return open(t, dsn) }
	})
}
