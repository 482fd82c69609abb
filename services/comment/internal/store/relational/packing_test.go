package relational

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/comment/internal/store"
)

func TestPackedValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var mentions []store.AspectMention
		var phrases []store.Phrase
		for i := range rapid.IntRange(0, 5).Draw(t, "n") {
			text := rapid.String().Draw(t, "text")
			mentions = append(mentions, store.AspectMention{Aspect: text, Sentiment: store.Sentiment(rapid.IntRange(1, 4).Draw(t, "sentiment"))})
			phrases = append(phrases, store.Phrase{Key: rapid.Uint64Range(0, 1<<60).Draw(t, "key")<<4 + uint64(i), Text: text}) //nolint:gosec // small
		}
		var gotMentions []store.AspectMention
		for at, aspect := range themesOf(packThemes(mentions)) {
			gotMentions = append(gotMentions, store.AspectMention{Aspect: aspect, Sentiment: store.Sentiment(at + 1)}) //nolint:gosec // small
		}
		var gotPhrases []store.Phrase
		for key, text := range phrasesOf(packPhrases(phrases)) {
			gotPhrases = append(gotPhrases, store.Phrase{Key: key, Text: text})
		}
		if !slices.Equal(gotMentions, mentions) || !slices.Equal(gotPhrases, phrases) {
			t.Fatalf("got %v and %v, want %v and %v", gotMentions, gotPhrases, mentions, phrases)
		}
	})
}

func FuzzPackedValues(f *testing.F) {
	f.Add("05:price")
	f.Add("z 3:a b")
	f.Fuzz(func(_ *testing.T, packed string) {
		for range themesOf(packed) {
		}
		for range phrasesOf(packed) {
		}
	})
}
