package importance_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/importance"
	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// again are respondents as of respondents, each of whom answers several times, half of the variance being their own: what is true of the population is the
// same. The responses of one follow each other.
func again(random *rand.Rand, n, times, k, asked int) [][]float64 {
	var out [][]float64
	normal := func() []float64 {
		x := make([]float64, k+2)
		for i := range x {
			x[i] = random.NormFloat64()
		}
		return x
	}
	for range n {
		own := normal()
		for range times {
			z := normal()
			for i := range z {
				z[i] = math.Sqrt(0.5) * (z[i] + own[i])
			}
			outcome, r := 0.0, make([]float64, k+1)
			for i := range k {
				x := 0.5*z[k] + math.Sqrt(0.75)*z[i]
				outcome += 0.64 * x * float64(i) / float64(k)
				r[i] = math.Round(6 + 2*x)
			}
			r[k] = math.Round(6 + 2*(outcome+0.7*z[k+1]))
			for _, i := range random.Perm(k)[asked:] {
				r[i] = math.NaN()
			}
			out = append(out, r)
		}
	}
	return out
}

// sampleOfAgain are the moments of responses of which so many that follow each other are of one respondent.
func sampleOfAgain(t testing.TB, times int, responses [][]float64) *moment.Sample {
	t.Helper()
	const groups = 200
	inOrder := make([][]float64, 0, len(responses))
	// rowsOf puts response n into group n modulo groups.
	for first := 0; first+groups*times <= len(responses); first += groups * times {
		for time := range times {
			for g := range groups {
				inOrder = append(inOrder, responses[first+g*times+time])
			}
		}
	}
	return sampleOf(t, moment.Pairwise, groups, inOrder)
}

// TestIntervalsCoverRespondentsWhoAnswerAgain: nineteen in twenty intervals hold what is true though each respondent answers four times, where everything is
// answered, too.
func TestIntervalsCoverRespondentsWhoAnswerAgain(t *testing.T) {
	t.Parallel()
	const k, times, samples = 6, 4, 60
	truth := explain(t, sampleOf(t, moment.Pairwise, 20, respondents(rand.New(rand.NewPCG(101, 1)), 300_000, k, k)), k,
		importance.Options{Spearman: true, Draws: 20})
	of := func(d *importance.Driver) map[string]*importance.Estimate {
		return map[string]*importance.Estimate{
			"Pearson": &d.Pearson, "Spearman": d.Spearman, "coefficient": d.Coefficient, "standardized": d.Standardized, "Johnson": d.Johnson,
		}
	}
	for name, c := range map[string]struct{ n, asked int }{"complete": {400, k}, "three of six": {800, 3}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			held := make(map[string]float64)
			for seed := range samples {
				random := rand.New(rand.NewPCG(uint64(seed), 201))
				d := explain(t, sampleOfAgain(t, times, again(random, c.n, times, k, c.asked)), k, importance.Options{Spearman: true})
				for i := range d.Drivers {
					want := of(&truth.Drivers[i])
					for what, e := range of(&d.Drivers[i]) {
						if e.Method == importance.FisherZ || e.Method == importance.StudentT {
							t.Fatalf("%s is by %s: responses are taken as independent", what, e.Method)
						}
						if e.Interval.Contains(want[what].Value) {
							held[what] += 1.0 / samples / k
						}
					}
				}
			}
			for what, share := range held {
				if share < 0.92 || share > 0.985 {
					t.Errorf("%s: %.3f of the intervals hold the truth", what, share)
				}
			}
		})
	}
}

// TestChanceOfRespondentsWhoAnswerAgain: items that have nothing to do with the outcome are found to have about as often as the level of the test says.
func TestChanceOfRespondentsWhoAnswerAgain(t *testing.T) {
	t.Parallel()
	const samples, times, n = 150, 8, 200
	var pearson, spearman, coefficient float64
	random := rand.New(rand.NewPCG(102, 1))
	for range samples {
		var responses [][]float64
		for range n {
			own := []float64{random.NormFloat64(), random.NormFloat64(), random.NormFloat64()}
			for range times {
				r := make([]float64, 3)
				for i := range r {
					r[i] = math.Round(6 + 2*(0.9*own[i]+0.4*random.NormFloat64()))
				}
				responses = append(responses, r)
			}
		}
		s := sampleOfAgain(t, times, responses)
		d := explain(t, s, 2, importance.Options{Spearman: true, Draws: 20}).Drivers[0]
		pairs, _, err := importance.Correlate(t.Context(), s, []int{0, 2}, importance.Options{Spearman: true})
		if err != nil || *pairs[0].P != *d.PearsonP || *pairs[0].SpearmanP != *d.SpearmanP {
			t.Fatalf("%+v, %v, as a driver %+v", pairs, err, d)
		}
		for _, x := range []struct {
			p  *float64
			to *float64
		}{{d.PearsonP, &pearson}, {d.SpearmanP, &spearman}, {d.CoefficientP, &coefficient}} {
			if *x.p < 0.05 {
				*x.to += 1.0 / samples
			}
		}
	}
	// The standard error of a share is 0.018. Taken as independent, about half of the tests would find something.
	if max(pearson, spearman, coefficient) > 0.11 {
		t.Errorf("found by chance: %.3f by correlation, %.3f by that of ranks, %.3f by regression", pearson, spearman, coefficient)
	}
}

// TestNobodyWaits: when the caller has gone nothing is explained.
func TestNobodyWaits(t *testing.T) {
	t.Parallel()
	s := sampleOfAgain(t, 4, again(rand.New(rand.NewPCG(103, 1)), 200, 4, 3, 3))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := importance.Explain(gone, s, 3, upTo(3), importance.Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, _, err := importance.Correlate(gone, s, upTo(3), importance.Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
