package importance_test

import (
	"math/rand/v2"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/importance"
	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// BenchmarkExplain is from the sums of 200 groups of a million respondents who each answered an outcome and 3 of 20 items.
func BenchmarkExplain(b *testing.B) {
	const k = 20
	rows := rowsOf(b, 200, respondents(rand.New(rand.NewPCG(1, 1)), 1_000_000, k, 3))
	sums := rows.Sums()
	for name, c := range map[string]struct {
		items   int
		options importance.Options
	}{
		"drivers of 20 items": {k, importance.Options{}},
		"shapley of 15 items": {15, importance.Options{Shapley: true}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s, err := moment.FromSums(sums)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := importance.Explain(b.Context(), s, k, upTo(c.items), c.options); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
