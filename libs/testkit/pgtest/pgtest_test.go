package pgtest_test

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/testkit/pgtest"
)

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	first, second := pgtest.Database(t), pgtest.Database(t)
	pgtest.Exec(t, first, `CREATE TABLE here (n int)`)
	pgtest.Exec(t, second, `CREATE TABLE here (n int)`)
}

func TestServerComesBackWithWhatWasCommitted(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t, pgtest.Durable(), pgtest.Setting("max_connections", "17"))
	dsn, err := s.NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, dsn, `CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)`)
	for name, end := range map[string]func() error{"stopped": s.Stop, "killed": s.Kill} {
		if err := end(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if conn, err := pgx.Connect(t.Context(), dsn); err == nil {
			t.Errorf("%s: it still takes connections", name)
			_ = conn.Close(t.Context())
		}
		if err := s.Restart(t.Context()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		pgtest.Exec(t, dsn, `INSERT INTO kept SELECT max(n) + 1 FROM kept`)
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // the test is over
	var n int
	var fsync, connections string
	if err := conn.QueryRow(t.Context(), `SELECT count(*), current_setting('fsync'), current_setting('max_connections') FROM kept`).Scan(&n, &fsync, &connections); err != nil {
		t.Fatal(err)
	}
	if n != 3 || fsync != "on" || connections != "17" {
		t.Errorf("%d rows, fsync %s, %s connections", n, fsync, connections)
	}
}

func TestNothingIsLeftOfARemovedServer(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	process, err := os.FindProcess(s.Pid())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Remove(); err != nil {
			t.Fatal(err)
		}
	}
	if err := process.Signal(syscall.Signal(0)); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("its process: %v", err)
	}
	if _, err := os.Stat(s.Folder()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its folder: %v", err)
	}
}
