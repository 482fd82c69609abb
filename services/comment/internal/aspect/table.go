package aspect

import "fmt"

// row is the weights of a feature, eight bits each and 128 above what they are, so that four words hold all lanes.
type row [Lanes / 8]uint64

// table holds the rows. They are kept narrow, for fetching them from memory costs more than widening.
type table struct {
	rows  []row
	shift uint32 // what is left of a hash after it finds the row
}

const (
	offset = 128
	evens  = 0x00FF00FF00FF00FF
	flush  = 256 // rows that sixteen bits can add up: 255 × 256 < 2¹⁶
)

func newTable(bits int, weights []int8) (table, error) {
	if bits < 1 || bits > 20 || len(weights) != Lanes<<bits {
		return table{}, fmt.Errorf("%d weights for %d bits", len(weights), bits)
	}
	t := table{rows: make([]row, 1<<bits), shift: uint32(32 - bits)} //nolint:gosec // below 32
	for i, w := range weights {
		t.rows[i/Lanes][i%Lanes/8] |= uint64(int64(w)+offset) << (i % 8 * 8) //nolint:gosec // 0 to 255
	}
	return t, nil
}

// add adds the weights of these features to the lanes.
func (t *table) add(hashes []uint32, lanes *[Lanes]int32) {
	n := int32(len(hashes)) * offset //nolint:gosec // of one comment
	shift := t.shift & 31
	for len(hashes) > 0 {
		part := hashes[:min(flush, len(hashes))]
		hashes = hashes[len(part):]
		var a0, a1, a2, a3, b0, b1, b2, b3 uint64
		for _, h := range part {
			r := &t.rows[h>>shift]
			a0 += r[0] & evens
			b0 += r[0] >> 8 & evens
			a1 += r[1] & evens
			b1 += r[1] >> 8 & evens
			a2 += r[2] & evens
			b2 += r[2] >> 8 & evens
			a3 += r[3] & evens
			b3 += r[3] >> 8 & evens
		}
		for w, ab := range [4][2]uint64{{a0, b0}, {a1, b1}, {a2, b2}, {a3, b3}} {
			to := (*[8]int32)(lanes[8*w:])
			for k := range 4 {
				to[2*k] += int32(ab[0] >> (16 * k) & 0xFFFF)
				to[2*k+1] += int32(ab[1] >> (16 * k) & 0xFFFF)
			}
		}
	}
	for l := range lanes {
		lanes[l] -= n
	}
}
