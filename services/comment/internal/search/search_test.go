package search

import (
	"slices"
	"strings"
	"testing"
)

// found tells whether a text with these terms holds what is searched for, as databases do.
func found(t *testing.T, text, query string) bool {
	t.Helper()
	q, err := Parse(query)
	if err != nil {
		t.Fatalf("parse %q: %v", query, err)
	}
	var readings [][]string
	for reading := range strings.SplitSeq(Terms(text), Separator) {
		readings = append(readings, strings.Fields(reading))
	}
	holds := func(p Phrase) bool {
		for _, stems := range p {
			for _, words := range readings {
				for i := range words {
					if i+len(stems) <= len(words) && slices.Equal(words[i:i+len(stems)], stems) {
						return true
					}
				}
			}
		}
		return false
	}
	return !slices.ContainsFunc(q.All, func(p Phrase) bool { return !holds(p) }) && !slices.ContainsFunc(q.None, holds)
}

func TestInflectionsFindEachOther(t *testing.T) {
	for _, forms := range []string{
		// Russian.
		"очередь очереди очередью очередей",
		"кассир кассира кассиры кассирами кассиром",
		"доставка доставки доставкой доставку",
		"вежливый вежливая вежливые вежливого",
		"ещё еще ЕЩЁ",
		// Kyrgyz, with its letters and without.
		"кассир кассирге кассирлер кассирди кассирлердин кассиринен кассирлерге",
		"кызмат кызматы кызматты кызматка кызматтын кызматынын кызматтан",
		"кезек кезеги кезекте кезекке кезектер кезегинде",
		"сапат сапаты сапатын сапаттуу сапатка",
		"баасы баасын баанын баага бааларды",
		"автобус автобусу автобуска автобусун автобустар",
		"дарыкана дарыканада дарыканага дарыкананын дарыканалар",
		"дүкөн дукон дүкөнгө дуконго дүкөндөр дүкөндө дуконду дүкөнүнөн",
		"өтө ото",
		"жеткирүү жеткируу жеткирүүнү жеткирүүгө",
		// English.
		"queue queues Queue's QUEUES",
		"friendly FRIENDLY",
		"delivery deliveries",
		"24 24",
	} {
		all := strings.Fields(forms)
		for _, text := range all {
			for _, query := range all {
				if !found(t, "a "+text+" b", query) {
					t.Errorf("%q is not found by %q: %q", text, query, Terms(text))
				}
			}
		}
	}
}

func TestOtherWordsAreNotFound(t *testing.T) {
	for _, c := range [][2]string{{"касса", "кассета"}, {"queue", "quiet"}, {"баа", "бак"}, {"сапат", "сап"}, {"молоко", "молодость"}} {
		if found(t, c[0], c[1]) || found(t, c[1], c[0]) {
			t.Errorf("%q and %q find each other", c[0], c[1])
		}
	}
}

func TestQueries(t *testing.T) {
	const text = "Длинные очереди на кассе, но вежливые кассиры. Кассирлер жакшы экен!"
	for query, want := range map[string]bool{
		"очередь касса":              true,
		"очередь склад":              false,
		`"вежливый кассир"`:          true,
		"«кассир вежливый»":          false,
		"“длинная очередь” кассирге": true,
		"очередь -склад":             true,
		"очередь -кассир":            false,
		`очередь -"кассир вежливый"`: true,
		`-"длинная очередь"`:         false,
		"-склад":                     true,
		`"кассирлер жакшы"`:          true,
	} {
		if got := found(t, text, query); got != want {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
}

func TestSyntaxErrorsTellWhere(t *testing.T) {
	for query, want := range map[string]string{
		`очередь "на кассе`:                  "at character 9: the quote is not closed",
		"хлеб -":                             "at character 6: there is no word to search for",
		`хлеб ""`:                            "at character 6: there is no word to search for",
		"!?":                                 "at character 1: there is no word to search for",
		strings.Repeat("а ", 21):             "at character 41: more than 20 words",
		`"` + strings.Repeat("а ", 21) + `"`: "at character 1: more than 20 words",
	} {
		if _, err := Parse(query); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", query, err, want)
		}
	}
	if q, err := Parse("  "); q != nil || err != nil {
		t.Errorf("blank: got %v, %v", q, err)
	}
}

func TestLongWordsAreCut(t *testing.T) {
	long := strings.Repeat("абвгдежз", 1000)
	if n := len(Terms(long)); n > 4*longestWord+1 {
		t.Errorf("terms of %d bytes", n)
	}
	if !found(t, long, long) {
		t.Error("a long word is not found by itself")
	}
}

func FuzzTerms(f *testing.F) {
	for _, s := range []string{"", "Очереди на кассе", "кассирлерге", "don't", "\xff\xfe", "e\u0301", "а-б", "«", "ь", "'s", "y's", "🙂 👍🏽"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		terms := Terms(s)
		if strings.Count(terms, Separator) > 1 || strings.ContainsRune(terms, 0) {
			t.Fatalf("terms %q", terms)
		}
		first, second, two := strings.Cut(terms, Separator)
		if two && strings.Count(first, " ") != strings.Count(second, " ") {
			t.Fatalf("readings of different lengths: %q", terms)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`очередь -"на кассе" «хлеб»`, `-`, `"`, `--a`, "\xff", `“a„`, `a"b"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := Parse(s)
		if err != nil || q == nil {
			return
		}
		for _, p := range slices.Concat(q.All, q.None) {
			if len(p) == 0 || len(p[0]) == 0 {
				t.Fatalf("%q: an empty phrase", s)
			}
		}
	})
}

func BenchmarkTerms(b *testing.B) {
	const text = "Длинные очереди на кассе, но вежливые кассиры. Кассирлер жакшы экен!"
	b.ReportAllocs()
	for b.Loop() {
		Terms(text)
	}
}
