package phrase

import "encoding/binary"

const (
	seed  = 0x9e3779b97f4a7c15
	prime = 0xff51afd7ed558ccd
)

// sum is the hash of a word. It is the same in all runs of the program, and kept.
func sum(w []byte) uint64 {
	h := uint64(seed) ^ uint64(len(w))
	for len(w) >= 8 {
		h = (h ^ binary.LittleEndian.Uint64(w)) * prime
		h ^= h >> 32
		w = w[8:]
	}
	var last uint64
	for i, c := range w {
		last |= uint64(c) << (8 * i)
	}
	h = (h ^ last) * prime
	return h ^ h>>29
}

// voiced is the hash of a stem whose last letter was voiced by the ending that is gone: тамагы is of тамак, китеби of китеп.
func voiced(h uint64, stem []byte) uint64 {
	n := len(stem)
	if n < 6 || n > 64 || stem[n-2] != 0xd0 || stem[n-1] != 0xb3 && stem[n-1] != 0xb1 {
		return h
	}
	var b [64]byte
	copy(b[:], stem)
	if stem[n-1] == 0xb3 {
		b[n-1] = 0xba // к
	} else {
		b[n-1] = 0xbf // п
	}
	return sum(b[:n])
}
