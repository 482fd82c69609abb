package fact

import (
	"encoding/binary"
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/wire"
)

// Polarity is what is expressed: by a response's words as a whole, or about one theme.
type Polarity uint8

// Polarities. The numbers are stored; they never change their meaning.
const (
	// NoPolarity is the zero value: nobody can tell, or nobody has.
	NoPolarity Polarity = 0
	// Negative is discontent.
	Negative Polarity = 1
	// Neutral is neither.
	Neutral Polarity = 2
	// Positive is content.
	Positive Polarity = 3
	// Mixed is content with one thing and discontent with another.
	Mixed Polarity = 4
)

// String is the value of the keys that are about what is expressed; empty for none.
func (p Polarity) String() string {
	names := [...]string{"", "negative", "neutral", "positive", "mixed"}
	if int(p) < len(names) {
		return names[p]
	}
	return ""
}

// Theme is what a response's words speak of.
type Theme struct {
	// ID is the identifier of the aspect.
	ID string
	// Polarity is what is expressed about it.
	Polarity Polarity
}

// Enrichment is what other services have found out about a response. The zero value is nothing.
type Enrichment struct {
	// Sentiment is what the words express together.
	Sentiment Polarity
	// Themes are what they speak of, in the order of identifiers, each once.
	Themes []Theme
}

// Names of the keys by which enrichments cut.
const (
	SentimentName     = "sentiment"
	ThemeName         = "theme"
	ThemeNegativeName = "theme_negative"
	ThemePositiveName = "theme_positive"
)

// IsZero tells whether there is nothing.
func (e Enrichment) IsZero() bool { return e.Sentiment == NoPolarity && len(e.Themes) == 0 }

// Equal tells whether two enrichments say the same.
func (e Enrichment) Equal(other Enrichment) bool {
	if e.Sentiment != other.Sentiment || len(e.Themes) != len(other.Themes) {
		return false
	}
	for i, t := range e.Themes {
		if t != other.Themes[i] {
			return false
		}
	}
	return true
}

// Keys calls fn with each key that has values, in the order of names, and the values, which ascend: what was expressed, and the themes that were spoken
// of, all of them, those with discontent and those with content. Of a theme that drew both it is the case that it drew either.
func (e Enrichment) Keys(fn func(name string, values []string)) {
	if e.Sentiment != NoPolarity {
		fn(SentimentName, []string{e.Sentiment.String()})
	}
	themes := func(name string, of func(Polarity) bool) {
		var ids []string
		for _, t := range e.Themes {
			if of(t.Polarity) {
				ids = append(ids, t.ID)
			}
		}
		if len(ids) > 0 {
			fn(name, ids)
		}
	}
	themes(ThemeName, func(Polarity) bool { return true })
	themes(ThemeNegativeName, func(p Polarity) bool { return p == Negative || p == Mixed })
	themes(ThemePositiveName, func(p Polarity) bool { return p == Positive || p == Mixed })
}

// Check returns an error that wraps ErrInvalid when the enrichment breaks a rule.
func (e Enrichment) Check() error {
	if e.Sentiment > Mixed {
		return fmt.Errorf("sentiment %d: %w", e.Sentiment, ErrInvalid)
	}
	for i, t := range e.Themes {
		if t.ID == "" || t.Polarity > Mixed || i > 0 && e.Themes[i-1].ID >= t.ID {
			return fmt.Errorf("theme %q of polarity %d: %w", t.ID, t.Polarity, ErrInvalid)
		}
	}
	return nil
}

// minTheme is the least number of bytes of an encoded theme: an identifier of one byte with its length, the polarity.
const minTheme = 3

func (e Enrichment) append(b []byte) []byte {
	b = append(b, byte(e.Sentiment))
	b = binary.AppendUvarint(b, uint64(len(e.Themes)))
	for _, t := range e.Themes {
		b = append(wire.AppendString(b, t.ID), byte(t.Polarity))
	}
	return b
}

func readEnrichment(r *wire.Reader) (e Enrichment) {
	e.Sentiment = Polarity(r.Byte())
	if n := r.Count(minTheme); n > 0 {
		e.Themes = make([]Theme, n)
	}
	for i := range e.Themes {
		e.Themes[i] = Theme{ID: r.String(), Polarity: Polarity(r.Byte())}
	}
	return e
}

// AppendBinary appends the encoding of an enrichment: equal ones have equal encodings. It fails, wrapping ErrInvalid, when the enrichment does not
// pass Check.
func (e Enrichment) AppendBinary(b []byte) ([]byte, error) {
	if err := e.Check(); err != nil {
		return b, fmt.Errorf("encode enrichment: %w", err)
	}
	return e.append(append(b, enrichmentVersion)), nil
}

// DecodeEnrichment reads what Enrichment.AppendBinary wrote. wire.ErrCorrupt or ErrInvalid for anything else.
func DecodeEnrichment(b []byte) (Enrichment, error) {
	r := wire.NewReader(b)
	if version := r.Byte(); version != enrichmentVersion {
		return Enrichment{}, fmt.Errorf("decode enrichment: version %d: %w", version, wire.ErrCorrupt)
	}
	e := readEnrichment(r)
	if err := r.End(); err != nil {
		return Enrichment{}, fmt.Errorf("decode enrichment: %w", err)
	}
	if err := e.Check(); err != nil {
		return Enrichment{}, fmt.Errorf("decode enrichment: %w", err)
	}
	return e, nil
}

// enrichmentVersion begins the encodings of enrichments.
const enrichmentVersion = 1
