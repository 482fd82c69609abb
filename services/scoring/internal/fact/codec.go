package fact

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/wire"
)

// First byte of the encodings of records. Version 1 knows neither regions nor companies nor employees, version 2 neither attributes nor
// options nor enrichments nor which responses were late.
const (
	version1 = iota + 1
	version2
	currentVersion
)

// Bits of a fact's flags. Those that came after the version are set only where they say something, so that programs that do not know them read the other
// records.
const (
	flagLate = 1 << iota
	flagEnriched
	flagSegmented
	factFlagsKnown
)

// Bits of an answer's flags.
const (
	flagPresent = 1 << iota
	flagEffort
	flagScale
	flagOptions
)

// answerFlags are the flags of answers that a version knows.
func answerFlags(version byte) byte {
	const early = flagPresent | flagEffort | flagScale
	if version <= version2 {
		return early
	}
	return early | flagOptions
}

// minAnswer is the least number of bytes of an encoded answer: the length of an identifier, kind, flags.
const minAnswer = 3

// minAttribute is the least number of bytes of an encoded attribute: a name and a value of one byte each.
const minAttribute = 4

// minOption is the least number of bytes of an encoded option.
const minOption = 2

// AppendBinary appends the encoding of f. Equal facts have equal encodings; times are kept to the nanosecond without
// their zone. It fails, wrapping ErrInvalid, when the fact does not pass Check.
func (f *Fact) AppendBinary(b []byte) ([]byte, error) {
	if err := f.Check(); err != nil {
		return b, fmt.Errorf("encode fact: %w", err)
	}
	b = append(b, currentVersion)
	b = wire.AppendString(b, f.ID)
	b = wire.AppendString(b, f.Survey)
	b = binary.AppendUvarint(b, uint64(f.Revision))
	b = append(b, byte(f.Population))
	b = appendTimes(b, f.CountTime, f.ReceiveTime)
	b = wire.AppendString(b, f.Invitation)
	b = wire.AppendString(b, f.Respondent)
	b = wire.AppendFloat(b, f.Weight)
	var flags byte
	if f.Late {
		flags |= flagLate
	}
	if f.Enrichment.spoken() {
		flags |= flagEnriched
	}
	if f.Enrichment.segmented() {
		flags |= flagSegmented
	}
	b = append(b, flags)
	b = appendContext(b, f.Context)
	b = binary.AppendUvarint(b, uint64(len(f.Answers)))
	for i := range f.Answers {
		b = f.Answers[i].append(b)
	}
	if flags&flagEnriched != 0 {
		b = f.Enrichment.appendSpoken(b)
	}
	if flags&flagSegmented != 0 {
		b = f.Enrichment.appendSegmented(b)
	}
	return b, nil
}

func (a *Answer) append(b []byte) []byte {
	b = wire.AppendString(b, a.Question)
	var flags byte
	if a.Present {
		flags |= flagPresent
	}
	if a.Direction == question.Effort {
		flags |= flagEffort
	}
	if a.Scale != (question.Scale{}) {
		flags |= flagScale
	}
	if len(a.Options) > 0 {
		flags |= flagOptions
	}
	b = append(b, byte(a.Kind), flags)
	if flags&flagScale != 0 {
		b = binary.AppendVarint(b, int64(a.Scale.Min))
		b = binary.AppendVarint(b, int64(a.Scale.Max))
		b = binary.AppendVarint(b, int64(a.Scale.Step))
	}
	if a.Present {
		b = binary.AppendVarint(b, int64(a.Value))
	}
	if len(a.Options) > 0 {
		b = binary.AppendUvarint(b, uint64(len(a.Options)))
		for _, o := range a.Options {
			b = wire.AppendString(b, o)
		}
	}
	return b
}

