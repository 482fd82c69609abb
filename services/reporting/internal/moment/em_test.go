package moment_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/moment"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// TestEMOfCompleteAnswers: without missing answers the maximum has a closed form.
func TestEMOfCompleteAnswers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(11, 1))
	responses := people(random, 300, 5)
	rows := rowsOf(t, random, 5, responses)
	em, pairwise := sampleOf(t, rows, moment.EM), sampleOf(t, rows, moment.Pairwise)
	for i := range 5 {
		near(t, "mean", em.Mean[i], pairwise.Mean[i], 1e-9)
		near(t, "sd", em.SD[i], pairwise.SD[i]*math.Sqrt(299.0/300), 1e-9)
		for j := range 5 {
			near(t, "correlation", em.Correlation[i][j], pairwise.Correlation[i][j], 1e-9)
		}
	}
}

// TestEMOfMonotoneAnswers: where the second question was asked only after low answers to the first, the maximum has a closed form by the regression of the
// second on the first (Anderson 1957), and is right where the mean of those asked is not.
func TestEMOfMonotoneAnswers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(12, 1))
	responses := people(random, 5000, 2)
	truth := meanOf(column(responses, 1))
	for _, r := range responses {
		if r[0] > 6 {
			r[1] = math.NaN()
		}
	}
	s := sampleOf(t, rowsOf(t, random, 2, responses), moment.EM)
	x, y := both(responses, 0, 1)
	all := column(responses, 0)
	slope := products(x, y) / products(x, x)
	variance := products(all, all) / 5000
	residual := (products(y, y) - slope*products(x, y)) / float64(len(x))
	sd := math.Sqrt(residual + slope*slope*variance)
	near(t, "mean", s.Mean[1], meanOf(y)+slope*(meanOf(all)-meanOf(x)), 1e-8)
	near(t, "sd", s.SD[1], sd, 1e-8)
	near(t, "correlation", s.Correlation[0][1], slope*math.Sqrt(variance)/sd, 1e-8)
	near(t, "true mean", s.Mean[1], truth, 0.1)
	if meanOf(y) > truth-0.2 {
		t.Errorf("those asked answer %v, all %v: the example shows nothing", meanOf(y), truth)
	}
}

func column(responses [][]float64, i int) []float64 {
	out := make([]float64, len(responses))
	for n, r := range responses {
		out[n] = r[i]
	}
	return out
}

// TestEMWithoutAGroup: the one step of draws comes near to what EM finds without the group.
func TestEMWithoutAGroup(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(13, 1))
	const k, few = 5, 20
	responses := people(random, 4000, k)
	rows := moment.NewRows(questions(k), few)
	rest := make([]*moment.Rows, few)
	for g := range rest {
		rest[g] = moment.NewRows(questions(k), few)
	}
	for n, r := range responses {
		r = someOf(random, r, 2)
		if err := rows.Add(n%few, r); err != nil {
			t.Fatal(err)
		}
		for g := range rest {
			if n%few != g {
				if err := rest[g].Add(n%few, r); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	s := sampleOf(t, rows, moment.EM)
	var mu sync.Mutex
	var step, refit, difference float64
	ok(t, s.LeaveOneOut(t.Context(), func(g int, d moment.Draw) {
		mu.Lock()
		defer mu.Unlock()
		full := sampleOf(t, rest[g], moment.EM)
		for i := range k {
			for j := range i {
				a, b := d.Correlation[i][j]-s.Correlation[i][j], full.Correlation[i][j]-s.Correlation[i][j]
				step, refit, difference = step+a*a, refit+b*b, difference+(a-b)*(a-b)
			}
		}
	}))
	if math.Sqrt(difference/refit) > 0.15 || math.Abs(step/refit-1) > 0.1 {
		t.Errorf("one step moves by %v, a refit by %v, they differ by %v", math.Sqrt(step), math.Sqrt(refit), math.Sqrt(difference))
	}
}

// TestPlannedMissingAnswers: of respondents who answered everything, each keeps the last answer and three others drawn at random. What is estimated stays within
// sampling error of what all answers say, by both ways; draws tell that error.
func TestPlannedMissingAnswers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(14, 1))
	const k = 11
	complete := people(random, 20_000, k)
	some := make([][]float64, len(complete))
	for i, r := range complete {
		some[i] = someOf(random, r, 3)
	}
	all := sampleOf(t, rowsOf(t, random, k, complete), moment.Pairwise)
	rows := rowsOf(t, random, k, some)
	for _, m := range []moment.Missing{moment.Pairwise, moment.EM} {
		s := sampleOf(t, rows, m)
		const draws = 200
		drawn := make([]moment.Draw, draws)
		ok(t, s.Resample(t.Context(), draws, 1, func(number int, d moment.Draw) { drawn[number] = d }))
		var squares, beyond, count float64
		for i := range k {
			for j := range i {
				values := make([]float64, draws)
				for n, d := range drawn {
					values[n] = d.Correlation[i][j]
				}
				z := (s.Correlation[i][j] - all.Correlation[i][j]) / math.Sqrt(products(values, values)/(draws-1))
				squares, count = squares+z*z, count+1
				if math.Abs(z) > 1.96 {
					beyond++
				}
			}
			if math.Abs(s.Mean[i]-all.Mean[i]) > 4*all.SD[i]/math.Sqrt(20_000*0.3) {
				t.Errorf("%v: mean %v, of all answers %v", m, s.Mean[i], all.Mean[i])
			}
		}
		// All answers share some of the error, so that differences are somewhat smaller than errors.
		if squares/count > 1.4 || squares/count < 0.5 || beyond/count > 0.12 {
			t.Errorf("%v: squared differences are %.2f of what draws say, %.3f lie beyond 1.96 standard errors", m, squares/count, beyond/count)
		}
		if _, err := moment.FromRows(t.Context(), rows, moment.Listwise); !isRefused(err, refusal.TooFew) {
			t.Errorf("listwise finds complete responses: %v", err)
		}
	}
}

