package linear_test

import (
	"math/rand/v2"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/linear"
)

// TestSums compares sums in lanes with plain ones, with more features than a lane can hold at once.
func TestSums(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // test data
	const bits = 6
	for _, same := range []bool{false, true} {
		weights := make([]int8, linear.Lanes<<bits)
		for i := range weights {
			weights[i] = 127
			if !same {
				weights[i] = int8(random.IntN(256) - 128) //nolint:gosec // in range
			}
		}
		table, err := linear.NewTable(bits, weights)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{0, 1, 3, 4, 255, 256, 257, 1000, 5000} {
			hashes := make([]uint32, n)
			var want [linear.Lanes]int32
			for i := range hashes {
				hashes[i] = random.Uint32()
				for c := range want {
					want[c] += int32(weights[int(hashes[i]>>(32-bits))*linear.Lanes+c])
				}
			}
			if got := table.Four(hashes); got != want {
				t.Fatalf("%d features: %d, want %d", n, got, want)
			}
		}
	}
}

// TestSizes refuses weights that do not fill the table.
func TestSizes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ bits, weights int }{{0, 4}, {25, 4}, {3, 0}, {3, 31}, {3, 33}} {
		if _, err := linear.NewTable(c.bits, make([]int8, c.weights)); err == nil {
			t.Errorf("%d bits, %d weights: made", c.bits, c.weights)
		}
	}
}
