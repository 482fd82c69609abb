package matrix_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/matrix"
	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// TestGroupsAgreeWithRespondents: the probabilities of quadrants by draws of 200 random groups are those by draws of single respondents.
func TestGroupsAgreeWithRespondents(t *testing.T) {
	t.Parallel()
	const n, k = 1500, 7
	for _, asked := range []int{k, 4} {
		random := rand.New(rand.NewPCG(11, uint64(asked)))
		responses := customers(random, n, k)
		for _, r := range responses {
			for _, i := range random.Perm(k)[asked:] {
				r[i] = math.NaN()
			}
		}
		q := questions(k + 1)
		single := build(t, sampleOf(t, q, n, moment.Pairwise, responses), k, matrix.Options{})
		// The probabilities vary with who is in a group, too: a few ways to group are averaged.
		const ways = 5
		var means [k][4]float64
		for range ways {
			random.Shuffle(n, func(i, j int) { responses[i], responses[j] = responses[j], responses[i] })
			for i, x := range byItem(build(t, sampleOf(t, q, 200, moment.Pairwise, responses), k, matrix.Options{})) {
				for p := range x.Probabilities {
					means[i][p] += x.Probabilities[p] / ways
				}
			}
		}
		for i, x := range byItem(single) {
			for p := range x.Probabilities {
				if math.Abs(x.Probabilities[p]-means[i][p]) > 0.05 {
					t.Errorf("%d asked, item %d: probabilities by respondents %v, by groups %v", asked, i, x.Probabilities, means[i])
					break
				}
			}
		}
	}
}

// TestItemOnTheCutIsUnstable: where an item is near a cut, other respondents would have put it elsewhere.
func TestItemOnTheCutIsUnstable(t *testing.T) {
	t.Parallel()
	const k = 6
	s := sampleOf(t, questions(k+1), 200, moment.Pairwise, customers(rand.New(rand.NewPCG(12, 1)), 400, k))
	m := build(t, s, k, matrix.Options{Cut: matrix.Cut{Method: matrix.CutTarget, Score: s.Mean[2]}})
	x := byItem(m)[2]
	if x.Stable || x.Probabilities[x.Priority-1] > 0.7 {
		t.Errorf("%+v", x)
	}
	// From a handful of groups there are no draws, and nothing is called stable.
	m = build(t, sampleOf(t, questions(k+1), 5, moment.Pairwise, customers(rand.New(rand.NewPCG(12, 1)), 400, k)), k, matrix.Options{})
	for _, x := range m.Items {
		if m.Draws != 0 || x.Stable || x.Probabilities != [4]float64{} || x.Importance.Interval != nil || x.Score.Interval == nil {
			t.Errorf("%+v", x)
		}
	}
}

// TestProbabilitiesHold: of 20 items of which each customer rated three, those that are called stable are where a very large sample puts them, and the
// probabilities of the quadrants are those of being right; with so few answers, too, that correlations contradict each other.
func TestProbabilitiesHold(t *testing.T) {
	t.Parallel()
	const k, samples = 20, 5
	truth := byItem(build(t, sampleOf(t, questions(k+1), 20, moment.Pairwise, customers(rand.New(rand.NewPCG(100, 1)), 100_000, k)), k, matrix.Options{Draws: 20}))
	for n, repaired := range map[int]bool{3000: true, 20_000: false} {
		var stable, stableRight, right, probable float64
		for seed := range samples {
			random := rand.New(rand.NewPCG(uint64(seed), 200))
			responses := customers(random, n, k)
			for _, r := range responses {
				for _, i := range random.Perm(k)[3:] {
					r[i] = math.NaN()
				}
			}
			s := sampleOf(t, questions(k+1), 200, moment.Pairwise, responses)
			if s.Repaired != repaired {
				t.Errorf("%d responses: repaired %v", n, s.Repaired)
			}
			for i, x := range byItem(build(t, s, k, matrix.Options{Draws: 200})) {
				hit := 0.0
				if x.Priority == truth[i].Priority {
					hit = 1
				}
				right += hit / k / samples
				probable += x.Probabilities[x.Priority-1] / k / samples
				if x.Stable {
					stable++
					stableRight += hit
				}
				if (x.Importance.Interval == nil) != repaired {
					t.Errorf("%d responses: %+v", n, x.Importance)
				}
			}
		}
		if stable < k || stableRight/stable < 0.85 || math.Abs(right-probable) > 0.1 {
			t.Errorf("%d responses: %v stable, of which %v are right; %.2f are right in all, with probability %.2f", n, stable, stableRight, right, probable)
		}
	}
}
