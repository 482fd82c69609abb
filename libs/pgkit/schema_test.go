package pgkit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
)

var options = pgkit.Options{Component: "shop"}

// schemaOf makes a schema with a number of versions.
func schemaOf(versions int) pgkit.Schema {
	files := fstest.MapFS{"00001_things.sql": {Data: []byte(`-- +goose Up
CREATE TABLE things (id text COLLATE "C", at timestamptz, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
CREATE TABLE things_default PARTITION OF things DEFAULT;
CREATE TABLE counts (at bigint, n bigint) PARTITION BY RANGE (at);
CREATE TABLE counts_default PARTITION OF counts DEFAULT;
`)}}
	for v := 2; v <= versions; v++ {
		files[fmt.Sprintf("%05d_more.sql", v)] = &fstest.MapFile{Data: fmt.Appendf(nil, "-- +goose Up\nCREATE TABLE more%d (id int PRIMARY KEY);\n", v)}
	}
	return pgkit.Schema{Migrations: files, Partitioned: []string{"things", "counts"}}
}

func TestProgramsWorkWithTheirSchemaAndTheOneBefore(t *testing.T) {
	t.Parallel()
	c := configFor(pgtest.Database(t))
	db := open(t, c)
	check := func(program int) error { return db.CheckSchema(t.Context(), schemaOf(program)) }

	if err := check(3); !errors.Is(err, pgkit.ErrNoSchema) || !strings.Contains(err.Error(), "otklik migrate") || !strings.Contains(err.Error(), `"things"`) {
		t.Errorf("before the first migration: %v", err)
	}
	for migrated := 1; migrated <= 4; migrated++ {
		if err := pgkit.Migrate(t.Context(), c, options, schemaOf(migrated)); err != nil {
			t.Fatal(err)
		}
		v, err := pgkit.Status(t.Context(), c, options, schemaOf(3))
		if err != nil || v.Current != int64(migrated) || v.Newest != 3 {
			t.Errorf("status %+v, %v", v, err)
		}
		err = check(3)
		switch migrated {
		case 1:
			if !errors.Is(err, pgkit.ErrOldSchema) || !strings.Contains(err.Error(), "version 1") || !strings.Contains(err.Error(), "otklik migrate") {
				t.Errorf("two versions behind: %v", err)
			}
		case 2, 3:
			if err != nil {
				t.Errorf("version %d: %v", migrated, err)
			}
		case 4:
			if !errors.Is(err, pgkit.ErrNewerSchema) || !strings.Contains(err.Error(), "version 4") || !strings.Contains(err.Error(), "up to 3") {
				t.Errorf("newer: %v", err)
			}
			if err := pgkit.Migrate(t.Context(), c, options, schemaOf(3)); !errors.Is(err, pgkit.ErrNewerSchema) {
				t.Errorf("migrate by an older program: %v", err)
			}
		}
	}
	if err := check(5); err != nil {
		t.Errorf("one version behind: %v", err)
	}
}

func TestMigrationsRunOnceHoweverManyTry(t *testing.T) {
	t.Parallel()
	c := configFor(pgtest.Database(t))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := pgkit.Migrate(t.Context(), c, options, schemaOf(3)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := open(t, c).CheckSchema(t.Context(), schemaOf(3)); err != nil {
		t.Error(err)
	}
}

func TestBrokenMigrationLeavesTheVersionBefore(t *testing.T) {
	t.Parallel()
	c := configFor(pgtest.Database(t))
	broken := schemaOf(1)
	broken.Migrations.(fstest.MapFS)["00002_broken.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE half (id int);\nCREATE TABLE things (id int);\n")}
	if err := pgkit.Migrate(t.Context(), c, options, broken); err == nil || !strings.Contains(err.Error(), "things") {
		t.Errorf("error %v", err)
	}
	if v, err := pgkit.Status(t.Context(), c, options, broken); err != nil || v.Current != 1 {
		t.Errorf("%+v, %v", v, err)
	}
	if err := pgkit.Migrate(t.Context(), c, options, pgkit.Schema{Migrations: fstest.MapFS{}}); err == nil {
		t.Error("no migrations at all were accepted")
	}
}

func TestMigratingNeedsPrivileges(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	role := strings.TrimPrefix(dsn[strings.LastIndex(dsn, "/")+1:strings.Index(dsn, "?")], "otklik_")
	pgtest.Exec(t, dsn, "CREATE ROLE "+role+" LOGIN PASSWORD 'weak'")
	t.Cleanup(func() { dropRole(t, dsn, role) })
	weak := strings.Replace(dsn, "otklik:otklik-tests@", role+":weak@", 1)
	err := pgkit.Migrate(t.Context(), configFor(weak), options, schemaOf(1))
	if err == nil || !strings.Contains(err.Error(), "migrate as a user") || !strings.Contains(err.Error(), "shop.postgres.dsn") {
		t.Errorf("error %v", err)
	}
}

