package factor

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// singular is the eigenvalue of a correlation table at and below which it counts as singular.
const singular = 1e-10

// Analyse finds the factors behind the items.
//
// It refuses fewer than LeastItems items or more than MostItems, more factors than can be told apart, and more than MostSimulations (with Argument); as many
// responses as items or fewer (refusal.TooFew); items of which one is told by the others (refusal.Singular); an extraction that finds no solution
// (refusal.NotConverged). Tables that are not square, or that are no correlations, are an error of the caller that wraps stat.ErrArgument.
func Analyse(ctx context.Context, in Input, o Options) (*Result, error) {
	p := len(in.Items)
	o, err := o.check(p)
	if err != nil {
		return nil, err
	}
	correlation, err := symmetric(in.Correlation, p, true)
	if err != nil {
		return nil, fmt.Errorf("correlations: %w", err)
	}
	covariance, err := symmetric(in.Covariance, p, false)
	if err != nil {
		return nil, fmt.Errorf("covariances: %w", err)
	}
	if !(in.N > float64(p)) {
		return nil, refusal.New(refusal.TooFew, nil, "there are %.0f responses for %d items: a factor analysis needs more responses than items", in.N, p)
	}
	values, vectors, err := eigen(correlation)
	if err != nil {
		return nil, err
	}
	if values[p-1] <= singular {
		return nil, refusal.New(refusal.Singular, blame(in.Items, vectors), "one of these items is told by the others: leave one out")
	}
	chance, err := parallel(ctx, p, in.N, o)
	if err != nil {
		return nil, err
	}
	r := &Result{Eigenvalues: values, ParallelEigenvalues: chance}
	r.count(o.Factors)
	inverse, err := invert(correlation)
	if err != nil {
		return nil, err
	}
	r.suitability(correlation, inverse, in.N)
	table := covariance
	if o.Alpha == Standardized {
		table = correlation
	}
	r.reliability(table, in.N, o.Level)
	if r.Factors > 0 {
		if err := r.extract(in, o, correlation, inverse); err != nil {
			return nil, err
		}
	}
	r.Conventions = o.conventions()
	return r, nil
}

// check refuses what cannot be asked for, and fills in what is not said.
func (o Options) check(items int) (Options, error) {
	var refused *refusal.Error
	switch {
	case items < LeastItems:
		refused = refusal.New(refusal.TooFew, nil, "%d items are asked for: a factor analysis needs %d", items, LeastItems)
	case items > MostItems:
		refused = refusal.New(refusal.TooMany, nil, "%d items are asked for: a factor analysis takes %d", items, MostItems)
	case o.Factors < 0 || o.Factors > mostFactors(items):
		refused = refusal.New(refusal.TooMany, nil, "%d factors are asked for: of %d items at most %d can be told apart", o.Factors, items, mostFactors(items))
	case o.Simulations < 0 || o.Simulations > MostSimulations:
		refused = refusal.New(refusal.TooMany, nil, "%d random tables are asked for: the parallel analysis takes %d", o.Simulations, MostSimulations)
	}
	if refused != nil {
		refused.Argument = true
		return o, refused
	}
	if o.Simulations == 0 {
		o.Simulations = Simulations
	}
	if o.Level == 0 {
		o.Level = 0.95
	}
	if !(o.Level > 0 && o.Level < 1) {
		return o, fmt.Errorf("confidence level %v: %w", o.Level, stat.ErrArgument)
	}
	return o, nil
}

// mostFactors is the greatest number of factors that leaves no fewer correlations than there are loadings to find: (p-k)² ≥ p+k (Lawley and Maxwell 1971).
func mostFactors(p int) int {
	k := 0
	for ; (p-k-1)*(p-k-1) >= p+k+1; k++ {
	}
	return k
}

