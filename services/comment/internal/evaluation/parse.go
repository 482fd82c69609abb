package evaluation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// The classes that labels of closed sets can have.
var (
	sentiments = []string{"positive", "negative", "neutral", "mixed"}
	mixes      = []string{"mixed", "single"}
	languages  = []string{"ky", "ru", "en", "kk", "oth_cyr", "oth_lat", "ky_lat", "ru_lat", "other", "und"}
	kinds      = []string{"NAME", "PHONE", "EMAIL", "CARD", "ID", "PASSPORT", "ADDRESS"}
)

// undetermined is the label of a text whose language cannot be told.
const undetermined = "und"

// none is the label of a text without aspects.
const none = "-"

// Columns are the columns of a text and its label in a file.
func (t Task) Columns() (text, label int) {
	if t == PII {
		return 2, 1
	}
	return 1, 2
}

// Parse reads a text and the label that people gave it, as files and the API state them. Errors are *FormatError.
func Parse(t Task, text, label string) (Case, error) {
	inText, inLabel := t.Columns()
	if len(text) > MaxText {
		return Case{}, &FormatError{Column: inText, Description: fmt.Sprintf("the text has %d bytes, more than %d", len(text), MaxText)}
	}
	label = strings.TrimSpace(label)
	switch t {
	case Sentiment:
		return closed(text, label, inLabel, sentiments)
	case Language:
		return closed(text, label, inLabel, languages)
	case Mix:
		return closed(text, label, inLabel, mixes)
	case Aspects:
		labels, err := parseAspects(label)
		if err != nil {
			return Case{}, &FormatError{Column: inLabel, Description: err.Error()}
		}
		return Case{Text: text, Labels: labels}, nil
	case PII:
		if label == "" {
			return Case{}, &FormatError{Column: inLabel, Description: "the language is missing"}
		}
		plain, labels, err := parseMarks(text)
		if err != nil {
			return Case{}, &FormatError{Column: inText, Description: err.Error()}
		}
		return Case{Text: plain, Labels: labels}, nil
	default:
		return Case{}, &FormatError{Description: "there is no such task"}
	}
}

// closed reads a label of a closed set.
func closed(text, label string, column int, classes []string) (Case, error) {
	class := strings.ToLower(label)
	if !slices.Contains(classes, class) {
		return Case{}, &FormatError{Column: column, Description: fmt.Sprintf("%s is none of %s", quoted(label), strings.Join(classes, ", "))}
	}
	return Case{Text: text, Labels: []Label{{Class: class}}}, nil
}

// parseAspects reads `price:negative|staff:positive`, or `-` for none. What is said of one aspect twice counts once. An aspect that the model does not know, such as one of
// an organisation's own, is no error: it is not found.
func parseAspects(label string) ([]Label, error) {
	if label == none {
		return nil, nil
	}
	var labels []Label
	for part := range strings.SplitSeq(label, "|") {
		aspect, sentiment, ok := strings.Cut(strings.ToLower(strings.TrimSpace(part)), ":")
		aspect, sentiment = strings.TrimSpace(aspect), strings.TrimSpace(sentiment)
		switch {
		case label == "":
			return nil, fmt.Errorf("there is no label: write %s for a text without aspects", none)
		case !ok:
			return nil, fmt.Errorf("%s is not ASPECT:SENTIMENT", quoted(part))
		case !soundAspect(aspect):
			return nil, fmt.Errorf("%s is not the identifier of an aspect", quoted(aspect))
		case !slices.Contains(sentiments, sentiment):
			return nil, fmt.Errorf("%s is none of %s", quoted(sentiment), strings.Join(sentiments, ", "))
		}
		if l := (Label{Class: aspect, Sentiment: sentiment}); !slices.Contains(labels, l) {
			labels = append(labels, l)
		}
	}
	return labels, nil
}

// soundAspect tells whether an identifier is one that an aspect can have.
func soundAspect(id string) bool {
	for i, c := range []byte(id) {
		letter := c >= 'a' && c <= 'z'
		if !letter && (i == 0 || c != '_' && c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return id != "" && len(id) <= 63
}

// parseMarks takes the marks `[[TYPE|value]]` out of a text and returns where the values are then.
func parseMarks(text string) (string, []Label, error) {
	if !strings.Contains(text, "[[") {
		return text, nil, nil
	}
	var plain strings.Builder
	var labels []Label
	rest := text
	for {
		before, mark, ok := strings.Cut(rest, "[[")
		plain.WriteString(before)
		if !ok {
			return plain.String(), labels, nil
		}
		kind, tail, ok := strings.Cut(mark, "|")
		if !ok || strings.ContainsFunc(kind, func(r rune) bool { return (r < 'A' || r > 'Z') && r != '_' }) || kind == "" {
			// Brackets that people wrote.
			plain.WriteString("[[")
			rest = mark
			continue
		}
		if !slices.Contains(kinds, kind) {
			return "", nil, fmt.Errorf("%s between [[ and | is none of %s", quoted(kind), strings.Join(kinds, ", "))
		}
		value, after, ok := strings.Cut(tail, "]]")
		switch {
		case !ok:
			return "", nil, fmt.Errorf("the mark [[%s|… has no end ]]", kind)
		case value == "":
			return "", nil, fmt.Errorf("the mark [[%s|]] is empty", kind)
		}
		start := plain.Len()
		plain.WriteString(value)
		labels = append(labels, Label{Class: kind, Start: int32(start), End: int32(plain.Len())})
		rest = after
	}
}

// quoted shows a label in an error, unless it looks like a text: what people wrote is not for errors and logs.
func quoted(label string) string {
	const most = 24
	if len(label) > most || strings.ContainsFunc(label, unicode.IsSpace) {
		return "what stands there"
	}
	return strconv.Quote(label)
}
