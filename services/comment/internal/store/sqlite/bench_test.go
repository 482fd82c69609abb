package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/store/storetest"
)

func BenchmarkApplyEvents(b *testing.B) { storetest.BenchApplyEvents(b, empty(b)) }

func BenchmarkQueries(b *testing.B) { storetest.BenchQueries(b, empty(b)) }

// empty is a new store.
func empty(b *testing.B) *Store {
	b.Helper()
	s, err := Open(b.Context(), filepath.Join(b.TempDir(), "comment.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}