// conventions name what the numbers rest on.
func (o Options) conventions() []string {
	names := []string{"correlation_matrix", "parallel_95th_percentile", "uniqueness_at_least_0.005"}
	switch o.Extraction {
	case Minres:
		names = append(names, "extraction_minres")
	default:
		names = append(names, "extraction_maximum_likelihood")
	}
	switch o.Rotation {
	case Varimax:
		names = append(names, "kaiser_normalization")
	case Promax:
		names = append(names, "kaiser_normalization", "promax_power_4")
	case None:
		names = append(names, "unrotated")
	}
	if o.Alpha == Standardized {
		return append(names, "alpha_standardized")
	}
	return append(names, "alpha_raw")
}

// count tells how many factors there are, and how many to extract.
func (r *Result) count(asked int) {
	for i, v := range r.Eigenvalues {
		if v > 1 {
			r.KaiserFactors++
		}
		if v > r.ParallelEigenvalues[i] && r.ParallelFactors == i {
			r.ParallelFactors++
		}
	}
	if r.Factors = asked; asked == 0 {
		r.Factors = min(r.ParallelFactors, mostFactors(len(r.Eigenvalues)))
	}
}

// symmetric reads a table of k rows: correlations, or covariances of which none is without variance.
func symmetric(rows [][]float64, k int, correlations bool) (*mat.SymDense, error) {
	if len(rows) != k {
		return nil, fmt.Errorf("%d rows for %d items: %w", len(rows), k, stat.ErrArgument)
	}
	m := mat.NewSymDense(k, nil)
	for i, row := range rows {
		if len(row) != k {
			return nil, fmt.Errorf("row %d has %d entries: %w", i, len(row), stat.ErrArgument)
		}
		for j, v := range row[:i+1] {
			wrong := math.IsNaN(v) || math.IsInf(v, 0) || math.Abs(v-rows[j][i]) > 1e-9*max(1, math.Abs(v)) || i == j && v <= 0
			if correlations {
				wrong = wrong || math.Abs(v) > 1+1e-9 || i == j && math.Abs(v-1) > 1e-9
			}
			if wrong {
				return nil, fmt.Errorf("entry %d,%d is %v: %w", i, j, v, stat.ErrArgument)
			}
			m.SetSym(i, j, v)
		}
	}
	return m, nil
}

// eigen returns the eigenvalues, the greatest first, with their vectors as columns.
func eigen(m mat.Symmetric) ([]float64, *mat.Dense, error) {
	var e mat.EigenSym
	if !e.Factorize(m, true) {
		return nil, nil, refusal.New(refusal.NotConverged, nil, "the eigenvalues of the correlations were not found: leave items out")
	}
	values := e.Values(nil)
	slices.Reverse(values)
	var ascending mat.Dense
	e.VectorsTo(&ascending)
	n := len(values)
	vectors := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			vectors.Set(i, j, ascending.At(i, n-1-j))
		}
	}
	return values, vectors, nil
}

// blame names the items that the least eigenvector is made of, the weightiest first, at most five.
func blame(items []string, vectors *mat.Dense) []string {
	p := len(items)
	weight := func(i int) float64 { return math.Abs(vectors.At(i, p-1)) }
	order := make([]int, p)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if weight(a) > weight(b)*(1+1e-6) {
			return -1
		}
		if weight(b) > weight(a)*(1+1e-6) {
			return 1
		}
		return a - b
	})
	var names []string
	for _, i := range order[:min(5, p)] {
		if weight(i) > 0.3*weight(order[0]) {
			names = append(names, items[i])
		}
	}
	return names
}

// invert inverts a table without eigenvalues near 0.
func invert(m *mat.SymDense) (*mat.SymDense, error) {
	var c mat.Cholesky
	var inverse mat.SymDense
	if !c.Factorize(m) {
		return nil, refusal.New(refusal.Singular, nil, "one of the items is told by the others: leave one out")
	}
	if err := c.InverseTo(&inverse); err != nil {
		return nil, refusal.New(refusal.Singular, nil, "one of the items is told by the others: leave one out")
	}
	return &inverse, nil
}
