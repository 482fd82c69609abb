package postgres

import (
	"testing"

	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/comment/internal/store/storetest"
)

func BenchmarkApplyEvents(b *testing.B) { storetest.BenchApplyEvents(b, empty(b)) }

func BenchmarkQueries(b *testing.B) { storetest.BenchQueries(b, empty(b)) }

// empty is a new store.
func empty(b *testing.B) *Store {
	b.Helper()
	return opened(b, migratedSchema(b, pgtest.Database(b), "bench"))
}
