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
	for _, classes := range []int{4, 8, 16, 20, 24} {
		const bits = 6
		weights := make([]int8, classes<<bits)
		for i := range weights {
			weights[i] = int8(random.IntN(255) - 127) //nolint:gosec // in range
		}
		if classes == 4 {
			for i := range weights {
				weights[i] = 127
			}
		}
		table, err := linear.NewTable(bits, classes, weights)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{0, 1, 3, 4, 255, 256, 257, 1000, 5000} {
			hashes := make([]uint32, n)
			want := make([]int32, classes)
			for i := range hashes {
				hashes[i] = random.Uint32()
				for c := range want {
					want[c] += int32(weights[int(hashes[i]>>(32-bits))*classes+c])
				}
			}
			got := make([]int32, classes)
			table.Add(hashes, got)
			for c := range want {
				if got[c] != want[c] {
					t.Fatalf("%d classes, %d features: class %d is %d, want %d", classes, n, c, got[c], want[c])
				}
			}
			if classes == 4 && [4]int32(got) != table.Four(hashes) {
				t.Fatalf("%d features: %d, but %d by fours", n, got, table.Four(hashes))
			}
		}
	}
}

// TestSizes refuses weights that do not fill the table.
func TestSizes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ bits, classes, weights int }{{0, 4, 4}, {25, 4, 4}, {3, 3, 24}, {3, 0, 0}, {3, 4, 31}, {3, 4, 33}} {
		if _, err := linear.NewTable(c.bits, c.classes, make([]int8, c.weights)); err == nil {
			t.Errorf("%d bits, %d classes, %d weights: made", c.bits, c.classes, c.weights)
		}
	}
}
