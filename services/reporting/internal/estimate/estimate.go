// Package estimate is a number with what is known of its error, as the analyses of operations data tell it.
package estimate

import (
	"math"

	"github.com/otklik/otklik/libs/stat"
)

// The methods of intervals.
const (
	// Clustered is Student's t with a standard error by clusters: observations of one cluster may be alike.
	Clustered = "CLUSTERED"
	// FisherZ is by Fisher's transformation of a correlation.
	FisherZ = "FISHER_Z"
	// Welch is Student's t of a difference of means with Satterthwaite's degrees of freedom.
	Welch = "WELCH"
	// StudentT is Student's t of independent observations.
	StudentT = "STUDENT_T"
	// Wilson is the score interval of a proportion.
	Wilson = "WILSON"
	// Delta is by the standard errors of what the number is computed from.
	Delta = "DELTA"
)

// Estimate is a number with its precision.
type Estimate struct {
	Value float64
	// SE is the standard error and Interval the interval; nil where the data determine none.
	SE       *float64
	Interval *stat.Interval
	// Method says how the interval was made.
	Method string
}

// Of is an estimate with the t-interval of a mean at a confidence level. Without a standard error, or with one of 0, it has neither.
func Of(m stat.Mean, level float64, method string) Estimate {
	e := Estimate{Value: m.Estimate, Method: method}
	if !(m.StandardError > 0) || !(m.DF > 0) {
		return e
	}
	half := stat.CriticalT(level, m.DF) * m.StandardError
	e.SE, e.Interval = &m.StandardError, &stat.Interval{Low: m.Estimate - half, High: m.Estimate + half}
	return e
}

// Clip keeps the interval within the range of the number.
func (e Estimate) Clip(low, high float64) Estimate {
	if e.Interval != nil {
		clipped := e.Interval.Clip(low, high)
		e.Interval = &clipped
	}
	return e
}

// Scale multiplies the number with its error.
func (e Estimate) Scale(by float64) Estimate {
	out := Estimate{Value: e.Value * by, Method: e.Method}
	if e.SE != nil {
		se := *e.SE * math.Abs(by)
		out.SE = &se
	}
	if e.Interval != nil {
		moved := e.Interval.Map(by, 0)
		out.Interval = &moved
	}
	return out
}

// Correlation is a correlation with Fisher's interval and the p-value of its being 0, by n independent pairs; n need not be a whole number. There is no
// interval where |r| = 1 or n ≤ 3.
func Correlation(r, n, level float64) (Estimate, *float64) {
	e := Estimate{Value: r, Method: FisherZ}
	if !(n > 3) {
		return e, nil
	}
	if !(math.Abs(r) < 1) {
		p := 0.0
		return e, &p
	}
	half, z := stat.CriticalZ(level)/math.Sqrt(n-3), math.Atanh(r)
	se := (1 - r*r) / math.Sqrt(n-3)
	e.SE, e.Interval = &se, &stat.Interval{Low: math.Tanh(z - half), High: math.Tanh(z + half)}
	p := stat.PValueT(r*math.Sqrt((n-2)/(1-r*r)), n-2)
	return e, &p
}

// Pearson is the correlation of two series of one length; false where one of them never varies, or there are fewer than two pairs.
func Pearson(x, y []float64) (float64, bool) {
	n := float64(len(x))
	if n < 2 {
		return 0, false
	}
	var mx, my float64
	for i := range x {
		mx, my = mx+x[i]/n, my+y[i]/n
	}
	var xx, yy, xy float64
	for i := range x {
		a, b := x[i]-mx, y[i]-my
		xx, yy, xy = xx+a*a, yy+b*b, xy+a*b
	}
	// What is left of a constant by rounding is no variance.
	if xx <= n*negligible*mx*mx || yy <= n*negligible*my*my {
		return 0, false
	}
	return min(1, max(-1, xy/math.Sqrt(xx*yy))), true
}

// negligible is the variance, relative to the square of the mean, that is nothing but rounding.
const negligible = 1e-24

// Adjust corrects the p-values of a family by Benjamini and Hochberg; nil ones are not of the family and stay nil. The result is in their order; family is
// their number.
func Adjust(p []*float64) (adjusted []*float64, family int, err error) {
	var known []float64
	for _, v := range p {
		if v != nil {
			known = append(known, *v)
		}
	}
	corrected, err := stat.BenjaminiHochberg(known)
	if err != nil {
		return nil, 0, err
	}
	adjusted = make([]*float64, len(p))
	for i, v := range p {
		if v != nil {
			adjusted[i] = &corrected[0]
			corrected = corrected[1:]
		}
	}
	return adjusted, len(known), nil
}
