package theme

import (
	"math"

	"github.com/otklik/otklik/libs/stat"
)

// exactMost is the number of responses that hold a theme up to which the test is exact; beyond, the difference of the shares is as good as normal.
const exactMost = 2000

// fisher is the two-sided p-value of Fisher's exact test of whether the shares of both periods are the same: the probability, when those who hold the theme are
// spread by chance, of all tables that are no likelier than the one observed.
func fisher(t Tally) float64 {
	hold, total := t.Recent+t.Baseline, t.RecentTotal+t.BaselineTotal
	if hold > exactMost && total-hold > exactMost {
		return normal(t)
	}
	return stat.FisherExact(t.Recent, t.RecentTotal-t.Recent, t.Baseline, t.BaselineTotal-t.Baseline)
}

// normal is the two-sided p-value of the pooled z-test of two shares.
func normal(t Tally) float64 {
	n, m := float64(t.RecentTotal), float64(t.BaselineTotal)
	pooled := float64(t.Recent+t.Baseline) / (n + m)
	deviation := math.Sqrt(pooled * (1 - pooled) * (1/n + 1/m))
	if deviation == 0 {
		return 1
	}
	z := (float64(t.Recent)/n - float64(t.Baseline)/m) / deviation
	return math.Erfc(math.Abs(z) / math.Sqrt2)
}