// Decode reads what Fact.AppendBinary wrote; times come back in universal time. wire.ErrCorrupt or ErrInvalid for anything
// else.
func Decode(b []byte) (*Fact, error) {
	r := wire.NewReader(b)
	version := r.Byte()
	if version < version1 || version > currentVersion {
		return nil, fmt.Errorf("decode fact: version %d: %w", version, wire.ErrCorrupt)
	}
	f := &Fact{ID: r.String(), Survey: r.String()}
	revision := r.Uvarint()
	if revision > math.MaxInt64 {
		r.Fail()
	}
	f.Revision = int64(revision)
	f.Population = Population(r.Byte())
	f.CountTime, f.ReceiveTime = readTimes(r)
	f.Invitation, f.Respondent = r.String(), r.String()
	f.Weight = r.Float()
	var flags byte
	if version > version2 {
		// Flags that are not known are more than all that are.
		if flags = r.Byte(); flags >= factFlagsKnown {
			r.Fail()
		}
	}
	f.Late = flags&flagLate != 0
	f.Context = readContext(r, version)
	if n := r.Count(minAnswer); n > 0 {
		f.Answers = make([]Answer, n)
	}
	for i := range f.Answers {
		f.Answers[i].read(r, version)
	}
	if flags&flagEnriched != 0 {
		f.Enrichment.readSpoken(r)
		if !f.Enrichment.spoken() {
			r.Fail()
		}
	}
	if flags&flagSegmented != 0 {
		f.Enrichment.readSegmented(r)
		if !f.Enrichment.segmented() {
			r.Fail()
		}
	}
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("decode fact: %w", err)
	}
	if err := f.Check(); err != nil {
		return nil, fmt.Errorf("decode fact: %w", err)
	}
	return f, nil
}

func (a *Answer) read(r *wire.Reader, version byte) {
	a.Question = r.String()
	a.Kind = question.Kind(r.Byte())
	flags := r.Byte()
	if flags&^answerFlags(version) != 0 {
		r.Fail()
	}
	if flags&flagEffort != 0 {
		a.Direction = question.Effort
	}
	if flags&flagScale != 0 {
		a.Scale = question.Scale{
			Min: question.Centi(r.Varint32()), Max: question.Centi(r.Varint32()), Step: question.Centi(r.Varint32()),
		}
		if a.Scale == (question.Scale{}) {
			r.Fail()
		}
	}
	if flags&flagPresent != 0 {
		a.Present = true
		a.Value = question.Centi(r.Varint32())
	}
	if flags&flagOptions != 0 {
		n := r.Count(minOption)
		if n == 0 {
			r.Fail()
		}
		a.Options = make([]string, n)
		for i := range a.Options {
			a.Options[i] = r.String()
		}
	}
}

// appendTimes appends the moment of counting and how much later the record was received: mostly little, so mostly short.
func appendTimes(b []byte, count, receive time.Time) []byte {
	b = binary.AppendVarint(b, count.UnixNano())
	return binary.AppendVarint(b, receive.UnixNano()-count.UnixNano())
}

func readTimes(r *wire.Reader) (count, receive time.Time) {
	at := r.Varint()
	// The difference may wrap around, as it did when it was written.
	return time.Unix(0, at).UTC(), time.Unix(0, at+r.Varint()).UTC()
}

func appendContext(b []byte, c Context) []byte {
	for _, k := range ContextKeys() {
		b = wire.AppendString(b, c.Value(k))
	}
	b = binary.AppendUvarint(b, uint64(len(c.Attributes)))
	for _, a := range c.Attributes {
		b = wire.AppendString(wire.AppendString(b, a.Name), a.Value)
	}
	return b
}

func readContext(r *wire.Reader, version byte) Context {
	c := Context{Touchpoint: r.String(), Channel: r.String(), Location: r.String(), Language: r.String()}
	if version > version1 {
		c.Region, c.Company, c.Employee = r.String(), r.String(), r.String()
	}
	if version > version2 {
		if n := r.Count(minAttribute); n > 0 {
			c.Attributes = make([]Attribute, n)
		}
		for i := range c.Attributes {
			c.Attributes[i] = Attribute{Name: r.String(), Value: r.String()}
		}
	}
	return c
}
