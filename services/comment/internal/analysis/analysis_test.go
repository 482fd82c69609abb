package analysis

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/internal/store"
)

func TestAnalyze(t *testing.T) {
	t.Parallel()
	a := analyzer(t)
	var s Scratch
	for _, c := range []struct {
		text      string
		label     language.Label
		sentiment sentiment.Class
	}{
		{"Отличный магазин, продавцы вежливые, спасибо!", language.Ru, sentiment.Positive},
		{"Ужасное обслуживание, больше не приду", language.Ru, sentiment.Negative},
		{"Абдан жакшы тейлешти, рахмат сиздерге!", language.Ky, sentiment.Positive},
		{"Кызматкерлер абдан орой, экинчи келбейм", language.Ky, sentiment.Negative},
		{"The staff were friendly and the food was delicious", language.En, sentiment.Positive},
		{"Terrible service, we waited for an hour and nobody came", language.En, sentiment.Negative},
	} {
		r := a.Analyze(&s, c.text, nil)
		if r.Language.Label != c.label || r.Sentiment.Class != c.sentiment {
			t.Errorf("%s: %v, %v", c.text, r.Language.Label, r.Sentiment)
		}
	}
}

// A scratch keeps nothing of the text before: in any order the same texts have the same results.
func TestScratchKeepsNothingOfTheTextBefore(t *testing.T) {
	t.Parallel()
	a, texts := analyzer(t), comments(t)
	texts = append(texts[:200:200], hostile(3000)...)
	var used Scratch
	for i := len(texts) - 1; i >= 0; i-- {
		a.Analyze(&used, texts[i], nil)
	}
	for _, text := range texts {
		var fresh Scratch
		gotText, got := a.Analyze(&used, text, nil).ToStore()
		wantText, want := a.Analyze(&fresh, text, nil).ToStore()
		if gotText != wantText || !equal(got, want) {
			t.Errorf("%.80q:\n%+v\n%+v", text, got, want)
		}
		used.Forget()
	}
}

func TestForgetKeepsOnlyCommonAmountsOfMemory(t *testing.T) {
	t.Parallel()
	a := analyzer(t)
	var s Scratch
	a.Analyze(&s, strings.Repeat("слово ", 100), nil)
	if s.Forget(); cap(s.document.Tokens) == 0 || s.document.Source != "" || s.result.Source != "" {
		t.Error("the buffers were let go, or the text was not")
	}
	a.Analyze(&s, strings.Repeat("слово ", 5000), nil)
	if s.Forget(); cap(s.document.Tokens) != 0 {
		t.Error("the buffers of a long text are kept")
	}
}

// The hot path costs no memory.
func TestNoAllocationForEachComment(t *testing.T) {
	a, texts := analyzer(t), comments(t)
	var s Scratch
	for range 2 {
		for _, text := range texts {
			a.Analyze(&s, text, nil)
		}
	}
	if n := testing.AllocsPerRun(3, func() {
		for _, text := range texts {
			a.Analyze(&s, text, nil)
		}
	}); n > 0 {
		t.Errorf("%v allocations for %d comments", n, len(texts))
	}
}

// What is bad input gets a clear answer: no language, or an unsure one, and neutral without being sure of it.
func TestBadInputIsNotJudged(t *testing.T) {
	t.Parallel()
	a := analyzer(t)
	var s Scratch
	for name, text := range map[string]string{
		"empty":                     "",
		"blanks":                    " \t\r\n\u00a0\u2003",
		"one letter":                "a",
		"one Cyrillic letter":       "ы",
		"emoji":                     "😀😀👍",
		"joined emoji":              "👩‍👩‍👧‍👦🏳️‍🌈",
		"emoticon":                  ":)",
		"digits":                    "12345 67",
		"marks":                     "?!?!... --- ***",
		"control characters":        "\x00\x01\x02\x1b[31m\x7f",
		"zero width":                "\u200b\u200d\ufeff\u2060",
		"direction marks":           "\u202e\u202d\u200f\u2066",
		"broken UTF-8":              "\xff\xfe\xc3\x28\x80",
		"cut off":                   "\xd0",
		"surrogates":                "\xed\xa0\x80\xed\xb0\x80",
		"combining marks":           strings.Repeat("\u0301", 100),
		"replacement characters":    "\ufffd\ufffd\ufffd",
		"tags alone":                "<p><br/></p><script></script>",
		"Arabic":                    "هذا المتجر رائع جدا وشكرا لكم",
		"Hebrew":                    "השירות היה נורא ואיטי",
		"Chinese":                   "这家店的服务太差了",
		"Georgian":                  "ძალიან კარგი მომსახურება",
		"100 KB of one letter":      strings.Repeat("а", MaxText/2),
		"100 KB of nonsense":        strings.Repeat("zxqw", MaxText/4),
		"100 KB of emoji":           strings.Repeat("😡", MaxText/4),
		"100 KB of broken UTF-8":    strings.Repeat("\xff", MaxText),
		"100 KB of digits":          strings.Repeat("1", MaxText),
		"letters of another script": "ぁ",
	} {
		r := a.Analyze(&s, text, nil)
		if p := r.Language.Probability; r.Language.Label != language.Unknown && p > 0.7 && len(text) < 100 {
			t.Errorf("%s: %v is sure (%v)", name, r.Language.Label, p)
		}
		if r.Sentiment.Class != sentiment.Neutral || r.Sentiment.Probabilities[sentiment.Neutral] > 0.6 || len(r.Mentions) > 0 {
			t.Errorf("%s: %+v, %v", name, r.Sentiment, r.Mentions)
		}
		sound(t, name, r)
	}
}

