package moment

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// local is what a pattern tells of the distribution of its own questions.
type local struct {
	likelihood float64
	// inverse is A, that of the covariance; slope is A(S - nΣ)A with S the products about the mean; mean is A·(sum - n·mean).
	inverse, slope *mat.SymDense
	mean           *mat.VecDense
}

// own is the covariance of a pattern's questions, decomposed.
type own struct {
	inverse     *mat.SymDense
	determinant float64 // its logarithm
}

// own decomposes it; false where it is not positive definite.
func (d *normal) own(observed []int) (own, bool) {
	covariance := mat.NewSymDense(len(observed), nil)
	for a, i := range observed {
		for b := range a + 1 {
			covariance.SetSym(a, b, d.covariance.At(i, observed[b]))
		}
	}
	var chol mat.Cholesky
	inverse := mat.NewSymDense(len(observed), nil)
	if !chol.Factorize(covariance) || chol.InverseTo(inverse) != nil {
		return own{}, false
	}
	return own{inverse, chol.LogDet()}, true
}

// local computes it.
func (p *pattern) local(at *normal, own own) *local {
	o := len(p.observed)
	l := &local{inverse: own.inverse, slope: mat.NewSymDense(o, nil), mean: mat.NewVecDense(o, nil)}
	away := mat.NewVecDense(o, nil)
	excess := mat.NewSymDense(o, nil)
	var trace float64
	for a, i := range p.observed {
		away.SetVec(a, p.sum[a]-p.n*at.mean[i])
		for b := range a + 1 {
			j := p.observed[b]
			// Products about the mean.
			c := p.product.At(a, b) - p.sum[a]*at.mean[j] - at.mean[i]*p.sum[b] + p.n*at.mean[i]*at.mean[j]
			times := 2.0
			if a == b {
				times = 1
			}
			trace += times * l.inverse.At(a, b) * c
			excess.SetSym(a, b, c-p.n*at.covariance.At(i, j))
		}
	}
	l.mean.MulVec(l.inverse, away)
	l.likelihood = -(p.n*own.determinant + trace) / 2
	var half, full mat.Dense
	half.Mul(l.inverse, excess)
	full.Mul(&half, l.inverse)
	for a := range o {
		for b := range a + 1 {
			l.slope.SetSym(a, b, (full.At(a, b)+full.At(b, a))/2)
		}
	}
	return l
}

// parameters is the number of means and covariances of k questions: the means come first, then the covariances in the order of at.
func parameters(k int) int { return k + k*(k+1)/2 }

// vector is a slope as the derivative in each parameter.
func (s *slope) vector() *mat.VecDense {
	k := len(s.mean)
	v := mat.NewVecDense(parameters(k), nil)
	for i := range k {
		v.SetVec(i, s.mean[i])
		for j := i; j < k; j++ {
			v.SetVec(k+at(k, i, j), s.covariance.At(i, j)*share(i, j))
		}
	}
	return v
}

// share is how often a covariance stands in the matrix, halved.
func share(i, j int) float64 {
	if i == j {
		return 0.5
	}
	return 1
}

// information is the negative second derivative of the log-likelihood in the parameters: observed, or as expected where answers are missing at random.
func (f *fit) information(at *normal, observed bool) *mat.SymDense {
	k := len(at.mean)
	q := parameters(k)
	sum := make([]float64, q*q)
	for _, p := range f.patterns {
		if own, ok := at.own(p.observed); ok {
			p.inform(p.local(at, own), k, observed, sum)
		}
	}
	return mat.NewSymDense(q, sum)
}

// inform adds a pattern's information to the upper triangle of sum.
func (p *pattern) inform(l *local, k int, observed bool, sum []float64) {
	q := parameters(k)
	for a, i := range p.observed {
		for b := a; b < len(p.observed); b++ {
			j := p.observed[b]
			sum[i*q+j] += p.n * l.inverse.At(a, b)
			row := (k + at(k, i, j)) * q
			if observed {
				for m, x := range p.observed {
					sum[x*q+k+at(k, i, j)] += share(i, j) * (l.inverse.At(m, a)*l.mean.AtVec(b) + l.inverse.At(m, b)*l.mean.AtVec(a))
				}
			}
			p.informPairs(l, k, a, b, observed, sum[row:row+q])
		}
	}
}

