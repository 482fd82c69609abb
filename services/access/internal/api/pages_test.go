package api

import (
	"bytes"
	"testing"
	"time"

	"github.com/otklik/otklik/services/access/internal/store"
)

func TestPlaceRoundTrip(t *testing.T) {
	for _, want := range []store.Place{
		{CreateTime: time.Date(2026, 3, 1, 12, 0, 0, 123000, time.UTC), ID: "k1"}, {CreateTime: time.Unix(0, 0).UTC(), ID: "x"},
		{CreateTime: time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), ID: "old-one"},
	} {
		if got, ok := decodePlace(encodePlace(want)); !ok || got != want {
			t.Errorf("%v became %v, %v", want, got, ok)
		}
	}
}

// FuzzPlace: a cursor that somebody made up is refused or is a place.
func FuzzPlace(f *testing.F) {
	f.Add(encodePlace(store.Place{CreateTime: time.Unix(1, 0), ID: "k1"}))
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xff}, 11))
	f.Fuzz(func(t *testing.T, raw []byte) {
		place, ok := decodePlace(raw)
		if !ok {
			return
		}
		if place.ID == "" {
			t.Fatalf("%x is a place without an identifier", raw)
		}
		if again, ok := decodePlace(encodePlace(place)); !ok || again != place {
			t.Fatalf("%v became %v", place, again)
		}
	})
}

// FuzzParseName: what is taken out of a name has no further parts, and gives the name again.
func FuzzParseName(f *testing.F) {
	for _, seed := range []string{"apiKeys/k1", "apiKeys/", "apiKeys", "apiKeys/a/b", "members/m1", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		id, err := parseName("name", keysCollection, name)
		if err == nil && (id == "" || bytes.ContainsRune([]byte(id), '/') || keysCollection+id != name) {
			t.Fatalf("%q became %q", name, id)
		}
	})
}

func TestNewID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := newID(shortID)
		if len(id) != 14 || seen[id] || id[4] != '-' || id[9] != '-' {
			t.Fatalf("identifier %q", id)
		}
		seen[id] = true
	}
	// Ordered ones are in order, and are not told apart by their time alone.
	now, last := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), ""
	for range 100 {
		now = now.Add(timeUnit)
		id, twin := newOrderedID(now), newOrderedID(now)
		if id <= last || len(id) != 24 || id == twin || id[:9] != twin[:9] {
			t.Fatalf("%q after %q; %q", id, last, twin)
		}
		last = max(id, twin)
	}
}
