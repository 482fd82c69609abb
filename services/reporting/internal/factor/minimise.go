package factor

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// otherStarts are uniquenesses from which improper solutions are sought again.
var otherStarts = [...]float64{0.3, 0.7}

const (
	// steps is the greatest number of steps of an extraction, and halvings that of halvings of one step.
	steps, halvings = 500, 40
	// flat is the gradient at which it ends, and nearlyFlat that at which a search that can go no further because of rounding counts as ended.
	flat, nearlyFlat = 1e-9, 1e-5
	// enough is the part of the fall that the slope promises which a step must bring (Armijo's rule).
	enough = 1e-4
)

// minimise finds the uniquenesses, and returns the number of steps. It begins where Jöreskog (1963) does; a solution that ends at a bound may not be the
// least, and so others are sought from where all items are alike, and the best stands.
func (c *criterion) minimise(inverse *mat.SymDense) (int, error) {
	p := inverse.SymmetricDim()
	start := make([]float64, p)
	for i := range start {
		start[i] = (1 - 0.5*float64(c.factors)/float64(p)) / inverse.At(i, i)
	}
	taken, err := c.descend(start)
	if err == nil && len(heywood(c.unique)) == 0 {
		return taken, nil
	}
	best := *c
	for _, u := range otherStarts {
		other := *c
		more, failed := other.descend(slices.Repeat([]float64{u}, p))
		taken += more
		if failed == nil && (err != nil || other.value < best.value) {
			best, err = other, nil
		}
	}
	*c = best
	return taken, err
}

// descend goes down from given uniquenesses by Newton's method, projected on their bounds (Bertsekas 1982, SIAM Journal on Control and Optimization 20(2)),
// and returns the number of steps. The searches of gonum know no bounds, and functions that map all numbers between them go flat there: such a search ends in
// improper solutions that are none.
func (c *criterion) descend(uniquenesses []float64) (int, error) {
	low, high := c.bounds()
	x := slices.Clone(uniquenesses)
	for i, u := range uniquenesses {
		if c.likelihood {
			x[i] = math.Log(u)
		}
		x[i] = min(high, max(low, x[i]))
	}
	if err := c.at(x); err != nil {
		return 0, err
	}
	for step := range steps {
		free, slope := c.free(x, low, high)
		if slope < flat {
			return step, nil
		}
		next, err := c.advance(x, c.direction(free), low, high)
		if err != nil {
			return step, err
		}
		if next == nil {
			if slope < nearlyFlat {
				return step, c.at(x)
			}
			break
		}
		x = next
	}
	return steps, refusal.New(refusal.NotConverged, nil, "the extraction of %d factors found no solution: ask for fewer factors", c.factors)
}

// free lists the variables that may move: those at a bound that want to pass it are not; and the steepest slope of those that may.
func (c *criterion) free(x []float64, low, high float64) (free []int, slope float64) {
	for i, g := range c.gradient {
		if x[i] <= low && g > 0 || x[i] >= high && g < 0 {
			continue
		}
		free = append(free, i)
		slope = max(slope, math.Abs(g))
	}
	return free, slope
}

// direction is Newton's step of the free variables; the others stay. Where the criterion is not convex it follows each curvature by its size, so that it goes
// down in all of them.
func (c *criterion) direction(free []int) []float64 {
	all := c.curvature()
	n := len(free)
	hessian, gradient := mat.NewSymDense(n, nil), mat.NewVecDense(n, nil)
	for i, a := range free {
		gradient.SetVec(i, -c.gradient[a])
		for j, b := range free[:i+1] {
			hessian.SetSym(i, j, all.At(a, b))
		}
	}
	var step mat.VecDense
	var root mat.Cholesky
	if !root.Factorize(hessian) || root.SolveVecTo(&step, gradient) != nil {
		step = *convex(hessian, gradient)
	}
	out := make([]float64, len(c.gradient))
	for i, a := range free {
		out[a] = step.AtVec(i)
	}
	return out
}

// convex solves with all curvatures positive; it is the way straight down where they are not found.
func convex(hessian *mat.SymDense, gradient *mat.VecDense) *mat.VecDense {
	values, vectors, err := eigen(hessian)
	if err != nil {
		return gradient
	}
	var along, step mat.VecDense
	along.MulVec(vectors.T(), gradient)
	least := 1e-6 * max(1, math.Abs(values[0]))
	for i, v := range values {
		along.SetVec(i, along.AtVec(i)/max(math.Abs(v), least))
	}
	step.MulVec(vectors, &along)
	return &step
}

// advance goes as far as the criterion falls by enough, within the bounds; nil when it does not.
func (c *criterion) advance(x, direction []float64, low, high float64) ([]float64, error) {
	value, gradient := c.value, c.gradient
	for share, tried := 1.0, 0; tried < halvings; share, tried = share/2, tried+1 {
		next := make([]float64, len(x))
		var promised float64
		for i := range x {
			next[i] = min(high, max(low, x[i]+share*direction[i]))
			promised += gradient[i] * (x[i] - next[i])
		}
		if err := c.at(next); err != nil {
			return nil, err
		}
		if promised > 0 && c.value <= value-enough*promised {
			return next, nil
		}
	}
	return nil, nil
}
