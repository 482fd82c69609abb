// Package revenue splits the change of revenue between two periods into what traffic, conversion and the average check did:
//
//	revenue = visitors × (receipts / visitors) × (revenue / receipts)
//
// The three effects sum to the change. Two ways are offered: the logarithmic mean Divisia index in its additive form (LMDI-I, Ang 2004, Energy Policy 32),
// and Shapley's value, the mean over the orders in which the factors may change (Sun 1998, Energy Economics 20).
//
// A factor may be undefined: without visitors there is no conversion, without receipts no average check. It then takes the value of the other period, so that
// it has no effect: a store that opens moves revenue by its traffic alone. That leaves at most one factor that is 0 on a side, for which LMDI has a limit:
// it takes the whole change.
package revenue

import (
	"fmt"
	"math"

	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// Method is a way to split.
type Method uint8

// The ways to split.
const (
	// LMDI weighs the logarithms of the factors' ratios by the logarithmic mean of both revenues. It needs revenues that are not negative.
	LMDI Method = iota
	// Shapley is the mean over all orders in which the factors may change.
	Shapley
)

// Totals are what a period, or a place in a period, adds up to.
type Totals struct {
	// Visitors and Receipts are counts; Revenue is in minor units of one currency, and negative where more was given back than sold.
	Visitors, Receipts int64
	Revenue            int64
}

// Add is the sum of two.
func (t Totals) Add(o Totals) Totals {
	return Totals{Visitors: t.Visitors + o.Visitors, Receipts: t.Receipts + o.Receipts, Revenue: t.Revenue + o.Revenue}
}

// Of scales the totals of so many known days to so many days, each number rounded to a whole one by itself: what was, if the days that are not known were like
// those that are. known must be greater than 0.
func (t Totals) Of(known, days int) Totals {
	return Totals{Visitors: scaled(t.Visitors, known, days), Receipts: scaled(t.Receipts, known, days), Revenue: scaled(t.Revenue, known, days)}
}

// scaled is n·days/known, rounded; products of sums of amounts may not fit, so that the remainder is scaled by itself.
func scaled(n int64, known, days int) int64 {
	k, d := int64(known), int64(days)
	return n/k*d + int64(math.Round(float64(n%k*d)/float64(k)))
}

// Check refuses totals that contradict the identity: receipts without a visitor, revenue without a receipt, and counts below 0.
func (t Totals) Check() error {
	switch {
	case t.Visitors < 0 || t.Receipts < 0:
		return refusal.New(refusal.Impossible, nil, "there are %d visitors and %d receipts: neither can be negative", t.Visitors, t.Receipts)
	case t.Visitors == 0 && t.Receipts > 0:
		return refusal.New(refusal.Impossible, nil, "there are %d receipts and no visitors: the visitor counter did not count; leave these days out", t.Receipts)
	case t.Receipts == 0 && t.Revenue != 0:
		return refusal.New(refusal.Impossible, nil, "there is revenue and no receipt: import the receipts, or leave these days out")
	}
	return nil
}

// Factors are what revenue is the product of. Nil: undefined, for there is nothing to divide by.
type Factors struct {
	Traffic float64
	// Conversion is receipts by visitor, Check revenue by receipt in minor units.
	Conversion, Check *float64
}

// Factors splits the totals.
func (t Totals) Factors() Factors {
	f := Factors{Traffic: float64(t.Visitors)}
	if t.Visitors > 0 {
		conversion := float64(t.Receipts) / float64(t.Visitors)
		f.Conversion = &conversion
	}
	if t.Receipts > 0 {
		check := float64(t.Revenue) / float64(t.Receipts)
		f.Check = &check
	}
	return f
}

// Effects are what each factor did to revenue, in minor units; they sum to the change.
type Effects struct{ Traffic, Conversion, Check float64 }

// Sum is what they do together.
func (e Effects) Sum() float64 { return e.Traffic + e.Conversion + e.Check }

func (e Effects) add(o Effects) Effects {
	return Effects{e.Traffic + o.Traffic, e.Conversion + o.Conversion, e.Check + o.Check}
}

// Decomposition is the change of revenue between two periods, split.
type Decomposition struct {
	Before, After Totals
	// Change is revenue after less revenue before, in minor units.
	Change  int64
	Effects Effects
	// Limit tells that LMDI took the limit, as a factor was 0 on a side.
	Limit bool
	// Carried tells that a factor was undefined on a side and took the value of the other, or that of nothing.
	Carried bool
}

// Decompose splits the change between two totals. It refuses what Totals.Check does, and LMDI of negative revenue (refusal.Impossible).
func Decompose(before, after Totals, method Method) (Decomposition, error) {
	for _, t := range []Totals{before, after} {
		if err := t.Check(); err != nil {
			return Decomposition{}, err
		}
		if method == LMDI && t.Revenue < 0 {
			return Decomposition{}, refusal.New(refusal.Impossible, nil,
				"revenue is negative, as more was given back than sold: LMDI takes logarithms; ask for Shapley, or choose longer periods")
		}
	}
	out := Decomposition{Before: before, After: after, Change: after.Revenue - before.Revenue}
	b, a := before.Factors(), after.Factors()
	old, conversionCarried := together(b.Conversion, a.Conversion)
	checks, checkCarried := together(b.Check, a.Check)
	out.Carried = conversionCarried || checkCarried
	x := [3][2]float64{{b.Traffic, a.Traffic}, old, checks}
	var parts [3]float64
	if method == Shapley {
		parts = shapley(x)
	} else {
		parts, out.Limit = lmdi(x, float64(before.Revenue), float64(after.Revenue))
	}
	out.Effects = Effects{parts[0], parts[1], parts[2]}
	return out, nil
}

// together are the values of a factor on both sides; where it is undefined it takes that of the other side, and 1 where it is on neither: revenue is 0 then.
func together(before, after *float64) (values [2]float64, carried bool) {
	switch {
	case before == nil && after == nil:
		return [2]float64{1, 1}, true
	case before == nil:
		return [2]float64{*after, *after}, true
	case after == nil:
		return [2]float64{*before, *before}, true
	}
	return [2]float64{*before, *after}, false
}

// lmdi splits by logarithms. With one revenue of 0 the factor that is 0 there takes the whole change, which is the limit of LMDI as that factor goes to 0
// (Ang and Liu 2007, Energy Policy 35); with both 0 nothing changed.
func lmdi(x [3][2]float64, before, after float64) (parts [3]float64, limit bool) {
	if before == 0 || after == 0 {
		side := 0
		if before != 0 {
			side = 1
		}
		for i := range x {
			if x[i][side] == 0 {
				parts[i] = after - before
				return parts, true
			}
		}
		return parts, true
	}
	weight := logMean(before, after)
	for i := range x {
		parts[i] = weight * logRatio(x[i][0], x[i][1])
	}
	return parts, false
}

// logMean is the logarithmic mean of two positive numbers.
func logMean(a, b float64) float64 {
	if a == b {
		return a
	}
	return (b - a) / logRatio(a, b)
}

// logRatio is the logarithm of b/a, precise also where they are nearly the same.
func logRatio(a, b float64) float64 {
	if d := (b - a) / a; math.Abs(d) < 0.5 {
		return math.Log1p(d)
	}
	return math.Log(b / a)
}

// shapley is the mean over the six orders in which three factors may change.
func shapley(x [3][2]float64) (parts [3]float64) {
	for i := range x {
		j, k := (i+1)%3, (i+2)%3
		parts[i] = (x[i][1] - x[i][0]) * ((x[j][0]*x[k][0]+x[j][1]*x[k][1])/3 + (x[j][0]*x[k][1]+x[j][1]*x[k][0])/6)
	}
	return parts
}

// Pair is one place, or one week of a place, in both periods.
type Pair struct {
	// Place is what parts are told by; several pairs of one place are summed.
	Place         string
	Before, After Totals
}

// Part is a place and what its factors did.
type Part struct {
	Place string
	Decomposition
}

// Whole is the change of all places together.
type Whole struct {
	// Together is split as the sum of the parts: no part of it is mix between places.
	Together Decomposition
	// AtOnce is the change of the sums split as if they were one place: what differs from Together is mix, for example more visitors where the check is high.
	AtOnce Decomposition
	// Parts are in the order in which places came first.
	Parts []Part
}

// Sum splits the change of each pair and sums the effects over pairs, so that those of places sum to the whole, exactly but for rounding. Errors: as of
// Decompose, with the place.
func Sum(pairs []Pair, method Method) (Whole, error) {
	var out Whole
	at := map[string]int{}
	for _, p := range pairs {
		d, err := Decompose(p.Before, p.After, method)
		if err != nil {
			return Whole{}, fmt.Errorf("%s: %w", p.Place, err)
		}
		i, ok := at[p.Place]
		if !ok {
			i = len(out.Parts)
			at[p.Place] = i
			out.Parts = append(out.Parts, Part{Place: p.Place})
		}
		out.Parts[i].Decomposition = out.Parts[i].plus(d)
		out.Together = out.Together.plus(d)
	}
	var err error
	out.AtOnce, err = Decompose(out.Together.Before, out.Together.After, method)
	return out, err
}

func (d Decomposition) plus(o Decomposition) Decomposition {
	return Decomposition{
		Before: d.Before.Add(o.Before), After: d.After.Add(o.After), Change: d.Change + o.Change, Effects: d.Effects.add(o.Effects),
		Limit: d.Limit || o.Limit, Carried: d.Carried || o.Carried,
	}
}
