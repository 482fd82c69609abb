package text

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// folded are the folded forms of a document's tokens.
func folded(d *Document) []string {
	var words []string
	for i := range d.Tokens {
		words = append(words, string(d.Word(i)))
	}
	return words
}

func read(source string) *Document {
	d := new(Document)
	d.Read(source)
	return d
}

func TestFolding(t *testing.T) {
	for source, want := range map[string]string{
		"Ёлка  ЁЖ":                    "елка еж",
		"Көп үңүлдү":                  "коп унулду",
		"Әке қала ғой һәм і":          "аке кала гой хам и",
		"супееееер классссс":          "супер класс",
		"goooood sooooo looooove":     "good so loove",
		"cупep":                       "супер",
		"МОСКВА МOCKBА":               "москва москва",
		"don’t DON'T don&#39;t":       "don't don't don't",
		"и\u0306 е\u0308 за\u0301мок": "й е замок",
		"café cafe\u0301":             "cafe cafe",
		"4,5 из 10:30, 1000сом":       "4,5 из 10:30 , 1000 сом",
		"Хорошо!!!!!! Да??!!":         "хорошо !!! да ??!",
		"да...нет… а":                 "да ... нет ... а",
		"<b>ок</b><br/>да":            "ок да",
		"a < b":                       "a < b",
		"Tom &amp; Co":                "tom & co",
		"«да» — нет":                  `" да " - нет`,
		"хо\u00adро\u200bшо":          "хорошо",
		"спасибо)))":                  "спасибо :)",
		"(да) нет)":                   "( да ) нет :)",
		"плохо(((":                    "плохо :(",
		"ок :-) ;) =( :D xD":          "ок :) :) :( :D :D",
		"https://a.kg/x":              "https : / / a . kg / x",
		"👍🏽👩‍👩‍👧❤️🇰🇬1️⃣":              "👍 👩‍👩‍👧 ❤ 🇰🇬 1\u20e3",
		"a\xffb\xd0":                  "a b",
		"":                            "",
		" \t\n":                       "",
		"5★":                          "5 ★",
	} {
		if got := strings.Join(folded(read(source)), " "); got != want {
			t.Errorf("%q is folded to %q, not %q", source, got, want)
		}
	}
}

// sound fails the test if a document's places are not what they must be.
func sound(t *testing.T, d *Document) {
	t.Helper()
	end, clause := int32(0), int32(0)
	for i := range d.Tokens {
		k := &d.Tokens[i]
		if k.Start < end || k.End <= k.Start || int(k.End) > len(d.Source) {
			t.Fatalf("%q: token %d lies at [%d, %d) behind %d of %d", d.Source, i, k.Start, k.End, end, len(d.Source))
		}
		for _, p := range []int32{k.Start, k.End} {
			if int(p) < len(d.Source) && utf8.ValidString(d.Source) && !utf8.RuneStart(d.Source[p]) {
				t.Fatalf("%q: token %d ends within a character", d.Source, i)
			}
		}
		if k.From >= k.To || !utf8.Valid(d.Word(i)) || !utf8.Valid(d.Lowered(i)) || len(d.Lowered(i)) == 0 {
			t.Fatalf("%q: token %d is %q, lower %q", d.Source, i, d.Word(i), d.Lowered(i))
		}
		if d.Folded[k.From-1] != ' ' || d.Folded[k.To] != ' ' {
			t.Fatalf("%q: token %d does not stand between spaces", d.Source, i)
		}
		if k.Clause < clause || k.Clause > clause+1 {
			t.Fatalf("%q: token %d is of clause %d, that before of %d", d.Source, i, k.Clause, clause)
		}
		end, clause = k.End, k.Clause
	}
	at := int32(0)
	for k, c := range d.Clauses {
		if c.First != at || c.Last <= c.First {
			t.Fatalf("%q: clause %d is [%d, %d), that before ended at %d", d.Source, k, c.First, c.Last, at)
		}
		at = c.Last
	}
	if int(at) != len(d.Tokens) {
		t.Fatalf("%q: the clauses end at %d of %d tokens", d.Source, at, len(d.Tokens))
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"", "a", "Всё хорошо, но дорого!", "Көп жакшы бирок(((", "<b>x</b>&amp;&#1072;&#x1F600;", "👩‍👩‍👧🏽🇰🇬1️⃣", "a\u0301\u0301b", "\xff\xd0", "\u202eabc", "кyпep", "x'y'", "oooo", "&#0;", "&#46;&#x21;&#x2026;&#65;", "é\u0327", "(:)) :'(("} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		var d Document
		d.Read(source)
		sound(t, &d)
		for i := range d.Tokens {
			if i%2 == 0 {
				d.Transliterate(i, Cyrillic)
			} else {
				d.TransliterateKyrgyz(i)
			}
		}
		d.Divide()
		sound(t, &d)
	})
}

const sample = "Персонал вежливый, но доставка опоздала на час!! Баасы кымбат 👎 Верните деньги"

func BenchmarkRead(b *testing.B) {
	var d Document
	b.SetBytes(int64(len(sample)))
	b.ReportAllocs()
	for b.Loop() {
		d.Read(sample)
	}
}
