package feature_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/feature"
	"github.com/otklik/otklik/services/comment/internal/text"
)

func read(comment string) ([]uint32, []int32) {
	var d text.Document
	var b feature.Buffer
	d.Read(comment)
	b.Read(&d)
	return b.Hashes, b.First
}

// TestOwners gives every feature to one token.
func TestOwners(t *testing.T) {
	t.Parallel()
	for _, c := range []string{"", "да", "Очень вкусно!!! 5 из 5 :)", "x", strings.Repeat("длинноеслово", 20), "a\xffb", "👍 https://example.com #tag @name"} {
		var d text.Document
		d.Read(c)
		hashes, first := read(c)
		if len(first) != len(d.Tokens)+1 || first[0] != 0 || int(first[len(first)-1]) != len(hashes) || !slices.IsSorted(first) {
			t.Errorf("%q: %d features of %d tokens begin at %v", c, len(hashes), len(d.Tokens), first)
		}
		for i := range d.Tokens {
			if n := first[i+1] - first[i]; n < 1 || n > feature.Most {
				t.Errorf("%q: token %d has %d features", c, i, n)
			}
		}
	}
}

// TestReuse gives the same features whatever the buffer held before.
func TestReuse(t *testing.T) {
	t.Parallel()
	comments := []string{"Всё понравилось", "", "The staff were kind", strings.Repeat("кезек узун ", 50), "a"}
	var d text.Document
	var b feature.Buffer
	for range 3 {
		for _, c := range comments {
			d.Read(c)
			b.Read(&d)
			hashes, first := read(c)
			if !slices.Equal(hashes, b.Hashes) || !slices.Equal(first, b.First) {
				t.Errorf("%q: other features in a used buffer", c)
			}
		}
	}
}

// TestNegated adds a feature to a word that is negated.
func TestNegated(t *testing.T) {
	t.Parallel()
	var d text.Document
	var b feature.Buffer
	d.Read("хорошо")
	b.Read(&d)
	n := len(b.Hashes)
	d.Tokens[0].Flags |= text.Negated
	b.Read(&d)
	if len(b.Hashes) != n+1 {
		t.Errorf("%d features, %d when negated", n, len(b.Hashes))
	}
}
