package matrix_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/importance"
	"github.com/otklik/otklik/services/reporting/internal/matrix"
	"github.com/otklik/otklik/services/reporting/internal/moment"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// TestQuadrant is the worked example, with cuts 5 and 7.
func TestQuadrant(t *testing.T) {
	t.Parallel()
	for at, want := range map[[2]float64]int{{8, 4}: 1, {3, 4}: 2, {8, 9}: 3, {3, 9}: 4, {5, 7}: 3, {4.99, 7}: 4, {5, 6.99}: 1} {
		if got := matrix.Quadrant(at[0], at[1], 5, 7); got != want {
			t.Errorf("importance %v, score %v: priority %d, want %d", at[0], at[1], got, want)
		}
	}
}

// customers answer k items on 1 to 10 and an outcome; later items matter more, and every second one is rated low.
func customers(random *rand.Rand, n, k int) [][]float64 {
	out := make([][]float64, n)
	for r := range out {
		common, outcome := random.NormFloat64(), 0.0
		out[r] = make([]float64, k+1)
		for i := range k {
			x := 0.5*common + 0.87*random.NormFloat64()
			outcome += 0.6 * x * float64(i) / float64(k)
			out[r][i] = math.Round(min(10, max(1, 6.5-float64(i%2)+1.5*x)))
		}
		out[r][k] = math.Round(min(10, max(1, 6+2*outcome+random.NormFloat64())))
	}
	return out
}

func questions(k int) []moment.Question {
	out := make([]moment.Question, k)
	for i := range out {
		out[i] = moment.Question{ID: "q" + strconv.Itoa(i), Min: 1, Max: 10}
	}
	return out
}

