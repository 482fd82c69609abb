package language_test

import (
	_ "embed"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/linear"
	"github.com/otklik/otklik/services/comment/internal/text"
	train "github.com/otklik/otklik/services/comment/train/language"
)

// small is a model trained from the comments of our own making alone, which takes a second and needs no data from outside.
var small = sync.OnceValues(func() (*language.Model, error) {
	rows, err := train.Own()
	if err != nil {
		return nil, err
	}
	f := linear.NewFile()
	train.Store(f, rows)
	return language.Load(f)
})

func load(t testing.TB) *language.Model {
	t.Helper()
	m, err := small()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestIdentify(t *testing.T) {
	m := load(t)
	var d text.Document
	var r language.Result
	for source, want := range map[string]string{
		"Баары жакты, рахмат сиздерге":               "ky",
		"Бул дукондо тандоо коп, баасы да арзан":     "ky",
		"Персонал вежливый, но доставка опоздала":    "ru",
		"Staff was friendly and the food tasty":      "en",
		"Baary jakshy, kassirler sylyk eken, rahmat": "ky",
		"Ochen horosho, spasibo, vse ponravilos":     "ru",
		"Je suis très content de mon achat":          "other",
		"Замовлення не привезли вчасно, дуже погано": "other",
		"Рахмат": "ky",
		"супер":  "ru",
		"ok":     "en",
	} {
		d.Read(source)
		m.Identify(&d, &r)
		if got := r.Label.Coarse(); got != want {
			t.Errorf("%q is %q (%s %.2f), not %q", source, got, r.Label, r.Probability, want)
		}
	}
}

// What says nothing of its language gets no label, and no confidence.
func TestIdentifyAbstains(t *testing.T) {
	m := load(t)
	var d text.Document
	var r language.Result
	for _, source := range []string{"", " ", "👍👍👍", ":) :(", "12345", "4.5/5", "а", "a", "!", "...", "你好，很好吃", "خدمة ممتازة", "ძალიან კარგი", "\xff\xfe", "<b></b>", "\x00\x01",
		strings.Repeat("a@", 100), "a b c d", "а я", "\x83k\xfe\x9d\x01hj\xe3\xc1\xffQ\x90\x82e\xb0\xb1", "Уж\xff\xfe\xff\x80", "k\ufffd\ufffdhj\ufffd Q\ufffdx"} {
		d.Read(source)
		m.Identify(&d, &r)
		if r.Label != language.Unknown || r.Probability > 0.1 || r.Mixed || len(r.Spans) > 0 {
			t.Errorf("%q is %q with %.2f", source, r.Label, r.Probability)
		}
	}
}

// Digits with an abbreviation beside them say little, a broken character in a comment takes nothing away.
func TestIdentifyDoubts(t *testing.T) {
	m := load(t)
	var d text.Document
	var r language.Result
	for _, source := range []string{"SSN 123-45-6789", "ИНН 22808199000123", "0555 123456 тлф"} {
		d.Read(source)
		m.Identify(&d, &r)
		if r.Label.Coarse() == "other" || r.Label == language.Unknown && r.Probability > 0 {
			t.Errorf("%q is %s with %.2f", source, r.Label, r.Probability)
		}
	}
	d.Read("Тамагы абдан даамдуу экен, ра\xffхмат")
	if m.Identify(&d, &r); r.Label != language.Ky {
		t.Errorf("a broken character makes it %q", r.Label)
	}
}

//go:embed testdata/mixed.tsv
var mixed string

// The lines are what is meant by mixed: words that every speaker of Kyrgyz borrows, names and "wifi" mix nothing. The model of the test
// knows fewer words than the one that is shipped; seven of eight is what it manages.
func TestMixed(t *testing.T) {
	m := load(t)
	var d text.Document
	var r language.Result
	var found, missed, wrong int
	for line := range strings.Lines(mixed) {
		source, want, _ := strings.Cut(strings.TrimSpace(line), "\t")
		d.Read(source)
		m.Identify(&d, &r)
		switch {
		case want == "mixed" && r.Mixed:
			found++
		case want == "mixed":
			missed++
			t.Logf("%q is mixed, taken for %s", source, r.Label)
		case r.Mixed:
			wrong++
			t.Logf("%q is taken for mixed", source)
		}
	}
	if f1 := 2 * float64(found) / float64(2*found+missed+wrong); f1 < 0.87 {
		t.Errorf("F1 of mixed is %.3f: %d found, %d missed, %d wrong", f1, found, missed, wrong)
	}
}

func TestSpans(t *testing.T) {
	m := load(t)
	var d text.Document
	var r language.Result
	d.Read("Тамагы абдан даамдуу экен, но очень долго ждали заказ")
	m.Identify(&d, &r)
	if len(r.Spans) != 2 || r.Spans[0].Label != language.Ky || r.Spans[1].Label != language.Ru {
		t.Fatalf("the spans are %v", r.Spans)
	}
	if got := d.Source[r.Spans[1].Start:r.Spans[1].End]; got != "но очень долго ждали заказ" {
		t.Errorf("Russian is %q", got)
	}
}

func TestLatinIsReread(t *testing.T) {
	m := load(t)
	var d text.Document
	var r language.Result
	for source, want := range map[string]string{
		"ochen horosho, spasibo":                  "очень",
		"jakshy magazin, baary jakty, wifi bar":   "жакшы",
		"dostavka ploho rabotaet, ne rekomenduyu": "доставка",
	} {
		d.Read(source)
		m.Identify(&d, &r)
		if got := string(d.Word(0)); got != want {
			t.Errorf("%q (%s) begins with %q, not %q", source, r.Label, got, want)
		}
	}
}

func TestIdentifyAllocatesNothing(t *testing.T) {
	m := load(t)
	var d text.Document
	var r language.Result
	for _, source := range []string{"Кассир очень вежливый экен, рахмат", "jakshy eken, no ochen dorogo", "Good food"} {
		run := func() {
			d.Read(source)
			m.Identify(&d, &r)
		}
		run()
		if n := testing.AllocsPerRun(50, run); n != 0 {
			t.Errorf("%q costs %v allocations", source, n)
		}
	}
}

// Spans ascend, lie in the source on borders of characters, and do not depend on what was read before.
func TestSpansAreSound(t *testing.T) {
	m := load(t)
	words := []string{"жакшы", "очень", "good", "jakshy", "ochen", "но", "бирок", "wifi", "Ош", " ", ", ", ". ", "👍", "4", "\xff", "سلام", "ө", "not", "касса", "менен", "вежливый"}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 30).Draw(t, name), rapid.SampledFrom([]string{"", " "}).Draw(t, "between"))
		}
		var d text.Document
		var r, again language.Result
		d.Read(draw("before"))
		m.Identify(&d, &again)
		source := draw("source")
		d.Read(source)
		m.Identify(&d, &again)
		var fresh text.Document
		fresh.Read(source)
		m.Identify(&fresh, &r)
		if r.Label != again.Label || r.Mixed != again.Mixed || r.Probability != again.Probability || len(r.Spans) != len(again.Spans) {
			t.Fatalf("%q is %v, and %v after another", source, r, again)
		}
		at := int32(0)
		for _, s := range r.Spans {
			if s.Start < at || s.End <= s.Start || int(s.End) > len(source) || !utf8.RuneStart(source[s.Start]) {
				t.Fatalf("%q has the spans %v", source, r.Spans)
			}
			at = s.End
		}
		if r.Probability < 0 || r.Probability > 1 || r.Mixed && len(r.Spans) < 2 {
			t.Fatalf("%q is %v", source, r)
		}
	})
}

