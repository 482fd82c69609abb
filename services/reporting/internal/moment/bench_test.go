package moment_test

import (
	"math/rand/v2"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// BenchmarkMillion is of a million respondents who each answer an outcome and 3 of 20 items.
func BenchmarkMillion(b *testing.B) {
	random := rand.New(rand.NewPCG(41, 1))
	const k = 21
	responses := people(random, 1_000_000, k)
	group := make([]int, len(responses))
	for i, r := range responses {
		responses[i], group[i] = someOf(random, r, 3), random.IntN(groups)
	}
	var rows *moment.Rows
	b.Run("add", func(b *testing.B) {
		for b.Loop() {
			rows = moment.NewRows(questions(k), groups)
			for i, r := range responses {
				if err := rows.Add(group[i], r); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	for _, m := range []moment.Missing{moment.Pairwise, moment.EM} {
		b.Run(m.String(), func(b *testing.B) {
			for b.Loop() {
				sampleOf(b, rows, m)
			}
		})
	}
}
