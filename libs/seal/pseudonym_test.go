package seal

import (
	"testing"

	"pgregory.net/rapid"
)

func TestPseudonym(t *testing.T) {
	a, b := random(KeyBytes), random(KeyBytes)
	rapid.Check(t, func(t *rapid.T) {
		one, other := rapid.String().Draw(t, "one"), rapid.String().Draw(t, "other")
		p := Pseudonym(a, one)
		if p != Pseudonym(a, one) {
			t.Fatal("the same person has two pseudonyms")
		}
		if p == Pseudonym(b, one) {
			t.Fatal("two organisations share a pseudonym")
		}
		if one != other && p == Pseudonym(a, other) {
			t.Fatal("two persons share a pseudonym")
		}
		raw, ok := ParsePseudonym(p)
		if !ok || FormatPseudonym(raw) != p || len(raw) != PseudonymBytes {
			t.Fatalf("%s was read as %x, %v", p, raw, ok)
		}
	})
}

// TestPseudonymNeverChanges: it stands in databases.
func TestPseudonymNeverChanges(t *testing.T) {
	key := make([]byte, KeyBytes)
	const want = "p_pm6wjutyhnudy6j7vvja4bbw7i"
	if got := Pseudonym(key, "customer-1"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func FuzzParsePseudonym(f *testing.F) {
	f.Add(Pseudonym(make([]byte, KeyBytes), "x"))
	f.Add("p_")
	f.Add("P_AAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("p_aaaaaaaaaaaaaaaaaaaaaaaaaz")
	f.Fuzz(func(t *testing.T, text string) {
		if b, ok := ParsePseudonym(text); ok && FormatPseudonym(b) != text {
			t.Fatalf("%q was read as %x", text, b)
		}
	})
}
