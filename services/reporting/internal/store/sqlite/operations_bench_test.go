package sqlite

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/store/storetest"
)

func BenchmarkOperations(b *testing.B) {
	path := filepath.Join(b.TempDir(), "reporting.db")
	s, err := Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	db, err := sql.Open("sqlite", path+"?_pragma=cache_size(-400000)&_pragma=synchronous(0)&_pragma=temp_store(2)")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	storetest.BenchOperations(b, s, func(statement string) {
		if _, err := db.ExecContext(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	})
}
