package typeface_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/typeface"
)

func TestFontHasTheLettersOfItsLanguages(t *testing.T) {
	t.Parallel()
	for _, face := range []*typeface.Face{typeface.Regular(), typeface.Bold()} {
		for _, r := range "АЯаяЁёҢңӨөҮүAZaz09№«»“”„–—−…·≥≤≈→° \u00a0" {
			if !face.Has(r) {
				t.Errorf("%c (%U) is missing", r, r)
			}
		}
	}
}

// TestLinesFit looks whether any text keeps its words and fits its width.
func TestLinesFit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("abж ңW.-/\nIм, ")), 0, 120, -1).Draw(t, "text")
		width := rapid.Float64Range(1, 200).Draw(t, "width")
		face := typeface.Regular()
		lines := face.Wrap(text, 9, width)
		for _, line := range lines {
			if face.Width(line, 9) > width && len([]rune(line)) > 1 {
				t.Fatalf("%q is wider than %v", line, width)
			}
		}
		bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got, want := bare(strings.Join(lines, "")), bare(text); got != want {
			t.Fatalf("%q became %q", want, got)
		}
		if short := face.Fit(text, 9, width); face.Width(short, 9) > width && short != "…" {
			t.Fatalf("%q is wider than %v", short, width)
		}
	})
}

func TestCharactersWithoutASignAreNamed(t *testing.T) {
	t.Parallel()
	var c typeface.Cleaner
	for text, want := range map[string]string{
		"Баары жакшы 👍🏽":                   "Баары жакшы [U+1F44D][U+1F3FD]",
		"100 ₽, 5 ₸, 7 ⃀":                  "100 RUB, 5 KZT, 7 KGS",
		"й as и and a breve: \u0438\u0306": "й as и and a breve: й",
		"soft\u00adhyphen\u200b":           "softhyphen",
		"tab\tbell\a\r\n":                  "tab bell  \n",
		"שלום":                             "[U+05E9][U+05DC][U+05D5][U+05DD]",
		"\xff":                             "[U+FFFD]",
	} {
		if got := c.Clean(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	lacking := c.Lacking()
	if got, want := typeface.Codes(lacking, 2), "U+05D5, U+05DC, +5"; got != want {
		t.Errorf("lacking: %s, want %s", got, want)
	}
}

// FuzzClean looks whether what is left of any text can be shown.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{"Баары жакшы 👍🏽", "a\u0301\u0302\u0303", "\xf0\x28\x8c", "\ue000\U0010ffff", "e\u0338ﬁ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var c typeface.Cleaner
		for _, r := range c.Clean(text) {
			if r != '\n' && (!typeface.Regular().Has(r) || !typeface.Bold().Has(r)) {
				t.Fatalf("%U of %q is left", r, text)
			}
		}
	})
}
