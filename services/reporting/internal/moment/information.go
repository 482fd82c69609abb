package moment

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// own is the covariance of a pattern's questions, decomposed.
type own struct {
	// inverse is A, o×o.
	inverse []float64
	// determinant is its logarithm.
	determinant float64
}

// own decomposes it; false where it is not positive definite.
func (d *normal) own(observed []int) (own, bool) {
	o := len(observed)
	covariance := mat.NewSymDense(o, nil)
	for a, i := range observed {
		for b := range a + 1 {
			covariance.SetSym(a, b, d.covariance.At(i, observed[b]))
		}
	}
	var chol mat.Cholesky
	var inverse mat.SymDense
	if !chol.Factorize(covariance) || chol.InverseTo(&inverse) != nil {
		return own{}, false
	}
	out := own{inverse: make([]float64, o*o), determinant: chol.LogDet()}
	for a := range o {
		for b := range o {
			out.inverse[a*o+b] = inverse.At(a, b)
		}
	}
	return out, true
}

// local is what a pattern tells of the distribution of its own questions.
type local struct {
	likelihood float64
	// inverse is A, that of the covariance; slope is K = A(S - nΣ)A with S the products about the mean, both o×o; mean is A·(sum - n·mean).
	inverse, slope, mean []float64
	excess, half         []float64
}

// local computes it into l, whose memory is used again.
func (p *pattern) local(at *normal, own own, l *local) {
	o := len(p.observed)
	l.inverse, l.likelihood = own.inverse, -p.n*own.determinant/2
	l.slope, l.half, l.excess, l.mean = resized(l.slope, o*o), resized(l.half, o*o), resized(l.excess, o*o), resized(l.mean, o)
	for a, i := range p.observed {
		l.mean[a] = 0
		for b, j := range p.observed {
			inverse := own.inverse[a*o+b]
			l.mean[a] += inverse * (p.sum[b] - p.n*at.mean[j])
			// Products about the mean.
			c := p.product[a*o+b] - p.sum[a]*at.mean[j] - at.mean[i]*p.sum[b] + p.n*at.mean[i]*at.mean[j]
			l.likelihood -= inverse * c / 2
			l.excess[a*o+b] = c - p.n*at.covariance.At(i, j)
		}
	}
	multiply(l.half, own.inverse, l.excess, o)
	multiply(l.slope, l.half, own.inverse, o)
}

func resized(x []float64, n int) []float64 {
	if cap(x) < n {
		return make([]float64, n)
	}
	return x[:n]
}

// multiply sets c to a·b, all o×o.
func multiply(c, a, b []float64, o int) {
	for i := range o {
		row := c[i*o : (i+1)*o]
		clear(row)
		for j, x := range a[i*o : (i+1)*o] {
			for k, y := range b[j*o : (j+1)*o] {
				row[k] += x * y
			}
		}
	}
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
	var l local
	for _, p := range f.patterns {
		if own, ok := at.own(p.observed); ok && !f.stopped() {
			p.local(at, own, &l)
			p.inform(&l, k, observed, sum)
		}
	}
	return mat.NewSymDense(q, sum)
}

// inform adds a pattern's information to the upper triangle of sum.
func (p *pattern) inform(l *local, k int, observed bool, sum []float64) {
	q, o := parameters(k), len(p.observed)
	for a, i := range p.observed {
		for b := a; b < o; b++ {
			j := p.observed[b]
			sum[i*q+j] += p.n * l.inverse[a*o+b]
			if observed {
				for m, x := range p.observed {
					sum[x*q+k+at(k, i, j)] += share(i, j) * (l.inverse[m*o+a]*l.mean[b] + l.inverse[m*o+b]*l.mean[a])
				}
			}
			row := (k + at(k, i, j)) * q
			p.informPairs(l, k, a, b, observed, sum[row:row+q])
		}
	}
}

// informPairs adds the information on the covariance of a and b and those after it to its row.
func (p *pattern) informPairs(l *local, k, a, b int, observed bool, row []float64) {
	o := len(p.observed)
	inverseA, inverseB, slopeA, slopeB := l.inverse[a*o:(a+1)*o], l.inverse[b*o:(b+1)*o], l.slope[a*o:(a+1)*o], l.slope[b*o:(b+1)*o]
	times := share(a, b)
	for c := a; c < o; c++ {
		d := c
		if c == a {
			d = b
		}
		for ; d < o; d++ {
			x := p.n * (inverseA[c]*inverseB[d] + inverseA[d]*inverseB[c])
			if observed {
				x += inverseA[c]*slopeB[d] + inverseA[d]*slopeB[c] + inverseB[c]*slopeA[d] + inverseB[d]*slopeA[c]
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
	var l local
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
		p.local(solution, own, &l)
		g := number[key.group]
		out.size[g] += p.n
		for a, i := range p.observed {
			slopes.Set(i, g, slopes.At(i, g)+l.mean[a])
			for b := a; b < len(p.observed); b++ {
				row := k + at(k, i, p.observed[b])
				slopes.Set(row, g, slopes.At(row, g)+l.slope[a*len(p.observed)+b]*share(a, b))
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
	d, r, ok := f.moments(times)
	if !ok {
		return Draw{}, false
	}
	return d, d.set(r, true)
}

// moments are those with groups counted a number of times, not repaired; false where they are not determined.
func (f *influences) moments(times []float64) (Draw, *mat.SymDense, bool) {
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
			return Draw{}, nil, false
		}
	}
	d, r := f.fit.scaleBack(next.mean, next.covariance)
	return d, r, true
}
