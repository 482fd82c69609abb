package importer

import (
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseCenti(t *testing.T) {
	for _, c := range []struct {
		in        string
		separator byte
		want      centi
		ok        bool
	}{
		{"0", '.', 0, true}, {"10", '.', 1000, true}, {"+7", '.', 700, true}, {"-2.5", '.', -250, true}, {"4.25", '.', 425, true},
		{"4.2500", '.', 425, true}, {"007", '.', 700, true}, {"4,5", ',', 450, true},
		{"", '.', 0, false}, {"-", '.', 0, false}, {"4.", '.', 0, false}, {".5", '.', 0, false}, {"4.255", '.', 0, false},
		{"4,5", '.', 0, false}, {"4.5", ',', 0, false}, {"1e3", '.', 0, false}, {"5 stars", '.', 0, false}, {"٥", '.', 0, false},
		{"4.2x", '.', 0, false}, {"--4", '.', 0, false}, {"1234567890", '.', 0, false}, {"000000000000123", '.', 12300, true},
	} {
		got, ok := parseCenti(c.in, c.separator)
		if ok != c.ok || (ok && got != c.want) {
			t.Errorf("parseCenti(%q, %q) = %d, %v, want %d, %v", c.in, c.separator, got, ok, c.want, c.ok)
		}
	}
}

// Every multiple of 0.01 that is written with two decimals is read back exactly.
func TestParseCentiProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.Int64Range(-1000_00, 1000_00).Draw(t, "centi")
		text := strconv.FormatFloat(float64(want)/100, 'f', 2, 64)
		if got, ok := parseCenti(text, '.'); !ok || got != centi(want) {
			t.Fatalf("%q gives %d, %v, want %d", text, got, ok, want)
		}
		if got, ok := parseCenti(strings.Replace(text, ".", ",", 1), ','); !ok || got != centi(want) {
			t.Fatalf("%q with a comma gives %d, %v, want %d", text, got, ok, want)
		}
		if got := toCenti(centi(want).float()); got != centi(want) {
			t.Fatalf("%d becomes %d by way of a float", want, got)
		}
	})
}
