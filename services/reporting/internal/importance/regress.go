package importance

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/moment"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// regression is the least-squares regression of the outcome on all items, from moments: β = R⁻¹r in standard deviations, R² = r′β, VIF the diagonal of R⁻¹.
type regression struct {
	standardized, coefficients, vif []float64
	intercept, r2                   float64
}

// regress computes it; false where the correlations of the items are singular.
func regress(d moment.Draw, outcome int, items []int) (regression, bool) {
	k := len(items)
	r, y := mat.NewSymDense(k, nil), mat.NewVecDense(k, nil)
	for a, i := range items {
		y.SetVec(a, d.Correlation[i][outcome])
		for b, j := range items[:a+1] {
			r.SetSym(a, b, d.Correlation[i][j])
		}
	}
	var chol mat.Cholesky
	var inverse mat.SymDense
	if !chol.Factorize(r) || chol.InverseTo(&inverse) != nil {
		return regression{}, false
	}
	var beta mat.VecDense
	beta.MulVec(&inverse, y)
	out := regression{standardized: beta.RawVector().Data, coefficients: make([]float64, k), vif: make([]float64, k), intercept: d.Mean[outcome]}
	for a, i := range items {
		if !(d.SD[i] > 0) {
			return regression{}, false
		}
		out.coefficients[a] = out.standardized[a] * d.SD[outcome] / d.SD[i]
		out.intercept -= out.coefficients[a] * d.Mean[i]
		out.vif[a] = inverse.At(a, a)
	}
	out.r2 = min(1, max(0, mat.Dot(y, &beta)))
	return out, true
}

// singular is the least eigenvalue of the items' correlations at and below which an item is told by the others.
const singular = 1e-9

// CheckDrivers refuses what checkItems does, not more effective responses than items and one (refusal.TooFew), and items that tell each other
// (refusal.Singular).
func CheckDrivers(s *moment.Sample, outcome int, items []int) error {
	if err := checkItems(s, append([]int{outcome}, items...), 2); err != nil {
		return err
	}
	if k := len(items); s.EffectiveN <= float64(k+1) {
		return refusal.New(refusal.TooFew, nil, "the effective number of responses is %.1f, more than %d are needed for %d items: choose fewer items or more responses",
			s.EffectiveN, k+1, k)
	}
	k := len(items)
	r := mat.NewSymDense(k, nil)
	for a, i := range items {
		for b, j := range items[:a+1] {
			r.SetSym(a, b, s.Correlation[i][j])
			if a != b && math.Abs(s.Unrepaired[i][j]) > 1-singular {
				return tellSame(s.Questions[j].ID, s.Questions[i].ID)
			}
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(r, true) {
		return refusal.New(refusal.NotConverged, nil, "the eigenvalues of the items' correlations were not found")
	}
	if eigen.Values(nil)[0] > singular {
		return nil
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	var names []string
	for a, i := range items {
		if math.Abs(vectors.At(a, 0)) > 0.05 {
			names = append(names, s.Questions[i].ID)
		}
	}
	return tellSame(names...)
}

func tellSame(names ...string) error {
	return refusal.New(refusal.Singular, names, "the items %v tell each other exactly, so that their parts cannot be told apart: leave one of them out", names)
}

// regressionOf fills in what the regression says, and returns it.
func regressionOf(ctx context.Context, s *moment.Sample, outcome int, items []int, level float64, out *Drivers) error {
	fit, ok := regress(moment.Draw{Mean: s.Mean, SD: s.SD, Correlation: s.Correlation}, outcome, items)
	if !ok {
		return refusal.New(refusal.Singular, nil, "the correlations of the items are singular: choose fewer items")
	}
	out.R2, out.Intercept = fit.r2, fit.intercept
	k := len(items)
	if rest := s.EffectiveN - float64(k) - 1; rest > 0 {
		adjusted := 1 - (1-fit.r2)*(s.EffectiveN-1)/rest
		out.AdjustedR2 = &adjusted
	}
	var coefficients, standardized []precision
	if s.Complete() && !s.Grouped() {
		coefficients, standardized = classical(s, fit, outcome, items)
		out.Notes = append(out.Notes, fmt.Sprintf("regression: every response answers everything; standard errors are the classical ones with n = %d", s.Responses))
	} else {
		var err error
		if coefficients, standardized, err = leftOut(ctx, s, fit, outcome, items); err != nil {
			return err
		}
		why := "answers are missing, so that no single n holds"
		switch {
		case s.Weighted:
			why = "responses are weighted"
		case s.Complete():
			why = "respondents answer several times"
		}
		out.Notes = append(out.Notes, fmt.Sprintf("regression: %s; standard errors by leaving out one of %d random groups of respondents", why, s.Groups))
	}
	for a := range items {
		d := &out.Drivers[a]
		d.Coefficient, d.CoefficientP = coefficients[a].estimate(fit.coefficients[a], level)
		d.Standardized, _ = standardized[a].estimate(fit.standardized[a], level)
		d.VIF = &fit.vif[a]
	}
	return adjust(k, func(a int) (*float64, **float64) {
		return out.Drivers[a].CoefficientP, &out.Drivers[a].CoefficientAdjustedP
	})
}

// precision is a standard error with its degrees of freedom; 0 where there is none.
type precision struct {
	se, df float64
	method string
}

// estimate is a number with its precision, and the p-value of its being 0 by Student's t.
func (p precision) estimate(value, level float64) (*Estimate, *float64) {
	e := &Estimate{Value: value, Method: p.method}
	if !(p.se > 0) {
		return e, nil
	}
	half := stat.CriticalT(level, p.df) * p.se
	e.SE, e.Interval = &p.se, &stat.Interval{Low: value - half, High: value + half}
	test := stat.PValueT(value/p.se, p.df)
	return e, &test
}

// classical are the standard errors of least squares with independent errors of one variance: √((1-R²)·VIF/(n-k-1)) in standard deviations.
func classical(s *moment.Sample, fit regression, outcome int, items []int) (coefficients, standardized []precision) {
	df := float64(s.Responses) - float64(len(items)) - 1
	for a, i := range items {
		se := math.Sqrt((1 - fit.r2) * fit.vif[a] / df)
		standardized = append(standardized, precision{se, df, StudentT})
		coefficients = append(coefficients, precision{se * s.SD[outcome] / s.SD[i], df, StudentT})
	}
	return coefficients, standardized
}

// leftOut are the standard errors by the jackknife over groups of respondents.
func leftOut(ctx context.Context, s *moment.Sample, fit regression, outcome int, items []int) (coefficients, standardized []precision, err error) {
	fits := make([]*regression, s.Groups)
	err = s.LeaveOneOut(ctx, func(group int, d moment.Draw) {
		if r, ok := regress(d, outcome, items); ok {
			fits[group] = &r
		}
	})
	if err != nil {
		return nil, nil, err
	}
	jackknife := func(all float64, of func(r *regression) float64) precision {
		others := make([]float64, len(fits))
		for g, r := range fits {
			others[g] = math.NaN()
			if r != nil {
				others[g] = of(r)
			}
		}
		// Where an estimate without some group is undefined there is no standard error, which its absence tells.
		m, err := stat.Jackknife(all, others)
		if err != nil {
			return precision{method: GroupJackknife}
		}
		return precision{m.StandardError, m.DF, GroupJackknife}
	}
	for a := range items {
		coefficients = append(coefficients, jackknife(fit.coefficients[a], func(r *regression) float64 { return r.coefficients[a] }))
		standardized = append(standardized, jackknife(fit.standardized[a], func(r *regression) float64 { return r.standardized[a] }))
	}
	return coefficients, standardized, nil
}
