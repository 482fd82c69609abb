package suite

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestManyFirstStartsMakeOneKey starts several processes on a new folder at once: the file holds the key of all.
func TestManyFirstStartsMakeOneKey(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	found := make([]firstKey, 8)
	var all sync.WaitGroup
	for i := range found {
		all.Go(func() {
			var err error
			if found[i], err = readFirstKey(folder); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	raw, err := os.ReadFile(filepath.Join(folder, firstKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for _, k := range found {
		if k.secret != strings.TrimSpace(string(raw)) {
			t.Error("somebody has another key than the file")
		}
		if k.made {
			made++
		}
	}
	if made != 1 {
		t.Errorf("%d made the key", made)
	}
	if info, err := os.Stat(filepath.Join(folder, firstKeyFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("files are left: %v, %v", left, err)
	}
}
