package moment_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/moment"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// both are the answers of those who answered both questions.
func both(responses [][]float64, i, j int) (x, y []float64) {
	for _, r := range responses {
		if !math.IsNaN(r[i]) && !math.IsNaN(r[j]) {
			x, y = append(x, r[i]), append(y, r[j])
		}
	}
	return x, y
}

func meanOf(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// products is the sum of products about the means.
func products(x, y []float64) float64 {
	mx, my := meanOf(x), meanOf(y)
	var sum float64
	for i := range x {
		sum += (x[i] - mx) * (y[i] - my)
	}
	return sum
}

func correlation(x, y []float64) float64 {
	return products(x, y) / math.Sqrt(products(x, x)*products(y, y))
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// TestPairwiseMomentsAreThoseOfBothAnswers: each mean over all who answered, each correlation over those who answered both.
func TestPairwiseMomentsAreThoseOfBothAnswers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	const k = 6
	responses := people(random, 4000, k)
	for i := range responses {
		responses[i] = someOf(random, responses[i], 3)
	}
	rows := rowsOf(t, random, k, responses)
	if err := rows.Add(0, []float64{math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN()}); err != nil {
		t.Fatal(err)
	}
	s := sampleOf(t, rows, moment.Pairwise)
	var inverse float64
	for i := range k {
		own, _ := both(responses, i, i)
		near(t, "mean", s.Mean[i], meanOf(own), 1e-12)
		near(t, "sd", s.SD[i], math.Sqrt(products(own, own)/float64(len(own)-1)), 1e-12)
		for j := range k {
			x, y := both(responses, i, j)
			near(t, "pairs", float64(s.Pairs[i][j]), float64(len(x)), 0)
			if i != j {
				near(t, "correlation", s.Correlation[i][j], correlation(x, y), 1e-12)
				near(t, "covariance", s.Covariance[i][j], s.Correlation[i][j]*s.SD[i]*s.SD[j], 1e-12)
				inverse += 1 / float64(len(x)) / (k * (k - 1))
			}
		}
	}
	near(t, "effective n", s.EffectiveN, 1/inverse, 1e-9)
	if s.Responses != 4000 || s.LeftOut != 1 || s.Groups != groups || s.Complete() {
		t.Errorf("%d responses, %d left out, %d groups, complete %v", s.Responses, s.LeftOut, s.Groups, s.Complete())
	}
	sums, err := moment.FromSums(rows.Sums())
	if err != nil {
		t.Fatal(err)
	}
	for i := range k {
		if !slices.Equal(sums.Correlation[i], s.Correlation[i]) {
			t.Errorf("correlations of sums %v, of rows %v", sums.Correlation[i], s.Correlation[i])
		}
	}
}

// TestListwiseCountsCompleteResponses: it takes those that answer everything, and no others.
func TestListwiseCountsCompleteResponses(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(2, 1))
	responses := people(random, 500, 4)
	for i := range 200 {
		responses[i][i%4] = math.NaN()
	}
	s := sampleOf(t, rowsOf(t, random, 4, responses), moment.Listwise)
	x, y := both(responses[200:], 1, 3)
	near(t, "correlation", s.Correlation[1][3], correlation(x, y), 1e-12)
	if s.Responses != 300 || s.LeftOut != 200 || s.N[2] != 300 || !s.Complete() || s.EffectiveN != 300 {
		t.Errorf("%d responses, %d left out, n %v, effective %v, complete %v", s.Responses, s.LeftOut, s.N, s.EffectiveN, s.Complete())
	}
	if rho, n, ok := s.Spearman(1, 3); !ok || n != 300 {
		t.Errorf("Spearman %v of %d", rho, n)
	}
}

// TestSumsCountWhatRowsCount: who answered nothing is left out, whether sums or single responses are known.
func TestSumsCountWhatRowsCount(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 1))
	responses := people(random, 100, 3)
	for _, r := range responses[:15] {
		r[0], r[1], r[2] = math.NaN(), math.NaN(), math.NaN()
	}
	rows := rowsOf(t, random, 3, responses)
	sums := rows.Sums()
	// Groups of nobody but them.
	for range 5 {
		sums.Groups = append(sums.Groups, moment.Group{Responses: 2, Unanswered: 2, Pairs: make([]moment.Pair, 6)})
	}
	sums.Groups[0].Responses, sums.Groups[0].Unanswered = sums.Groups[0].Responses+3, sums.Groups[0].Unanswered+3
	byRows := sampleOf(t, rows, moment.Pairwise)
	bySums, err := moment.FromSums(sums)
	if err != nil {
		t.Fatal(err)
	}
	if byRows.Responses != 85 || byRows.LeftOut != 15 || bySums.Responses != 85 || bySums.LeftOut != 15+13 {
		t.Errorf("by rows %d and %d left out, by sums %d and %d", byRows.Responses, byRows.LeftOut, bySums.Responses, bySums.LeftOut)
	}
}

