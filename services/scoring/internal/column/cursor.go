package column

import (
	"encoding/binary"
)

// cursor reads a section. It does what wire.Reader does, several times as fast for numbers of one byte, and without copying.
type cursor struct {
	rest []byte
	bad  bool
}

func (c *cursor) uvarint() uint64 {
	if len(c.rest) > 0 && c.rest[0] < 0x80 {
		v := c.rest[0]
		c.rest = c.rest[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(c.rest)
	// A last byte of 0 pads the number: one value would have two forms.
	if n <= 0 || c.rest[n-1] == 0 {
		c.fail()
		return 0
	}
	c.rest = c.rest[n:]
	return v
}

func (c *cursor) varint() int64 {
	u := c.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (c *cursor) byte() byte {
	if b := c.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// bytes are the next n; nil after a failure.
func (c *cursor) bytes(n int) []byte {
	if n > len(c.rest) {
		c.fail()
		return nil
	}
	b := c.rest[:n]
	c.rest = c.rest[n:]
	return b
}

// count reads a number of things that take at least `size` bytes each: more than the rest can hold is a failure.
func (c *cursor) count(size int) int {
	n := c.uvarint()
	if n > uint64(len(c.rest)/size) {
		c.fail()
		return 0
	}
	return int(n)
}

func (c *cursor) string() string { return string(c.bytes(c.count(1))) }

// fail marks the section as corrupt: nothing is left of it.
func (c *cursor) fail() { c.rest, c.bad = nil, true }
