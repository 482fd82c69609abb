package moment_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/moment"
)

const groups = 200

// questions are k questions on 0 to 10.
func questions(k int) []moment.Question {
	out := make([]moment.Question, k)
	for i := range out {
		out[i] = moment.Question{ID: "q" + string(rune('a'+i)), Min: 0, Max: 10}
	}
	return out
}

// people are n respondents who answer k questions on 0 to 10: a common factor, whose share rises from question to question, and noise of their own.
func people(random *rand.Rand, n, k int) [][]float64 {
	out := make([][]float64, n)
	for r := range out {
		common := random.NormFloat64()
		out[r] = make([]float64, k)
		for i := range out[r] {
			load := 0.4 + 0.4*float64(i)/float64(k)
			x := load*common + math.Sqrt(1-load*load)*random.NormFloat64()
			out[r][i] = math.Round(min(10, max(0, 6+2*x)))
		}
	}
	return out
}

// someOf keeps the last answer and some others drawn at random, as when each is asked the outcome and a few items.
func someOf(random *rand.Rand, answers []float64, asked int) []float64 {
	k := len(answers)
	out := make([]float64, k)
	for i := range out {
		out[i] = math.NaN()
	}
	out[k-1] = answers[k-1]
	for _, i := range random.Perm(k - 1)[:asked] {
		out[i] = answers[i]
	}
	return out
}

// rowsOf are the rows of responses, each of a respondent of its own.
func rowsOf(t testing.TB, random *rand.Rand, k int, responses [][]float64) *moment.Rows {
	t.Helper()
	rows := moment.NewRows(questions(k), groups)
	for _, r := range responses {
		if err := rows.Add(random.IntN(groups), r); err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

func sampleOf(t testing.TB, rows *moment.Rows, m moment.Missing) *moment.Sample {
	t.Helper()
	s, err := moment.FromRows(t.Context(), rows, m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