// informPairs adds the information on the covariance of a and b and those after it to its row.
func (p *pattern) informPairs(l *local, k, a, b int, observed bool, row []float64) {
	inverse, slope := l.inverse, l.slope
	times := share(a, b)
	for c := a; c < len(p.observed); c++ {
		d := c
		if c == a {
			d = b
		}
		for ; d < len(p.observed); d++ {
			x := p.n * (inverse.At(a, c)*inverse.At(b, d) + inverse.At(a, d)*inverse.At(b, c))
			if observed {
				x += inverse.At(a, c)*slope.At(b, d) + inverse.At(a, d)*slope.At(b, c) + inverse.At(b, c)*slope.At(a, d) + inverse.At(b, d)*slope.At(a, c)
			}
			row[k+at(k, p.observed[c], p.observed[d])] += times * share(c, d) * x
		}
	}
}

// newton is the step of Newton's method, with the expected information where the observed one is not positive definite; false where there is none.
func (f *fit) newton(at *normal, s *slope) (*mat.VecDense, bool) {
	var chol mat.Cholesky
	if !chol.Factorize(f.information(at, true)) && !chol.Factorize(f.information(at, false)) {
		return nil, false
	}
	step := mat.NewVecDense(parameters(len(at.mean)), nil)
	if err := chol.SolveVecTo(step, s.vector()); err != nil {
		return nil, false
	}
	return step, true
}

// moved is the distribution with its parameters moved.
func (d *normal) moved(step mat.Vector) *normal {
	k := len(d.mean)
	next := &normal{mean: make([]float64, k), covariance: mat.NewSymDense(k, nil)}
	for i := range k {
		next.mean[i] = d.mean[i] + step.AtVec(i)
		for j := i; j < k; j++ {
			next.covariance.SetSym(i, j, d.covariance.At(i, j)+step.AtVec(k+at(k, i, j)))
		}
	}
	return next
}

// influences give moments with groups counted a number of times by one step of Newton's method from the maximum of the likelihood of all (one-step
// estimators; van der Vaart 1998, Asymptotic Statistics, §5.7): a draw costs no iteration. Whatever the distribution of the answers is, they vary as the
// maximum does, to first order.
type influences struct {
	fit  *fit
	at   *normal
	of   *mat.Dense // parameters × groups
	size []float64
}

// influence computes them; false where the information is not positive definite.
func (f *fit) influence(solution *normal, groups int) (*influences, bool) {
	var chol mat.Cholesky
	if !chol.Factorize(f.information(solution, true)) {
		return nil, false
	}
	k := len(solution.mean)
	// The numbers of groups that hold responses, in their order.
	number := make([]int, len(f.cells.responses))
	next := 0
	for g, n := range f.cells.responses {
		number[g] = next
		if n > 0 {
			next++
		}
	}
	slopes := mat.NewDense(parameters(k), groups, nil)
	out := &influences{fit: f, at: solution, of: mat.NewDense(parameters(k), groups, nil), size: make([]float64, groups)}
	var set uint64
	var observed []int
	var own own
	for _, key := range f.keys {
		if key.answered != set {
			set, observed = key.answered, indices(key.answered)
			var ok bool
			if own, ok = solution.own(observed); !ok {
				return nil, false
			}
		}
		p := newPattern(observed)
		f.add(p, f.cells.cells[key])
		l := p.local(solution, own)
		g := number[key.group]
		out.size[g] += p.n
		for a, i := range p.observed {
			slopes.Set(i, g, slopes.At(i, g)+l.mean.AtVec(a))
			for b := a; b < len(p.observed); b++ {
				row := k + at(k, i, p.observed[b])
				slopes.Set(row, g, slopes.At(row, g)+l.slope.At(a, b)*share(a, b))
			}
		}
	}
	if err := chol.SolveTo(out.of, slopes); err != nil {
		return nil, false
	}
	// What the draws need no more.
	f.cells, f.keys, f.patterns = nil, nil, nil
	return out, true
}

// draw implements source.
func (f *influences) draw(times []float64) (Draw, bool) {
	var drawn float64
	for g, n := range f.size {
		drawn += times[g] * n
	}
	var step mat.VecDense
	step.MulVec(f.of, mat.NewVecDense(len(times), times))
	step.ScaleVec(f.fit.n/drawn, &step)
	next := f.at.moved(&step)
	for i := range next.mean {
		if !(next.covariance.At(i, i) > 0) || math.IsInf(next.mean[i], 0) {
			return Draw{}, false
		}
	}
	d, r := f.fit.scaleBack(next.mean, next.covariance)
	return d, d.set(r, true)
}
