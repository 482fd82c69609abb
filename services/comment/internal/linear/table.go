// Package linear holds the weights of linear models over hashed features: eight bits each in the file, and in memory sixteen bits in lanes of
// one word, so that one addition adds a feature to four classes.
package linear

import (
	"errors"
	"fmt"
)

const (
	// Lanes is how many classes are added at once.
	Lanes = 4
	// offset makes weights positive, so that no lane borrows from the next.
	offset = 128
	// flush is how many weights a lane can add up before it would overflow: 255 × 256 < 2¹⁶.
	flush = 256
)

// Table holds weights of four classes for each feature. It is read-only and may be shared.
type Table struct {
	shift uint32 // what is left of a hash after it finds the row
	lanes []uint64
}

// NewTable widens weights: of each of 1<<bits rows, of each of its classes.
func NewTable(bits int, weights []int8) (*Table, error) {
	if bits < 1 || bits > 24 {
		return nil, errors.New("make table: bad size")
	}
	if len(weights) != Lanes<<bits {
		return nil, fmt.Errorf("make table: %d weights, want %d", len(weights), Lanes<<bits)
	}
	t := &Table{shift: uint32(32 - bits), lanes: make([]uint64, len(weights)/Lanes)} //nolint:gosec // checked above
	for i := range t.lanes {
		w := weights[i*Lanes : i*Lanes+Lanes : i*Lanes+Lanes]
		x := uint64(byte(w[0])) | uint64(byte(w[1]))<<8 | uint64(byte(w[2]))<<16 | uint64(byte(w[3]))<<24 //nolint:gosec // the same eight bits
		x ^= 0x80808080                                                                                   // raises each weight by offset
		x = (x | x<<16) & 0x0000FFFF0000FFFF                                                              // and gives it sixteen bits
		t.lanes[i] = (x | x<<8) & 0x00FF00FF00FF00FF
	}
	return t, nil
}

// Four returns the sums of the weights of these features.
func (t *Table) Four(hashes []uint32) (sum [Lanes]int32) {
	n := int32(len(hashes)) * offset //nolint:gosec // of one comment
	for len(hashes) > flush {
		add(&sum, t.four(hashes[:flush]))
		hashes = hashes[flush:]
	}
	add(&sum, t.four(hashes))
	for i := range sum {
		sum[i] -= n
	}
	return sum
}

func (t *Table) four(hashes []uint32) uint64 {
	var a, b uint64
	lanes, shift := t.lanes, t.shift&31
	for len(hashes) >= 4 {
		a += lanes[hashes[0]>>shift]
		b += lanes[hashes[1]>>shift]
		a += lanes[hashes[2]>>shift]
		b += lanes[hashes[3]>>shift]
		hashes = hashes[4:]
	}
	for _, h := range hashes {
		a += lanes[h>>shift]
	}
	return a + b
}

func add(sum *[Lanes]int32, lanes uint64) {
	sum[0] += int32(lanes & 0xFFFF)
	sum[1] += int32(lanes >> 16 & 0xFFFF)
	sum[2] += int32(lanes >> 32 & 0xFFFF)
	sum[3] += int32(lanes >> 48)
}
