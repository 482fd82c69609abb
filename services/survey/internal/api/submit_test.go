package api_test

import (
	"testing"
)

func TestSmoke(t *testing.T) {
	f := newFixture(t)
	s := f.published(t, visit())
	r, err := f.submit(t.Context(), s, "a1", good())
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r)
	r, err = f.submit(t.Context(), s, "a1", good())
	if err != nil || !r.Replayed {
		t.Fatal(err)
	}
}
