package importance_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/importance"
	"github.com/otklik/otklik/services/reporting/internal/moment"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// TestRefusals: what gives no number says why, and names the items at fault.
func TestRefusals(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(6, 1))
	good := respondents(random, 200, 4, 4)
	edited := func(f func(r []float64)) *moment.Sample {
		responses := respondents(random, 200, 4, 4)
		for _, r := range responses {
			f(r)
		}
		return sampleOf(t, moment.Pairwise, 50, responses)
	}
	n := 0
	for name, c := range map[string]struct {
		sample   *moment.Sample
		outcome  int
		items    []int
		options  importance.Options
		reason   refusal.Reason
		named    []string
		argument bool
	}{
		"twice":    {sampleOf(t, moment.Pairwise, 50, good), 4, []int{0, 0}, importance.Options{}, refusal.NoData, nil, true},
		"outcome":  {sampleOf(t, moment.Pairwise, 50, good), 0, []int{0, 1}, importance.Options{}, refusal.NoData, nil, true},
		"no such":  {sampleOf(t, moment.Pairwise, 50, good), 5, []int{0, 1}, importance.Options{}, refusal.NoData, nil, true},
		"no items": {sampleOf(t, moment.Pairwise, 50, good), 4, nil, importance.Options{}, refusal.NoData, nil, true},
		"level":    {sampleOf(t, moment.Pairwise, 50, good), 4, []int{0}, importance.Options{Level: 1}, refusal.NoData, nil, true},
		"draws":    {sampleOf(t, moment.Pairwise, 50, good), 4, []int{0}, importance.Options{Draws: -1}, refusal.NoData, nil, true},
		"few":      {sampleOf(t, moment.Pairwise, 5, respondents(random, 11, 10, 10)), 10, upTo(10), importance.Options{}, refusal.TooFew, nil, false},
		"the same": {edited(func(r []float64) { r[2] = 10 - r[0] }), 4, upTo(4), importance.Options{}, refusal.Singular, []string{"q0", "q2"}, false},
		"sum":      {edited(func(r []float64) { r[3] = r[0] + r[1] }), 4, upTo(4), importance.Options{}, refusal.Singular, []string{"q0", "q1", "q3"}, false},
		"the same, some": {edited(func(r []float64) {
			r[2] = r[1]
			if n++; n%2 == 0 {
				r[0] = math.NaN()
			}
		}), 4, upTo(4), importance.Options{}, refusal.Singular, []string{"q1", "q2"}, false},
	} {
		_, err := importance.Explain(t.Context(), c.sample, c.outcome, c.items, c.options)
		var refused *refusal.Error
		if !errors.As(err, &refused) || refused.Reason != c.reason || !slices.Equal(refused.Items, c.named) || refused.Argument != c.argument {
			t.Errorf("%s: %+v, want %v of %v", name, err, c.reason, c.named)
		}
	}
}

// TestFewGroupsGiveNoIntervals: where respondents are in a handful of groups there are estimates without intervals, and the result says so.
func TestFewGroupsGiveNoIntervals(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 1))
	d := explain(t, sampleOf(t, moment.Pairwise, 5, respondents(random, 400, 4, 3)), 4, importance.Options{})
	x := d.Drivers[1]
	if x.Johnson.Interval != nil || x.Coefficient.Interval != nil || x.CoefficientP != nil || x.Pearson.Interval == nil || d.Draws != 0 || len(d.Notes) < 2 {
		t.Errorf("%+v", d)
	}
}

// TestNoIntervalsOfRepairedParts: where few answers contradict each other there are no intervals of R² and its parts, and the notes say so.
func TestNoIntervalsOfRepairedParts(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(8, 1))
	s := sampleOf(t, moment.Pairwise, 50, respondents(random, 500, 12, 3))
	d := explain(t, s, 12, importance.Options{})
	if !s.Repaired || len(d.Notes) < 2 || d.R2 > 1 {
		t.Errorf("repaired %v, notes %q", s.Repaired, d.Notes)
	}
	// Intervals of R² and its parts would not hold the truth.
	if x := d.Drivers[0]; d.R2Interval != nil || x.Johnson.Interval != nil || x.Coefficient.Interval == nil || x.Pearson.Interval == nil {
		t.Errorf("%+v", x)
	}
}

// TestTooManyItemsForShapley: there are none of more than fifteen items, and the result says so.
func TestTooManyItemsForShapley(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(9, 1))
	s := sampleOf(t, moment.Pairwise, 50, respondents(random, 500, 16, 16))
	d := explain(t, s, 16, importance.Options{Shapley: true, Draws: 20})
	if d.Drivers[0].Shapley != nil || d.Drivers[0].Johnson == nil || len(d.Notes) < 2 {
		t.Errorf("%+v", d)
	}
	if d = explain(t, s, 15, importance.Options{Shapley: true, Draws: 20}); d.Drivers[14].Shapley == nil {
		t.Error("fifteen items have no Shapley values")
	}
}
