package importance

import (
	"math"
	"math/bits"
)

// shapley are the Shapley values of R² from a table of correlations: the mean gain of R² by each item over all orders in which items can enter (LMG:
// Lindeman, Merenda and Gold 1980, p. 119; Grömping 2006, Journal of Statistical Software 17(1)),
//
//	φᵢ = Σ over sets S without i of |S|!(k-|S|-1)!/k! · (R²(S ∪ i) - R²(S)),
//
// ≥ 0, with the sum R². There are 2ᵏ sets.
func shapley(correlation [][]float64, outcome int, items []int) []float64 {
	k := len(items)
	m := &models{k: k, r2: make([]float64, 1<<k), tables: make([][]float64, k+1)}
	for depth := range m.tables {
		m.tables[depth] = make([]float64, (k+1)*(k+1))
	}
	all := append(append([]int(nil), items...), outcome)
	for a, i := range all {
		for b, j := range all {
			m.tables[0][a*(k+1)+b] = correlation[i][j]
		}
	}
	m.fill(0, 0, 0, m.tables[0])

	// By the size of a set: what its R² counts for the items in it more than for the others, and what it takes from all.
	within, from := make([]float64, k+1), make([]float64, k+1)
	for size := range k {
		w := 1 / float64(k) / binomial(k-1, size)
		within[size+1] += w
		within[size] += w
		from[size] = w
	}
	values := make([]float64, k)
	var taken float64
	for set, r2 := range m.r2 {
		size := bits.OnesCount(uint(set))
		taken += from[size] * r2
		gain := within[size] * r2
		for rest := uint(set); rest != 0; rest &= rest - 1 {
			values[bits.TrailingZeros(rest)] += gain
		}
	}
	for i := range values {
		values[i] -= taken
	}
	return values
}

func binomial(n, k int) float64 {
	b := 1.0
	for i := range k {
		b = b * float64(n-i) / float64(i+1)
	}
	return math.Round(b)
}

// models are the R² of all sets of items, bit i of the index being item i.
type models struct {
	k      int
	r2     []float64
	tables [][]float64
}

// fill computes the models of a set that differ by the items from `next` on. table holds what the set leaves unexplained of those items and of the outcome,
// which is the last (sweep operator; Beaton 1964): entering an item takes a step of Gaussian elimination, so that each model costs a few operations.
func (m *models) fill(next, set int, r2 float64, table []float64) {
	if next == m.k {
		m.r2[set] = r2
		return
	}
	m.fill(next+1, set, r2, table)
	width := m.k + 1
	row := table[next*width : (next+1)*width]
	pivot := row[next]
	into := m.tables[next+1]
	if !(pivot > singular) {
		m.fill(next+1, set|1<<next, r2, table)
		return
	}
	for i := next + 1; i < width; i++ {
		f := row[i] / pivot
		from, to := table[i*width:(i+1)*width], into[i*width:(i+1)*width]
		for j := next + 1; j < width; j++ {
			to[j] = from[j] - f*row[j]
		}
	}
	m.fill(next+1, set|1<<next, r2+row[m.k]*row[m.k]/pivot, into)
}
