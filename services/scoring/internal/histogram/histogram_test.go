package histogram_test

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/wire"
)

// genValues draws values that repeat, with a few extreme ones.
func genValues(name string) func(*rapid.T) []int64 {
	return func(t *rapid.T) []int64 {
		value := rapid.OneOf(rapid.Int64Range(0, 10), rapid.Int64Range(-1000, 1000), rapid.Int64())
		return rapid.SliceOfN(value, 0, 50).Draw(t, name)
	}
}

func merged(hs ...histogram.Histogram) histogram.Histogram {
	var m histogram.Histogram
	for _, h := range hs {
		m.Merge(h)
	}
	return m
}

func TestMergeIsCommutativeAndAssociative(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		av, bv, cv := genValues("a")(rt), genValues("b")(rt), genValues("c")(rt)
		a, b, c := histogram.Of(av...), histogram.Of(bv...), histogram.Of(cv...)
		all := histogram.Of(slices.Concat(cv, av, bv)...)
		for name, got := range map[string]histogram.Histogram{
			"abc": merged(a, b, c), "cba": merged(c, b, a), "a(bc)": merged(a, merged(b, c)), "(ca)b": merged(merged(c, a), b),
		} {
			if !got.Equal(all) {
				rt.Errorf("%s = %v, want %v", name, got, all)
			}
		}
		if !a.Equal(histogram.Of(av...)) {
			rt.Error("merging changed what was merged")
		}
	})
}

func TestAddThenSubtractIsIdentity(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := histogram.Of(genValues("base")(rt)...)
		before := h.Clone()
		extra := genValues("extra")(rt)
		for _, v := range extra {
			if err := h.Add(v, 3); err != nil {
				rt.Fatal(err)
			}
		}
		for _, v := range rapid.Permutation(extra).Draw(rt, "order") {
			if err := h.Subtract(v, 3); err != nil {
				rt.Fatal(err)
			}
		}
		if !h.Equal(before) {
			rt.Errorf("got %v, want %v", h, before)
		}
		x := histogram.Of(extra...)
		h.Merge(x)
		if err := h.Remove(x); err != nil || !h.Equal(before) {
			rt.Errorf("merge and remove: %v, %v, want %v", h, err, before)
		}
	})
}

func TestCountsAgreeWithTheValues(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		values := genValues("values")(rt)
		limit := rapid.OneOf(rapid.Int64Range(-3, 12), rapid.Int64()).Draw(rt, "limit")
		h := histogram.Of(values...)
		var below, equal int64
		for _, v := range values {
			if v < limit {
				below++
			}
			if v == limit {
				equal++
			}
		}
		n := int64(len(values))
		for name, pair := range map[string][2]int64{
			"n": {h.N(), n}, "below": {h.CountBelow(limit), below}, "count": {h.Count(limit), equal},
			"at least": {h.CountAtLeast(limit), n - below}, "at most": {h.CountAtMost(limit), below + equal},
		} {
			if pair[0] != pair[1] {
				rt.Errorf("%s = %d, want %d", name, pair[0], pair[1])
			}
		}
		least, ok := h.Min()
		greatest, _ := h.Max()
		if ok != (n > 0) || ok && (least != slices.Min(values) || greatest != slices.Max(values)) {
			rt.Errorf("from %d to %d of %v", least, greatest, values)
		}
	})
}

// TestMomentsAreExact compares with exact rational arithmetic over the values themselves.
func TestMomentsAreExact(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		value := rapid.OneOf(rapid.Int64Range(0, 1000), rapid.Int64Range(-100_000, 100_000), rapid.Int64Range(-1<<31, 1<<31))
		values := rapid.SliceOfN(value, 1, 60).Draw(rt, "values")
		count := rapid.Int64Range(1, 1_000_000).Draw(rt, "count")
		var h histogram.Histogram
		sum, squares, n := new(big.Int), new(big.Int), new(big.Int)
		for _, v := range values {
			if err := h.Add(v, count); err != nil {
				rt.Fatal(err)
			}
			x, c := big.NewInt(v), big.NewInt(count)
			n.Add(n, c)
			sum.Add(sum, new(big.Int).Mul(x, c))
			squares.Add(squares, new(big.Int).Mul(c, new(big.Int).Mul(x, x)))
		}
		if h.Sum() != sum.Int64() || h.SumSquares().Cmp(squares) != 0 {
			rt.Fatalf("sum %d and squares %v, want %v and %v", h.Sum(), h.SumSquares(), sum, squares)
		}
		mean, _ := new(big.Rat).SetFrac(sum, n).Float64()
		if !close(h.Mean(), mean) {
			rt.Errorf("mean %v, want %v", h.Mean(), mean)
		}
		if h.N() < 2 {
			return
		}
		num := new(big.Int).Sub(new(big.Int).Mul(n, squares), new(big.Int).Mul(sum, sum))
		den := new(big.Int).Mul(n, new(big.Int).Sub(n, big.NewInt(1)))
		variance, _ := new(big.Rat).SetFrac(num, den).Float64()
		if !close(h.Variance(), variance) {
			rt.Errorf("variance %v, want %v", h.Variance(), variance)
		}
	})
}

