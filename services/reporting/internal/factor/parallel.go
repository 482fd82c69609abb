package factor

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// defaultSeed is the seed of those who say none.
const defaultSeed = 20_260

// percentile is the one of random eigenvalues that real ones must pass (Glorfeld 1995).
const percentile = 0.95

// parallel returns the percentile of each eigenvalue of correlations among p independent normal items and n responses. The tables are drawn as a whole, by
// Bartlett's (1933) decomposition of the Wishart distribution, so that the work does not grow with n. The only error is that of ctx.
func parallel(ctx context.Context, p int, n float64, o Options) ([]float64, error) {
	seed := o.Seed
	if seed == 0 {
		seed = defaultSeed
	}
	source := rand.NewPCG(seed, uint64(p))
	random := rand.New(source) //nolint:gosec // simulation, which a seed must repeat
	drawn := make([][]float64, p)
	triangle, table := mat.NewDense(p, p, nil), mat.NewSymDense(p, nil)
	var eigen mat.EigenSym
	values := make([]float64, p)
	for range o.Simulations {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i := range p {
			for j := range i {
				triangle.Set(i, j, random.NormFloat64())
			}
			triangle.Set(i, i, math.Sqrt(distuv.ChiSquared{K: n - 1 - float64(i), Src: source}.Rand()))
		}
		for i := range p {
			// Rows of length 1 make correlations of covariances.
			row := triangle.RawRowView(i)[:i+1]
			var squares float64
			for _, v := range row {
				squares += v * v
			}
			for j := range row {
				row[j] /= math.Sqrt(squares)
			}
		}
		table.SymOuterK(1, triangle)
		if !eigen.Factorize(table, false) {
			continue
		}
		for i, v := range eigen.Values(values) {
			drawn[p-1-i] = append(drawn[p-1-i], v)
		}
	}
	out := make([]float64, p)
	for i, list := range drawn {
		slices.Sort(list)
		out[i] = stat.Quantile(percentile, stat.LinInterp, list, nil)
	}
	return out, nil
}