// TestPairwiseInvariance: the order of questions and of responses, and the units of answers, change nothing.
func TestPairwiseInvariance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		const k = 5
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		responses := people(random, 400, k)
		for i := range responses {
			responses[i] = someOf(random, responses[i], 2)
		}
		order := rapid.Permutation([]int{0, 1, 2, 3, 4}).Draw(rt, "order")
		scale, shift := rapid.Float64Range(0.1, 20).Draw(rt, "scale"), rapid.Float64Range(-50, 50).Draw(rt, "shift")
		rows, moved := moment.NewRows(questions(k), groups), moment.NewRows(questions(k), groups)
		for n, r := range responses {
			other := make([]float64, k)
			for a, i := range order {
				other[a] = r[i]*scale + shift
			}
			if err := errors.Join(rows.Add(n%groups, r), moved.Add(n%groups, other)); err != nil {
				rt.Fatal(err)
			}
		}
		for _, m := range []moment.Missing{moment.Pairwise, moment.EM} {
			a, err := moment.FromRows(t.Context(), rows, m)
			if err != nil {
				rt.Fatal(err)
			}
			b, err := moment.FromRows(t.Context(), moved, m)
			if err != nil {
				rt.Fatal(err)
			}
			for x, i := range order {
				if math.Abs(b.Mean[x]-(a.Mean[i]*scale+shift)) > 1e-6*(1+math.Abs(b.Mean[x])) || math.Abs(b.SD[x]-a.SD[i]*scale) > 1e-6*b.SD[x] {
					rt.Fatalf("%v: mean %v sd %v, want %v %v", m, b.Mean[x], b.SD[x], a.Mean[i]*scale+shift, a.SD[i]*scale)
				}
				for y, j := range order {
					if math.Abs(b.Correlation[x][y]-a.Correlation[i][j]) > 1e-6 {
						rt.Fatalf("%v: correlation %v, want %v", m, b.Correlation[x][y], a.Correlation[i][j])
					}
				}
			}
		}
	})
}

// TestRefusals: what cannot be estimated is refused with the names of the questions.
func TestRefusals(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 1))
	nan := math.NaN()
	edit := func(f func(n int, r []float64)) [][]float64 {
		responses := people(random, 60, 3)
		for n, r := range responses {
			f(n, r)
		}
		return responses
	}
	for name, c := range map[string]struct {
		responses [][]float64
		reason    refusal.Reason
		items     []string
	}{
		"few answers": {edit(func(n int, r []float64) {
			if n >= 9 {
				r[1] = nan
			}
		}), refusal.TooFew, []string{"qb"}},
		"never together": {edit(func(n int, r []float64) {
			r[n%2*2] = nan
		}), refusal.NeverTogether, []string{"qa", "qc"}},
		"hardly together": {edit(func(n int, r []float64) {
			if n >= 4 {
				r[n%2*2] = nan
			}
		}), refusal.NeverTogether, []string{"qa", "qc"}},
		"constant":  {edit(func(_ int, r []float64) { r[2] = 0.1 }), refusal.Constant, []string{"qc"}},
		"no answer": {edit(func(_ int, r []float64) { r[0] = nan }), refusal.TooFew, []string{"qa"}},
		"constant together": {edit(func(n int, r []float64) {
			if n < 30 {
				r[0], r[1] = 5, float64(n%5)
			} else {
				r[1] = nan
			}
		}), refusal.Constant, []string{"qa", "qb"}},
	} {
		for _, m := range []moment.Missing{moment.Pairwise, moment.EM} {
			if m == moment.EM && name == "constant together" {
				continue // A distribution borrows from other pairs.
			}
			_, err := moment.FromRows(t.Context(), rowsOf(t, random, 3, c.responses), m)
			var refused *refusal.Error
			if !errors.As(err, &refused) || refused.Reason != c.reason || !slices.Equal(refused.Items, c.items) || refused.Argument {
				t.Errorf("%s, %v: %+v, want %v %v", name, m, err, c.reason, c.items)
			}
		}
	}
	if _, err := moment.FromSums(moment.Sums{}); err == nil {
		t.Error("no questions are taken")
	}
	rows := moment.NewRows(questions(2), 2)
	if rows.Add(2, []float64{1, 2}) == nil || rows.Add(0, []float64{1}) == nil {
		t.Error("a group or a question that there is not is taken")
	}
}

// TestLevelsNeedNoPairs: levels of questions that were never asked together.
func TestLevelsNeedNoPairs(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 1))
	responses := people(random, 400, 2)
	for n, r := range responses {
		r[n%2] = math.NaN()
	}
	s, err := moment.LevelsFromSums(rowsOf(t, random, 2, responses).Sums())
	if err != nil {
		t.Fatal(err)
	}
	x, _ := both(responses, 0, 0)
	near(t, "mean", s.Mean[0], meanOf(x), 1e-12)
	if s.Correlation != nil || s.EffectiveN != 0 {
		t.Errorf("correlations %v, effective n %v", s.Correlation, s.EffectiveN)
	}
	draws := make([]float64, 500)
	ok(t, s.Resample(t.Context(), len(draws), 1, func(number int, d moment.Draw) { draws[number] = d.Mean[0] }))
	near(t, "standard error", math.Sqrt(products(draws, draws)/499), s.SD[0]/math.Sqrt(200), 0.15*s.SD[0]/math.Sqrt(200))
}
