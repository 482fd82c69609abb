package attribute

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
)

// Packed are values as they are kept: of each the number of its declaration and its type in one number, and what it says, in order of their declarations.
type Packed []byte

// ErrPacked tells that bytes are no values.
var ErrPacked = errors.New("the bytes are no packed attributes")

// typeBits is how many bits of the head of a value its type takes.
const typeBits = 3

// Values are values by the numbers of their declarations.
type Values map[uint32]Value

// Pack packs values.
func (v Values) Pack() Packed {
	numbers := make([]uint32, 0, len(v))
	for n := range v {
		numbers = append(numbers, n)
	}
	slices.SortFunc(numbers, cmp.Compare[uint32])
	var out Packed
	for _, n := range numbers {
		out = out.append(n, v[n])
	}
	return out
}

func (p Packed) append(number uint32, v Value) Packed {
	p = binary.AppendUvarint(p, uint64(number)<<typeBits|uint64(v.Type))
	switch v.Type {
	case Number:
		return binary.LittleEndian.AppendUint64(p, math.Float64bits(v.Number))
	case Bool, Date:
		return binary.AppendVarint(p, int64(v.Number))
	default:
		return append(binary.AppendUvarint(p, uint64(len(v.Text))), v.Text...)
	}
}

// All are the values by the numbers of their declarations, in order. What is damaged ends them: see Check.
func (p Packed) All() iter.Seq2[uint32, Value] {
	return func(yield func(uint32, Value) bool) {
		for len(p) > 0 {
			number, v, size := p.first()
			if size <= 0 || !yield(number, v) {
				return
			}
			p = p[size:]
		}
	}
}

// first is the first value and how many bytes it takes, 0 when it is damaged.
func (p Packed) first() (number uint32, v Value, size int) {
	head, at := binary.Uvarint(p)
	if at <= 0 || head>>typeBits > math.MaxUint32 {
		return 0, v, 0
	}
	number, v.Type = uint32(head>>typeBits), Type(head&(1<<typeBits-1)) //nolint:gosec // just checked
	switch v.Type {
	case Number:
		if len(p) < at+8 {
			return 0, v, 0
		}
		v.Number = math.Float64frombits(binary.LittleEndian.Uint64(p[at:]))
		return number, v, at + 8
	case Bool, Date:
		n, used := binary.Varint(p[at:])
		v.Number = float64(n)
		return number, v, sum(at, used)
	case String, Enum:
		length, used := binary.Uvarint(p[at:])
		if used <= 0 || length > uint64(len(p)-at-used) { //nolint:gosec // lengths are not negative
			return 0, v, 0
		}
		v.Text = string(p[at+used : at+used+int(length)]) //nolint:gosec // just checked
		return number, v, at + used + len(v.Text)
	}
	return 0, v, 0
}

// sum is 0 where a part is damaged.
func sum(at, used int) int {
	if used <= 0 {
		return 0
	}
	return at + used
}

// Check tells whether p is what Pack made. Errors: ErrPacked.
func (p Packed) Check() error {
	before := int64(-1)
	for rest := p; len(rest) > 0; {
		number, _, size := rest.first()
		if size <= 0 || int64(number) <= before {
			return fmt.Errorf("%w: byte %d", ErrPacked, len(p)-len(rest))
		}
		before, rest = int64(number), rest[size:]
	}
	return nil
}

// Unpack is the inverse of Pack.
func (p Packed) Unpack() Values {
	out := Values{}
	for n, v := range p.All() {
		out[n] = v
	}
	return out
}

// Get is the value of a declaration; false when there is none.
func (p Packed) Get(number uint32) (Value, bool) {
	for n, v := range p.All() {
		if n == number {
			return v, true
		}
	}
	return Value{}, false
}

// With is p with changes: values that are set, those that are taken away, and only of declarations that keep says are still there.
func (p Packed) With(set Values, unset map[uint32]bool, keep func(number uint32) bool) Packed {
	if len(set) == 0 && len(unset) == 0 {
		return p
	}
	all := p.Unpack()
	for n := range all {
		if unset[n] || !keep(n) {
			delete(all, n)
		}
	}
	for n, v := range set {
		all[n] = v
	}
	return all.Pack()
}
