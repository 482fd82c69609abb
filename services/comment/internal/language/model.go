package language

import (
	"errors"
	"fmt"

	"github.com/otklik/otklik/services/comment/internal/linear"
)

const (
	section = "language" // of the file of weights
	lanes   = Labels - 1 // labels that have weights
	flip    = 0x8080808080808080
	even    = 0x00ff00ff00ff00ff
)

// Model holds the weights, the eight of a bucket side by side, each raised by 128 so that sums of lanes never borrow.
type Model struct {
	table []uint64
	scale float32 // of a weight
	sharp float32 // inverse temperature
}

// Store puts weights, a byte for each bucket and label from Ky on, into a file.
func Store(f *linear.File, weights []int8, scale, sharp float32) {
	s := &linear.Section{}
	s.PutFloats([]float32{scale, sharp})
	s.PutWeights(weights)
	f.Put(section, s)
}

// Load reads the model that a file holds.
func Load(f *linear.File) (*Model, error) {
	s, err := f.Get(section)
	if err != nil {
		return nil, fmt.Errorf("read language model: %w", err)
	}
	numbers, weights := s.Floats(), s.Weights()
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("read language model: %w", err)
	}
	if len(weights) != Buckets*lanes || len(numbers) != 2 {
		return nil, fmt.Errorf("read language model: %d weights, not %d", len(weights), Buckets*lanes)
	}
	m := &Model{table: make([]uint64, Buckets), scale: numbers[0], sharp: numbers[1]}
	if !(m.scale > 0 && m.scale < 1e3 && m.sharp > 0 && m.sharp < 1e3) {
		return nil, errors.New("read language model: its scale is none")
	}
	for i := range m.table {
		v := uint64(0)
		for k, w := range weights[i*lanes : i*lanes+lanes] {
			v |= uint64(uint8(w)) << (8 * k)
		}
		// Flipping the highest bit of a signed byte raises it by 128.
		m.table[i] = v ^ flip
	}
	return m, nil
}

// scores are the sums of a word's weights, by label from Ky on.
type scores [lanes]int32

// score sums the weights of a word's features. They are fewer than 257, so that no lane of sixteen bits runs over.
func (m *Model) score(word []byte, s *scan) (z scores) {
	s.read(word)
	var low, high uint64
	count := int32(1)
	whole := uint64(seed + 1)
	table := m.table[:Buckets]
	letters := s.letters[:s.n]
	for i := range letters {
		if i > 0 {
			whole = (whole ^ letters[i]) * prime
		}
		h := uint64(seed)
		window := letters[i:min(i+order, len(letters))]
		for j, c := range window {
			h = (h ^ c) * prime
			if j > 0 || c != ' ' {
				w := table[h>>(64-bits)]
				low += w & even
				high += w >> 8 & even
				count++
			}
		}
	}
	w := table[whole>>(64-bits)]
	low += w & even
	high += w >> 8 & even
	for k := range z {
		lane := low
		if k&1 == 1 {
			lane = high
		}
		z[k] = int32(lane>>(uint(k)>>1*16)&0xffff) - 128*count
	}
	return z
}
