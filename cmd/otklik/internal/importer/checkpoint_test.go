package importer

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCheckpointOfAnotherImport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	o := smallImport(t, nil, smallFile(1))
	if c, err := LoadCheckpoint(path, "a", o.Converter); c != nil || err != nil {
		t.Errorf("without a file: %v, %v", c, err)
	}
	if err := SaveCheckpoint(path, Checkpoint{Identity: "a", Row: 5, Tally: newTally(o.Converter)}); err != nil {
		t.Fatal(err)
	}
	if c, err := LoadCheckpoint(path, "a", o.Converter); err != nil || c == nil || c.Row != 5 {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := LoadCheckpoint(path, "b", o.Converter); c != nil || err != nil {
		t.Errorf("of another import: %v, %v", c, err)
	}
	for _, text := range []string{"", "{", `{"identity":"a","row":1}`, `{"identity":"a","row":-1}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := LoadCheckpoint(path, "a", o.Converter); c != nil || err != nil {
			t.Errorf("%q: %v, %v", text, c, err)
		}
	}
	if err := RemoveCheckpoint(path); err != nil {
		t.Fatal(err)
	}
	if err := RemoveCheckpoint(path); err != nil {
		t.Errorf("removing twice: %v", err)
	}
}
