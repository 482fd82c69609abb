// Package corpus_test checks the comments of our own making that the trainer reads.
package corpus_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

var (
	sentiments = []string{"positive", "negative", "neutral", "mixed"}
	polarities = []string{"positive", "negative", "neutral"}
	aspects    = []string{
		"quality", "price", "staff", "delivery", "assortment", "cleanliness", "wait", "app",
		"returns", "support", "ambience", "location", "packaging", "forgotten", "general",
	}
	// varieties says which varieties a file may hold.
	varieties = map[string][]string{
		"ky.tsv": {"ky", "ky_plain", "ky_lat"}, "ky2.tsv": {"ky", "ky_plain", "ky_lat"}, "mix.tsv": {"mix"}, "mix2.tsv": {"mix"},
		"ru.tsv": {"ru"}, "ru2.tsv": {"ru"}, "en.tsv": {"en"}, "en2.tsv": {"en"}, "tweet.tsv": {"ru_tweet", "en_tweet"}, "tweets.tsv": {"ru_tweet", "en_tweet"},
	}

	// personal are the digits of phones, cards and personal numbers, and addresses of mail.
	personal = regexp.MustCompile(`\d(?:[ ()-]{0,2}\d){5,}|\S@\S`)
)

// TestCorpus reads all comments that aspects and sentiment are trained from.
func TestCorpus(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, file := range slices.Sorted(maps.Keys(varieties)) {
		data, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			t.Fatal(err)
		}
		number := 0
		for line := range strings.Lines(string(data)) {
			number++
			where := fmt.Sprintf("%s:%d", file, number)
			row := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
			if len(row) != 4 {
				t.Fatalf("%s: %d columns, want 4: %q", where, len(row), line)
			}
			if err := check(row[0], row[1], row[2], row[3], varieties[file]); err != nil {
				t.Errorf("%s: %v: %s", where, err, row[0])
			}
			key := bare(row[0])
			if other := seen[key]; other != "" {
				t.Errorf("%s: is in %s already: %s", where, other, row[0])
			}
			seen[key] = where
		}
	}
}

// check looks at one row.
func check(text, sentiment, column, variety string, allowed []string) error {
	switch {
	case !utf8.ValidString(text) || strings.TrimSpace(text) != text || text == "":
		return fmt.Errorf("text %q", text)
	case !slices.Contains(sentiments, sentiment):
		return fmt.Errorf("sentiment %q", sentiment)
	case !slices.Contains(allowed, variety):
		return fmt.Errorf("variety %q", variety)
	case personal.MatchString(text):
		return fmt.Errorf("reads like personal data")
	}
	found := map[string]bool{}
	if column != "-" {
		named := map[string]bool{}
		for mention := range strings.SplitSeq(column, "|") {
			aspect, polarity, _ := strings.Cut(mention, ":")
			if !slices.Contains(aspects, aspect) || !slices.Contains(polarities, polarity) || named[aspect] {
				return fmt.Errorf("aspect %q", mention)
			}
			named[aspect], found[polarity] = true, true
		}
	}
	// Nobody labelled what posts speak of.
	if !strings.HasSuffix(variety, "_tweet") && !consistent(sentiment, found) {
		return fmt.Errorf("aspects %q do not fit %s", column, sentiment)
	}
	return spelled(text, variety)
}

// consistent reports whether the polarities of the aspects fit the whole. A mixed comment that praises and blames one and the same aspect has it
// as neutral.
func consistent(sentiment string, found map[string]bool) bool {
	switch sentiment {
	case "positive":
		return !found["negative"]
	case "negative":
		return !found["positive"]
	case "neutral":
		return !found["positive"] && !found["negative"]
	}
	return found["neutral"] || found["positive"] && found["negative"]
}

// spelled checks that a text is written as its variety says.
func spelled(text, variety string) error {
	switch variety {
	case "ky_plain":
		if strings.ContainsAny(text, "өүңӨҮҢ") {
			return fmt.Errorf("has letters that ky_plain is without")
		}
	case "ky_lat":
		if strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
			return fmt.Errorf("has Cyrillic letters")
		}
	}
	return nil
}

// bare is a text by its letters and digits alone.
func bare(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r < 0x2000
	}), " ")
}
