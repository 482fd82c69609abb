package seal

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestRotation(t *testing.T) {
	old, next := Key{ID: "k1", Secret: random(KeyBytes)}, Key{ID: "k2", Secret: random(KeyBytes)}
	before, err := NewRing(old)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := before.Seal([]byte("text"), []byte("row 1"))
	if err != nil {
		t.Fatal(err)
	}
	both, err := NewRing(next, old)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := both.Open(sealed, []byte("row 1")); err != nil || string(text) != "text" {
		t.Fatalf("after rotation: %q, %v", text, err)
	}
	renewed, err := both.Seal([]byte("text"), []byte("row 1"))
	if err != nil {
		t.Fatal(err)
	}
	after, err := NewRing(next)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := after.Open(renewed, []byte("row 1")); err != nil || string(text) != "text" {
		t.Fatalf("sealed anew: %q, %v", text, err)
	}
	if _, err := after.Open(sealed, []byte("row 1")); !errors.Is(err, ErrNoKey) || !strings.Contains(err.Error(), "k1") {
		t.Errorf("without the old key: %v, want one that names k1", err)
	}
}

func TestRingsRefused(t *testing.T) {
	k := Key{ID: "k1", Secret: random(KeyBytes)}
	for name, keys := range map[string][]Key{"none": nil, "twice": {k, k}, "short": {{ID: "k1", Secret: []byte("short")}}} {
		if _, err := NewRing(keys...); err == nil {
			t.Errorf("%s: made a ring", name)
		}
	}
}

func TestLoadRing(t *testing.T) {
	folder := t.TempDir()
	secret := random(KeyBytes)
	text := base64.StdEncoding.EncodeToString(secret)
	if err := os.WriteFile(filepath.Join(folder, "a"), []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SEAL_TEST_KEY", base64.RawURLEncoding.EncodeToString(random(KeyBytes)))
	ring, err := LoadRing([]Source{{ID: "k2", File: "a"}, {ID: "k1", Env: "SEAL_TEST_KEY"}}, folder)
	if err != nil || ring.First() != "k2" || strings.Join(ring.IDs(), " ") != "k2 k1" {
		t.Fatalf("%v, %v", ring, err)
	}
	t.Setenv("SEAL_TEST_SHORT", text[:20])
	for name, source := range map[string]Source{
		"no file":   {ID: "k9", File: "missing"},
		"no env":    {ID: "k9", Env: "SEAL_TEST_MISSING"},
		"both":      {ID: "k9", File: "a", Env: "SEAL_TEST_KEY"},
		"neither":   {ID: "k9"},
		"too short": {ID: "k9", Env: "SEAL_TEST_SHORT"},
	} {
		_, err := LoadRing([]Source{source}, folder)
		if err == nil || !strings.Contains(err.Error(), "k9") || strings.Contains(err.Error(), text[:8]) {
			t.Errorf("%s: %v, want an error that names k9 and holds nothing of the key", name, err)
		}
	}
}

func FuzzParseSecret(f *testing.F) {
	f.Add(base64.StdEncoding.EncodeToString(make([]byte, KeyBytes)))
	f.Add("")
	f.Add("====")
	f.Fuzz(func(t *testing.T, text string) {
		if b, err := ParseSecret(text); err == nil && len(b) != KeyBytes {
			t.Fatalf("%q gave %d bytes", text, len(b))
		}
	})
}

func TestEnsureFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kek")
	var made atomic.Int32
	var starters sync.WaitGroup
	for range 8 {
		starters.Go(func() {
			first, err := EnsureFile(path)
			if err != nil {
				t.Error(err)
			}
			if first {
				made.Add(1)
			}
		})
	}
	starters.Wait()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || made.Load() != 1 {
		t.Fatalf("made %d times, mode %v, %v", made.Load(), info.Mode(), err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseSecret(string(before)); err != nil {
		t.Fatal(err)
	}
	if made, err := EnsureFile(path); made || err != nil {
		t.Fatalf("again: %v, %v", made, err)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Fatalf("the key was replaced, %v", err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("left over: %v, %v", left, err)
	}
}