func TestServicesShareADatabase(t *testing.T) {
	t.Parallel()
	first := configFor(pgtest.Database(t))
	second := first
	second.Schema = "others"
	for _, c := range []pgkit.Config{first, second} {
		if err := pgkit.Migrate(t.Context(), c, options, schemaOf(2)); err != nil {
			t.Fatal(err)
		}
		if _, err := open(t, c).Pool.Exec(t.Context(), `INSERT INTO more2 VALUES (1)`); err != nil {
			t.Errorf("schema %s: %v", c.Schema, err)
		}
	}
}

// TestPartitionsAreMadeAhead: rows go into the partition of their month, also those that came before it was made.
func TestPartitionsAreMadeAhead(t *testing.T) {
	t.Parallel()
	c := configFor(pgtest.Database(t))
	if err := pgkit.Migrate(t.Context(), c, options, schemaOf(1)); err != nil {
		t.Fatal(err)
	}
	db := open(t, c)
	day := time.Date(2031, 11, 30, 23, 59, 59, 999999000, time.UTC)
	add := func(at time.Time, id string) {
		t.Helper()
		if _, err := db.Pool.Exec(t.Context(), `INSERT INTO things (id, at) VALUES ($1, $2)`, id, at); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Pool.Exec(t.Context(), `INSERT INTO counts (at, n) VALUES ($1, 1)`, at.UnixNano()); err != nil {
			t.Fatal(err)
		}
	}
	add(day, "early")
	add(day.AddDate(1, 0, 0), "far")
	// Many at once, some twice.
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 2 {
				if err := db.EnsurePartitions(t.Context(), schemaOf(1), day); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	add(day.Add(time.Microsecond), "next month")
	add(time.Date(2032, 2, 29, 12, 0, 0, 0, time.UTC), "last month ahead")
	for _, table := range []string{"things", "counts"} {
		rows, err := db.Pool.Query(t.Context(), `SELECT tableoid::regclass::text FROM `+table+` ORDER BY at`)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprint([]string{table + "_p2031_11", table + "_p2031_12", table + "_p2032_02", table + "_default"})
		if fmt.Sprint(got) != want {
			t.Errorf("%s: rows are in %v, want %s", table, got, want)
		}
	}
	// What was detached for retention is not made anew, and the rest goes on.
	if _, err := db.Pool.Exec(t.Context(), `ALTER TABLE things DETACH PARTITION things_p2031_11`); err != nil {
		t.Fatal(err)
	}
	if err := db.EnsurePartitions(t.Context(), schemaOf(1), day); err != nil {
		t.Error(err)
	}
	var n int
	if err := db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM things`).Scan(&n); err != nil || n != 3 {
		t.Errorf("%d rows, %v", n, err)
	}
}

// TestPartitionsDoNotWaitForLongTransactions: who holds a table does not make everybody else wait behind the new partition.
func TestPartitionsDoNotWaitForLongTransactions(t *testing.T) {
	t.Parallel()
	c := configFor(pgtest.Database(t))
	if err := pgkit.Migrate(t.Context(), c, options, schemaOf(1)); err != nil {
		t.Fatal(err)
	}
	db := open(t, c)
	holder, err := db.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Rollback(t.Context()) //nolint:errcheck // it only reads
	if _, err := holder.Exec(t.Context(), `SELECT * FROM things`); err != nil {
		t.Fatal(err)
	}
	if err := db.EnsurePartitions(t.Context(), schemaOf(1), time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)); !errors.Is(err, pgkit.ErrBusy) {
		t.Errorf("error %v", err)
	}
	wrong := pgkit.Schema{Partitioned: []string{"goose_db_version"}}
	if err := db.EnsurePartitions(t.Context(), wrong, time.Now()); err == nil || !strings.Contains(err.Error(), "not partitioned") {
		t.Errorf("a table that is not partitioned: %v", err)
	}
}

func dropRole(t *testing.T, dsn, role string) {
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Error(err)
		return
	}
	if _, err := conn.Exec(ctx, "DROP ROLE IF EXISTS "+role); err != nil {
		t.Error(err)
	}
	if err := conn.Close(ctx); err != nil {
		t.Error(err)
	}
}
