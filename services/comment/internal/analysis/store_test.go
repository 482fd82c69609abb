package analysis

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/redaction"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/internal/store"
)

func equal(a, b store.Analysis) bool { return cmp.Equal(a, b) }

// spansOf are all places of an analysis.
func spansOf(a store.Analysis) []store.Span {
	var all []store.Span
	for _, s := range a.LanguageSpans {
		all = append(all, s.Span)
	}
	for _, m := range a.Aspects {
		all = append(all, m.Evidence)
	}
	for _, p := range a.Phrases {
		all = append(all, p.Span)
	}
	for _, r := range a.Redactions {
		all = append(all, r.Span)
	}
	return all
}

// Worked by hand. Bytes of the source: "Ол " 0-5, the name 5-13, " 👍 " 13-19, "цена" 19-27, " " 27-28, the number 28-34, a broken byte 34-35, NUL 35-36.
func TestPlacesInTheTextWithoutPersonalData(t *testing.T) {
	t.Parallel()
	r := &Result{
		Source: "Ол Олжо 👍 цена 123456\xff\x00", model: "m1",
		Language:  language.Result{Label: language.KyLat, Probability: 0.5, Mixed: true, Spans: []language.Span{{Start: 0, End: 13, Label: language.Ky}, {Start: 19, End: 27, Label: language.Ru}}},
		Sentiment: sentiment.Result{Class: sentiment.Mixed, Probabilities: [4]float32{0.1, 0.2, 0.3, 0.4}},
		Findings:  []redaction.Finding{{Kind: redaction.Name, Start: 5, End: 13}, {Kind: redaction.Phone, Start: 28, End: 34}},
	}
	r.Redacted = redaction.Redact(r.Source, r.Findings, nil)
	text, a := r.ToStore()
	if want := "Ол [NAME] 👍 цена [PHONE]\ufffd\ufffd"; text != want {
		t.Errorf("%q, want %q", text, want)
	}
	want := store.Analysis{
		Model: "m1", Language: store.Kyrgyz, Variety: "ky_lat", LanguageProbability: 0.5, MixedLanguages: true,
		LanguageSpans: []store.LanguageSpan{{Span: store.Span{Start: 0, End: 9}, Variety: "ky"}, {Span: store.Span{Start: 12, End: 16}, Variety: "ru"}},
		Sentiment:     store.Mixed, Probabilities: [4]float32{0.1, 0.2, 0.3, 0.4},
		Redactions: []store.Redaction{{Span: store.Span{Start: 3, End: 9}, Kind: 1}, {Span: store.Span{Start: 17, End: 24}, Kind: 2}},
	}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
	m := r.measure()
	for _, c := range []struct {
		start, end int32
		want       string
	}{
		{0, 4, "Ол"}, {7, 9, "[NAME]"}, {0, 7, "Ол [NAME]"}, {5, 13, "[NAME]"}, {9, 27, "[NAME] 👍 цена"}, {14, 18, "👍"}, {30, 36, "[PHONE]\ufffd\ufffd"}, {34, 36, "\ufffd\ufffd"}, {19, 19, ""}, {36, 36, ""},
	} {
		if got := m.at(m.span(c.start, c.end)); got != c.want {
			t.Errorf("bytes %d to %d are %q, want %q", c.start, c.end, got, c.want)
		}
	}
}

func TestLanguagesAsTheyAreKept(t *testing.T) {
	t.Parallel()
	for label, want := range map[language.Label]store.Language{
		language.Unknown: store.NoLanguage, language.Ru: store.Russian, language.RuLat: store.Russian, language.Ky: store.Kyrgyz, language.KyLat: store.Kyrgyz,
		language.En: store.English, language.Kk: store.OtherLanguage, language.OthCyr: store.OtherLanguage, language.OthLat: store.OtherLanguage,
	} {
		if got := languageOf(label); got != want {
			t.Errorf("%v: %v, want %v", label, got, want)
		}
	}
	if Variety(language.Unknown) != "und" || Variety(language.KyLat) != "ky_lat" {
		t.Error("the varieties have other names")
	}
}
