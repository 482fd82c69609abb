// Package wire reads and writes the few primitives that the compact binary forms of scoring's records consist of.
//
// Every value has exactly one form, so that equal records have equal bytes; readers refuse any other.
package wire

import (
	"encoding/binary"
	"errors"
	"math"
)

// ErrCorrupt reports bytes that were not written by this package, or not completely.
var ErrCorrupt = errors.New("corrupt record")

// AppendString appends the length and the bytes of s.
func AppendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// AppendFloat appends a floating-point number in eight bytes.
func AppendFloat(b []byte, f float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
}

// Reader takes values off a slice. After the first failure every value is zero and Err tells of it, so that a caller
// checks once at the end.
type Reader struct {
	rest []byte
	err  error
}

// NewReader reads from b, which it does not change.
func NewReader(b []byte) *Reader { return &Reader{rest: b} }

// Err is ErrCorrupt after a failure.
func (r *Reader) Err() error { return r.err }

// End is ErrCorrupt after a failure or when bytes are left.
func (r *Reader) End() error {
	if r.err == nil && len(r.rest) != 0 {
		r.Fail()
	}
	return r.err
}

// Len is the number of bytes left.
func (r *Reader) Len() int { return len(r.rest) }

// Fail marks the record as corrupt, for a value that its reader does not accept.
func (r *Reader) Fail() {
	r.rest, r.err = nil, ErrCorrupt
}

// Byte reads one byte.
func (r *Reader) Byte() byte {
	if len(r.rest) == 0 {
		r.Fail()
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

// Uvarint reads what binary.AppendUvarint wrote.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	// A last byte of 0 pads the number: one value would have two forms.
	if n <= 0 || n > 1 && r.rest[n-1] == 0 {
		r.Fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// Varint reads what binary.AppendVarint wrote.
func (r *Reader) Varint() int64 {
	u := r.Uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// Varint32 reads what binary.AppendVarint wrote of a number of 32 bits.
func (r *Reader) Varint32() int32 {
	v := r.Varint()
	if v < math.MinInt32 || v > math.MaxInt32 {
		r.Fail()
		return 0
	}
	return int32(v)
}

// Count reads a number of things that take at least `size` bytes each: more than the rest can hold is a failure, so that
// a made-up number allocates no more than its record is worth.
func (r *Reader) Count(size int) int {
	n := r.Uvarint()
	if n > uint64(len(r.rest)/size) {
		r.Fail()
		return 0
	}
	return int(n)
}

// String reads what AppendString wrote.
func (r *Reader) String() string {
	n := r.Count(1)
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}

// Float reads what AppendFloat wrote.
func (r *Reader) Float() float64 {
	if len(r.rest) < 8 {
		r.Fail()
		return 0
	}
	f := math.Float64frombits(binary.LittleEndian.Uint64(r.rest))
	r.rest = r.rest[8:]
	return f
}