func FuzzIdentify(f *testing.F) {
	m := load(f)
	for _, s := range []string{"", "Кассир очень вежливый экен", "jakshy, no dorogo", "\xff", "ааа" + strings.Repeat("б", 100)} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, source string) {
		var d text.Document
		var r language.Result
		d.Read(source)
		m.Identify(&d, &r)
	})
}

func TestLoadRefusesWhatIsNoModel(t *testing.T) {
	f := linear.NewFile()
	if _, err := language.Load(f); err == nil {
		t.Error("an empty file is a model")
	}
	language.Store(f, make([]int8, 8), 1, 1)
	if _, err := language.Load(f); err == nil {
		t.Error("eight weights are a model")
	}
}

func TestLabels(t *testing.T) {
	for l := language.Ky; int(l) < language.Labels; l++ {
		if got, ok := language.Parse(l.String()); !ok || got != l || l.Coarse() == "" {
			t.Errorf("%d is named %q, which is %d", l, l, got)
		}
	}
	if _, ok := language.Parse(""); ok {
		t.Error("no name is a label")
	}
}

func BenchmarkIdentify(b *testing.B) {
	m := load(b)
	for name, source := range map[string]string{
		"one":   "Персонал вежливый, но доставка опоздала на час, верните деньги!",
		"mixed": "Кассирлери очень вежливый экен, бирок кезек узун, долго ждали",
		"latin": "Jakshy magazin, baalary arzan, birok kassada kezek kop bolot eken, dagy kassa achylsa jakshy bolmok, rahmat silerge",
	} {
		b.Run(name, func(b *testing.B) {
			var d text.Document
			var r language.Result
			d.Read(source)
			b.SetBytes(int64(len(source)))
			b.ReportAllocs()
			for b.Loop() {
				m.Identify(&d, &r)
			}
		})
	}
}
