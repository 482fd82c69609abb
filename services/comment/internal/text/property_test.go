package text

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// pieces are what comments, and attacks, are made of.
var pieces = []string{
	"Жакшы", "өтө", "үңүр", "очень", "но", "бирок", "good", "don't", "а", ", ", ". ", "!", "?!", " ", "\n", "(", ")", ":)", "😀", "👩‍👩‍👧", "🇰🇬", "🏽",
	"\u200d", "\ufe0f", "\u0301", "\u0306", "\u202e", "\u200b", "\xff", "\xd0", "<b>", "<", "&amp;", "&#1078;", "&", "1", "4.5", "٣", "אב", "سلام", "你好",
	"ааааа", "ooo", "ё", "e\u0308", "i\u0307", "\x00", "%", "№", "…", "—", "'",
}

func source() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 60).Draw(t, "pieces"), "")
	})
}

func TestPlacesAreSound(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		sound(t, read(source().Draw(r, "source")))
	})
}

func TestReadingAgainIsReadingOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		first, second := source().Draw(r, "first"), source().Draw(r, "second")
		fresh, used := read(second), read(first)
		for i := range used.Tokens {
			used.Transliterate(i, Cyrillic)
		}
		used.Read(second)
		if !slices.Equal(fresh.Tokens, used.Tokens) || !slices.Equal(fresh.Clauses, used.Clauses) ||
			string(fresh.Folded) != string(used.Folded) || string(fresh.Lower) != string(used.Lower) {
			r.Fatalf("%q is read otherwise after %q", second, first)
		}
	})
}

// What is folded is folded: reading it again changes no word.
func TestFoldingIsIdempotent(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		word := rapid.StringMatching(`[а-яёөүңәіұқғһА-ЯЁӨҮҢ]{1,12}`).Draw(r, "word")
		once := string(read(word).Word(0))
		if again := string(read(once).Word(0)); again != once {
			r.Fatalf("%q is folded to %q, and that to %q", word, once, again)
		}
	})
}

func TestReadAllocatesNothing(t *testing.T) {
	var d Document
	texts := []string{sample, strings.Repeat("Көп e\u0308 👩‍👩‍👧🏽 <b>&amp;cупер</b> \xff سلام)) ", 50), "jakshy ochen’"}
	for _, s := range texts {
		d.Read(s)
	}
	for _, s := range texts {
		if n := testing.AllocsPerRun(20, func() { d.Read(s) }); n != 0 {
			t.Errorf("reading %.20q allocates %v times", s, n)
		}
	}
}

// Hostile texts cost no more for each byte than others: a megabyte of any of them is read within a second or so, where a quadratic cost
// would take hours.
func TestReadIsLinear(t *testing.T) {
	const size = 1 << 20
	var d Document
	texts := []string{strings.Repeat("(a", size/3) + strings.Repeat(")", size/3), strings.Repeat("а, ", size/4) + strings.Repeat("?", size/4)}
	for _, unit := range append([]string{"a<", "<a", "&", "&a", "&#", "((", "(", ")", ":", ":(", "'", "a'", "1.", "1\ufe0f", "\u0301", "e\u0301", "👩\u200d", "🇰🇬", "аa", "aaа", "?", "но ", ", "}, pieces...) {
		texts = append(texts, strings.Repeat(unit, size/len(unit)+1))
	}
	for _, source := range texts {
		start := time.Now()
		d.Read(source)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("a megabyte of %.12q takes %v", source, took)
		}
	}
}
