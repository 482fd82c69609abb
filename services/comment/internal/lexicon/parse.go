package lexicon

import (
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

//go:embed *.tsv
var files embed.FS

var (
	languages = [3]Languages{Ru, En, Ky}
	names     = [6]string{"polarity_ru.tsv", "polarity_en.tsv", "polarity_ky.tsv", "aspects_ru.tsv", "aspects_en.tsv", "aspects_ky.tsv"}
)

// Load compiles the embedded lexicons.
func Load() (*Lexicon, error) {
	b := newBuilder()
	b.expect()
	for i, name := range names {
		family := Polarity
		if i >= len(languages) {
			family = Aspects
		}
		data, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read lexicon: %w", err)
		}
		if err := b.file(name, string(data), family, languages[i%len(languages)]); err != nil {
			return nil, fmt.Errorf("parse lexicon: %w", err)
		}
	}
	return b.build(), nil
}

// file adds the lines of a lexicon. Those of polarity are patterns, a kind and a value; those of aspects are meanings and patterns.
// Patterns have commas between them.
func (b *builder) file(name, data string, family Family, language Languages) error {
	number := 0
	for line := range strings.Lines(data) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		patterns, meanings, err := parseLine(strings.Split(line, "\t"), family, language)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", name, number, err)
		}
		for pattern := range strings.SplitSeq(patterns, ",") {
			if err := b.pattern(strings.TrimSpace(pattern), language, meanings); err != nil {
				return fmt.Errorf("%s:%d: %w", name, number, err)
			}
		}
	}
	return nil
}

func parseLine(columns []string, family Family, language Languages) (string, []meaning, error) {
	if family == Polarity {
		if len(columns) != 3 {
			return "", nil, errors.New("want a pattern, a kind and a value, with tabs between")
		}
		m, err := parsePolarity(columns[1], columns[2], language)
		return columns[0], []meaning{m}, err
	}
	if len(columns) != 2 {
		return "", nil, errors.New("want aspects and patterns, with a tab between")
	}
	m, err := parseAspects(columns[0], language)
	return columns[1], m, err
}

func parsePolarity(kind, value string, language Languages) (meaning, error) {
	m := meaning{family: Polarity, language: language}
	v, err := strconv.ParseFloat(value, 32)
	if err != nil || !(math.Abs(v) <= 9) {
		return m, fmt.Errorf("value %q: want a number, at most 9", value)
	}
	m.value = float32(v)
	switch kind {
	case "polarity":
		if math.Abs(v) > 3 {
			return m, fmt.Errorf("value %q: want −3 to 3", value)
		}
	case "boost":
		m.kind = Boost
	case "negate":
		m.kind = Negate
	case "contrast":
		m.kind = Contrast
	case "wish":
		m.kind = Wish
	default:
		return m, fmt.Errorf("kind %q: want polarity, boost, negate, contrast or wish", kind)
	}
	return m, nil
}

func parseAspects(text string, language Languages) ([]meaning, error) {
	var out []meaning
	for part := range strings.SplitSeq(text, "|") {
		name, implied, _ := strings.Cut(part, ":")
		m := meaning{family: Aspects, language: language}
		switch implied {
		case "positive":
			m.implied = 1
		case "negative":
			m.implied = -1
		case "":
		default:
			return nil, fmt.Errorf("polarity %q of aspect %q: want positive or negative", implied, name)
		}
		if name == "none" {
			m.aspect = Nothing
		} else {
			a, ok := AspectOf(name)
			if !ok {
				return nil, fmt.Errorf("aspect %q is not known", name)
			}
			m.aspect = a
		}
		out = append(out, m)
	}
	return out, nil
}

// Digest identifies the embedded lexicons.
func Digest() [sha256.Size]byte {
	h := sha256.New()
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			continue // Load says so
		}
		_, _ = fmt.Fprintf(h, "%s %d\n", name, len(data))
		_, _ = h.Write(data)
	}
	return [sha256.Size]byte(h.Sum(nil))
}
