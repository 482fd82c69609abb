package moment_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// ranksOf are the mid-ranks of values.
func ranksOf(values []float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		for _, w := range values {
			switch {
			case w < v:
				out[i]++
			case w == v:
				out[i] += 0.5
			}
		}
		out[i] += 0.5
	}
	return out
}

// TestSpearmanIsTheCorrelationOfRanks among those who answered both questions.
func TestSpearmanIsTheCorrelationOfRanks(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(31, 1))
	const k = 5
	responses := people(random, 800, k)
	for i := range responses {
		if i%3 > 0 {
			responses[i] = someOf(random, responses[i], 2)
		}
	}
	rows := rowsOf(t, random, k, responses)
	s := sampleOf(t, rows, moment.Pairwise)
	for i := range k {
		for j := range i {
			x, y := both(responses, i, j)
			rho, n, ok := s.Spearman(i, j)
			if !ok || int(n) != len(x) {
				t.Fatalf("%v of %d, want of %d", ok, n, len(x))
			}
			near(t, "rho", rho, correlation(ranksOf(x), ranksOf(y)), 1e-12)
		}
	}
	sums, err := moment.FromSums(rows.Sums())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, ok := sums.Spearman(0, 1); ok || sums.HasRanks() || !s.HasRanks() {
		t.Error("sums know ranks")
	}
}

// TestTooManyValuesHaveNoRanks: a slider of a thousand steps has moments, but no ranks are kept.
func TestTooManyValuesHaveNoRanks(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(32, 1))
	rows := moment.NewRows(questions(3), groups)
	for range 2000 {
		x := math.Round(random.Float64()*1000) / 100
		if err := rows.Add(random.IntN(groups), []float64{x, 10 - x + random.Float64(), math.Round(x)}); err != nil {
			t.Fatal(err)
		}
	}
	s := sampleOf(t, rows, moment.Pairwise)
	if _, _, ok := s.Spearman(0, 2); ok {
		t.Error("ranks of 1,001 values are kept")
	}
	if s.Correlation[0][1] > -0.9 {
		t.Errorf("correlation %v", s.Correlation[0][1])
	}
}
