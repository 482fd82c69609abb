package relational

import (
	"iter"
	"strconv"
	"strings"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// place is that of a sentiment in counts, which know four: what expresses nothing is neutral.
func place(s store.Sentiment) int {
	if s < store.Negative || s > store.Mixed {
		s = store.Neutral
	}
	return int(s) - 1
}

// mixed is the place of what is said with different sentiments.
const mixed = int(store.Mixed) - 1

// packThemes writes aspects into one value: of each its place, the length of its identifier, and the identifier.
func packThemes(mentions []store.AspectMention) string {
	var out strings.Builder
	for _, m := range mentions {
		out.WriteByte(byte('0' + place(m.Sentiment))) //nolint:gosec // less than four
		writeSized(&out, m.Aspect)
	}
	return out.String()
}

// packPhrases writes phrases into one value: of each its key, the length of its text, and the text.
func packPhrases(phrases []store.Phrase) string {
	var out strings.Builder
	for p := range distinct(phrases) {
		out.WriteString(strconv.FormatUint(p.Key, 36))
		out.WriteByte(' ')
		writeSized(&out, p.Text)
	}
	return out.String()
}

func writeSized(out *strings.Builder, text string) {
	out.WriteString(strconv.Itoa(len(text)))
	out.WriteByte(':')
	out.WriteString(text)
}

// readSized reads what writeSized wrote, and returns what follows.
func readSized(packed string) (text, rest string, ok bool) {
	size, after, found := strings.Cut(packed, ":")
	n, err := strconv.Atoi(size)
	if !found || err != nil || n < 0 || n > len(after) {
		return "", "", false
	}
	return after[:n], after[n:], true
}

// themesOf reads what packThemes wrote: places and identifiers.
func themesOf(packed string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for len(packed) > 1 {
			place := int(packed[0]-'0') & 3
			aspect, rest, ok := readSized(packed[1:])
			if !ok || !yield(place, aspect) {
				return
			}
			packed = rest
		}
	}
}

// phrasesOf reads what packPhrases wrote: keys and texts.
func phrasesOf(packed string) iter.Seq2[uint64, string] {
	return func(yield func(uint64, string) bool) {
		for packed != "" {
			digits, rest, _ := strings.Cut(packed, " ")
			key, err := strconv.ParseUint(digits, 36, 64)
			if err != nil {
				return
			}
			text, rest, ok := readSized(rest)
			if !ok || !yield(key, text) {
				return
			}
			packed = rest
		}
	}
}

// distinct are phrases, each key once, as it is written first.
func distinct(phrases []store.Phrase) iter.Seq[store.Phrase] {
	return func(yield func(store.Phrase) bool) {
		for i, p := range phrases {
			twice := false
			for _, before := range phrases[:i] {
				twice = twice || before.Key == p.Key
			}
			if !twice && !yield(p) {
				return
			}
		}
	}
}
