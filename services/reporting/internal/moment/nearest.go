package moment

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"
)

// LeastEigenvalue is how far correlations are kept from contradicting each other: a table from incomplete answers with a lesser eigenvalue is repaired.
const LeastEigenvalue = 1e-4

const (
	// nearestTolerance is how exactly the diagonal of the nearest correlation matrix is met before it is scaled to 1.
	nearestTolerance = 1e-11
	nearestSteps     = 100
)

// errNearest reports that the iteration did not converge; it does for every symmetric table with ones on the diagonal.
var errNearest = errors.New("nearest correlation matrix not found")

// Nearest is the correlation matrix nearest to r in the Frobenius norm among those whose eigenvalues are at least `least`, 0 ≤ least < 1 (Higham 2002,
// IMA Journal of Numerical Analysis 22). r is symmetric with ones on the diagonal.
//
// It is found from the dual problem by the Newton method of Qi and Sun (2006, SIAM Journal on Matrix Analysis 28), which needs a few eigenvalue
// decompositions where alternating projections need hundreds: with G = r - least·I, y is sought with diag((G + Diag y)₊) = (1 - least)·1, where ₊ sets
// negative eigenvalues to 0.
func Nearest(r *mat.SymDense, least float64) (*mat.SymDense, error) {
	k := r.SymmetricDim()
	y := make([]float64, k)
	at, err := project(r, y, least)
	if err != nil {
		return nil, err
	}
	step, trial := mat.NewVecDense(k, nil), make([]float64, k)
	for range nearestSteps {
		if mat.Norm(at.gradient, math.Inf(1)) < nearestTolerance {
			return at.correlations(least), nil
		}
		var chol mat.Cholesky
		if !chol.Factorize(at.hessian()) {
			return nil, errNearest
		}
		if err := chol.SolveVecTo(step, at.gradient); err != nil {
			return nil, errNearest
		}
		slope := mat.Dot(step, at.gradient)
		for size := 1.0; ; size /= 2 {
			for i := range trial {
				trial[i] = y[i] - size*step.AtVec(i)
			}
			next, err := project(r, trial, least)
			if err != nil {
				return nil, err
			}
			// Near the solution the function changes by less than its rounding, but the gradient still tells.
			if next.value <= at.value-1e-4*size*slope || mat.Norm(next.gradient, 2) < 0.5*mat.Norm(at.gradient, 2) {
				copy(y, trial)
				at = next
				break
			}
			if size < 1e-8 {
				return nil, errNearest
			}
		}
	}
	return nil, errNearest
}

// projection is (G + Diag y)₊ by its eigenvalues and vectors, with the dual function there and its gradient.
type projection struct {
	values   []float64
	vectors  mat.Dense
	value    float64
	gradient *mat.VecDense
}

func project(r *mat.SymDense, y []float64, least float64) (*projection, error) {
	k := len(y)
	g := mat.NewSymDense(k, nil)
	g.CopySym(r)
	for i := range k {
		g.SetSym(i, i, r.At(i, i)-least+y[i])
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(g, true) {
		return nil, errNearest
	}
	p := &projection{values: eigen.Values(nil), gradient: mat.NewVecDense(k, nil)}
	eigen.VectorsTo(&p.vectors)
	for i := range k {
		d := least - 1
		for j, v := range p.values {
			if v > 0 {
				u := p.vectors.At(i, j)
				d += v * u * u
			}
		}
		p.gradient.SetVec(i, d)
		p.value -= (1 - least) * y[i]
	}
	for _, v := range p.values {
		if v > 0 {
			p.value += v * v / 2
		}
	}
	return p, nil
}

// hessian is a generalised Hessian of the dual function, made definite.
func (p *projection) hessian() *mat.SymDense {
	k := len(p.values)
	weight := mat.NewSymDense(k, nil)
	for a, v := range p.values {
		for b, w := range p.values[:a+1] {
			switch {
			case v > 0 && w > 0:
				weight.SetSym(a, b, 1)
			case v > 0:
				weight.SetSym(a, b, v/(v-w))
			case w > 0:
				weight.SetSym(a, b, w/(w-v))
			}
		}
	}
	h := mat.NewSymDense(k, nil)
	product, weighted := mat.NewVecDense(k, nil), mat.NewVecDense(k, nil)
	for i := range k {
		for j := range i + 1 {
			product.MulElemVec(p.vectors.RowView(i), p.vectors.RowView(j))
			weighted.MulVec(weight, product)
			h.SetSym(i, j, mat.Dot(product, weighted))
		}
		h.SetSym(i, i, h.At(i, i)+1e-12)
	}
	return h
}

// correlations are the projection plus least·I, with ones on the diagonal.
func (p *projection) correlations(least float64) *mat.SymDense {
	k := len(p.values)
	x := mat.NewSymDense(k, nil)
	for i := range k {
		for j := range i + 1 {
			var sum float64
			for a, v := range p.values {
				if v > 0 {
					sum += v * p.vectors.At(i, a) * p.vectors.At(j, a)
				}
			}
			if i == j {
				sum += least
			}
			x.SetSym(i, j, sum)
		}
	}
	scale := make([]float64, k)
	for i := range k {
		scale[i] = math.Sqrt(x.At(i, i))
	}
	for i := range k {
		for j := range i {
			x.SetSym(i, j, min(1, max(-1, x.At(i, j)/scale[i]/scale[j])))
		}
		x.SetSym(i, i, 1)
	}
	return x
}

// definite tells whether all eigenvalues are above `least`, without finding them.
func definite(r *mat.SymDense, least float64) bool {
	k := r.SymmetricDim()
	shifted := mat.NewSymDense(k, nil)
	shifted.CopySym(r)
	for i := range k {
		shifted.SetSym(i, i, r.At(i, i)-least)
	}
	var chol mat.Cholesky
	return chol.Factorize(shifted)
}
