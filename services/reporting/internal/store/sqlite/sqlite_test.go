package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/store"
	"github.com/otklik/otklik/services/reporting/internal/store/storetest"
)

// TestConformance begins each case with a copy of a new database: to make the schema takes longer than most cases.
func TestConformance(t *testing.T) {
	made := filepath.Join(t.TempDir(), "reporting.db")
	s, err := Open(t.Context(), made)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	storetest.Run(t, func(t testing.TB) storetest.Open {
		path := filepath.Join(t.TempDir(), "reporting.db")
		if err := os.WriteFile(path, schema, 0o600); err != nil {
			t.Fatal(err)
		}
		return func(t testing.TB) store.Store {
			s, err := Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	})
}

// TestHeldByNobody: what a process held that is gone, the next one has at once.
func TestHeldByNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reporting.db")
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range 2 {
		s, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			if err := s.CreateExport(t.Context(), export.Export{Organization: "acme", ID: "one", Create: now, Expire: now.Add(time.Hour)}, 1, 1); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.ClaimExport(t.Context(), "a", now, now.Add(time.Hour)); err != nil {
			t.Errorf("claim at opening %d: %v", i, err)
		}
		if _, err := s.ClaimExport(t.Context(), "b", now, now.Add(time.Hour)); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("claim while it is held: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNewFolder opens a database where there is not even a folder, twice.
func TestNewFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder", "reporting.db")
	for range 2 {
		s, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Ping(t.Context()); err != nil || s.Place() != path {
			t.Errorf("%v at %s", err, s.Place())
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
