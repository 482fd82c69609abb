package sqlite

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/otklik/otklik/services/segmentation/internal/store/storetest"
)

func BenchmarkCases(b *testing.B) {
	path := filepath.Join(b.TempDir(), "segmentation.db")
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
	storetest.BenchCases(b, s, func(statement string) {
		if _, err := db.ExecContext(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	})
}
