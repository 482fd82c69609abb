package phrase

import (
	"strings"
	"testing"
)

// Nothing is said in one language only, and all say it with the same words in its places.
func TestEveryPhraseIsInAllLanguages(t *testing.T) {
	t.Parallel()
	for key, x := range texts {
		for language, said := range map[string]string{"ru": x.ru, "ky": x.ky, "en": x.en} {
			if strings.TrimSpace(said) == "" {
				t.Errorf("phrase %d says nothing in %s: %+v", key, language, x)
			}
			for form := range strings.SplitSeq(said, "|") {
				if got, want := strings.Count(form, "%s"), strings.Count(strings.Split(x.en, "|")[0], "%s"); got != want {
					t.Errorf("%q has %d places, in English there are %d", form, got, want)
				}
			}
		}
		if forms := strings.Count(x.en, "|") + 1; forms > 1 && (forms != 2 || strings.Count(x.ru, "|") != 2 || strings.Contains(x.ky, "|")) {
			t.Errorf("%+v: a phrase that depends on a number has three forms in Russian, one in Kyrgyz and two in English", x)
		}
	}
}

func TestFormsGoWithTheirNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		language string
		n        int64
		want     string
	}{
		{"ru", 1, "Посчитан 1 ответ."}, {"ru", 3, "Посчитаны 3 ответа."}, {"ru", 11, "Посчитано 11 ответов."}, {"ru", 12, "Посчитано 12 ответов."},
		{"ru", 21, "Посчитан 21 ответ."}, {"ru", 0, "Посчитано 0 ответов."}, {"ru", 1204, "Посчитаны 1\u00a0204 ответа."},
		{"ky", 5, "5 жооп эсептелди."}, {"en", 1, "1 response was counted."}, {"en", 1204, "1,204 responses were counted."},
	} {
		if got := For(c.language).Plural(NoteCounted, c.n); got != c.want {
			t.Errorf("%d in %s: %q, want %q", c.n, c.language, got, c.want)
		}
	}
}

func TestTextsOfOthersFallBack(t *testing.T) {
	t.Parallel()
	b := For("ky")
	for _, c := range []struct {
		texts map[string]string
		want  string
	}{{map[string]string{"ky": "k", "ru": "r"}, "k"}, {map[string]string{"en": "e", "ru": "r"}, "r"}, {nil, "other"}} {
		if got := b.Pick(c.texts, "other"); got != c.want {
			t.Errorf("%v: %q, want %q", c.texts, got, c.want)
		}
	}
	if got := For("").Language(); got != "ru" {
		t.Errorf("without a language: %s", got)
	}
}