// What is in a language that nothing was learnt for is not judged for sure.
func TestOtherLanguagesAreNotJudged(t *testing.T) {
	t.Parallel()
	a := analyzer(t)
	var s Scratch
	for name, text := range map[string]string{
		"German":  "Das Personal war sehr freundlich und das Essen hat uns wirklich ausgezeichnet geschmeckt",
		"French":  "Le personnel était très aimable mais nous avons attendu une heure pour être servis",
		"Turkish": "Çalışanlar çok kibardı, yemekler de gerçekten lezzetliydi, teşekkür ederiz",
		"Polish":  "Obsługa była bardzo niemiła i czekaliśmy ponad godzinę na zamówienie",
		"Kazakh":  "Қызметкерлер өте сыпайы екен, тағамдары да дәмді болды, рақмет сіздерге",
	} {
		r := a.Analyze(&s, text, nil)
		if c := languageOf(r.Language.Label); c != store.OtherLanguage {
			t.Errorf("%s is taken for %v", name, r.Language.Label)
		}
		for class, p := range r.Sentiment.Probabilities {
			if p > 0.6 {
				t.Errorf("%s: %v is sure (%v)", name, sentiment.Class(class), p)
			}
		}
		sound(t, name, r)
	}
}

// What praises one thing and blames another is mixed.
func TestPraiseAndBlameAreMixed(t *testing.T) {
	t.Parallel()
	a := analyzer(t)
	var s Scratch
	for _, text := range []string{
		"Персонал вежливый, но цены высокие", "Кассир абдан сылык экен, бирок баасы кымбат", "The food was delicious but the waiter was rude",
	} {
		if r := a.Analyze(&s, text, nil); r.Sentiment.Class != sentiment.Mixed {
			t.Errorf("%s: %+v, %v", text, r.Sentiment, r.Mentions)
		}
	}
}

func TestMixedTakesTheProbabilityOfTheLikeliest(t *testing.T) {
	t.Parallel()
	got := mixed(sentiment.Result{Class: sentiment.Positive, Probabilities: [4]float32{0.1, 0.1, 0.5, 0.3}})
	if want := (sentiment.Result{Class: sentiment.Mixed, Probabilities: [4]float32{0.1, 0.1, 0.3, 0.5}}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

// What stands around the words does not hinder.
func TestBadInputAroundWordsIsPassedOver(t *testing.T) {
	t.Parallel()
	a := analyzer(t)
	var s Scratch
	for name, text := range map[string]string{
		"HTML":               "<div class=\"x\"><p>Отличный&nbsp;магазин,<br>вежливые <b>продавцы</b></p></div>",
		"entities":           "&laquo;Отличный магазин&raquo; &mdash; вежливые продавцы",
		"control characters": "Отличный\x00 магазин,\x07 вежливые\x1b продавцы",
		"direction marks":    "\u202eОтличный магазин\u202c, \u200fвежливые продавцы",
		"zero width":         "Отлич\u200bный мага\u200dзин, вежли\u00adвые продавцы",
		"broken UTF-8":       "Отличный магазин, \xff\xfe вежливые продавцы \xd0",
		"emoji":              "Отличный магазин 👍🏽👍🏽, вежливые продавцы 😀",
	} {
		r := a.Analyze(&s, text, nil)
		if r.Language.Label != language.Ru || r.Sentiment.Class != sentiment.Positive {
			t.Errorf("%s: %v, %+v", name, r.Language.Label, r.Sentiment)
		}
		sound(t, name, r)
	}
}

// sound checks what holds for every result.
func sound(t *testing.T, name string, r *Result) {
	t.Helper()
	size := int32(len(r.Source))
	inside := func(start, end int32) bool { return start >= 0 && start <= end && end <= size }
	sum := float32(0)
	for _, p := range r.Sentiment.Probabilities {
		if !(p >= 0 && p <= 1) {
			t.Errorf("%s: probabilities %v", name, r.Sentiment.Probabilities)
		}
		sum += p
	}
	if math.Abs(float64(sum)-1) > 1e-3 || !(r.Language.Probability >= 0 && r.Language.Probability <= 1) {
		t.Errorf("%s: the probabilities add up to %v, language %v", name, sum, r.Language.Probability)
	}
	last := int32(0)
	for _, f := range r.Findings {
		if !inside(f.Start, f.End) || f.Start < last || f.Start == f.End {
			t.Errorf("%s: findings %v", name, r.Findings)
		}
		last = f.End
	}
	last = 0
	for _, m := range r.Mentions {
		if !inside(m.Start, m.End) || m.Start < last || !(m.Probability >= 0 && m.Probability <= 1) || r.AspectName(m.ID) == "" {
			t.Errorf("%s: mentions %v", name, r.Mentions)
		}
		last = m.Start
	}
	last = 0
	for _, p := range r.Phrases {
		if !inside(p.Start, p.End) || p.Start < last || p.Start == p.End || len(r.Phrases) > 16 {
			t.Errorf("%s: phrases %v", name, r.Phrases)
		}
		for _, f := range r.Findings {
			if p.Start < f.End && f.Start < p.End {
				t.Errorf("%s: the phrase %v holds personal data %v", name, p, f)
			}
		}
		last = p.Start
	}
	for _, l := range r.Language.Spans {
		if !inside(l.Start, l.End) {
			t.Errorf("%s: spans %v", name, r.Language.Spans)
		}
	}
	text, kept := r.ToStore()
	points := int32(utf8.RuneCountInString(text))
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		t.Errorf("%s: the text is no text", name)
	}
	for _, span := range spansOf(kept) {
		if span.Start < 0 || span.Start > span.End || span.End > points {
			t.Errorf("%s: %v lies outside of %d", name, span, points)
		}
	}
}
