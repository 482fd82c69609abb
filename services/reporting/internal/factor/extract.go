package factor

import (
	"gonum.org/v1/gonum/mat"
)

// nearBound is how near to Bound a uniqueness must be to count as being at it.
const nearBound = 1e-4

// extract estimates the loadings, rotates them and tells what the factors explain.
func (r *Result) extract(in Input, o Options, correlation, inverse *mat.SymDense) error {
	c := &criterion{table: correlation, factors: r.Factors, likelihood: o.Extraction == MaximumLikelihood}
	var err error
	if r.Iterations, err = c.minimise(inverse); err != nil {
		return err
	}
	r.Uniquenesses, r.HeywoodItems = c.unique, heywood(c.unique)
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

// heywood lists the items whose uniqueness is at Bound.
func heywood(uniquenesses []float64) (items []int) {
	for i, u := range uniquenesses {
		if u < Bound+nearBound {
			items = append(items, i)
		}
	}
	return items
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
