package lexicon

import (
	"errors"
	"fmt"
	"strings"

	"github.com/otklik/otklik/services/comment/internal/text"
)

// Bounds of an organisation's own phrases.
const (
	MaxOwn        = 200 // aspects
	MaxPhrases    = 50  // of one aspect
	MaxPhraseText = 200 // bytes of one phrase
)

// PhraseError says which phrase of which aspect cannot be used, both counted from 0, and why.
type PhraseError struct {
	Aspect, Phrase int
	Reason         string
}

func (e *PhraseError) Error() string {
	return fmt.Sprintf("phrase %d of aspect %d: %s", e.Phrase, e.Aspect, e.Reason)
}

// Compile makes a lexicon of an organisation's own aspects, numbered from Fixed on, each given by phrases in plain words of any language.
// The words are found in their other grammatical forms, too.
func Compile(own [][]string) (*Lexicon, error) {
	if len(own) > MaxOwn {
		return nil, fmt.Errorf("compile phrases: %d aspects, at most %d", len(own), MaxOwn)
	}
	b := newBuilder()
	for i, phrases := range own {
		if len(phrases) > MaxPhrases {
			return nil, &PhraseError{i, MaxPhrases, fmt.Sprintf("there are more than %d", MaxPhrases)}
		}
		for k, phrase := range phrases {
			if err := b.phrase(phrase, Fixed+uint8(i)); err != nil { //nolint:gosec // at most MaxOwn
				return nil, &PhraseError{i, k, err.Error()}
			}
		}
	}
	return b.build(), nil
}

// phrase adds a phrase in plain words.
func (b *builder) phrase(phrase string, aspect uint8) error {
	if len(phrase) > MaxPhraseText {
		return fmt.Errorf("it is longer than %d bytes", MaxPhraseText)
	}
	d := &b.document
	d.Read(phrase)
	var elements []int32
	var last string
	for i := range d.Tokens {
		if d.Tokens[i].Kind == text.Mark {
			continue
		}
		stem, m := plainStem(string(d.Word(i)), d.Tokens[i].Kind)
		last = stem
		elements = append(elements, b.element(elementKey{stem, m, All}))
	}
	if len(elements) == 0 {
		return errors.New("it has no words")
	}
	if len(elements) > maxWords {
		return fmt.Errorf("it has more than %d words", maxWords)
	}
	meanings := []meaning{{family: Aspects, aspect: aspect, language: All}}
	gaps := make([]gap, len(elements))
	if err := b.sequence(phrase, elements, gaps, meanings); err != nil {
		return err
	}
	// Kyrgyz words ending in к or п have г or б before a vowel.
	if soft := soften(last); soft != "" {
		elements[len(elements)-1] = b.element(elementKey{soft, ending, All})
		return b.sequence(phrase, elements, gaps, meanings)
	}
	return nil
}

var softer = strings.NewReplacer("к", "г", "п", "б")

func soften(stem string) string {
	if n := len(stem); n >= 6 && (strings.HasSuffix(stem, "к") || strings.HasSuffix(stem, "п")) {
		return stem[:n-2] + softer.Replace(stem[n-2:])
	}
	return ""
}

// plainEndings are taken off the words of phrases; the longer ones first.
var plainEndings = []string{"ая", "ое", "ый", "ий", "ые", "ие", "а", "я", "о", "е", "у", "ю", "ы", "и", "й", "ь", "ing", "ies", "ed", "es", "s", "e", "y"}

// plainStem returns what of a word stays the same in its grammatical forms.
func plainStem(word string, kind text.Kind) (string, mode) {
	if kind != text.Word {
		return word, whole
	}
	letter := 1
	if word[0] >= 0x80 {
		letter = 2
	}
	for _, e := range plainEndings {
		if stem, ok := strings.CutSuffix(word, e); ok && len(stem) >= 4*letter {
			return stem, ending
		}
	}
	return word, ending
}
