package stat

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// singular is the eigenvalue, relative to the greatest, at and below which a correlation matrix counts as singular.
const singular = 1e-12

// RelativeWeights are Johnson's relative weights of predictors in a linear regression.
type RelativeWeights struct {
	// Raw is the part of R² that each predictor contributes, ≥ 0; the parts sum to R².
	Raw []float64
	// Sign is +1, -1 or 0 by the predictor's correlation with the outcome.
	Sign []int
	// R2 is the coefficient of determination, from 0 to 1.
	R2 float64
}

// JohnsonWeights computes relative weights from correlations (Johnson 2000): with R = VDV′ the correlations of the
// predictors among each other and r those with the outcome, Λ = V√DV′, b = Λ⁻¹r, raw = (Λ∘Λ)(b∘b).
//
// predictors must be symmetric with ones on the diagonal and as wide as outcome is long; ErrArgument otherwise.
// ErrUndefined when it is singular or not positive definite.
func JohnsonWeights(outcome []float64, predictors [][]float64) (RelativeWeights, error) {
	r, err := correlationMatrix(predictors, len(outcome))
	if err != nil {
		return RelativeWeights{}, fmt.Errorf("relative weights: %w", err)
	}
	for i, v := range outcome {
		if !(math.Abs(v) <= 1) {
			return RelativeWeights{}, fmt.Errorf("relative weights: correlation %d with the outcome is %v: %w", i, v, ErrArgument)
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(r, true) {
		return RelativeWeights{}, fmt.Errorf("relative weights: eigenvalues not found: %w", ErrUndefined)
	}
	values := eigen.Values(nil)
	if values[0] <= singular*values[len(values)-1] {
		return RelativeWeights{}, fmt.Errorf("relative weights: least eigenvalue %.3g: %w", values[0], ErrUndefined)
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	lambda := spectral(&vectors, values, math.Sqrt)
	inverse := spectral(&vectors, values, func(v float64) float64 { return 1 / math.Sqrt(v) })

	k := len(outcome)
	var b mat.VecDense
	b.MulVec(inverse, mat.NewVecDense(k, append([]float64(nil), outcome...)))
	w := RelativeWeights{Raw: make([]float64, k), Sign: make([]int, k)}
	for i := range k {
		for j := range k {
			l := lambda.At(i, j) * b.AtVec(j)
			w.Raw[i] += l * l
		}
		w.R2 += w.Raw[i]
		switch {
		case outcome[i] > 0:
			w.Sign[i] = 1
		case outcome[i] < 0:
			w.Sign[i] = -1
		}
	}
	if w.R2 > 1+1e-9 {
		return RelativeWeights{}, fmt.Errorf("relative weights: R² is %v, so the correlations contradict each other: %w", w.R2, ErrUndefined)
	}
	return w, nil
}

// spectral is V·diag(f(values))·V′.
func spectral(vectors *mat.Dense, values []float64, f func(float64) float64) *mat.Dense {
	d := make([]float64, len(values))
	for i, v := range values {
		d[i] = f(v)
	}
	var scaled, result mat.Dense
	scaled.Mul(vectors, mat.NewDiagDense(len(d), d))
	result.Mul(&scaled, vectors.T())
	return &result
}

// correlationMatrix checks that rows is a k×k correlation matrix.
func correlationMatrix(rows [][]float64, k int) (*mat.SymDense, error) {
	if k == 0 || len(rows) != k {
		return nil, fmt.Errorf("%d rows for %d predictors: %w", len(rows), k, ErrArgument)
	}
	r := mat.NewSymDense(k, nil)
	for i, row := range rows {
		if len(row) != k {
			return nil, fmt.Errorf("row %d has %d entries: %w", i, len(row), ErrArgument)
		}
		for j, v := range row {
			if !(math.Abs(v) <= 1) || i == j && v != 1 || len(rows[j]) == k && rows[j][i] != v {
				return nil, fmt.Errorf("entry %d,%d is %v: %w", i, j, v, ErrArgument)
			}
			r.SetSym(i, j, v)
		}
	}
	return r, nil
}
