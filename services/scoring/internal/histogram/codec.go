package histogram

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/otklik/otklik/services/scoring/internal/wire"
)

// version is the first byte of the encoding.
const version = 1

// maxTotal bounds the sum of counts, so that it is exact as a floating-point number.
const maxTotal = 1 << 53

// AppendBinary appends the encoding of h: a version byte, the number of bins, then for each bin the value (the first as
// a signed number, the others as the distance from the one before) and the count, all in variable-length integers. Equal
// histograms have equal encodings. It never fails.
func (h Histogram) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, version)
	b = binary.AppendUvarint(b, uint64(len(h.bins)))
	for i, bin := range h.bins {
		if i == 0 {
			b = binary.AppendVarint(b, bin.Value)
		} else {
			b = binary.AppendUvarint(b, uint64(bin.Value)-uint64(h.bins[i-1].Value))
		}
		b = binary.AppendUvarint(b, uint64(bin.Count))
	}
	return b, nil
}

// Decode reads what AppendBinary wrote. wire.ErrCorrupt for anything else, trailing bytes and non-canonical forms included.
func Decode(b []byte) (Histogram, error) {
	r := wire.NewReader(b)
	if v := r.Byte(); v != version {
		return Histogram{}, fmt.Errorf("decode histogram: version %d: %w", v, wire.ErrCorrupt)
	}
	h := Histogram{}
	if n := r.Count(2); n > 0 {
		h.bins = make([]Bin, n)
	}
	var total uint64
	for i := range h.bins {
		if i == 0 {
			h.bins[i].Value = r.Varint()
		} else {
			before, step := h.bins[i-1].Value, r.Uvarint()
			if step == 0 || step > uint64(math.MaxInt64)-uint64(before) {
				r.Fail()
			}
			h.bins[i].Value = int64(uint64(before) + step)
		}
		count := r.Uvarint()
		if count == 0 || count > maxTotal-total {
			r.Fail()
			break
		}
		total += count
		h.bins[i].Count = int64(count)
	}
	if err := r.End(); err != nil {
		return Histogram{}, fmt.Errorf("decode histogram: %w", err)
	}
	return h, nil
}
