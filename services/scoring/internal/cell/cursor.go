package cell

import (
	"encoding/binary"

	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/wire"
)

// cursor reads a chunk. It does what wire.Reader does, several times as fast for the numbers of one byte that chunks consist of:
// loading the scores of a million answers reads dozens of millions.
type cursor struct {
	data []byte
	at   int
	bad  bool
}

// uvarint reads what binary.AppendUvarint wrote.
func (c *cursor) uvarint() uint64 {
	if c.at < len(c.data) {
		if b := c.data[c.at]; b < 0x80 {
			c.at++
			return uint64(b)
		}
	}
	return c.long()
}

// long reads a number of several bytes.
func (c *cursor) long() uint64 {
	v, n := binary.Uvarint(c.data[c.at:])
	if n <= 0 {
		c.fail()
		return 0
	}
	c.at += n
	return v
}

// varint reads what binary.AppendVarint wrote.
func (c *cursor) varint() int64 {
	u := c.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (c *cursor) byte() byte {
	if c.at == len(c.data) {
		c.fail()
		return 0
	}
	c.at++
	return c.data[c.at-1]
}

// string reads what wire.AppendString wrote. The result shares the chunk's memory.
func (c *cursor) string() []byte {
	n := c.count(1)
	c.at += n
	return c.data[c.at-n : c.at]
}

// count reads a number of things that take at least `size` bytes each: more than the rest can hold is a fault.
func (c *cursor) count(size int) int {
	n := c.uvarint()
	if n > uint64((len(c.data)-c.at)/size) {
		c.fail()
		return 0
	}
	return int(n)
}

func (c *cursor) left() int { return len(c.data) - c.at }

// fail marks the chunk as corrupt: nothing is left of it.
func (c *cursor) fail() {
	c.bad = true
	c.at = len(c.data)
}

func (c *cursor) err() error {
	if c.bad {
		return wire.ErrCorrupt
	}
	return nil
}

// Steps between values are mostly whole scores. A step of n whole scores is written as the even number 2·zigzag(n), any other step as 1 and
// then the step.
const odd = 1

func appendStep(b []byte, step int64) []byte {
	if step%question.Unit != 0 {
		return binary.AppendVarint(append(b, odd), step)
	}
	n := step / question.Unit
	return binary.AppendUvarint(b, 2*(uint64(n)<<1^uint64(n>>63)))
}

func (c *cursor) step() int64 {
	u := c.uvarint()
	if u&odd != 0 {
		if u != odd {
			c.fail()
		}
		return c.varint()
	}
	u >>= 1
	return (int64(u>>1) ^ -int64(u&1)) * question.Unit
}
