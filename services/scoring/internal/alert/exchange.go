package alert

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
)

// group is a group of observations, each of which enters a statistic with the same weight.
type group struct{ weight, n float64 }

// exchange is the distribution of a weighted sum of observations when every order of them is equally likely, given all of them: that of a statistic under
// no change. Weights add up to 0 over all observations.
type exchange struct {
	groups []group
	// values are standardised: their mean is 0 and their variance, with divisor total-1, 1. counts tell how often each occurs.
	values, counts []float64
	total          float64
}

// mostValues is how many different values are told apart. Of more, such as those of a slider, neighbours are taken for one.
const mostValues = 24

// newExchange makes the distribution; false when all observations are equal, so that every statistic is 0.
func newExchange(pooled histogram.Histogram, groups []group) (*exchange, bool) {
	if pooled.Len() < 2 {
		return nil, false
	}
	x := &exchange{groups: groups, total: float64(pooled.N())}
	if pooled.Len() > mostValues {
		x.coarsen(pooled)
	} else {
		for b := range pooled.Bins() {
			x.values, x.counts = append(x.values, float64(b.Value)), append(x.counts, float64(b.Count))
		}
	}
	x.standardise()
	return x, true
}

// coarsen counts values in steps of equal width, under the mean of each.
func (x *exchange) coarsen(pooled histogram.Histogram) {
	least, _ := pooled.Min()
	most, _ := pooled.Max()
	width := float64(most-least) / mostValues
	last := -1
	for b := range pooled.Bins() {
		step := min(int(float64(b.Value-least)/width), mostValues-1)
		if step != last {
			x.values, x.counts, last = append(x.values, 0), append(x.counts, 0), step
		}
		i := len(x.values) - 1
		x.counts[i] += float64(b.Count)
		x.values[i] += (float64(b.Value) - x.values[i]) * float64(b.Count) / x.counts[i]
	}
}

func (x *exchange) standardise() {
	mean := floats.Dot(x.values, x.counts) / x.total
	var squares float64
	for i := range x.values {
		x.values[i] -= mean
		squares += x.counts[i] * x.values[i] * x.values[i]
	}
	floats.Scale(1/math.Sqrt(squares/(x.total-1)), x.values)
}

// variance is the exact variance of the statistic: Σ weight² over all observations.
func (x *exchange) variance() float64 {
	var v float64
	for _, g := range x.groups {
		v += g.n * g.weight * g.weight
	}
	return v
}

// skewness is that of the statistic, but for terms of the order of the inverse of the number of observations.
func (x *exchange) skewness() float64 {
	var cubes, weights float64
	for i, v := range x.values {
		cubes += x.counts[i] / x.total * v * v * v
	}
	for _, g := range x.groups {
		weights += g.n * g.weight * g.weight * g.weight
	}
	return cubes * weights / math.Pow(x.variance(), 1.5)
}

const (
	// nearMiddle is the statistic, in standard deviations, up to which the normal distribution is near enough: nobody decides by p-values so large.
	nearMiddle = 1.25
	// mostSteps is how many steps Newton's method may take, and precise how much the logarithm of a tail may still change with the next one.
	mostSteps = 60
	precise   = 1e-9
	leastStep = 1e-6
)

// pValue is the two-sided p-value of a statistic.
func (x *exchange) pValue(s float64) float64 {
	z := s / math.Sqrt(x.variance())
	if math.Abs(z) <= nearMiddle {
		return stat.PValueZ(z)
	}
	return min(1, 2*x.beyond(s))
}

// beyond is the probability that the statistic is as far from 0 as s, on its side.
func (x *exchange) beyond(s float64) float64 {
	if s < 0 {
		mirrored := &exchange{groups: x.groups, values: make([]float64, len(x.values)), counts: slices.Clone(x.counts), total: x.total}
		for i, v := range x.values {
			mirrored.values[i] = -v
		}
		slices.Reverse(mirrored.values)
		slices.Reverse(mirrored.counts)
		return mirrored.beyond(-s)
	}
	greatest, log := x.extreme()
	if s >= greatest*(1-1e-9) {
		return math.Exp(log)
	}
	if p, ok := newSaddle(x).tail(s); ok {
		return p
	}
	// So near to the extreme that there is no solution: no less likely than that, and not said to be less likely than the normal distribution has it.
	return max(math.Exp(log), stat.PValueZ(s/math.Sqrt(x.variance()))/2)
}

// extreme is the greatest value of the statistic, and the logarithm of the probability of the arrangements that reach it.
func (x *exchange) extreme() (greatest, log float64) {
	groups := slices.Clone(x.groups)
	slices.SortFunc(groups, func(a, b group) int { return cmp.Compare(b.weight, a.weight) })
	left := slices.Clone(x.counts)
	v := len(left) - 1
	for i := 0; i < len(groups); {
		// Observations of groups of equal weight may change places.
		weight, n := groups[i].weight, 0.0
		for ; i < len(groups) && groups[i].weight == weight; i++ {
			n += groups[i].n
		}
		log += logFactorial(n)
		for n > 0 {
			taken := min(n, left[v])
			greatest += weight * taken * x.values[v]
			log -= logFactorial(taken)
			n, left[v] = n-taken, left[v]-taken
			if left[v] == 0 && v > 0 {
				v--
			}
		}
	}
	for _, c := range x.counts {
		log += logFactorial(c)
	}
	return greatest, log - logFactorial(x.total)
}

