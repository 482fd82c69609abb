package evaluation

import (
	"maps"
	"os"
	"slices"
	"testing"
)

// TestFigures prints how well the models do on the comments of our own; OTKLIK_TEST_FIGURES says on which: dev or held.
func TestFigures(t *testing.T) {
	part := os.Getenv("OTKLIK_TEST_FIGURES")
	if part == "" {
		t.Skip("OTKLIK_TEST_FIGURES is not set: these figures are for people")
	}
	a := analyzer(t)
	for _, task := range []Task{Sentiment, Aspects} {
		kinds := commentsOf(t, task, part+"_comments.tsv")
		for _, kind := range slices.Sorted(maps.Keys(kinds)) {
			t.Logf("%v of %s: %v", task, kind, judge(t, a, task, kinds[kind]))
		}
	}
	for _, task := range []Task{Language, Mix, PII} {
		r := judge(t, a, task, rowsOf(t, task, part+"_"+task.String()+".tsv"))
		t.Logf("%v: %v", task, r)
	}
	t.Logf("sentiment of tweets: %v", judge(t, a, Sentiment, rowsOf(t, Sentiment, part+"_tweets.tsv")))
}
