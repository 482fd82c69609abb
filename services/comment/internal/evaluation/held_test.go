package evaluation

import (
	"strings"
	"testing"
)

// The models are at least this good on comments of our own that nothing was tuned on. Where less is reached than is aimed at, the aim stands behind it.
const (
	leastKyrgyzSentiment  = 0.80 // accuracy; aim 0.82
	leastRussianSentiment = 0.60 // macro-F1
	leastEnglishSentiment = 0.56 // macro-F1
	leastRussianAspects   = 0.58 // micro-F1; aim 0.82
	leastEnglishAspects   = 0.50 // micro-F1; aim 0.82
	leastKyrgyzAspects    = 0.64 // micro-F1; aim 0.78
	leastSentences        = 0.95 // accuracy; aim 0.997, which fewer texts than these cannot show
	leastFourWords        = 0.90 // aim 0.985
	leastTwoWords         = 0.80 // aim 0.93
	leastMix              = 0.90 // F1
	leastNames            = 0.85 // F1
	leastNumbers          = 0.97 // recall and precision; aim 0.99 and 0.98
	leastPassports        = 0.90 // F1
	leastAddresses        = 0.60 // F1
)

// atLeast fails where a measure is less than it should be, or has no value.
func atLeast(t *testing.T, what string, got *float64, least float64) {
	t.Helper()
	if got == nil || *got < least {
		t.Errorf("%s: %s, want %.3f", what, shown(got), least)
	}
}

// class is how well a class was found.
func (r Report) class(label string) Class {
	for _, c := range r.Classes {
		if c.Label == label {
			return c
		}
	}
	return Class{Label: label}
}

func TestSentimentOfCommentsHeldOut(t *testing.T) {
	t.Parallel()
	a := analyzer(t)
	kinds := commentsOf(t, Sentiment, "held_comments.tsv")
	atLeast(t, "Kyrgyz, accuracy", judge(t, a, Sentiment, kinds["ky"]).Accuracy, leastKyrgyzSentiment)
	atLeast(t, "Russian, macro-F1", judge(t, a, Sentiment, kinds["ru"]).MacroF1, leastRussianSentiment)
	atLeast(t, "English, macro-F1", judge(t, a, Sentiment, kinds["en"]).MacroF1, leastEnglishSentiment)
}

func TestAspectsOfCommentsHeldOut(t *testing.T) {
	t.Parallel()
	a := analyzer(t)
	kinds := commentsOf(t, Aspects, "held_comments.tsv")
	atLeast(t, "Kyrgyz, micro-F1", judge(t, a, Aspects, kinds["ky"]).MicroF1, leastKyrgyzAspects)
	atLeast(t, "Russian, micro-F1", judge(t, a, Aspects, kinds["ru"]).MicroF1, leastRussianAspects)
	atLeast(t, "English, micro-F1", judge(t, a, Aspects, kinds["en"]).MicroF1, leastEnglishAspects)
}

func TestLanguageOfTextsHeldOut(t *testing.T) {
	t.Parallel()
	a := analyzer(t)
	rows := map[string][][2]string{}
	for _, row := range rowsOf(t, Language, "held_language.tsv") {
		length := "sentences"
		switch words := len(strings.Fields(row[0])); {
		case words <= 2:
			length = "two words"
		case words <= 4:
			length = "four words"
		}
		rows[length] = append(rows[length], row)
	}
	for length, least := range map[string]float64{"sentences": leastSentences, "four words": leastFourWords, "two words": leastTwoWords} {
		atLeast(t, length, judge(t, a, Language, rows[length]).Accuracy, least)
	}
}

func TestMixedTextsHeldOut(t *testing.T) {
	t.Parallel()
	r := judge(t, analyzer(t), Mix, rowsOf(t, Mix, "held_mix.tsv"))
	atLeast(t, "mixed, F1", r.class("mixed").F1(), leastMix)
}

func TestPersonalDataHeldOut(t *testing.T) {
	t.Parallel()
	r := judge(t, analyzer(t), PII, rowsOf(t, PII, "held_pii.tsv"))
	atLeast(t, "names, F1", r.class("NAME").F1(), leastNames)
	for _, kind := range []string{"PHONE", "EMAIL", "CARD", "ID"} {
		atLeast(t, kind+", recall", r.class(kind).Recall(), leastNumbers)
		atLeast(t, kind+", precision", r.class(kind).Precision(), leastNumbers)
	}
	atLeast(t, "passports, F1", r.class("PASSPORT").F1(), leastPassports)
	atLeast(t, "addresses, F1", r.class("ADDRESS").F1(), leastAddresses)
}
