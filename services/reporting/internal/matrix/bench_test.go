package matrix_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/matrix"
	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// BenchmarkBuild is a matrix of 20 items with 1,000 draws, from the sums of 200 groups of a million respondents who each answered an outcome and 3 items.
func BenchmarkBuild(b *testing.B) {
	const k = 20
	random := rand.New(rand.NewPCG(1, 1))
	rows := moment.NewRows(questions(k+1), 200)
	for n := range 1_000_000 {
		r := customers(random, 1, k)[0]
		for _, i := range random.Perm(k)[3:] {
			r[i] = math.NaN()
		}
		if err := rows.Add(n%200, r); err != nil {
			b.Fatal(err)
		}
	}
	sums := rows.Sums()
	b.ResetTimer()
	for b.Loop() {
		s, err := moment.FromSums(sums)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := matrix.Build(b.Context(), s, k, upTo(k), nil, matrix.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