func isRefused(err error, reason refusal.Reason) bool {
	var refused *refusal.Error
	return errors.As(err, &refused) && refused.Reason == reason
}

// TestFewAnswersAreRepaired: few answers to many questions contradict each other; the result is a table of correlations, and says how far it was moved.
func TestFewAnswersAreRepaired(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(15, 1))
	const k = 21
	responses := people(random, 4000, k)
	for i, r := range responses {
		responses[i] = someOf(random, r, 3)
	}
	for _, m := range []moment.Missing{moment.Pairwise, moment.EM} {
		s := sampleOf(t, rowsOf(t, random, k, responses), m)
		if !s.Repaired || s.LeastEigenvalue >= 0 || s.RepairDistance <= s.GreatestRepair || s.GreatestRepair <= 0 {
			t.Errorf("%v: repaired %v, least eigenvalue %v, moved by %v and at most %v", m, s.Repaired, s.LeastEigenvalue, s.RepairDistance, s.GreatestRepair)
		}
	}
	if _, err := moment.FromRows(t.Context(), rowsOf(t, random, k, responses[:900]), moment.EM); !isRefused(err, refusal.NotConverged) {
		t.Errorf("900 responses: %v", err)
	}
}

// TestTooManySetsOfQuestions: EM says when sets of answered questions are so many that it would take minutes.
func TestTooManySetsOfQuestions(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(16, 1))
	const k = 60
	responses := people(random, 1200, k)
	for _, r := range responses {
		for range 5 {
			r[random.IntN(k)] = math.NaN()
		}
	}
	if _, err := moment.FromRows(t.Context(), rowsOf(t, random, k, responses), moment.EM); !isRefused(err, refusal.TooMany) {
		t.Errorf("got %v", err)
	}
}

// TestEMOfTheSameQuestion: questions that tell each other are refused by name.
func TestEMOfTheSameQuestion(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(17, 1))
	responses := people(random, 400, 4)
	for _, r := range responses {
		r[2] = 10 - r[0]
		r[random.IntN(4)] = math.NaN()
	}
	_, err := moment.FromRows(t.Context(), rowsOf(t, random, 4, responses), moment.EM)
	var refused *refusal.Error
	if !errors.As(err, &refused) || refused.Reason != refusal.Singular || !slices.Equal(refused.Items, []string{"qa", "qc"}) {
		t.Errorf("got %v", err)
	}
}
