package factor

import (
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/otklik/otklik/libs/stat"
)

// reliability computes alpha of a table: of covariances it is raw, of correlations standardised.
func (r *Result) reliability(table *mat.SymDense, n, level float64) {
	p := table.SymmetricDim()
	var own, sum float64
	rows := make([]float64, p)
	for i := range p {
		own += table.At(i, i)
		for j := range p {
			rows[i] += table.At(i, j)
		}
		sum += rows[i]
	}
	r.Alpha = cronbach(p, own, sum)
	r.AlphaIfDropped = make([]*float64, p)
	for i := range p {
		// What goes with the item is its row, its column, and not the diagonal twice.
		r.AlphaIfDropped[i] = cronbach(p-1, own-table.At(i, i), sum-2*rows[i]+table.At(i, i))
		if rows[i]-table.At(i, i) < 0 {
			r.ReversedItems = append(r.ReversedItems, i)
		}
	}
	if r.Alpha == nil {
		return
	}
	// (1-alpha)/(1-estimate) is distributed as F with n-1 and (n-1)(p-1) degrees of freedom (Feldt 1965).
	f := distuv.F{D1: n - 1, D2: (n - 1) * float64(p-1)}
	tail := (1 - level) / 2
	r.AlphaInterval = &stat.Interval{Low: 1 - (1-*r.Alpha)*f.Quantile(1-tail), High: 1 - (1-*r.Alpha)*f.Quantile(tail)}
}

// cronbach is alpha of k items (Cronbach 1951) by the sum of their own variances and that of all entries; nil where their sum has no variance.
func cronbach(k int, own, sum float64) *float64 {
	if !(sum > 1e-12*own) {
		return nil
	}
	alpha := float64(k) / float64(k-1) * (1 - own/sum)
	return &alpha
}
