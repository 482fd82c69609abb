package theme

import (
	"strings"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// Whole leaves out phrases that are nothing but parts of longer ones: those that as many responses hold, with the same sentiments. The order stays.
func Whole(phrases []store.PhraseCount) []store.PhraseCount {
	type counts [4]int64
	longer := make(map[counts][]string)
	for _, p := range phrases {
		longer[p.Responses] = append(longer[p.Responses], words(p.Text))
	}
	out := make([]store.PhraseCount, 0, len(phrases))
	for _, p := range phrases {
		if !within(words(p.Text), longer[p.Responses]) {
			out = append(out, p)
		}
	}
	return out
}

// whole does the same for what emerges.
func whole(themes []Emerging) []Emerging {
	longer := make(map[Tally][]string)
	for _, e := range themes {
		if e.Phrase != "" {
			longer[e.Tally] = append(longer[e.Tally], words(e.Phrase))
		}
	}
	var out []Emerging
	for _, e := range themes {
		if e.Phrase == "" || !within(words(e.Phrase), longer[e.Tally]) {
			out = append(out, e)
		}
	}
	return out
}

// words are those of a phrase, each with a space before and after.
func words(phrase string) string {
	return " " + strings.Join(strings.Fields(strings.ToLower(phrase)), " ") + " "
}

// within tells whether words stand in another phrase.
func within(part string, phrases []string) bool {
	for _, p := range phrases {
		if len(p) > len(part) && strings.Contains(p, part) {
			return true
		}
	}
	return false
}
