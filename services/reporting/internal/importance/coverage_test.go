package importance_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/importance"
	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// numbers are what is estimated of a driver, by name.
func numbers(d *importance.Driver) map[string]*importance.Estimate {
	return map[string]*importance.Estimate{
		"Pearson": &d.Pearson, "coefficient": d.Coefficient, "standardized": d.Standardized, "Johnson": d.Johnson, "Johnson share": d.JohnsonShare,
		"Shapley": d.Shapley, "Shapley share": d.ShapleyShare,
	}
}

// TestIntervalsCover: of respondents who were asked three of eight items drawn at random each, and of those who were asked all, nineteen in twenty intervals
// hold what is true of the population, which a very large complete sample of it tells.
func TestIntervalsCover(t *testing.T) {
	t.Parallel()
	const k = 8
	truth := explain(t, sampleOf(t, moment.Pairwise, 20, respondents(rand.New(rand.NewPCG(100, 1)), 300_000, k, k)), k,
		importance.Options{Shapley: true, Draws: 20})
	for name, c := range map[string]struct {
		missing  moment.Missing
		n, asked int
	}{
		"complete":              {moment.Pairwise, 600, k},
		"three of eight":        {moment.Pairwise, 2500, 3},
		"three of eight, by EM": {moment.EM, 2500, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const samples = 60
			held, r2 := make(map[string]float64), 0.0
			for seed := range samples {
				random := rand.New(rand.NewPCG(uint64(seed), 200))
				d := explain(t, sampleOf(t, c.missing, 200, respondents(random, c.n, k, c.asked)), k, importance.Options{Shapley: true})
				if d.R2Interval.Contains(truth.R2) {
					r2 += 1.0 / samples
				}
				for i := range d.Drivers {
					want := numbers(&truth.Drivers[i])
					for what, e := range numbers(&d.Drivers[i]) {
						if e.Interval.Contains(want[what].Value) {
							held[what] += 1.0 / samples / k
						}
					}
				}
			}
			for what, share := range held {
				// 480 intervals, those of one sample not independent: the standard error is about 0.012.
				if share < 0.92 || share > 0.98 {
					t.Errorf("%s: %.3f of the intervals hold the truth", what, share)
				}
			}
			if r2 < 0.85 {
				t.Errorf("R²: %.3f of the intervals hold the truth", r2)
			}
		})
	}
}

// TestIntervalsOfFewCover: of two dozen respondents and one item, intervals of its weight hold the square of the true correlation, also where that is small and
// the weight lies at the edge of what it can be.
func TestIntervalsOfFewCover(t *testing.T) {
	t.Parallel()
	for _, rho := range []float64{0.1, 0.2, 0.3, 0.45} {
		const samples = 200
		held := 0.0
		for seed := range samples {
			random := rand.New(rand.NewPCG(uint64(seed), 7))
			rows := make([][]float64, 24)
			for i := range rows {
				x := random.NormFloat64()
				rows[i] = []float64{x, rho*x + math.Sqrt(1-rho*rho)*random.NormFloat64()}
			}
			d := explain(t, sampleOf(t, moment.Pairwise, 200, rows), 1, importance.Options{})
			if d.Drivers[0].Johnson.Interval.Contains(rho * rho) {
				held += 1.0 / samples
			}
		}
		// The standard error is about 0.016. Without the edge it would be 0.80 to 0.88.
		if held < 0.9 {
			t.Errorf("correlation %v: %.3f of the intervals hold its square", rho, held)
		}
	}
}

// TestDeletedAnswers: of satisfaction with mobile operators, repeated until there are enough respondents, each keeps three items drawn at random. What drivers
// are estimated to be stays within sampling error of what complete answers say.
func TestDeletedAnswers(t *testing.T) {
	t.Parallel()
	const k = 7
	var columns []string
	for i := range k {
		columns = append(columns, "PERQ"+strconv.Itoa(i+1))
	}
	people := read(t, "ecsi_mobile/ecsi_mobi.csv", append(columns, "CUSA1"), func(string, float64) bool { return true })
	random := rand.New(rand.NewPCG(5, 1))
	var complete, some [][]float64
	for range 16 {
		for _, p := range people {
			complete = append(complete, p)
			kept := append([]float64(nil), p...)
			for _, i := range random.Perm(k)[3:] {
				kept[i] = math.NaN()
			}
			some = append(some, kept)
		}
	}
	want := explain(t, sampleOf(t, moment.Pairwise, 200, complete), k, importance.Options{Shapley: true})
	for _, m := range []moment.Missing{moment.Pairwise, moment.EM} {
		d := explain(t, sampleOf(t, m, 200, some), k, importance.Options{Shapley: true})
		ratio := make(map[string]float64)
		for i := range d.Drivers {
			of := numbers(&want.Drivers[i])
			for what, e := range numbers(&d.Drivers[i]) {
				if z := (e.Value - of[what].Value) / *e.SE; math.Abs(z) > 4 {
					t.Errorf("%v: %s of %d is %v, of complete answers %v: %.1f standard errors", m, what, i, e.Value, of[what].Value, z)
				}
				ratio[what] += *e.SE / *of[what].SE / k
			}
		}
		for what, r := range ratio {
			if !(r > 1) {
				t.Errorf("%v: %s is as precise with fewer answers: standard errors are %.2f of those of complete ones", m, what, r)
			}
		}
	}
}
