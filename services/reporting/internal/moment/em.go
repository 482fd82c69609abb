package moment

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

const (
	// emSteps are the steps of EM before the first of Newton's: they bring it near.
	emSteps = 3
	// mostIterations bounds both together.
	mostIterations = 60
	// emTolerance is the greatest change of a parameter, with questions scaled to unit variance, at which the iteration ends.
	emTolerance = 1e-9
	// mostWork bounds the sum over sets of answered questions of (their number)⁴, which the time of a step grows with: some seconds.
	mostWork = 4e8
)

// pattern is the responses that answer the same questions, with the questions scaled to about mean 0 and variance 1.
type pattern struct {
	observed []int
	n        float64
	// sum are the sums of answers, product those of products (o×o).
	sum, product []float64
}

// normal is a multivariate normal distribution.
type normal struct {
	mean       []float64
	covariance *mat.SymDense
}

// em estimates a multivariate normal distribution by maximum likelihood from incomplete responses: steps of EM (Dempster, Laird and Rubin 1977; Little and
// Rubin 2019, §11.2), over sets of answered questions and not over responses, then Newton's with the observed information, which converge where EM creeps
// when most answers are missing. A step of Newton's that does not raise the likelihood is replaced by one of EM.
//
// Only the covariances of questions that were answered together enter the likelihood, so that with few answers for many questions its maximum can
// contradict itself as pairwise correlations do; then it is repaired as they are. With fewer still there is no maximum, which is refused.
func (r *Rows) em(ctx context.Context) (*Sample, error) {
	pairs := r.Sums()
	out, err := levels(pairs, EM)
	if err != nil {
		return nil, err
	}
	if err := out.checkTogether(); err != nil {
		return nil, err
	}
	f := &fit{mean: out.Mean, sd: out.SD, cells: r, keys: r.sorted(), stopped: func() bool { return ctx.Err() != nil }}
	if err := f.pool(); err != nil {
		return nil, err
	}
	from, err := start(&pairs)
	if err != nil {
		return nil, err
	}
	solution, ok := f.maximise(from)
	if f.stopped() {
		return nil, ctx.Err()
	}
	if !ok {
		return nil, refusal.New(refusal.NotConverged, nil,
			"EM found no maximum of the likelihood in %d steps, there are few answers for so many questions: choose fewer questions or more responses, or take correlations pairwise",
			mostIterations)
	}
	out.Iterations = f.iterations
	d, c := f.scaleBack(solution.mean, solution.covariance)
	if err := out.set(d, c, true); err != nil {
		return nil, err
	}
	if out.resampled, ok = f.influence(solution, out.Groups); !ok {
		out.resampled, out.Groups = nil, 0
	}
	return out, ctx.Err()
}

const (
	// startEigenvalue keeps the start away from where the likelihood is steep.
	startEigenvalue = 0.01
	// same is how near to 1 the correlation of two questions is that tell each other: the likelihood has no bound then.
	same = 1e-9
)

// start is where EM starts: at the pairwise correlations, with the questions scaled; at none where a pair has none. It refuses questions that tell each
// other.
func start(s *Sums) (*normal, error) {
	k := len(s.Questions)
	n := &normal{mean: make([]float64, k), covariance: mat.NewSymDense(k, nil)}
	for i := range k {
		n.covariance.SetSym(i, i, 1)
	}
	sums := newPairSums(s, false)
	_, r, ok := sums.estimate(sums.total(ones(sums.groups())))
	if !ok {
		return n, nil
	}
	for i := range k {
		for j := range i {
			if math.Abs(r.At(i, j)) > 1-same {
				a, b := s.Questions[j].ID, s.Questions[i].ID
				return nil, refusal.New(refusal.Singular, []string{a, b}, "the answers to %s and %s tell each other exactly: leave one of them out", a, b)
			}
		}
	}
	if r, err := Nearest(r, startEigenvalue); err == nil {
		n.covariance = r
	}
	return n, nil
}

// fit is a distribution being fitted.
type fit struct {
	cells      *Rows
	keys       []cellKey
	mean, sd   []float64
	patterns   []*pattern
	n          float64
	iterations int
	// stopped tells that nobody waits for the result any more; what was begun is then given up, and worth nothing.
	stopped func() bool
}

// pool adds up the groups of each pattern.
func (f *fit) pool() error {
	var last *pattern
	var set uint64
	var work float64
	for _, key := range f.keys {
		c := f.cells.cells[key]
		if last == nil || key.answered != set {
			set = key.answered
			last = newPattern(indices(set))
			f.patterns = append(f.patterns, last)
			work += math.Pow(float64(len(last.observed)), 4)
		}
		f.add(last, c)
		f.n += float64(c.n)
	}
	if work > mostWork {
		return refusal.New(refusal.TooMany, nil, "the responses answer %d different sets of questions, too many for EM: choose fewer questions, or take correlations pairwise",
			len(f.patterns))
	}
	return nil
}

