package lexicon

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/otklik/otklik/services/comment/internal/text"
)

// maxWords bounds the words of one pattern.
const maxWords = 8

// gap says how far the next word of a pattern may stand from the one before.
type gap uint8

const (
	tight gap = iota
	loose
)

type elementKey struct {
	stem     string
	mode     mode
	language Languages
}

// builder gathers patterns.
type builder struct {
	draft    draft
	elements []element
	known    map[elementKey]int32
	single   [][]meaning // of each element
	states   []stateDraft
	step     map[edge]int32
	seen     map[string][]int32 // elements of the words of a language that were read
	language Languages
	document text.Document
}

type stateDraft struct{ meanings []meaning }

// edge leads from one state of the phrases to the next by an element. From −1 it leads to the first state of an element.
type edge struct {
	state, element int32
	gap            gap
}

func newBuilder() *builder {
	return &builder{known: map[elementKey]int32{}, step: map[edge]int32{}}
}

// expect makes room for the embedded lexicons.
func (b *builder) expect() {
	const words, places = 1 << 15, 1 << 15
	b.known, b.step = make(map[elementKey]int32, words), make(map[edge]int32, places)
	b.elements, b.single = make([]element, 0, words), make([][]meaning, 0, words)
	b.draft.stems = make([]draftStem, 0, words)
	b.states = make([]stateDraft, 0, places)
}

// pattern adds one pattern of a language with its meanings.
func (b *builder) pattern(pattern string, language Languages, meanings []meaning) error {
	if pattern == "" {
		return errors.New("an empty pattern")
	}
	if left, right, either := strings.Cut(pattern, " & "); either {
		if strings.Contains(right, " & ") {
			return fmt.Errorf("pattern %q: one & at most", pattern)
		}
		if err := b.pattern(right+" + "+left, language, meanings); err != nil {
			return err
		}
		pattern = left + " + " + right
	}
	var elements []int32
	var gaps []gap
	next := tight
	for word := range strings.FieldsSeq(pattern) {
		if word == "+" {
			next = loose
			continue
		}
		added, err := b.words(word, language)
		if err != nil {
			return fmt.Errorf("pattern %q: %w", pattern, err)
		}
		for _, e := range added {
			elements, gaps = append(elements, e), append(gaps, next)
			next = tight
		}
	}
	if next == loose || gaps[0] == loose || len(elements) > maxWords {
		return fmt.Errorf("pattern %q: want 1 to %d words, and + only between words", pattern, maxWords)
	}
	return b.sequence(pattern, elements, gaps, meanings)
}

// words adds the elements of one word of a pattern; a word with a hyphen is more than one token.
func (b *builder) words(word string, language Languages) ([]int32, error) {
	if b.language != language {
		b.seen, b.language = make(map[string][]int32, 1<<13), language
	}
	if out, ok := b.seen[word]; ok {
		return out, nil
	}
	out, err := b.read(word, language)
	if err == nil {
		b.seen[word] = out
	}
	return out, err
}

func (b *builder) read(word string, language Languages) ([]int32, error) {
	m := whole
	switch {
	case strings.HasSuffix(word, "*"):
		m, word = prefix, strings.TrimSuffix(word, "*")
	case strings.HasSuffix(word, "~"):
		m, word = ending, strings.TrimSuffix(word, "~")
	}
	if strings.ContainsAny(word, "*~&|") {
		return nil, fmt.Errorf("word %q: * and ~ stand at its end only", word)
	}
	b.document.Read(word)
	var stems []string
	for i := range b.document.Tokens {
		if b.document.Tokens[i].Kind != text.Mark {
			stems = append(stems, string(b.document.Word(i)))
		}
	}
	var out []int32
	for i, stem := range stems {
		if i < len(stems)-1 {
			out = append(out, b.element(elementKey{stem, whole, language}))
		} else {
			out = append(out, b.element(elementKey{stem, m, language}))
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("word %q has no letters", word)
	}
	return out, nil
}

func (b *builder) element(key elementKey) int32 {
	if i, ok := b.known[key]; ok {
		return i
	}
	length := 0
	for at := 0; at < len(key.stem); length++ {
		_, at = nextCode(key.stem, at)
	}
	i := int32(len(b.elements))                                                                                         //nolint:gosec // bounded by the entries
	b.elements = append(b.elements, element{letters: int32(length), mode: key.mode, language: key.language, start: -1}) //nolint:gosec // a word
	b.known[key] = i
	b.single = append(b.single, nil)
	b.draft.add(key.stem, i)
	return i
}

func (b *builder) sequence(pattern string, elements []int32, gaps []gap, meanings []meaning) error {
	if len(elements) == 1 {
		merged, err := merge(b.single[elements[0]], meanings)
		if err != nil {
			return fmt.Errorf("pattern %q: %w", pattern, err)
		}
		b.single[elements[0]] = merged
		return nil
	}
	state := int32(-1)
	for i, e := range elements {
		key := edge{state, e, gaps[i]}
		next, ok := b.step[key]
		if !ok {
			next = int32(len(b.states)) //nolint:gosec // bounded by the entries
			b.states = append(b.states, stateDraft{})
			b.step[key] = next
			if state < 0 {
				b.elements[e].start = next
			}
		}
		state = next
	}
	merged, err := merge(b.states[state].meanings, meanings)
	if err != nil {
		return fmt.Errorf("pattern %q: %w", pattern, err)
	}
	b.states[state].meanings = merged
	return nil
}

// merge joins the meanings of one pattern that was written twice: aspects add up, and an aspect with a polarity replaces one without.
func merge(old, more []meaning) ([]meaning, error) {
	if len(old) == 0 {
		return more, nil
	}
	out := slices.Clone(old)
	for _, m := range more {
		i := slices.IndexFunc(out, func(o meaning) bool {
			return o.family == m.family && (m.family == Polarity || o.aspect == m.aspect)
		})
		switch {
		case i < 0:
			out = append(out, m)
		case out[i] == m || m.family == Aspects && m.implied == 0:
		case m.family == Aspects && out[i].implied == 0:
			out[i] = m
		default:
			return nil, errors.New("was written before with another meaning")
		}
	}
	return out, nil
}

// build compiles what was added.
func (b *builder) build() *Lexicon {
	l := &Lexicon{trie: b.draft.build(), elements: slices.Clip(b.elements), meanings: make([]meaning, 0, len(b.elements)+len(b.states)), endings: newEndings()}
	for i := range l.elements {
		l.elements[i].single = l.add(b.single[i])
	}
	l.phrases = newPhraseTable(len(b.states), b.step)
	for i := range b.states {
		l.phrases.states[i].final = l.add(b.states[i].meanings)
	}
	return l
}

func (l *Lexicon) add(meanings []meaning) (out [families]span) {
	for family := range families {
		out[family].first = int32(len(l.meanings)) //nolint:gosec // bounded by the entries
		for _, m := range meanings {
			if m.family == family {
				l.meanings = append(l.meanings, m)
			}
		}
		out[family].last = int32(len(l.meanings)) //nolint:gosec // bounded by the entries
	}
	return out
}
