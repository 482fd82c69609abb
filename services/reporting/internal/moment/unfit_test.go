package moment_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// TestWithoutUnfitQuestionsNothingIsRefused: whoever answers what, without the questions that are unfit FromSums estimates, and of what it estimates nothing is unfit.
func TestWithoutUnfitQuestionsNothingIsRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k, n := rapid.IntRange(1, 8).Draw(t, "questions"), rapid.IntRange(1, 80).Draw(t, "responses")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		share, levels := make([]float64, k), make([]int, k)
		for i := range k {
			share[i], levels[i] = rapid.Float64Range(0, 1).Draw(t, "share"), rapid.IntRange(1, 4).Draw(t, "levels")
		}
		kept := make([][]float64, n)
		for r := range kept {
			kept[r] = make([]float64, k)
			for i := range k {
				kept[r][i] = math.NaN()
				if random.Float64() < share[i] {
					kept[r][i] = float64(1 + random.IntN(levels[i]))
				}
			}
		}
		sums := func(of []int) moment.Sums {
			questions := make([]moment.Question, len(of))
			for a, i := range of {
				questions[a] = moment.Question{ID: string(rune('a' + i)), Min: 1, Max: 5}
			}
			rows := moment.NewRows(questions, 20)
			values := make([]float64, len(of))
			for r := range kept {
				for a, i := range of {
					values[a] = kept[r][i]
				}
				if err := rows.Add(r%20, values); err != nil {
					t.Fatal(err)
				}
			}
			return rows.Sums()
		}
		all := make([]int, k)
		for i := range all {
			all[i] = i
		}
		gone := map[int]bool{}
		for _, u := range moment.FindUnfit(sums(all), 0, false) {
			gone[u.Question] = true
		}
		if _, err := moment.FromSums(sums(all)); (err == nil) != (len(gone) == 0) {
			t.Fatalf("%d are unfit of what is refused by %v", len(gone), err)
		}
		var left []int
		for _, i := range all {
			if !gone[i] {
				left = append(left, i)
			}
		}
		if len(left) == 0 {
			return
		}
		if _, err := moment.FromSums(sums(left)); err != nil {
			t.Fatalf("without %v: %v", gone, err)
		}
	})
}
