package aspect

import (
	"math/rand/v2"
	"testing"
)

func TestTable(t *testing.T) {
	const bits = 6
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test
	weights := make([]int8, Lanes<<bits)
	for i := range weights {
		weights[i] = int8(random.IntN(256) - 128) //nolint:gosec // fits
	}
	tab, err := newTable(bits, weights)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 7, flush, flush + 1, 3*flush + 5} {
		hashes := make([]uint32, n)
		var want, got [Lanes]int32
		for i := range hashes {
			hashes[i] = random.Uint32()
			for l := range want {
				want[l] += int32(weights[int(hashes[i]>>(32-bits))*Lanes+l])
			}
		}
		tab.add(hashes, &got)
		if got != want {
			t.Errorf("%d features: %v, want %v", n, got, want)
		}
	}
	if _, err := newTable(bits, weights[1:]); err == nil {
		t.Error("a table of another size is made")
	}
}
