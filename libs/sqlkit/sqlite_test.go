package sqlkit_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/sqlkit"
)

func pragma(t *testing.T, db *sql.DB, name string) string {
	t.Helper()
	var v string
	if err := db.QueryRow("PRAGMA " + name).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSettings(t *testing.T) {
	db := openOps(t, sqlkit.WithReaders(2), sqlkit.WithBusyTimeout(time.Second))
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "busy_timeout": "1000", "mmap_size": "0"} {
		if got := pragma(t, db.Write, name); got != want {
			t.Errorf("writer: %s is %s, want %s", name, got, want)
		}
	}
	if got := pragma(t, db.Read, "query_only"); got != "1" {
		t.Errorf("reader: query_only is %s", got)
	}
	if _, err := db.Read.Exec(`INSERT INTO ops (id) VALUES ('x')`); err == nil {
		t.Error("a reader wrote")
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, open := range map[string]func() (*sqlkit.DB, error){
		"no path":      func() (*sqlkit.DB, error) { return sqlkit.OpenSQLite(t.Context(), "") },
		"memory":       func() (*sqlkit.DB, error) { return sqlkit.OpenSQLite(t.Context(), ":memory:") },
		"no readers":   func() (*sqlkit.DB, error) { return sqlkit.OpenSQLite(t.Context(), dir+"/a.db", sqlkit.WithReaders(0)) },
		"no folder":    func() (*sqlkit.DB, error) { return sqlkit.OpenSQLite(t.Context(), dir+"/none/a.db") },
		"no database":  func() (*sqlkit.DB, error) { return sqlkit.OpenSQLite(t.Context(), writeText(t, dir)) },
		"ended before": func() (*sqlkit.DB, error) { return sqlkit.OpenSQLite(ended(t), dir+"/b.db") },
	} {
		if db, err := open(); err == nil {
			t.Errorf("%s: opened", name)
			_ = db.Close()
		}
	}
}

func writeText(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "text.db")
	if err := os.WriteFile(path, []byte("this is no database, but long enough to have a header of one hundred bytes, "+
		"which is where SQLite looks first when it opens a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func ended(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestAnyPath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c#d%e&f.db")
	db, err := sqlkit.OpenSQLite(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestUpdate(t *testing.T) {
	db := openOps(t)
	if err := db.Update(t.Context(), insert("a", 1)); err != nil {
		t.Fatal(err)
	}
	err := db.Update(t.Context(), func(ctx context.Context, tx *sqlkit.Tx) error {
		if err := insert("b", 1)(ctx, tx); err != nil {
			return err
		}
		return errOwn
	})
	if !errors.Is(err, errOwn) {
		t.Errorf("got %v", err)
	}
	if err := db.Update(t.Context(), insert("a", 1)); !sqlkit.IsUniqueViolation(err) {
		t.Errorf("the same id again: %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		_ = db.Update(t.Context(), func(ctx context.Context, tx *sqlkit.Tx) error {
			_ = insert("c", 1)(ctx, tx)
			panic("boom")
		})
	}()
	if n := count(t, db); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
	if sqlkit.IsUniqueViolation(errOwn) || sqlkit.IsUniqueViolation(nil) {
		t.Error("a violation out of nothing")
	}
}

// TestManyTexts: more query texts than are kept prepared still work.
func TestManyTexts(t *testing.T) {
	db := openOps(t)
	for i := range 600 {
		var n int
		if err := db.QueryRow(t.Context(), fmt.Sprintf("SELECT %d", i)).Scan(&n); err != nil || n != i {
			t.Fatalf("text %d: %d, %v", i, n, err)
		}
	}
	for text, ok := range map[string]bool{"SELECT 601": true, "SELEC": false} {
		rows, err := db.Query(t.Context(), text)
		if (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
		if err != nil {
			continue
		}
		defer rows.Close()
		for rows.Next() {
		}
		if err := rows.Err(); err != nil {
			t.Error(err)
		}
	}
	if err := db.QueryRow(t.Context(), "SELEC").Scan(new(int)); err == nil {
		t.Error("a malformed text was accepted")
	}
}

func TestBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "busy.db")
	open := func() *sqlkit.DB {
		db, err := sqlkit.OpenSQLite(t.Context(), path, sqlkit.WithBusyTimeout(time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	first, second := open(), open()
	if err := first.Update(t.Context(), func(ctx context.Context, _ *sqlkit.Tx) error {
		err := second.Update(ctx, func(context.Context, *sqlkit.Tx) error { return nil })
		if !errors.Is(err, sqlkit.ErrBusy) {
			return fmt.Errorf("a second writer: %w", err)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

func TestTranslate(t *testing.T) {
	if sqlkit.Translate(nil) != nil {
		t.Error("an error out of nil")
	}
	if err := sqlkit.Translate(errOwn); err != errOwn { //nolint:errorlint // must be the very same
		t.Errorf("changed to %v", err)
	}
	for _, errno := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		err := sqlkit.Translate(fmt.Errorf("write: %w", errno))
		if !errors.Is(err, sqlkit.ErrFull) || !errors.Is(err, errno) {
			t.Errorf("%v became %v", errno, err)
		}
	}
	for _, err := range []error{sqlkit.ErrFull, sqlkit.ErrBusy, sqlkit.ErrClosed} {
		wrapped := fmt.Errorf("submit: %w", err)
		if rpcerr.Code(wrapped) != codes.Unavailable || rpcerr.RetryAfter(wrapped) <= 0 {
			t.Errorf("%v is not for callers", err)
		}
	}
}

func TestMigrate(t *testing.T) {
	db := openOps(t)
	one := &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE one (id INTEGER PRIMARY KEY);\n")}
	two := &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE two (id INTEGER PRIMARY KEY);\n")}
	broken := &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE three (id INTEGER PRIMARY KEY);\nCREATE TABLE one (id);\n")}
	has := func(table string) bool {
		var n int
		if err := db.QueryRow(t.Context(), `SELECT COUNT(*) FROM sqlite_master WHERE name = ?`, table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n == 1
	}
	if err := sqlkit.Migrate(t.Context(), db, fstest.MapFS{"00001_one.sql": one}); err != nil {
		t.Fatal(err)
	}
	both := fstest.MapFS{"00001_one.sql": one, "00002_two.sql": two}
	for range 2 {
		if err := sqlkit.Migrate(t.Context(), db, both); err != nil {
			t.Fatal(err)
		}
	}
	if !has("one") || !has("two") {
		t.Error("a table is missing")
	}
	if err := sqlkit.Migrate(t.Context(), db, fstest.MapFS{"00001_one.sql": one}); !errors.Is(err, sqlkit.ErrNewerSchema) {
		t.Errorf("an older program: %v", err)
	}
	if err := sqlkit.Migrate(t.Context(), db, fstest.MapFS{"00001_one.sql": one, "00002_two.sql": two, "00003_broken.sql": broken}); err == nil {
		t.Error("a broken migration went through")
	}
	if has("three") {
		t.Error("half of a migration is in")
	}
	if err := sqlkit.Migrate(t.Context(), db, fstest.MapFS{}); err == nil {
		t.Error("no migrations at all were accepted")
	}
}

// TestReopen: what was acknowledged is there after the database is opened anew.
func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	for i := range 3 {
		db, err := sqlkit.OpenSQLite(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Update(t.Context(), func(ctx context.Context, tx *sqlkit.Tx) error {
			_, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS ops (id TEXT PRIMARY KEY, worker INTEGER, body BLOB)`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if n := count(t, db); n != i {
			t.Errorf("opening %d: %d rows", i, n)
		}
		b := sqlkit.NewBatcher(db, 0)
		if err := errors.Join(b.Do(t.Context(), insert(fmt.Sprint(i), i)), b.Close(), db.Close()); err != nil {
			t.Fatal(err)
		}
	}
}
