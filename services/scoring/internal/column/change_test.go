package column_test

import (
	"bytes"
	"errors"
	"maps"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/wire"
)

func unpack(t *rapid.T, section []byte) []column.Change {
	var changes []column.Change
	err := column.Unpack(section, func(c column.Change) error {
		if err := c.Row.Check(); err != nil || c.Count == 0 {
			t.Fatalf("unpacked %+v: %v", c, err)
		}
		if n := len(changes); n > 0 {
			before := changes[n-1].Row
			if before.Bucket > c.Row.Bucket || before.Bucket == c.Row.Bucket && before.ID > c.Row.ID {
				t.Fatalf("%+v comes after %+v", c.Row, before)
			}
		}
		changes = append(changes, c)
		return nil
	})
	if err != nil {
		t.Fatalf("unpack: %v", err)
	}
	return changes
}

func merge(t *rapid.T, sections ...[]byte) []byte {
	m, err := column.Merge(sections...)
	if err != nil {
		t.Fatalf("merge: %v", err)
	}
	return m
}

// TestSectionsHoldSums: what comes out of a section is what went in, added up.
func TestSectionsHoldSums(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		changes := genChanges(t)
		got := unpack(t, column.Pack(changes))
		if want := total(changes); !maps.Equal(total(got), want) || len(got) != len(want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		last := errors.New("enough")
		if err := column.Unpack(column.Pack(changes), func(column.Change) error { return last }); len(got) > 0 && !errors.Is(err, last) {
			t.Fatalf("%v, want the error of the function", err)
		}
	})
}

// TestMergeIsCommutativeAndAssociative: however sections are put together, the encoding is that of the sum; what is added and taken away
// leaves no trace.
func TestMergeIsCommutativeAndAssociative(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		changes := [][]column.Change{genChanges(t), genChanges(t), genChanges(t)}
		var all []column.Change
		var sections [][]byte
		for _, c := range changes {
			all = append(all, c...)
			sections = append(sections, column.Pack(c))
		}
		a, b, c := sections[0], sections[1], sections[2]
		want := column.Pack(all)
		for name, got := range map[string][]byte{
			"at once": merge(t, a, b, c), "in another order": merge(t, c, a, b), "left": merge(t, merge(t, a, b), c), "right": merge(t, a, merge(t, b, c)),
			"there and back": merge(t, a, b, column.Pack(negative(changes[0])), c, a),
		} {
			if !bytes.Equal(got, want) {
				t.Fatalf("%s: %x, want %x", name, got, want)
			}
		}
		if rest := merge(t, want, column.Pack(negative(all))); rest != nil {
			t.Fatalf("what cancels out leaves %x", rest)
		}
	})
}

// FuzzUnpack: a section either is corrupt, or it is the only encoding of what it holds.
func FuzzUnpack(f *testing.F) {
	gen := rapid.Custom(genChanges)
	for i := range 20 {
		f.Add(column.Pack(gen.Example(i)))
	}
	f.Fuzz(func(t *testing.T, section []byte) {
		var changes []column.Change
		err := column.Unpack(section, func(c column.Change) error {
			changes = append(changes, c)
			return nil
		})
		merged, mergeErr := column.Merge(section)
		if err != nil {
			if !errors.Is(err, wire.ErrCorrupt) || !errors.Is(mergeErr, wire.ErrCorrupt) || len(changes) > 0 {
				t.Fatalf("unpack: %v after %d changes, merge: %v", err, len(changes), mergeErr)
			}
			return
		}
		for _, c := range changes {
			if err := c.Row.Check(); err != nil {
				t.Fatal(err)
			}
		}
		if mergeErr != nil || !bytes.Equal(merged, section) || !bytes.Equal(column.Pack(changes), section) {
			t.Fatalf("merged %x, packed %x, want %x, %v", merged, column.Pack(changes), section, mergeErr)
		}
	})
}

// TestCutSectionsAreCorrupt: no part of a section is one.
func TestCutSectionsAreCorrupt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		section := column.Pack(genChanges(t))
		if len(section) == 0 {
			return
		}
		cut := section[:rapid.IntRange(1, len(section)-1).Draw(t, "cut")]
		if err := column.Unpack(cut, func(column.Change) error { return nil }); !errors.Is(err, wire.ErrCorrupt) {
			t.Fatalf("%v, want ErrCorrupt", err)
		}
	})
}
