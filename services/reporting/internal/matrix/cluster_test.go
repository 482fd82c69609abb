package matrix_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/importance"
	"github.com/otklik/otklik/services/reporting/internal/matrix"
	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// TestMeansOfCustomersWhoAnswerAgain: customers who say the same four times tell no more of a mean than those who say it once.
func TestMeansOfCustomersWhoAnswerAgain(t *testing.T) {
	t.Parallel()
	const k, n = 5, 400
	once := customers(rand.New(rand.NewPCG(41, 1)), n, k)
	var again [][]float64
	for range 4 {
		again = append(again, once...)
	}
	for _, o := range []matrix.Options{{Draws: 50}, {Draws: 50, Cut: matrix.Cut{Method: matrix.CutTarget, Score: 6}}} {
		single := byItem(build(t, sampleOf(t, questions(k+1), n, moment.Pairwise, once), k, o))
		s := sampleOf(t, questions(k+1), n, moment.Pairwise, again)
		for i, x := range byItem(build(t, s, k, o)) {
			if r := *x.Score.SE / *single[i].Score.SE; x.Score.Method != importance.GroupJackknife || r < 0.99 || r > 1.01 || single[i].Score.Method != importance.StudentT {
				t.Errorf("item %d: %+v by %s, of the first answers %+v", i, x.Score, x.Score.Method, single[i].Score)
			}
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := matrix.Build(gone, sampleOf(t, questions(k+1), n, moment.Pairwise, once), k, upTo(k), nil, matrix.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("built for nobody: %v", err)
	}
}