func newPattern(observed []int) *pattern {
	return &pattern{observed: observed, sum: make([]float64, len(observed)), product: make([]float64, len(observed)*len(observed))}
}

// add adds a cell to a pattern, scaling its questions.
func (f *fit) add(p *pattern, c *cell) {
	o, n := len(p.observed), float64(c.n)
	sums := c.sums(o)
	p.n += n
	at := o
	for a, i := range p.observed {
		x := sums[a] - n*f.mean[i]
		p.sum[a] += x / f.sd[i]
		for b := a; b < o; b++ {
			j := p.observed[b]
			xy := (sums[at] - f.mean[i]*sums[b] - f.mean[j]*x) / f.sd[i] / f.sd[j]
			p.product[a*o+b] += xy
			if a != b {
				p.product[b*o+a] += xy
			}
			at++
		}
	}
}

// maximise climbs from a start to the maximum of the likelihood.
func (f *fit) maximise(at *normal) (*normal, bool) {
	slope, ok := f.slope(at)
	for ok && f.iterations < mostIterations && !f.stopped() {
		f.iterations++
		next, nextSlope, newton := at, slope, false
		if f.iterations > emSteps {
			next, nextSlope, newton = f.climb(at, slope)
		}
		if !newton {
			next = at.expected(slope, f.n)
			nextSlope, ok = f.slope(next)
		}
		moved := at.distance(next)
		at, slope = next, nextSlope
		// A small step of EM does not tell that the maximum is near.
		if moved < emTolerance && newton {
			return at, true
		}
	}
	return at, false
}

// climb takes Newton's step, or as much of it as raises the likelihood; false where none does.
func (f *fit) climb(at *normal, s *slope) (*normal, *slope, bool) {
	step, ok := f.newton(at, s)
	for range 6 {
		if !ok {
			break
		}
		next := at.moved(step)
		// At the maximum the likelihood changes by rounding only.
		if nextSlope, valid := f.slope(next); valid && nextSlope.likelihood > s.likelihood-1e-11*math.Abs(s.likelihood) {
			return next, nextSlope, true
		}
		step.ScaleVec(0.5, step)
	}
	return at, s, false
}

// slope is the derivative of the log-likelihood: in the means, and in the covariances as a symmetric matrix whose half is meant.
type slope struct {
	likelihood float64
	mean       []float64
	covariance *mat.SymDense
}

// slope sums over patterns; false where the covariance is not positive definite.
func (f *fit) slope(at *normal) (*slope, bool) {
	k := len(at.mean)
	s := &slope{mean: make([]float64, k), covariance: mat.NewSymDense(k, nil)}
	var l local
	for _, p := range f.patterns {
		own, ok := at.own(p.observed)
		if !ok || f.stopped() {
			return nil, false
		}
		p.local(at, own, &l)
		s.likelihood += l.likelihood
		for a, i := range p.observed {
			s.mean[i] += l.mean[a]
			for b, j := range p.observed[:a+1] {
				s.covariance.SetSym(i, j, s.covariance.At(i, j)+l.slope[a*len(p.observed)+b])
			}
		}
	}
	return s, true
}

// expected is the step of EM: the moments of the responses with their missing answers as they are expected.
func (d *normal) expected(s *slope, n float64) *normal {
	k := len(d.mean)
	var move mat.VecDense
	move.MulVec(d.covariance, mat.NewVecDense(k, s.mean))
	var half, full mat.Dense
	half.Mul(d.covariance, s.covariance)
	full.Mul(&half, d.covariance)
	next := &normal{mean: make([]float64, k), covariance: mat.NewSymDense(k, nil)}
	for i := range k {
		next.mean[i] = d.mean[i] + move.AtVec(i)/n
		for j := range i + 1 {
			c := d.covariance.At(i, j) + (full.At(i, j)+full.At(j, i))/2/n - move.AtVec(i)*move.AtVec(j)/n/n
			next.covariance.SetSym(i, j, c)
		}
	}
	return next
}

// distance is the greatest difference of a parameter.
func (d *normal) distance(other *normal) float64 {
	var most float64
	for i := range d.mean {
		most = max(most, math.Abs(d.mean[i]-other.mean[i]))
		for j := range i + 1 {
			most = max(most, math.Abs(d.covariance.At(i, j)-other.covariance.At(i, j)))
		}
	}
	return most
}

// scaleBack puts the questions back on their scales.
func (f *fit) scaleBack(mean []float64, covariance mat.Symmetric) (Draw, *mat.SymDense) {
	k := len(mean)
	d, r := Draw{Mean: make([]float64, k), SD: make([]float64, k)}, mat.NewSymDense(k, nil)
	for i := range k {
		sd := math.Sqrt(covariance.At(i, i))
		d.Mean[i], d.SD[i] = f.mean[i]+f.sd[i]*mean[i], f.sd[i]*sd
		r.SetSym(i, i, 1)
		for j := range i {
			r.SetSym(i, j, min(1, max(-1, covariance.At(i, j)/sd/math.Sqrt(covariance.At(j, j)))))
		}
	}
	return d, r
}