func sampleOf(t testing.TB, q []moment.Question, groups int, missing moment.Missing, responses [][]float64) *moment.Sample {
	t.Helper()
	rows := moment.NewRows(q, groups)
	for n, r := range responses {
		if err := rows.Add(n%groups, r); err != nil {
			t.Fatal(err)
		}
	}
	s, err := moment.FromRows(t.Context(), rows, missing)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func build(t testing.TB, s *moment.Sample, k int, o matrix.Options) *matrix.Matrix {
	t.Helper()
	m, err := matrix.Build(t.Context(), s, k, upTo(k), nil, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// byItem are the items in the order of the sample.
func byItem(m *matrix.Matrix) []matrix.Item {
	out := make([]matrix.Item, len(m.Items))
	for _, x := range m.Items {
		out[x.Item] = x
	}
	return out
}

// TestMatrix: items are placed by their weight and their mean, sorted by priority and then by distance; probabilities are those of the quadrants.
func TestMatrix(t *testing.T) {
	t.Parallel()
	const k = 8
	s := sampleOf(t, questions(k+1), 200, moment.Pairwise, customers(rand.New(rand.NewPCG(1, 1)), 3000, k))
	m := build(t, s, k, matrix.Options{})
	weights, _, err := importance.RelativeWeights(s.Correlation, k, upTo(k))
	if err != nil {
		t.Fatal(err)
	}
	var cut, level float64
	for i := range k {
		cut += weights.Raw[i] / k
		level += s.Mean[i] / k
	}
	if math.Abs(m.ImportanceCut-cut) > 1e-12 || math.Abs(m.ScoreCut-level) > 1e-12 || m.Normalized || m.Draws != matrix.DefaultDraws || *m.R2 != weights.R2 {
		t.Errorf("cuts %v %v, normalized %v, %d draws, R² %v", m.ImportanceCut, m.ScoreCut, m.Normalized, m.Draws, m.R2)
	}
	for n, x := range m.Items {
		if x.Importance.Value != weights.Raw[x.Item] || x.Score.Value != s.Mean[x.Item] || x.Priority != matrix.Quadrant(x.Importance.Value, x.Score.Value, cut, level) {
			t.Errorf("%+v", x)
		}
		if !x.Importance.Interval.Contains(x.Importance.Value) || !x.Score.Interval.Contains(x.Score.Value) || x.NormalizedScore != nil || x.N != 3000 || x.PairN != 3000 {
			t.Errorf("%+v", x)
		}
		var sum float64
		for _, p := range x.Probabilities {
			sum += p
		}
		if math.Abs(sum-1) > 1e-9 || x.Stable != (x.Probabilities[x.Priority-1] >= 0.8) {
			t.Errorf("probabilities %v, stable %v", x.Probabilities, x.Stable)
		}
		if n > 0 {
			before := m.Items[n-1]
			if before.Priority > x.Priority || before.Priority == x.Priority && before.Distance < x.Distance {
				t.Errorf("%d stands before %d: priorities %d %d, distances %v %v", before.Item, x.Item, before.Priority, x.Priority, before.Distance, x.Distance)
			}
		}
	}
	// What matters most and is rated low.
	if m.Items[0].Item != 7 || m.Items[0].Priority != 1 || !m.Items[0].Stable {
		t.Errorf("first is %+v", m.Items[0])
	}
}

// TestCuts: the mean, the median, given numbers and a target.
func TestCuts(t *testing.T) {
	t.Parallel()
	const k = 6
	s := sampleOf(t, questions(k+1), 200, moment.Pairwise, customers(rand.New(rand.NewPCG(2, 1)), 1000, k))
	scores, weights := slices.Sorted(slices.Values(s.Mean[:k])), []float64{}
	mean := build(t, s, k, matrix.Options{Draws: 50})
	for _, x := range mean.Items {
		weights = append(weights, x.Importance.Value)
	}
	slices.Sort(weights)
	for name, c := range map[string]struct {
		cut               matrix.Cut
		importance, score float64
	}{
		"median": {matrix.Cut{Method: matrix.CutMedian}, (weights[2] + weights[3]) / 2, (scores[2] + scores[3]) / 2},
		"fixed":  {matrix.Cut{Method: matrix.CutFixed, Importance: 0.1, Score: 7}, 0.1, 7},
		"target": {matrix.Cut{Method: matrix.CutTarget, Importance: 0.1, Score: 8}, mean.ImportanceCut, 8},
	} {
		m := build(t, s, k, matrix.Options{Cut: c.cut, Draws: 50})
		if math.Abs(m.ImportanceCut-c.importance) > 1e-12 || math.Abs(m.ScoreCut-c.score) > 1e-12 {
			t.Errorf("%s: cuts %v %v, want %v %v", name, m.ImportanceCut, m.ScoreCut, c.importance, c.score)
		}
		for _, x := range m.Items {
			if x.Priority != matrix.Quadrant(x.Importance.Value, x.Score.Value, c.importance, c.score) {
				t.Errorf("%s: %+v", name, x)
			}
		}
	}
	// All are below the target: what is low is certain, which axis of importance is not.
	for _, x := range build(t, s, k, matrix.Options{Cut: matrix.Cut{Method: matrix.CutTarget, Score: 9.5}}).Items {
		if x.Priority > 2 || x.Probabilities[2]+x.Probabilities[3] != 0 {
			t.Errorf("%+v", x)
		}
	}
}

// TestScalesThatDiffer: scores are compared on 0 to 100 where the scales of items differ, and shown as they are.
func TestScalesThatDiffer(t *testing.T) {
	t.Parallel()
	const k = 5
	responses := customers(rand.New(rand.NewPCG(3, 1)), 800, k)
	q := questions(k + 1)
	same := byItem(build(t, sampleOf(t, q, 200, moment.Pairwise, responses), k, matrix.Options{Draws: 100}))
	// The same answers, two questions on 0 to 100.
	q[1], q[3] = moment.Question{ID: "q1", Min: 0, Max: 100}, moment.Question{ID: "q3", Min: 0, Max: 100}
	for _, r := range responses {
		r[1], r[3] = (r[1]-1)/9*100, (r[3]-1)/9*100
	}
	m := build(t, sampleOf(t, q, 200, moment.Pairwise, responses), k, matrix.Options{Draws: 100})
	if !m.Normalized || m.ScoreCut < 40 {
		t.Errorf("normalized %v, cut %v", m.Normalized, m.ScoreCut)
	}
	for i, x := range byItem(m) {
		want := (same[i].Score.Value - 1) / 9 * 100
		if x.Priority != same[i].Priority || math.Abs(*x.NormalizedScore-want) > 1e-9 || x.Probabilities != same[i].Probabilities || math.Abs(x.Distance-same[i].Distance) > 1e-9 {
			t.Errorf("%+v, want %+v", x, same[i])
		}
		if (i == 1 || i == 3) != (x.Score.Value > 20) {
			t.Errorf("score of %d is %v", i, x.Score.Value)
		}
	}
}

// TestStatedImportance: what people say matters, in questions that need not be asked together with the items.
func TestStatedImportance(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 1))
	const k = 4
	responses := make([][]float64, 900)
	for n := range responses {
		r := make([]float64, 2*k)
		for i := range r {
			r[i] = math.NaN()
		}
		// One item with its importance question each.
		i := n % k
		r[i], r[k+i] = math.Round(6+float64(i%2)+random.NormFloat64()), math.Round(5+float64(i/2)+random.NormFloat64())
		responses[n] = r
	}
	rows := moment.NewRows(questions(2*k), 200)
	for _, r := range responses {
		if err := rows.Add(random.IntN(200), r); err != nil {
			t.Fatal(err)
		}
	}
	s, err := moment.LevelsFromSums(rows.Sums())
	if err != nil {
		t.Fatal(err)
	}
	m, err := matrix.Build(t.Context(), s, -1, upTo(k), []int{4, 5, 6, 7}, matrix.Options{Importance: matrix.Stated})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{2, 4, 1, 3} {
		x := byItem(m)[i]
		if x.Priority != want || !x.Stable || x.Importance.Value != s.Mean[k+i] || x.Importance.Method != importance.StudentT || x.PairN != 225 || m.R2 != nil {
			t.Errorf("%+v, want priority %d", x, want)
		}
	}
	if _, err := matrix.Build(t.Context(), s, 0, upTo(k), []int{4, 5}, matrix.Options{Importance: matrix.Stated}); !isArgument(err) {
		t.Errorf("two importance questions for four items: %v", err)
	}
	if _, err := matrix.Build(t.Context(), s, 0, []int{1, 2}, nil, matrix.Options{}); !isArgument(err) {
		t.Errorf("weights of levels: %v", err)
	}
}

func isArgument(err error) bool {
	var refused *refusal.Error
	return errors.As(err, &refused) && refused.Argument
}

// TestOrderOfItems changes nothing.
func TestOrderOfItems(t *testing.T) {
	t.Parallel()
	const k = 6
	s := sampleOf(t, questions(k+1), 50, moment.Pairwise, customers(rand.New(rand.NewPCG(6, 1)), 500, k))
	want := build(t, s, k, matrix.Options{Draws: 50})
	rapid.Check(t, func(rt *rapid.T) {
		m, err := matrix.Build(t.Context(), s, k, rapid.Permutation(upTo(k)).Draw(rt, "order"), nil, matrix.Options{Draws: 50})
		if err != nil {
			rt.Fatal(err)
		}
		for n, x := range m.Items {
			if y := want.Items[n]; x.Item != y.Item || x.Priority != y.Priority || x.Stable != y.Stable || math.Abs(x.Distance-y.Distance) > 1e-9 {
				rt.Fatalf("%+v, want %+v", x, y)
			}
		}
	})
}

// TestOptionsThatCannotBe are refused as arguments.
func TestOptionsThatCannotBe(t *testing.T) {
	t.Parallel()
	const k = 3
	s := sampleOf(t, questions(k+1), 50, moment.Pairwise, customers(rand.New(rand.NewPCG(7, 1)), 200, k))
	for name, o := range map[string]matrix.Options{
		"draws":  {Draws: importance.MostDraws + 1},
		"level":  {Level: 2},
		"stable": {StableAt: -0.1},
		"cut":    {Cut: matrix.Cut{Method: matrix.CutFixed, Score: math.NaN()}},
	} {
		if _, err := matrix.Build(t.Context(), s, k, upTo(k), nil, o); !isArgument(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := matrix.Build(t.Context(), s, 0, upTo(k), nil, matrix.Options{}); !isArgument(err) {
		t.Errorf("the outcome among the items: %v", err)
	}
}
