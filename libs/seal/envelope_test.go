package seal

import (
	"bytes"
	"errors"
	"testing"
)

// What is in an envelope opens for the same organisation and purpose alone.
func TestEnvelopes(t *testing.T) {
	k := NewKeeper(newShelf(), KeeperOptions{Lease: 4})
	defer func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	}()
	e := Envelope{Keeper: k, Owner: "\x00letters", Label: "post/letters"}
	sealed, err := e.Seal(t.Context(), "acme", "reader@example.com")
	if err != nil || bytes.Contains(sealed, []byte("reader")) {
		t.Fatalf("%q, %v", sealed, err)
	}
	if text, err := e.Open(t.Context(), "acme", sealed); err != nil || text != "reader@example.com" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := e.Open(t.Context(), "other", sealed); !errors.Is(err, ErrOpen) {
		t.Errorf("for another organisation: %v", err)
	}
	e.Label = "post/parcels"
	if _, err := e.Open(t.Context(), "acme", sealed); !errors.Is(err, ErrOpen) {
		t.Errorf("for another purpose: %v", err)
	}
}
