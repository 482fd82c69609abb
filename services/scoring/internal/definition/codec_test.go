package definition

import (
	"bytes"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/store"
)

// FuzzDecode: what can be read is written in one form, which is read as the same.
func FuzzDecode(f *testing.F) {
	for _, d := range BuiltIn() {
		body, err := encode(d.Content)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"spec":{"cuts":{"variant":"CSAT_SHARE","scale":"1-10","cuts":{"satisfied_from":400},"thresholds":{}}}}`))
	f.Add([]byte(`{"title":{"en":"\ud800"},"spec":{"index":{"attributes":null}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := decode(store.Definition{ID: "x", Version: 1, Body: body})
		if err != nil {
			return
		}
		first, err := encode(d.Content)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decode(store.Definition{ID: "x", Version: 1, Body: first})
		if err != nil {
			t.Fatal(err)
		}
		second, err := encode(again.Content)
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s is read back as %s, %v", first, second, err)
		}
		if paths, err := changed(d.Content, again.Content); err != nil || len(paths) > 0 {
			t.Errorf("%v differ, %v", paths, err)
		}
	})
}
