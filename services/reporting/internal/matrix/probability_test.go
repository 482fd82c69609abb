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
