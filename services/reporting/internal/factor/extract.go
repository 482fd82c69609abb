package factor

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"

	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

const (
	// steps is the greatest number of steps of an extraction.
	steps = 300
	// flat is the gradient at which it ends, and nearlyFlat that at which a search that can go no further because of rounding counts as ended.
	flat, nearlyFlat = 1e-9, 1e-6
	// heywood is how near to Bound a uniqueness must be to count as being at it.
	heywood = 1e-4
)

// extract estimates the loadings, rotates them and tells what the factors explain.
func (r *Result) extract(in Input, o Options, correlation, inverse *mat.SymDense) error {
	c := &criterion{table: correlation, factors: r.Factors, likelihood: o.Extraction == MaximumLikelihood}
	uniquenesses, err := r.search(c, inverse)
	if err != nil {
		return err
	}
	r.Uniquenesses = uniquenesses
	for i, u := range uniquenesses {
		if u < Bound+heywood {
			r.HeywoodItems = append(r.HeywoodItems, i)
		}
	}
	loadings, factorCorrelations, err := rotate(c.loadings(), o.Rotation)
	if err != nil {
		return err
	}
	r.explain(loadings, factorCorrelations)
	if p, k := float64(len(in.Items)), float64(r.Factors); c.likelihood {
		if df := ((p-k)*(p-k) - p - k) / 2; df > 0 {
			test := chiSquare((in.N-1-(2*p+5)/6-2*k/3)*c.value, int(df))
			r.Fit = &test
		}
	}
	return nil
}

// search finds the uniquenesses by Newton's method, from where Jöreskog (1963) begins.
func (r *Result) search(c *criterion, inverse *mat.SymDense) ([]float64, error) {
	p := inverse.SymmetricDim()
	start := make([]float64, p)
	for i := range start {
		u := (1 - 0.5*float64(c.factors)/float64(p)) / inverse.At(i, i)
		start[i] = logit(min(0.99, max(Bound+0.01, u)))
	}
	found, err := optimize.Minimize(optimize.Problem{
		Func: func(x []float64) float64 { c.at(x); return c.value },
		Grad: func(gradient, x []float64) { c.at(x); copy(gradient, c.gradient) },
		Hess: func(hessian *mat.SymDense, x []float64) { c.at(x); c.curvature(hessian) },
	}, start, &optimize.Settings{GradientThreshold: flat, MajorIterations: steps, Converger: optimize.NeverTerminate{}}, &optimize.Newton{})
	notConverged := refusal.New(refusal.NotConverged, nil, "the extraction of %d factors found no solution: ask for fewer factors, or for minres", c.factors)
	if found == nil {
		return nil, fmt.Errorf("extract factors: %w", err)
	}
	if c.at(found.X); c.failed || !(mat.Norm(mat.NewVecDense(p, c.gradient), math.Inf(1)) < nearlyFlat) {
		return nil, notConverged
	}
	r.Iterations = found.MajorIterations
	return c.unique, nil
}

// explain sets the loadings and what follows from them.
func (r *Result) explain(loadings, factorCorrelations *mat.Dense) {
	p, k := loadings.Dims()
	// The structure: correlations of items with factors. Products with the pattern sum to communalities by item and to variance by factor.
	structure := loadings
	if factorCorrelations != nil {
		structure = mat.NewDense(p, k, nil)
		structure.Mul(loadings, factorCorrelations)
		r.FactorCorrelations = rows(factorCorrelations)
	}
	r.Loadings, r.Communalities, r.Variance = rows(loadings), make([]float64, p), make([]float64, k)
	for i := range p {
		for f := range k {
			part := loadings.At(i, f) * structure.At(i, f)
			r.Communalities[i] += part
			r.Variance[f] += part / float64(p)
		}
	}
}

func rows(m *mat.Dense) [][]float64 {
	n, _ := m.Dims()
	out := make([][]float64, n)
	for i := range out {
		out[i] = mat.Row(nil, i, m)
	}
	return out
}
