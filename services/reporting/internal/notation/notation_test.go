package notation_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
)

func pointer[T any](v T) *T { return &v }

func TestNumbersAreWrittenAsTheirReadersWriteThem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		number     document.Number
		en, ru, ky string
	}{
		"plain":           {document.Number{Value: pointer(1234567.891), Digits: 2}, "1,234,567.89", "1 234 567,89", "1 234 567,89"},
		"percent":         {document.Number{Value: pointer(12.5), Digits: 1, Unit: document.Percent}, "12.5%", "12,5 %", "12,5 %"},
		"negative":        {document.Number{Value: pointer(-3.0), Unit: document.Points}, "−3", "−3", "−3"},
		"rounded to zero": {document.Number{Value: pointer(-0.004), Digits: 1}, "0.0", "0,0", "0,0"},
		"money":           {document.Number{Value: pointer(1500.5), Digits: 2, Unit: document.Money, Currency: "KGS"}, "1,500.50 KGS", "1 500,50 KGS", "1 500,50 KGS"},
		"seconds":         {document.Number{Value: pointer(93780.0), Unit: document.Seconds}, "1 d 2 h", "1 д 2 ч", "1 күн 2 саат"},
		"half a minute":   {document.Number{Value: pointer(30.0), Unit: document.Seconds}, "30 s", "30 с", "30 сек"},
		"absent":          {document.Number{Absent: "too few"}, "too few", "too few", "too few"},
		"absent, no word": {document.Number{}, "no data", "нет данных", "маалымат жок"},
		"not a number":    {document.Number{Value: pointer(math.NaN())}, "no data", "нет данных", "маалымат жок"},
		"without end":     {document.Number{Value: pointer(math.Inf(1))}, "no data", "нет данных", "маалымат жок"},
	} {
		for language, want := range map[string]string{"en": c.en, "ru": c.ru, "ky": c.ky} {
			if got := strings.ReplaceAll(notation.For(language).Number(c.number), "\u00a0", " "); got != want {
				t.Errorf("%s in %s: %q, want %q", name, language, got, want)
			}
		}
	}
}

func TestDifferencesHaveTheirSign(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{4.2: "+4.2", -4.2: "−4.2", 0: "0.0", 0.01: "0.0"} {
		if got := notation.For("en").Signed(document.Number{Value: &v, Digits: 1}); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}

func TestEvidenceTellsWhatIsKnown(t *testing.T) {
	t.Parallel()
	x := document.Number{Value: pointer(31.2), Unit: document.Percent, Digits: 1, Low: pointer(25.8), High: pointer(36.6), Level: 0.95, N: pointer(int64(1204)), P: pointer(0.0004), Definition: "nps@1"}
	want := "95%: 25.8 … 36.6 · n = 1,204 · p < 0.001 · nps@1"
	if got := strings.ReplaceAll(notation.For("en").Evidence(x), "\u00a0", " "); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := notation.For("en").Evidence(document.Number{Value: pointer(3.0)}); got != "" {
		t.Errorf("%q is known of nothing", got)
	}
}

func TestPeriodsNameTheirLastDay(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("+06", 6*3600)
	october := document.Period{Start: time.Date(2026, 10, 1, 0, 0, 0, 0, zone), End: time.Date(2026, 11, 1, 0, 0, 0, 0, zone), Zone: zone}
	day := document.Period{Start: october.Start, End: october.Start.AddDate(0, 0, 1), Zone: zone}
	hours := document.Period{Start: october.Start, End: october.Start.Add(90 * time.Minute), Zone: zone}
	for _, c := range []struct {
		language string
		period   document.Period
		want     string
	}{
		{"ru", october, "01.10.2026 – 31.10.2026"}, {"en", october, "1 Oct 2026 – 31 Oct 2026"}, {"ky", day, "01.10.2026"},
		{"en", hours, "1 Oct 2026 00:00 +06 – 1 Oct 2026 01:30 +06"}, {"en", document.Period{}, ""},
	} {
		if got := notation.For(c.language).Period(c.period); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestEachWordIsInEachLanguage finds words that were forgotten, or that take other values in another language.
func TestEachWordIsInEachLanguage(t *testing.T) {
	t.Parallel()
	for w := notation.Word(0); w < notation.Words; w++ {
		english := notation.For("en").Word(w)
		for _, language := range []string{"en", "ru", "ky"} {
			word := notation.For(language).Word(w)
			if word == "" {
				t.Errorf("word %d (%q) is missing in %s", w, english, language)
			}
			for _, verb := range []string{"%s", "%d"} {
				if strings.Count(word, verb) != strings.Count(english, verb) {
					t.Errorf("%q takes other values than %q", word, english)
				}
			}
		}
	}
}
