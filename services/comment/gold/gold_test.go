// Package gold_test checks the comments that comment analysis is judged by.
package gold_test

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
	varieties  = []string{"ru", "en", "ky", "ky_plain", "ky_lat", "mix"}
	languages  = []string{"ky", "ru", "en", "kk", "oth_cyr", "oth_lat", "ky_lat", "ru_lat"}
	aspects    = []string{
		"quality", "price", "staff", "delivery", "assortment", "cleanliness", "wait", "app",
		"returns", "support", "ambience", "location", "packaging", "forgotten", "general",
	}
	kinds = []string{"NAME", "PHONE", "EMAIL", "CARD", "ID", "PASSPORT", "ADDRESS"}

	mark = regexp.MustCompile(`\[\[([A-Z]+)\|([^\[\]|]+)\]\]`)
)

// checks says how the rows of a kind of file are read, each giving the text.
var checks = map[string]func(row []string) (string, error){
	"comments": comment,
	"tweets":   func(row []string) (string, error) { return labelled(row, sentiments) },
	"language": func(row []string) (string, error) { return labelled(row, languages) },
	"mix":      func(row []string) (string, error) { return labelled(row, []string{"mixed", "single"}) },
	"pii":      personal,
}

// TestGold reads every file and looks for lines that stand twice, here or among the comments to train from.
func TestGold(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, kind := range slices.Sorted(maps.Keys(checks)) {
		for _, part := range []string{"dev", "held"} {
			name := part + "_" + kind + ".tsv"
			for where, row := range rows(t, name) {
				text, err := checks[kind](row)
				if err == nil && (text == "" || strings.TrimSpace(text) != text || !utf8.ValidString(text)) {
					err = fmt.Errorf("text %q", text)
				}
				if err != nil {
					t.Errorf("%s: %v", where, err)
					continue
				}
				if other := seen[bare(text)]; other != "" {
					t.Errorf("%s: stands in %s too: %s", where, other, text)
				}
				seen[bare(text)] = where
			}
		}
	}
	corpora, err := filepath.Glob("../train/corpus/*.tsv")
	if err != nil || len(corpora) == 0 {
		t.Fatalf("find comments to train from: %v, %d files", err, len(corpora))
	}
	for _, corpus := range corpora {
		for where, row := range rows(t, corpus) {
			if other := seen[bare(row[0])]; other != "" {
				t.Errorf("%s: is trained from, but stands in %s: %s", where, other, row[0])
			}
		}
	}
}

// rows reads a file: its columns by place.
func rows(t *testing.T, file string) map[string][]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		found[fmt.Sprintf("%s:%d", filepath.Base(file), number)] = strings.Split(strings.TrimSuffix(line, "\n"), "\t")
	}
	return found
}

// comment reads a comment with its aspects and variety.
func comment(row []string) (string, error) {
	if len(row) != 4 {
		return "", fmt.Errorf("%d columns, want 4", len(row))
	}
	text, variety := row[0], row[3]
	switch {
	case !slices.Contains(sentiments, row[1]):
		return "", fmt.Errorf("sentiment %q", row[1])
	case !slices.Contains(varieties, variety):
		return "", fmt.Errorf("variety %q", variety)
	case variety == "ky_plain" && strings.ContainsAny(text, "өүңӨҮҢ"):
		return "", fmt.Errorf("letters that ky_plain is without: %s", text)
	case variety == "ky_lat" && strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }):
		return "", fmt.Errorf("Cyrillic letters: %s", text)
	case row[2] == "-":
		return text, nil
	}
	named, polarities := map[string]bool{}, map[string]bool{}
	for mention := range strings.SplitSeq(row[2], "|") {
		aspect, polarity, _ := strings.Cut(mention, ":")
		if !slices.Contains(aspects, aspect) || !slices.Contains(sentiments[:3], polarity) || named[aspect] {
			return "", fmt.Errorf("aspect %q: %s", mention, text)
		}
		named[aspect], polarities[polarity] = true, true
	}
	if !consistent(row[1], polarities) {
		return "", fmt.Errorf("aspects %s do not fit %s: %s", row[2], row[1], text)
	}
	return text, nil
}

// consistent reports whether polarities of aspects fit the sentiment of the whole.
func consistent(sentiment string, polarities map[string]bool) bool {
	switch sentiment {
	case "positive":
		return !polarities["negative"]
	case "negative":
		return !polarities["positive"]
	case "neutral":
		return !polarities["positive"] && !polarities["negative"]
	}
	return polarities["neutral"] || polarities["positive"] && polarities["negative"]
}

// labelled reads a text with one label.
func labelled(row, labels []string) (string, error) {
	if len(row) != 2 || !slices.Contains(labels, row[1]) {
		return "", fmt.Errorf("row %q, want a text and one of %v", row, labels)
	}
	return row[0], nil
}

// personal reads a text with marks of personal data.
func personal(row []string) (string, error) {
	if len(row) != 2 || !slices.Contains([]string{"ru", "ky", "en"}, row[0]) {
		return "", fmt.Errorf("row %q, want a language and a text", row)
	}
	for _, found := range mark.FindAllStringSubmatch(row[1], -1) {
		if !slices.Contains(kinds, found[1]) || strings.TrimSpace(found[2]) != found[2] {
			return "", fmt.Errorf("mark %q", found[0])
		}
		if found[1] == "CARD" && !luhn(found[2]) {
			return "", fmt.Errorf("card %q does not satisfy Luhn's formula", found[2])
		}
	}
	if rest := mark.ReplaceAllString(row[1], ""); strings.Contains(rest, "[[") || strings.Contains(rest, "]]") {
		return "", fmt.Errorf("broken mark: %s", row[1])
	}
	return mark.ReplaceAllString(row[1], "$2"), nil
}

// luhn reports whether a number's digits satisfy Luhn's formula.
func luhn(number string) bool {
	sum, double := 0, false
	for i := len(number) - 1; i >= 0; i-- {
		if number[i] < '0' || number[i] > '9' {
			continue
		}
		digit := int(number[i] - '0')
		if double {
			digit = digit*2/10 + digit*2%10
		}
		sum, double = sum+digit, !double
	}
	return sum%10 == 0
}

// bare is a text by its letters and digits alone, or as it is when it has none.
func bare(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 {
		return text
	}
	return strings.Join(words, " ")
}
