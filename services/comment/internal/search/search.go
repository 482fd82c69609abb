// Package search turns texts and what is searched for into stems, in Russian, Kyrgyz and English, so that a word is found by any of its forms.
//
// A word alone seldom tells whether it is Russian or Kyrgyz, and in mixed speech neighbours do not tell either. So a Cyrillic text has two readings, one with
// the stems of each language, and a word is found when one of its stems stands in one of them. Words are compared as package text folds them: ө and о, ү and
// у, ң and н, ё and е are the same.
package search

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/russian"

	"github.com/otklik/otklik/services/comment/internal/text"
)

const (
	// Separator stands between the two readings of a text in its terms.
	Separator = "\n"

	// longestWord bounds words in letters; the rest of longer ones is not looked at.
	longestWord = 64
)

// Terms are the stems of the words of a text, in order and with spaces between; where the second reading differs it follows after the Separator.
func Terms(source string) string {
	first, second := readings(source)
	if slices.Equal(first, second) {
		return strings.Join(first, " ")
	}
	return strings.Join(first, " ") + Separator + strings.Join(second, " ")
}

// readings are the stems of the words of a text in both readings, of which the first has Russian, the second Kyrgyz stems.
func readings(source string) (first, second []string) {
	var d text.Document
	d.Read(source)
	for i, t := range d.Tokens {
		if t.Kind != text.Word && t.Kind != text.Number {
			continue
		}
		if word := shorten(string(d.Word(i))); word != "" {
			a, b := stems(word, t.Script)
			first, second = append(first, a), append(second, b)
		}
	}
	return first, second
}

// stems are those of a folded word.
func stems(word string, script text.Script) (first, second string) {
	switch script {
	case text.Cyrillic:
		env := snowballstem.NewEnv(word)
		russian.Stem(env)
		return env.Current(), kyrgyz(word)
	case text.Latin:
		env := snowballstem.NewEnv(word)
		english.Stem(env)
		return env.Current(), env.Current()
	}
	return word, word
}

// shorten cuts what is too long for a word, and takes out what is neither a letter nor a digit, where databases would divide it.
func shorten(word string) string {
	plain := strings.Map(func(r rune) rune {
		// RuneError, too, so that words are valid UTF-8.
		if r == '\'' || r == '’' || r == 'ʼ' || r == '-' || r == utf8.RuneError || r < ' ' {
			return -1
		}
		return r
	}, word)
	n := 0
	for i := range plain {
		if n++; n > longestWord {
			return plain[:i]
		}
	}
	return plain
}
