package histogram

import (
	"math/big"
	"math/bits"
)

// N is the number of values counted.
func (h Histogram) N() int64 {
	var n int64
	for _, b := range h.bins {
		n += b.Count
	}
	return n
}

// Sum is the exact sum of all values counted. Values must lie within ±2^31 when there are up to 2^32 of them, as scores do.
func (h Histogram) Sum() int64 {
	var s int64
	for _, b := range h.bins {
		s += b.Value * b.Count
	}
	return s
}

// SumSquares is the exact sum of the squares of all values counted.
func (h Histogram) SumSquares() *big.Int {
	s, term, count := new(big.Int), new(big.Int), new(big.Int)
	for _, b := range h.bins {
		term.SetInt64(b.Value)
		term.Mul(term, term)
		s.Add(s, term.Mul(term, count.SetInt64(b.Count)))
	}
	return s
}

// Mean is Sum/N, correctly rounded but for the last bit; 0 when the histogram is empty.
func (h Histogram) Mean() float64 {
	n := h.N()
	if n == 0 {
		return 0
	}
	return float64(h.Sum()) / float64(n)
}

// Variance is the sample variance (divisor N-1), computed from integers: (N·Σv² - (Σv)²) / (N(N-1)). It is exactly 0 when
// all values are equal, and 0 when N < 2. It does not depend on the order in which values were added.
func (h Histogram) Variance() float64 {
	n := h.N()
	if n < 2 || len(h.bins) < 2 {
		return 0
	}
	if v, ok := h.smallVariance(n); ok {
		return v
	}
	num := h.SumSquares()
	num.Mul(num, big.NewInt(n))
	sum := big.NewInt(h.Sum())
	num.Sub(num, sum.Mul(sum, sum))
	den := new(big.Int).Mul(big.NewInt(n), big.NewInt(n-1))
	v, _ := new(big.Rat).SetFrac(num, den).Float64()
	return v
}

// smallVariance is Variance in machine integers where the sums of the values above the least one allow it, which is almost
// always; false otherwise.
func (h Histogram) smallVariance(n int64) (float64, bool) {
	least := h.bins[0].Value
	var sum, squares uint64
	for _, b := range h.bins {
		d := uint64(b.Value - least)
		over1, s := bits.Mul64(d, uint64(b.Count))
		over2, q := bits.Mul64(s, d)
		var carry1, carry2 uint64
		sum, carry1 = bits.Add64(sum, s, 0)
		squares, carry2 = bits.Add64(squares, q, 0)
		if over1|over2|carry1|carry2 != 0 {
			return 0, false
		}
	}
	aHi, aLo := bits.Mul64(uint64(n), squares)
	bHi, bLo := bits.Mul64(sum, sum)
	lo, borrow := bits.Sub64(aLo, bLo, 0)
	hi, _ := bits.Sub64(aHi, bHi, borrow)
	const two64 = 1 << 64
	return (float64(hi)*two64 + float64(lo)) / (float64(n) * float64(n-1)), true
}