// close tells whether two numbers agree to the last digits.
func close(a, b float64) bool { return math.Abs(a-b) <= 4e-16*math.Abs(b) }

func TestVarianceOfEqualValuesIsZero(t *testing.T) {
	h, err := histogram.FromBins(histogram.Bin{Value: 333, Count: 1_000_003})
	if err != nil {
		t.Fatal(err)
	}
	if h.Variance() != 0 {
		t.Errorf("variance %v", h.Variance())
	}
	if v := histogram.Of(7).Variance(); v != 0 {
		t.Errorf("variance of one value %v", v)
	}
	if m := histogram.Of().Mean(); m != 0 {
		t.Errorf("mean of nothing %v", m)
	}
}

func TestCountsNeverGoBelowZero(t *testing.T) {
	h := histogram.Of(1, 2, 2)
	before := h.Clone()
	for name, err := range map[string]error{
		"add":      h.Add(1, -1),
		"subtract": h.Subtract(1, -1),
		"too much": h.Subtract(2, 3),
		"unknown":  h.Subtract(5, 1),
		"remove":   h.Remove(histogram.Of(1, 2, 2, 2)),
	} {
		if !errors.Is(err, histogram.ErrNegative) {
			t.Errorf("%s: got %v, want ErrNegative", name, err)
		}
	}
	if _, err := histogram.FromBins(histogram.Bin{Value: 1, Count: -1}); !errors.Is(err, histogram.ErrNegative) {
		t.Errorf("from bins: got %v, want ErrNegative", err)
	}
	if !h.Equal(before) {
		t.Errorf("refused changes changed %v to %v", before, h)
	}
}

func TestEncodingRoundTrips(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := histogram.Of(genValues("values")(rt)...)
		prefix := []byte("kept")
		b, err := h.AppendBinary(slices.Clone(prefix))
		if err != nil || !slices.Equal(b[:4], prefix) {
			rt.Fatalf("encoded %v, %v", b, err)
		}
		got, err := histogram.Decode(b[4:])
		if err != nil || !got.Equal(h) {
			rt.Fatalf("decoded %v, %v, want %v", got, err, h)
		}
	})
}

func TestEncodingIsCompact(t *testing.T) {
	var h histogram.Histogram
	for v := range int64(11) {
		if err := h.Add(100*v, 50); err != nil {
			t.Fatal(err)
		}
	}
	b, err := h.AppendBinary(nil)
	if err != nil || len(b) > 24 {
		t.Errorf("%d bytes for 11 values, %v", len(b), err)
	}
}

func TestDecodeRefusesGarbage(t *testing.T) {
	good, err := histogram.Of(1, 2).AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"empty": {}, "version": {9}, "cut": good[:len(good)-1], "rest": append(slices.Clone(good), 0),
		"no count": {1, 1, 2, 0}, "many bins": {1, 0xff, 0xff, 0xff, 0x0f}, "not ascending": {1, 2, 2, 1, 0, 1}, "padded": {1, 0x80, 0},
	} {
		if h, err := histogram.Decode(b); !errors.Is(err, wire.ErrCorrupt) {
			t.Errorf("%s: got %v, %v, want ErrCorrupt", name, h, err)
		}
	}
}

// FuzzDecode: whatever decodes is canonical, so it encodes to the same bytes.
func FuzzDecode(f *testing.F) {
	for _, h := range []histogram.Histogram{{}, histogram.Of(0), histogram.Of(-5, 100, 100, 1000), histogram.Of(math.MinInt64, math.MaxInt64)} {
		b, err := h.AppendBinary(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := histogram.Decode(b)
		if err != nil {
			return
		}
		again, err := h.AppendBinary(nil)
		if err != nil || !slices.Equal(again, b) {
			t.Errorf("%x decodes to %v, which encodes to %x, %v", b, h, again, err)
		}
		h.N()
		h.Variance()
	})
}