func logFactorial(n float64) float64 {
	l, _ := math.Lgamma(n + 1)
	return l
}

// saddle is the double saddlepoint approximation of tails of an exchange (Skovgaard 1987, Journal of Applied Probability 24): of the statistic when
// observations are drawn independently, given that each value is drawn as often as it occurs. It is precise in relative terms far out in the tails.
type saddle struct {
	*exchange
	// logShares are the logarithms of the shares of values.
	logShares []float64
	// at is the argument of the cumulant generating function: one for the statistic, one for each value but the last.
	at, gradient, step *mat.VecDense
	hessian            *mat.SymDense
	factor             mat.Cholesky
	shares             []float64
}

func newSaddle(x *exchange) *saddle {
	d := len(x.values)
	a := &saddle{
		exchange: x, at: mat.NewVecDense(d, nil), gradient: mat.NewVecDense(d, nil), step: mat.NewVecDense(d, nil), hessian: mat.NewSymDense(d, nil),
		logShares: make([]float64, d), shares: make([]float64, d),
	}
	for i, c := range x.counts {
		a.logShares[i] = math.Log(c / x.total)
	}
	return a
}

// tail is the probability that the statistic is at least s > 0; false when no solution is found.
func (a *saddle) tail(s float64) (float64, bool) {
	a.at.Zero()
	a.at.SetVec(0, s/a.variance())
	height := a.climb(s, a.at)
	for range mostSteps {
		a.curve(s)
		if !a.factor.Factorize(a.hessian) || a.factor.SolveVecTo(a.step, a.gradient) != nil {
			return 0, false
		}
		gain := mat.Dot(a.step, a.gradient) / 2
		if gain < precise {
			return a.skovgaard(height)
		}
		next, better := mat.NewVecDense(a.at.Len(), nil), false
		for length := 1.0; length > leastStep && !better; length /= 2 {
			next.AddScaledVec(a.at, length, a.step)
			if h := a.climb(s, next); h > height {
				height, better = h, true
			}
		}
		if !better {
			// What is left to gain is lost in rounding, or there is no maximum.
			if gain > math.Sqrt(precise) {
				return 0, false
			}
			return a.skovgaard(height)
		}
		a.at.CopyVec(next)
	}
	return 0, false
}

// climb is what is maximised: θs + τ·counts - K(θ, τ).
func (a *saddle) climb(s float64, at *mat.VecDense) float64 {
	theta := at.AtVec(0)
	h := theta * s
	last := len(a.values) - 1
	for v := range last {
		h += at.AtVec(v+1) * a.counts[v]
	}
	for _, g := range a.groups {
		for v, x := range a.values {
			a.shares[v] = a.logShares[v] + theta*g.weight*x
			if v < last {
				a.shares[v] += at.AtVec(v + 1)
			}
		}
		h -= g.n * floats.LogSumExp(a.shares)
	}
	return h
}

// curve sets the gradient of what is maximised, and the Hessian of K.
func (a *saddle) curve(s float64) {
	a.hessian.Zero()
	theta, last := a.at.AtVec(0), len(a.values)-1
	a.gradient.SetVec(0, s)
	for v := range last {
		a.gradient.SetVec(v+1, a.counts[v])
	}
	for _, g := range a.groups {
		for v, x := range a.values {
			a.shares[v] = a.logShares[v] + theta*g.weight*x
			if v < last {
				a.shares[v] += a.at.AtVec(v + 1)
			}
		}
		norm := floats.LogSumExp(a.shares)
		var mean, squares float64
		for v, x := range a.values {
			a.shares[v] = math.Exp(a.shares[v] - norm)
			mean += a.shares[v] * x
			squares += a.shares[v] * x * x
		}
		a.gradient.SetVec(0, a.gradient.AtVec(0)-g.n*g.weight*mean)
		a.hessian.SetSym(0, 0, a.hessian.At(0, 0)+g.n*g.weight*g.weight*(squares-mean*mean))
		for v := range last {
			p := a.shares[v]
			a.gradient.SetVec(v+1, a.gradient.AtVec(v+1)-g.n*p)
			a.hessian.SetSym(0, v+1, a.hessian.At(0, v+1)+g.n*g.weight*p*(a.values[v]-mean))
			a.hessian.SetSym(v+1, v+1, a.hessian.At(v+1, v+1)+g.n*p)
			for u := v; u < last; u++ {
				a.hessian.SetSym(v+1, u+1, a.hessian.At(v+1, u+1)-g.n*p*a.shares[u])
			}
		}
	}
}

// skovgaard is the tail at the solution, where what is maximised is `height` and the Hessian is factorised.
func (a *saddle) skovgaard(height float64) (float64, bool) {
	theta := a.at.AtVec(0)
	if !(theta > 0 && height > 0) {
		return 0, false
	}
	// The determinant of the Hessian of the values alone, without a statistic: that of a multinomial.
	plain := float64(len(a.values)-1) * math.Log(a.total)
	for _, l := range a.logShares {
		plain += l
	}
	w := math.Sqrt(2 * height)
	u := theta * math.Exp((a.factor.LogDet()-plain)/2)
	p := math.Erfc(w/math.Sqrt2)/2 + math.Exp(-w*w/2)/math.Sqrt(2*math.Pi)*(1/u-1/w)
	return p, p > 0 && p <= 1
}
