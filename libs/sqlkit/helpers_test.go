package sqlkit_test

import (
	"path/filepath"
	"testing"

	"github.com/otklik/otklik/libs/sqlkit"
)

// openOps opens a database with the table that the tests write to.
func openOps(t testing.TB, opts ...sqlkit.Option) *sqlkit.DB {
	t.Helper()
	db, err := sqlkit.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "ops.db"), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.Write.ExecContext(t.Context(),
		`CREATE TABLE ops (id TEXT PRIMARY KEY, worker INTEGER, body BLOB) WITHOUT ROWID`); err != nil {
		t.Fatal(err)
	}
	return db
}
