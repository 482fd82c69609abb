package retention

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/otklik/otklik/libs/stat"
)

// ErrUndefined tells that a sample does not determine what is asked of it: too few observations, or a regressor that does not vary or says what another says.
var ErrUndefined = errors.New("undefined for this sample")

// mostCondition bounds how alike regressors may be.
const mostCondition = 1e10

// leastFree is how much of an observation must be its own: one that determines a coefficient alone has no residual, and no variance can be told from it.
const leastFree = 1e-9

// leastResidual is the share of the outcome's squares below which residuals are rounding.
const leastResidual = 1e-20

// Slope is the coefficient of the first regressor of a linear regression.
type Slope struct {
	// N counts the observations.
	N int64
	// Estimate is by how much the outcome is greater where the regressor is greater by one and the others are the same.
	Estimate float64
	// StandardError does not suppose that all residuals have one variance (HC3).
	StandardError float64
	// Interval is by Student's t.
	Interval stat.Interval
	// P is the p-value of the test that there is no slope.
	P float64
	// Intercept is the fitted outcome where all regressors are 0.
	Intercept float64
	// R2 is the share of the outcome's variance that goes with the regressors.
	R2 float64
}

// Regress regresses an outcome on regressors by ordinary least squares with an intercept, and returns the coefficient of the first, with the standard error HC3
// (MacKinnon and White 1985; Long and Ervin 2000 advise it where there may be fewer than 250 observations) and Student's t with n - k - 1 degrees of freedom.
// Errors: ErrUndefined.
func Regress(outcome []float64, regressors [][]float64, level float64) (Slope, error) {
	n, k := len(outcome), len(regressors)
	if n < k+2 || isSame(outcome) {
		return Slope{}, fmt.Errorf("regress %d observations on %d regressors: %w", n, k, ErrUndefined)
	}
	// Each column is centred and scaled, so that amounts of millions stand beside scores of ten.
	x := mat.NewDense(n, k, nil)
	centres, scales := make([]float64, k), make([]float64, k)
	for j, column := range regressors {
		m := momentsOf(column)
		centres[j], scales[j] = m.Mean, math.Sqrt(m.Variance)
		if !(scales[j] > 0) || isSame(column) {
			return Slope{}, fmt.Errorf("regressor %d does not vary: %w", j, ErrUndefined)
		}
		for i, v := range column {
			x.Set(i, j, (v-centres[j])/scales[j])
		}
	}
	var gram mat.SymDense
	gram.SymOuterK(1, x.T())
	var factor mat.Cholesky
	if !factor.Factorize(&gram) || factor.Cond() > mostCondition {
		return Slope{}, fmt.Errorf("regressors say the same: %w", ErrUndefined)
	}
	var inverse mat.SymDense
	if err := factor.InverseTo(&inverse); err != nil {
		return Slope{}, fmt.Errorf("regressors say the same: %w", ErrUndefined)
	}
	mean := momentsOf(outcome).Mean
	y := mat.NewVecDense(n, nil)
	for i, v := range outcome {
		y.SetVec(i, v-mean)
	}
	var product, b mat.VecDense
	product.MulVec(x.T(), y)
	b.MulVec(&inverse, &product)
	variance, residual, total, err := robust(x, y, &b, &inverse)
	if err != nil {
		return Slope{}, err
	}
	se := math.Sqrt(variance) / scales[0]
	if !(residual > total*leastResidual) || !(se > 0) {
		return Slope{}, fmt.Errorf("no residual is left: %w", ErrUndefined)
	}
	out := Slope{N: int64(n), Estimate: b.AtVec(0) / scales[0], StandardError: se, R2: 1 - residual/total, Intercept: mean}
	for j := range k {
		out.Intercept -= b.AtVec(j) / scales[j] * centres[j]
	}
	df := float64(n - k - 1)
	estimate := stat.Mean{Estimate: out.Estimate, StandardError: se, DF: df}
	if out.Interval, err = estimate.Interval(level); err != nil {
		return Slope{}, fmt.Errorf("interval of a slope: %w", err)
	}
	out.P = stat.PValueT(out.Estimate/se, df)
	return out, nil
}

// robust is the HC3 variance of the first coefficient, and the sums of squares of the residuals and of the outcome.
func robust(x *mat.Dense, y, b *mat.VecDense, inverse mat.Symmetric) (variance, residual, total float64, err error) {
	n, k := x.Dims()
	along := make([]float64, k)
	for i := range n {
		row := x.RawRowView(i)
		fitted, leverage := 0.0, 1/float64(n)
		for j := range k {
			fitted += row[j] * b.AtVec(j)
			along[j] = 0
			for l := range k {
				along[j] += inverse.At(j, l) * row[l]
			}
			leverage += row[j] * along[j]
		}
		free := 1 - leverage
		if free < leastFree {
			return 0, 0, 0, fmt.Errorf("observation %d determines a coefficient alone: %w", i, ErrUndefined)
		}
		e := y.AtVec(i) - fitted
		residual += e * e
		total += y.AtVec(i) * y.AtVec(i)
		variance += along[0] * along[0] * e * e / (free * free)
	}
	return variance, residual, total, nil
}
