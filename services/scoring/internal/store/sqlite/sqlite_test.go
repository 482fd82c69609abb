package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/store/sqlite"
	"github.com/otklik/otklik/services/scoring/internal/store/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB) storetest.Open {
		path := filepath.Join(t.TempDir(), "scoring.db")
		return func(t testing.TB) store.Store {
			s, err := sqlite.Open(context.Background(), path)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	})
}

func TestOpenRefusesWhatIsNoDatabase(t *testing.T) {
	t.Parallel()
	if _, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "missing", "scoring.db")); err == nil {
		t.Error("a database in a folder that does not exist was opened")
	}
}
