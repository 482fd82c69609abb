package relational_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/libs/relational/postgres"
	"github.com/otklik/otklik/libs/relational/sqlite"
	"github.com/otklik/otklik/libs/testkit/pgtest"
)

// migrations make the same table in both databases.
var migrations = fstest.MapFS{"00001_things.sql": {Data: []byte("-- +goose Up\nCREATE TABLE things (organization text NOT NULL, id bigint NOT NULL, PRIMARY KEY (organization, id));\n")}}

const (
	insert = `INSERT INTO things (organization, id) VALUES ($1, $2)`
	all    = `SELECT id FROM things WHERE organization = $1 ORDER BY id`
)

func TestSQLite(t *testing.T) {
	migrations := fstest.MapFS{"00001_things.sql": {Data: []byte("-- +goose Up\nCREATE TABLE things (organization TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (organization, id)) STRICT;\n")}}
	path := filepath.Join(t.TempDir(), "new", "folder", "things.db")
	db, err := sqlite.Open(t.Context(), path, migrations)
	if err != nil {
		t.Fatal(err)
	}
	if db.Place() != path {
		t.Errorf("place is %s", db.Place())
	}
	conform(t, db)
}

func TestPostgres(t *testing.T) {
	config, schema := pgkit.DefaultConfig("things"), pgkit.Schema{Migrations: migrations}
	config.DSN = pgtest.Database(t)
	o := pgkit.Options{Component: "things"}
	if _, err := postgres.Open(t.Context(), config, o, schema); err == nil {
		t.Fatal("a database without its schema was opened")
	}
	if err := pgkit.Migrate(t.Context(), config, o, schema); err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(t.Context(), config, o, schema)
	if err != nil {
		t.Fatal(err)
	}
	conform(t, db)
}

// conform is what every database promises. It closes the database.
func conform(t *testing.T, db relational.Database) {
	t.Helper()
	ctx := t.Context()
	ids := func() []int64 {
		t.Helper()
		got, err := relational.ListOnce(ctx, db, relational.Value[int64], all, "acme")
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	var many [][]any
	for i := range int64(120) {
		many = append(many, []any{"acme", i})
	}
	err := db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		if err := w.Many(ctx, insert, many); err != nil {
			return err
		}
		n, err := w.Exec(ctx, `DELETE FROM things WHERE organization = $1 AND id >= $2`, "acme", int64(100))
		if n != 20 {
			t.Errorf("%d rows changed", n)
		}
		return err
	})
	if got := ids(); err != nil || len(got) != 100 || !slices.IsSorted(got) {
		t.Fatalf("%v, %v", got, err)
	}
	undone := errors.New("undone")
	err = db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		_, err := w.Exec(ctx, insert, "acme", int64(500))
		return errors.Join(err, undone)
	})
	if !errors.Is(err, undone) || len(ids()) != 100 {
		t.Errorf("%v, %d left", err, len(ids()))
	}
	if err := db.Update(ctx, func(ctx context.Context, w relational.Writer) error { return w.Many(ctx, insert, many[:1]) }); err == nil {
		t.Error("the same row was inserted twice")
	}
	if there, err := relational.Exists(ctx, db, all, "acme"); err != nil || !there {
		t.Errorf("%v, %v", there, err)
	}
	if there, err := relational.Exists(ctx, db, all, "other"); err != nil || there {
		t.Errorf("%v, %v", there, err)
	}
	if _, err := relational.One(ctx, db, relational.Value[int64], all, "other"); !errors.Is(err, relational.ErrNoRow) {
		t.Errorf("one of none: %v", err)
	}
	if err := db.Explain("do nothing", nil); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	err = db.Explain("write", db.Update(ctx, func(context.Context, relational.Writer) error { return nil }))
	if !errors.Is(err, relational.ErrClosed) {
		t.Errorf("after closing: %v", err)
	}
}

func TestTimes(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	if got := relational.FromMicro(relational.ToMicro(at)); !got.Equal(at) {
		t.Errorf("%v became %v", at, got)
	}
	if got := relational.FromNull(relational.NullMicro(at)); !got.Equal(at) {
		t.Errorf("%v became %v", at, got)
	}
	if relational.NullMicro(time.Time{}) != nil || !relational.FromNull(nil).IsZero() {
		t.Error("no time is not kept as none")
	}
}

func TestPage(t *testing.T) {
	for _, c := range []struct {
		found, want int
		more        bool
	}{{0, 0, false}, {2, 2, false}, {3, 2, true}} {
		if got, more := relational.Page(make([]int, c.found), 2); len(got) != c.want || more != c.more {
			t.Errorf("%d found: %d, %v", c.found, len(got), more)
		}
	}
}
