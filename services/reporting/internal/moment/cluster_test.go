package moment_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// again are respondents who answer k questions on a scale without ends several times each, half of the variance being their own. All correlations are 0.4
// and all means 6. Each response keeps `asked` of the answers, drawn at random.
func again(t testing.TB, random *rand.Rand, respondents, times, k, asked int) *moment.Rows {
	t.Helper()
	normal := func() []float64 {
		common, out := random.NormFloat64(), make([]float64, k)
		for i := range out {
			out[i] = math.Sqrt(0.4)*common + math.Sqrt(0.6)*random.NormFloat64()
		}
		return out
	}
	rows := moment.NewRows(questions(k), groups)
	for range respondents {
		group, own := random.IntN(groups), normal()
		for range times {
			answers := normal()
			for i, x := range answers {
				answers[i] = 6 + 2*math.Sqrt(0.5)*(own[i]+x)
			}
			for _, i := range random.Perm(k)[asked:] {
				answers[i] = math.NaN()
			}
			ok(t, rows.Add(group, answers))
		}
	}
	return rows
}

// TestRespondentsWhoAnswerAgain: the intervals of means and correlations hold what is true nineteen times of twenty, though each respondent answers four
// times; the design effect is known: one and three times the half.
func TestRespondentsWhoAnswerAgain(t *testing.T) {
	t.Parallel()
	const k, samples = 4, 100
	for name, c := range map[string]struct {
		missing                        moment.Missing
		respondents, asked             int
		leastDesign, most, leastCovers float64
	}{
		"complete":     {moment.Pairwise, 400, k, 2.2, 2.8, 0.92},
		"two of four":  {moment.Pairwise, 600, 2, 1.5, 2.2, 0.92},
		"by EM":        {moment.EM, 600, 3, 1.8, 2.4, 0.92},
		"complete, EM": {moment.EM, 400, k, 2.2, 2.8, 0.92},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(31, uint64(c.asked)))
			var means, correlations, design float64
			for range samples {
				s := sampleOf(t, again(t, random, c.respondents, 4, k, c.asked), c.missing)
				if !s.Clustered {
					t.Fatalf("a design effect of %v is not noticed", s.DesignEffect)
				}
				design += s.DesignEffect / samples
				clusters, err := s.Clusters(t.Context())
				ok(t, err)
				holds := func(m stat.Mean, defined bool, truth float64) float64 {
					if defined && math.Abs(m.Estimate-truth) < stat.CriticalT(0.95, m.DF)*m.StandardError {
						return 1
					}
					return 0
				}
				for i := range k {
					m, defined := clusters.Mean(i)
					means += holds(m, defined, 6) / samples / k
					for j := range i {
						m, defined := clusters.Transformed(i, j)
						correlations += holds(m, defined, math.Atanh(0.4)) / samples / (k * (k - 1) / 2)
					}
				}
			}
			if means < c.leastCovers || correlations < c.leastCovers || means > 0.98 || correlations > 0.98 {
				t.Errorf("%.3f of the intervals of means hold the truth, and %.3f of those of correlations", means, correlations)
			}
			if design < c.leastDesign || design > c.most {
				t.Errorf("the mean design effect is %v", design)
			}
		})
	}
}

// TestRespondentsWhoAnswerOnce: of samples in which each response is of a respondent of its own hardly more are taken for clustered than the test allows, also
// where answers pile up at one end of the scale; never where each is a group of its own.
func TestRespondentsWhoAnswerOnce(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(32, 1))
	const samples, k = 200, 6
	for _, asked := range []int{2, k - 1} {
		var taken float64
		for range samples {
			responses := people(random, 900, k)
			for i, r := range responses {
				for q, x := range r {
					r[q] = math.Floor(math.Pow(x/10, 6) * 10)
				}
				responses[i] = someOf(random, r, asked)
			}
			if sampleOf(t, rowsOf(t, random, k, responses), moment.Pairwise).Clustered {
				taken += 1.0 / samples
			}
		}
		if taken > 0.1 {
			t.Errorf("%d asked: %.3f of the samples are taken for clustered", asked, taken)
		}
	}
	rows := moment.NewRows(questions(k), groups)
	for n, r := range people(random, groups, k) {
		ok(t, rows.Add(n, r))
	}
	s := sampleOf(t, rows, moment.Pairwise)
	near(t, "design effect", s.DesignEffect, 1, 1e-9)
	if clusters, err := s.Clusters(t.Context()); s.Clustered || clusters != nil || err != nil {
		t.Errorf("clustered %v, %v, %v", s.Clustered, clusters, err)
	}
}

// TestNobodyWaits: when the caller has gone nothing is drawn, left out, or iterated.
func TestNobodyWaits(t *testing.T) {
	t.Parallel()
	rows := again(t, rand.New(rand.NewPCG(33, 1)), 400, 4, 4, 3)
	s := sampleOf(t, rows, moment.Pairwise)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	drawn := func(int, moment.Draw) { t.Error("drawn for nobody") }
	_, em := moment.FromRows(gone, rows, moment.EM)
	_, clusters := s.Clusters(gone)
	for what, err := range map[string]error{
		"EM": em, "clusters": clusters, "draws": s.Resample(gone, 100, 1, drawn), "jackknife": s.LeaveOneOut(gone, drawn),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
