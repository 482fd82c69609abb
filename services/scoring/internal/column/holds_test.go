package column_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/wire"
)

// TestHolds finds the rows that unpacking finds.
func TestHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		section := column.Pack(genChanges(t))
		held := make(map[uint64]bool)
		if err := column.Unpack(section, func(c column.Change) error {
			held[c.Row.ID] = true
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for _, id := range rapid.SliceOf(rapid.Uint64Range(0, 40)).Draw(t, "ids") {
			id <<= 55
			if got, err := column.Holds(section, map[uint64]bool{id: true}); err != nil || got != held[id] {
				t.Fatalf("%d: %v, %v, want %v", id, got, err, held[id])
			}
		}
		if got, err := column.Holds(section, held); err != nil || got != (len(held) > 0) {
			t.Fatalf("all: %v, %v", got, err)
		}
	})
	if _, err := column.Holds([]byte{99}, map[uint64]bool{1: true}); !errors.Is(err, wire.ErrCorrupt) {
		t.Errorf("%v, want ErrCorrupt", err)
	}
}
