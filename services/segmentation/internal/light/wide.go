package light

import (
	"math/big"
	"math/bits"
)

// Wide is a whole number from 0 to 2^128 - 1. Sums of squares of many answers do not fit in 64 bits.
type Wide struct{ Hi, Lo uint64 }

// product is a·b of two numbers that are not negative.
func product(a, b int64) Wide {
	hi, lo := bits.Mul64(uint64(a), uint64(b)) //nolint:gosec // they are not negative
	return Wide{hi, lo}
}

// plus is w + v.
func (w Wide) plus(v Wide) Wide {
	lo, carry := bits.Add64(w.Lo, v.Lo, 0)
	hi, _ := bits.Add64(w.Hi, v.Hi, carry)
	return Wide{hi, lo}
}

// minus is w - v, where v was added before.
func (w Wide) minus(v Wide) Wide {
	lo, borrow := bits.Sub64(w.Lo, v.Lo, 0)
	hi, _ := bits.Sub64(w.Hi, v.Hi, borrow)
	return Wide{hi, lo}
}

// big is w for exact arithmetic.
func (w Wide) big() *big.Int {
	out := new(big.Int).SetUint64(w.Hi)
	return out.Lsh(out, 64).Add(out, new(big.Int).SetUint64(w.Lo))
}
