package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var someMoment = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func seal(t rapid.TB, key Key, text, associated []byte) []byte {
	t.Helper()
	out, err := Seal(key, text, associated)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := NewKey(someMoment)
		text, associated := rapid.SliceOf(rapid.Byte()).Draw(t, "text"), rapid.SliceOf(rapid.Byte()).Draw(t, "associated")
		sealed := seal(t, key, text, associated)
		if len(sealed) > len(text)+Overhead {
			t.Fatalf("%d bytes became %d", len(text), len(sealed))
		}
		if id, err := KeyID(sealed); err != nil || id != key.ID {
			t.Fatalf("sealed with %q, told %q, %v", key.ID, id, err)
		}
		opened, err := Open(key, sealed, associated)
		if err != nil || !bytes.Equal(opened, text) {
			t.Fatalf("%x became %x, %v", text, opened, err)
		}
	})
}

// TestAnythingElseFails: a flipped bit anywhere, a shorter or longer text, other associated data, another key.
func TestAnythingElseFails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := NewKey(someMoment)
		associated := rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "associated")
		sealed := seal(t, key, rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "text"), associated)
		refuse := func(what string, key Key, sealed, associated []byte) {
			if opened, err := Open(key, sealed, associated); err == nil || opened != nil || (!errors.Is(err, ErrOpen) && !errors.Is(err, ErrMalformed)) {
				t.Fatalf("%s: opened %x, %v", what, opened, err)
			}
		}
		bit := rapid.IntRange(0, len(sealed)*8-1).Draw(t, "bit")
		changed := bytes.Clone(sealed)
		changed[bit/8] ^= 1 << (bit % 8)
		refuse("flipped bit", key, changed, associated)
		refuse("shorter", key, sealed[:rapid.IntRange(0, len(sealed)-1).Draw(t, "length")], associated)
		refuse("longer", key, append(bytes.Clone(sealed), 0), associated)
		refuse("other associated data", key, sealed, append(bytes.Clone(associated), 'x'))
		refuse("less associated data", key, sealed, associated[1:])
		refuse("other key", NewKey(someMoment), sealed, associated)
		refuse("other secret of the same name", Key{ID: key.ID, Secret: random(KeyBytes)}, sealed, associated)
	})
}

// TestEqualTextsDiffer: nobody can tell from sealed texts that two are the same.
func TestEqualTextsDiffer(t *testing.T) {
	key := NewKey(someMoment)
	seen := map[string]bool{}
	for range 1000 {
		sealed := seal(t, key, []byte("yes"), nil)
		tail := string(sealed[len(sealed)-3-tagBytes:])
		if seen[tail] {
			t.Fatal("two seals of one text are the same")
		}
		seen[tail] = true
	}
}

// TestBoundaryOfHeaderAndAssociated: bytes cannot wander from the one to the other.
func TestBoundaryOfHeaderAndAssociated(t *testing.T) {
	secret := random(KeyBytes)
	sealed := seal(t, Key{ID: "ab", Secret: secret}, []byte("text"), []byte("cd"))
	moved := bytes.Clone(sealed)
	moved[1] = 1
	if _, err := Open(Key{ID: "a", Secret: secret}, moved, []byte("bcd")); err == nil {
		t.Fatal("opened with another header")
	}
}

func TestUnusableKeys(t *testing.T) {
	for _, key := range []Key{{}, {ID: "a"}, {ID: "a", Secret: make([]byte, 16)}, {ID: "", Secret: make([]byte, KeyBytes)}, {ID: "A b", Secret: make([]byte, KeyBytes)}, {ID: strings.Repeat("a", 64), Secret: make([]byte, KeyBytes)}} {
		if _, err := Seal(key, nil, nil); !errors.Is(err, ErrKey) {
			t.Errorf("%v: seal: %v", key, err)
		}
		if _, err := Open(key, nil, nil); !errors.Is(err, ErrKey) {
			t.Errorf("%v: open: %v", key, err)
		}
	}
}

// TestSecretsStayOutOfText: whatever way a key is printed.
func TestSecretsStayOutOfText(t *testing.T) {
	key := Key{ID: "kek1", Secret: []byte(strings.Repeat("S", KeyBytes))}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, value := range []any{key, []Key{key}, struct{ K Key }{key}} {
			if text := fmt.Sprintf(verb, value); strings.Contains(text, "SSS") || strings.Contains(text, "83, 83") || strings.Contains(text, "83 83") || strings.Contains(text, "0x53") {
				t.Errorf("%s prints %s", verb, text)
			}
		}
	}
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(handler).Info("keys", slog.Any("one", key), slog.Any("several", []Key{key}), slog.Any("pointer", &key))
	}
	if text := log.String(); strings.Contains(text, base64.StdEncoding.EncodeToString(key.Secret)[:8]) || strings.Contains(text, "SSS") || strings.Contains(text, "83 83") {
		t.Errorf("logs hold %s", text)
	}
}

func TestNewKeysDifferAndLieTogether(t *testing.T) {
	ids := map[string]bool{}
	for range 1000 {
		k := NewKey(someMoment)
		if err := k.Check(); err != nil || len(k.ID) > 40 || ids[k.ID] {
			t.Fatalf("%v: %v", k, err)
		}
		ids[k.ID] = true
	}
	if a, b := NewKey(someMoment), NewKey(someMoment.Add(time.Millisecond)); a.ID >= b.ID {
		t.Errorf("%s is not before %s", a.ID, b.ID)
	}
}

func FuzzOpen(f *testing.F) {
	key := Key{ID: "k1", Secret: bytes.Repeat([]byte{7}, KeyBytes)}
	// Sealed beforehand: the processes that fuzz together must agree on it, and each sealing has a nonce of its own.
	sealed, err := hex.DecodeString("01026b314e6ae6e48dc05ba5183db7bd48769c261bec4a6cc8189cc4babdcfef12eb108fc5fdca85497a81b43449a4357a1488f4")
	if err != nil {
		f.Fatal(err)
	}
	if opened, err := Open(key, sealed, []byte("there")); err != nil || string(opened) != "text" {
		f.Fatalf("opened %q, %v", opened, err)
	}
	f.Add(sealed, []byte("there"))
	f.Add([]byte{}, []byte{})
	f.Add([]byte{1, 255}, []byte("x"))
	f.Add([]byte{1, 2, 'k', '1'}, []byte("x"))
	f.Add(append([]byte{1, 0}, make([]byte, 80)...), []byte(nil))
	f.Fuzz(func(t *testing.T, in, associated []byte) {
		opened, err := Open(key, in, associated)
		if err == nil && (!bytes.Equal(in, sealed) || string(associated) != "there" || string(opened) != "text") {
			t.Fatalf("forged %x for %x: %q", in, associated, opened)
		}
		if err != nil && !errors.Is(err, ErrOpen) && !errors.Is(err, ErrMalformed) {
			t.Fatal(err)
		}
	})
}
