package moment_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// TestDrawsVaryAsSamplesDo: the standard deviation of a correlation over draws is that over fresh samples of respondents.
func TestDrawsVaryAsSamplesDo(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(21, 1))
	const n, k = 2000, 3
	fresh := make([]float64, 300)
	for i := range fresh {
		x, y := both(people(random, n, k), 0, 2)
		fresh[i] = correlation(x, y)
	}
	want := math.Sqrt(products(fresh, fresh) / 299)
	rows := rowsOf(t, random, k, people(random, n, k))
	for _, m := range []moment.Missing{moment.Pairwise, moment.EM} {
		s := sampleOf(t, rows, m)
		drawn := make([]float64, 1000)
		ok(t, s.Resample(t.Context(), 1000, 5, func(number int, d moment.Draw) { drawn[number] = d.Correlation[0][2] }))
		got := math.Sqrt(products(drawn, drawn) / 999)
		near(t, m.String(), got, want, 0.2*want)
		without := make([]float64, s.Groups)
		ok(t, s.LeaveOneOut(t.Context(), func(g int, d moment.Draw) { without[g] = d.Correlation[0][2] }))
		near(t, m.String()+" jackknife", math.Sqrt(products(without, without)*(groups-1)/groups), want, 0.2*want)
	}
}

// TestDrawsDependOnTheSeedOnly: the same seed gives the same draws, another one others.
func TestDrawsDependOnTheSeedOnly(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(22, 1))
	rows := rowsOf(t, random, 3, people(random, 500, 3))
	drawn := func(seed uint64) [50]float64 {
		var out [50]float64
		ok(t, sampleOf(t, rows, moment.Pairwise).Resample(t.Context(), 50, seed, func(number int, d moment.Draw) { out[number] = d.Correlation[0][1] }))
		return out
	}
	if drawn(7) != drawn(7) || drawn(7) == drawn(8) {
		t.Error("draws are not those of the seed")
	}
}

// TestFewGroupsAreNotDrawn: from a handful of groups nothing is drawn.
func TestFewGroupsAreNotDrawn(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(23, 1))
	rows := moment.NewRows(questions(2), moment.LeastGroups-1)
	for n, r := range people(random, 100, 2) {
		if err := rows.Add(n%(moment.LeastGroups-1), r); err != nil {
			t.Fatal(err)
		}
	}
	s := sampleOf(t, rows, moment.Pairwise)
	ok(t, s.Resample(t.Context(), 10, 1, func(int, moment.Draw) { t.Error("drawn") }))
	ok(t, s.LeaveOneOut(t.Context(), func(int, moment.Draw) { t.Error("left out") }))
}
