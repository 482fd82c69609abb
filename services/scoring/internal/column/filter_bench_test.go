package column

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkSelect compares the ways to select rows by columns of one byte that share out rows evenly among 16 codes: the first of them read from end to
// end, two or three of them together, and a second one at the positions that the first has left. In nanoseconds a row that is read.
func BenchmarkSelect(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same rows every time
	columns := make([][]uint8, 3)
	for i := range columns {
		columns[i] = make([]uint8, blockRows)
		for j := range columns[i] {
			columns[i][j] = uint8(random.IntN(16))
		}
	}
	var half [256]uint8
	for code := range 8 {
		half[code] = 1
	}
	out := new([blockRows]uint16)
	run := func(name string, rows int, fn func()) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				fn()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
		})
	}
	run("first", blockRows, func() { firstNarrow(columns[0], &half, out) })
	run("two-together", blockRows, func() { firstTwo(columns[0], columns[1], &half, &half, out) })
	run("three-together", blockRows, func() { firstThree(columns[0], columns[1], columns[2], &half, &half, &half, out) })
	n := firstNarrow(columns[0], &half, out)
	kept := append([]uint16(nil), out[:n]...)
	run("copy-of-positions", n, func() { copy(out[:], kept) })
	run("next-after-a-copy", n, func() {
		copy(out[:], kept)
		nextNarrow(columns[1], &half, out[:n])
	})
}
