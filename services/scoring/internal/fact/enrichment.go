package fact

import (
	"encoding/binary"
	"fmt"
	"slices"

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

// Case tells whether a case of whoever answered was unresolved when they did.
type Case uint8

// Cases. The numbers are stored; they never change their meaning.
const (
	// UnknownCase is the zero value: nobody keeps cases, or nobody has said.
	UnknownCase Case = 0
	// NoCase is that none was unresolved.
	NoCase Case = 1
	// UnresolvedCase is that one was.
	UnresolvedCase Case = 2
)

// String is the value of the key; empty for the unknown.
func (c Case) String() string {
	names := [...]string{"", "none", "unresolved"}
	if int(c) < len(names) {
		return names[c]
	}
	return ""
}

// Enrichment is what other services have found out about a response. The zero value is nothing. Each service finds out fields of its own, which are replaced
// without the others.
type Enrichment struct {
	// Sentiment is what the words express together, as the comment service has it.
	Sentiment Polarity
	// Themes are what they speak of, in the order of identifiers, each once.
	Themes []Theme
	// Segments are the identifiers of the segments that the respondent was in when answering, as the segmentation service has it: in order, each once.
	Segments []string
	// Case is whether the respondent had an unresolved case then.
	Case Case
}

// Names of the keys by which enrichments cut.
const (
	CaseName          = "case"
	SegmentName       = "segment"
	SentimentName     = "sentiment"
	ThemeName         = "theme"
	ThemeNegativeName = "theme_negative"
	ThemePositiveName = "theme_positive"
)

// IsZero tells whether there is nothing.
func (e Enrichment) IsZero() bool { return !e.spoken() && !e.segmented() }

// spoken tells whether there is anything of the comment service.
func (e Enrichment) spoken() bool { return e.Sentiment != NoPolarity || len(e.Themes) > 0 }

// segmented tells whether there is anything of the segmentation service.
func (e Enrichment) segmented() bool { return len(e.Segments) > 0 || e.Case != UnknownCase }

// Equal tells whether two enrichments say the same.
func (e Enrichment) Equal(other Enrichment) bool {
	return e.Sentiment == other.Sentiment && e.Case == other.Case && slices.Equal(e.Themes, other.Themes) && slices.Equal(e.Segments, other.Segments)
}

// Keys calls fn with each key that has values, in the order of names, and the values, which ascend: the case, the segments, what was expressed, and the
// themes that were spoken of, all of them, those with discontent and those with content. Of a theme that drew both it is so that it drew either.
func (e Enrichment) Keys(fn func(name string, values []string)) {
	if e.Case != UnknownCase {
		fn(CaseName, []string{e.Case.String()})
	}
	if len(e.Segments) > 0 {
		fn(SegmentName, e.Segments)
	}
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
	if e.Case > UnresolvedCase {
		return fmt.Errorf("case %d: %w", e.Case, ErrInvalid)
	}
	for i, id := range e.Segments {
		if id == "" || i > 0 && e.Segments[i-1] >= id {
			return fmt.Errorf("segment %q: %w", id, ErrInvalid)
		}
	}
	return nil
}

// minTheme is the least number of bytes of an encoded theme: an identifier of one byte with its length, the polarity.
const minTheme = 3

// minSegment is the least number of bytes of an encoded segment.
const minSegment = 2

// appendSpoken appends what the comment service has found out.
func (e Enrichment) appendSpoken(b []byte) []byte {
	b = append(b, byte(e.Sentiment))
	b = binary.AppendUvarint(b, uint64(len(e.Themes)))
	for _, t := range e.Themes {
		b = append(wire.AppendString(b, t.ID), byte(t.Polarity))
	}
	return b
}

func (e *Enrichment) readSpoken(r *wire.Reader) {
	e.Sentiment = Polarity(r.Byte())
	if n := r.Count(minTheme); n > 0 {
		e.Themes = make([]Theme, n)
	}
	for i := range e.Themes {
		e.Themes[i] = Theme{ID: r.String(), Polarity: Polarity(r.Byte())}
	}
}

// appendSegmented appends what the segmentation service has found out.
func (e Enrichment) appendSegmented(b []byte) []byte {
	b = append(b, byte(e.Case))
	b = binary.AppendUvarint(b, uint64(len(e.Segments)))
	for _, id := range e.Segments {
		b = wire.AppendString(b, id)
	}
	return b
}

func (e *Enrichment) readSegmented(r *wire.Reader) {
	e.Case = Case(r.Byte())
	if n := r.Count(minSegment); n > 0 {
		e.Segments = make([]string, n)
	}
	for i := range e.Segments {
		e.Segments[i] = r.String()
	}
}

// First byte of the encodings of enrichments. Version 1 knows neither segments nor cases; it is written of those that have none, so that programs that know no
// other read them.
const (
	spokenVersion = iota + 1
	segmentedVersion
)

// AppendBinary appends the encoding of an enrichment: equal ones have equal encodings. It fails, wrapping ErrInvalid, when the enrichment does not
// pass Check.
func (e Enrichment) AppendBinary(b []byte) ([]byte, error) {
	if err := e.Check(); err != nil {
		return b, fmt.Errorf("encode enrichment: %w", err)
	}
	if !e.segmented() {
		return e.appendSpoken(append(b, spokenVersion)), nil
	}
	return e.appendSegmented(e.appendSpoken(append(b, segmentedVersion))), nil
}

// DecodeEnrichment reads what Enrichment.AppendBinary wrote. wire.ErrCorrupt or ErrInvalid for anything else.
func DecodeEnrichment(b []byte) (Enrichment, error) {
	r := wire.NewReader(b)
	version := r.Byte()
	if version != spokenVersion && version != segmentedVersion {
		return Enrichment{}, fmt.Errorf("decode enrichment: version %d: %w", version, wire.ErrCorrupt)
	}
	var e Enrichment
	e.readSpoken(r)
	if version == segmentedVersion {
		e.readSegmented(r)
		if !e.segmented() {
			r.Fail()
		}
	}
	if err := r.End(); err != nil {
		return Enrichment{}, fmt.Errorf("decode enrichment: %w", err)
	}
	if err := e.Check(); err != nil {
		return Enrichment{}, fmt.Errorf("decode enrichment: %w", err)
	}
	return e, nil
}
