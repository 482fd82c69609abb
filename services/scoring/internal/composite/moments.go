package composite

import (
	"errors"
	"fmt"
	"math"

	"github.com/otklik/otklik/libs/stat"
)

// Moments are sums over responses of pairs of answers: all that correlations need when each person answered only some of the questions. Entry (i,j)
// of each table, at index i·K+j, sums over the responses that answer both. The sums of answers in hundredths are exact.
type Moments struct {
	// K is the number of questions.
	K int
	// N are the numbers of responses, or the sums of their weights; Sum those of answer i, Square those of its square, Product those of the
	// product of both.
	N, Sum, Square, Product []float64
}

// NewMoments are those of no responses to k questions.
func NewMoments(k int) *Moments {
	return &Moments{K: k, N: make([]float64, k*k), Sum: make([]float64, k*k), Square: make([]float64, k*k), Product: make([]float64, k*k)}
}

// Count adds a response: its answers in the order of the questions, NaN where there is none, and its weight.
func (m *Moments) Count(answers []float64, weight float64) {
	for i, x := range answers {
		if math.IsNaN(x) {
			continue
		}
		for j, y := range answers {
			if math.IsNaN(y) {
				continue
			}
			at := i*m.K + j
			m.N[at] += weight
			m.Sum[at] += weight * x
			m.Square[at] += weight * x * x
			m.Product[at] += weight * x * y
		}
	}
}

// totalMoments are those of all samples; nil where none has any.
func totalMoments(samples []Sample) *Moments {
	var sum *Moments
	for i := range samples {
		m := samples[i].Moments
		if m == nil {
			continue
		}
		if sum == nil {
			sum = NewMoments(m.K)
		}
		sum.each(sum, m, func(a, b float64) float64 { return a + b })
	}
	return sum
}

// less is the moments without a part of them.
func (m *Moments) less(part *Moments) *Moments {
	rest := NewMoments(m.K)
	rest.each(m, part, func(a, b float64) float64 { return a - b })
	return rest
}

// each fills in m, entry by entry.
func (m *Moments) each(a, b *Moments, of func(a, b float64) float64) {
	for _, t := range []struct{ to, a, b []float64 }{
		{m.N, a.N, b.N}, {m.Sum, a.Sum, b.Sum}, {m.Square, a.Square, b.Square}, {m.Product, a.Product, b.Product},
	} {
		for i := range t.to {
			t.to[i] = of(t.a[i], t.b[i])
		}
	}
}

// correlations are those of all pairs over the responses that answer both; false when a pair was answered together by too few, or without any
// difference, to have one.
func (m *Moments) correlations() ([][]float64, bool) {
	r := make([][]float64, m.K)
	for i := range r {
		r[i] = make([]float64, m.K)
		r[i][i] = 1
		for j := range i {
			ij, ji := i*m.K+j, j*m.K+i
			n := m.N[ij]
			x, y := m.Square[ij]-m.Sum[ij]*m.Sum[ij]/n, m.Square[ji]-m.Sum[ji]*m.Sum[ji]/n
			c := (m.Product[ij] - m.Sum[ij]*m.Sum[ji]/n) / math.Sqrt(x*y)
			// Sums of squares that cancel to rounding are no variance.
			if !(n > 0) || !(x > 1e-12*m.Square[ij]) || !(y > 1e-12*m.Square[ji]) || math.IsNaN(c) {
				return nil, false
			}
			c = min(1, max(-1, c))
			r[i][j], r[j][i] = c, c
		}
	}
	return r, true
}

// leastEigenvalue is how far the correlations of different people are kept from contradicting each other or being redundant.
const leastEigenvalue = 1e-4

// relativeWeights are Johnson's raw relative weights of all questions but the last for the last; false when the moments determine none. signs are -1
// for questions whose answers are flipped.
func (m *Moments) relativeWeights(signs []float64) ([]float64, bool, error) {
	r, ok := m.correlations()
	if !ok {
		return nil, false, nil
	}
	for i := range r {
		for j := range r {
			r[i][j] *= signs[i] * signs[j]
		}
	}
	r, err := stat.RepairCorrelations(r, leastEigenvalue)
	if err != nil {
		return nil, false, fmt.Errorf("repair correlations: %w", err)
	}
	k := m.K - 1
	predictors := make([][]float64, k)
	for i := range predictors {
		predictors[i] = r[i][:k]
	}
	w, err := stat.JohnsonWeights(r[k][:k], predictors)
	if errors.Is(err, stat.ErrUndefined) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("derive importance: %w", err)
	}
	return w.Raw, true, nil
}

// of are the moments of some of the questions.
func (m *Moments) of(kept []int) *Moments {
	if len(kept) == m.K {
		return m
	}
	some := NewMoments(len(kept))
	for i, a := range kept {
		for j, b := range kept {
			to, from := i*some.K+j, a*m.K+b
			some.N[to], some.Sum[to], some.Square[to], some.Product[to] = m.N[from], m.Sum[from], m.Square[from], m.Product[from]
		}
	}
	return some
}
