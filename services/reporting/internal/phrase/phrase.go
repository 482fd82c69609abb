// Package phrase is what reports say, in Russian, Kyrgyz and English. Numbers and dates are written by package notation.
package phrase

import (
	"fmt"
	"strings"

	"github.com/otklik/otklik/services/reporting/internal/notation"
)

// Key is something that reports say.
type Key int

// text is a phrase in all languages. One that depends on a number has its forms behind each other, divided by bars: in Russian those for 1, 2 and 5, in English
// those for 1 and 2; Kyrgyz has one form.
type text struct{ ru, ky, en string }

// Book is what reports say in one language.
type Book struct {
	language string
	notation notation.Notation
}

// For is the book of ru, ky or en; of any other language it is that of ru.
func For(language string) Book {
	switch language {
	case "ky", "en":
	default:
		language = "ru"
	}
	return Book{language: language, notation: notation.For(language)}
}

// Language is the language of the book.
func (b Book) Language() string { return b.language }

// Text is a phrase, with words in its places.
func (b Book) Text(key Key, words ...string) string {
	return fill(b.of(key), words)
}

// Plural is a phrase in the form that goes with n, with n in its first place and words in the others.
func (b Book) Plural(key Key, n int64, words ...string) string {
	forms := strings.Split(b.of(key), "|")
	return fill(forms[min(b.form(n), len(forms)-1)], append([]string{b.notation.Count(n)}, words...))
}

// Pick is the text in the language of the book, or else in another one, or else another text.
func (b Book) Pick(texts map[string]string, other string) string {
	for _, language := range []string{b.language, "ru", "en", "ky"} {
		if t := texts[language]; t != "" {
			return t
		}
	}
	return other
}

func (b Book) of(key Key) string {
	t := texts[key]
	switch b.language {
	case "ky":
		return t.ky
	case "en":
		return t.en
	default:
		return t.ru
	}
}

// form is the place of the form that goes with a number, as the Unicode plural rules have it.
func (b Book) form(n int64) int {
	switch {
	case b.language == "ky":
		return 0
	case b.language == "en":
		if n == 1 {
			return 0
		}
		return 1
	case n%10 == 1 && n%100 != 11:
		return 0
	case n%10 >= 2 && n%10 <= 4 && (n%100 < 12 || n%100 > 14):
		return 1
	}
	return 2
}

// fill puts words into the places of a phrase.
func fill(phrase string, words []string) string {
	if !strings.Contains(phrase, "%s") {
		return phrase
	}
	args := make([]any, len(words))
	for i, w := range words {
		args[i] = w
	}
	return fmt.Sprintf(phrase, args...)
}
