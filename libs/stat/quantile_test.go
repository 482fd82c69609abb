package stat_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/stat"
)

func TestQuantilesInvertDistributions(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := rapid.Float64Range(1e-6, 1-1e-6).Draw(rt, "p")
		nearTo(t, "normal", stat.NormalCDF(stat.NormalQuantile(p)), p, 1e-13)
		df := rapid.OneOf(rapid.Float64Range(1, 30), rapid.Float64Range(30, 1e5), rapid.Float64Range(1e5, 1e7)).Draw(rt, "df")
		if got := stat.TCDF(stat.TQuantile(p, df), df); math.Abs(got-p) > 2e-10 {
			rt.Fatalf("t with df %v: quantile of %v is at %v", df, p, got)
		}
		if a, b := stat.TQuantile(p, df), stat.TQuantile(1-p, df); math.Abs(a+b) > 1e-9*(1+a*a) {
			rt.Fatalf("t with df %v: quantiles %v and %v", df, a, b)
		}
	})
}
