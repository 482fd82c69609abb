package light

import (
	"encoding/binary"
	"fmt"
)

// reader reads numbers off the front of bytes; ok is false once they did not suffice.
type reader struct {
	from []byte
	ok   bool
}

func (r *reader) number() uint64 {
	n, used := binary.Uvarint(r.from)
	if used <= 0 {
		r.ok, r.from = false, nil
		return 0
	}
	r.from = r.from[used:]
	return n
}

func (r *reader) count() int64 { return int64(r.number()) } //nolint:gosec // written from one that is not negative

func (r *reader) wide() Wide { return Wide{r.number(), r.number()} }

func appendCount(to []byte, n int64) []byte { return binary.AppendUvarint(to, uint64(n)) } //nolint:gosec // not negative

func appendWide(to []byte, w Wide) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(to, w.Hi), w.Lo)
}

func (c Clusters) append(to []byte) []byte {
	if to = appendCount(to, c.N); c.N == 0 {
		return to
	}
	return appendWide(appendWide(appendWide(to, c.SumSquares), c.SumSizes), c.Sizes)
}

func (r *reader) clusters() (c Clusters) {
	if c.N = r.count(); c.N == 0 {
		return c
	}
	c.SumSquares, c.SumSizes, c.Sizes = r.wide(), r.wide(), r.wide()
	return c
}

func (p Part) append(to []byte) []byte {
	if to = appendCount(to, p.Answers.Count); p.Answers.Count == 0 {
		return to
	}
	return p.Responses.append(appendCount(to, p.Answers.Sum))
}

func (r *reader) part() (p Part) {
	if p.Answers.Count = r.count(); p.Answers.Count == 0 {
		return p
	}
	p.Answers.Sum = r.count()
	p.Responses = r.clusters()
	return p
}

// Encode is the sums as they are kept.
func (p *Periods) Encode() []byte {
	var to []byte
	for i := range p {
		s := &p[i]
		if to = s.Part.append(to); s.Answers.Count == 0 {
			continue
		}
		if to = s.Contacts.append(to); s.Contacts.N > 0 {
			to = appendWide(appendCount(to, s.Means), s.MeanSquares)
		}
	}
	return to
}

// Decode reads what Encode made. Errors: ErrDamaged.
func Decode(from []byte) (out Periods, err error) {
	r := reader{from, true}
	for i := range out {
		s := &out[i]
		if s.Part = r.part(); s.Answers.Count == 0 {
			continue
		}
		if s.Contacts = r.clusters(); s.Contacts.N > 0 {
			s.Means, s.MeanSquares = r.count(), r.wide()
		}
	}
	return out, r.end("sums")
}

// Encode is the parts as they are kept.
func (p *Parts) Encode() []byte {
	var to []byte
	for i := range p {
		to = p[i].append(to)
	}
	return to
}

// DecodeParts reads what Parts.Encode made. Errors: ErrDamaged.
func DecodeParts(from []byte) (out Parts, err error) {
	r := reader{from, true}
	for i := range out {
		out[i] = r.part()
	}
	return out, r.end("parts")
}

func (r *reader) end(what string) error {
	if !r.ok || len(r.from) > 0 {
		return fmt.Errorf("decode %s: %w", what, ErrDamaged)
	}
	return nil
}
