package journey_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/contrast"
	"github.com/otklik/otklik/services/reporting/internal/journey"
	"github.com/otklik/otklik/services/reporting/internal/place"
)

var (
	recommend = journey.Measure{Question: "recommend", Scale: "0-10", Metric: place.NPS, Most: 10}
	satisfied = journey.Measure{Question: "satisfied", Scale: "1-5", Metric: place.Share, Least: 1, Most: 5}
	ease      = journey.Measure{Question: "ease", Scale: "1-7", Metric: place.Mean, Least: 1, Most: 7}
)

func nps(promoters, passives, detractors float64) journey.Answers {
	return journey.Answers{Tally: place.Tally{N: promoters + passives + detractors, Plus: promoters, Minus: detractors}}
}

func share(hits, n float64) journey.Answers {
	return journey.Answers{Tally: place.Tally{N: n, Plus: hits}}
}

func scores(values ...float64) (a journey.Answers) {
	for _, v := range values {
		a.Value(v, 1)
	}
	return a
}

func judge(t *testing.T, stages ...journey.Stage) *journey.Result {
	t.Helper()
	got, err := journey.Judge(stages, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// TestChanges reproduces the worked examples of comparisons of scores, for a stage against the period before.
func TestChanges(t *testing.T) {
	before := nps(40, 30, 30)
	hits := share(70, 100)
	got := judge(t,
		journey.Stage{Measure: recommend, Now: nps(50, 30, 20), Before: &before},
		journey.Stage{Measure: satisfied, Now: share(80, 100), Before: &hits},
	)
	c := got.Stages[0].Change
	near(t, "difference of NPS", c.Value, 20, 1e-12)
	near(t, "p of NPS", *c.P, 0.0832158675, 1e-10)
	if c.Test != contrast.TestNPS || got.Stages[0].Contrast != nil {
		t.Errorf("%+v: the other stage is of another question", got.Stages[0])
	}
	c = got.Stages[1].Change
	near(t, "difference of shares", c.Value, 10, 1e-12)
	near(t, "p of shares", *c.P, 0.102470434859749, 1e-12)
	near(t, "lower", c.Interval.Low, -2.02493621530132, 1e-9)
	near(t, "upper", c.Interval.High, 21.6734354017786, 1e-9)
	// Two tests: Benjamini and Hochberg leave the greater p as it is, and the lesser is at most that.
	near(t, "corrected p", *got.Stages[0].Change.AdjustedP, 0.102470434859749, 1e-12)
	if got.ChangeFamily != 2 || got.ContrastFamily != 0 {
		t.Errorf("families of %d and %d", got.ChangeFamily, got.ContrastFamily)
	}
}

// TestMeans is worked by hand: means 2 and 5, variances 1 and 1 of three answers each, so that t = -3/√(2/3) with 4 degrees of freedom.
func TestMeans(t *testing.T) {
	before := scores(4, 5, 6)
	c := judge(t, journey.Stage{Measure: ease, Now: scores(1, 2, 3), Before: &before}).Stages[0].Change
	half := 2.7764451051977987 * math.Sqrt(2.0/3)
	near(t, "difference", c.Value, -3, 1e-12)
	near(t, "lower", c.Interval.Low, -3-half, 1e-9)
	near(t, "upper", c.Interval.High, -3+half, 1e-9)
	// Student's t with 4 degrees of freedom has the distribution function 1/2 + (3/8)·x/√(1+x²/4)·(1 − x²/(12(1+x²/4))).
	x := 3 / math.Sqrt(2.0/3)
	near(t, "p", *c.P, 1-0.75*x/math.Sqrt(1+x*x/4)*(1-x*x/(12*(1+x*x/4))), 1e-12)
}

func TestWorstIsLowestOfThoseBelowOthers(t *testing.T) {
	got := judge(t,
		journey.Stage{Measure: recommend, Now: nps(500, 300, 200)},
		journey.Stage{Measure: recommend, Now: nps(300, 300, 400)},
		journey.Stage{Measure: recommend, Now: nps(200, 300, 500)},
		journey.Stage{Measure: recommend, Now: nps(500, 300, 200)},
		journey.Stage{Measure: satisfied, Now: share(1, 100)},
	)
	for i, s := range got.Stages {
		if s.Worst != (i == 2) {
			t.Errorf("stage %d: worst %v", i, s.Worst)
		}
	}
	c := got.Stages[2].Contrast
	// −30 against 1300 promoters and 800 detractors of 3000.
	near(t, "contrast", c.Value, -30-100*500.0/3000, 1e-9)
	if got.ContrastFamily != 4 {
		t.Errorf("family of %d", got.ContrastFamily)
	}
}

func TestNothingToTellIsNothing(t *testing.T) {
	empty, withheld := journey.Answers{}, journey.Answers{Withheld: "FEW_ANSWERS"}
	got := judge(t,
		journey.Stage{Measure: recommend, Now: nps(9, 1, 0), Before: &empty},
		journey.Stage{Measure: recommend, Now: withheld, Before: &withheld},
		journey.Stage{Measure: ease, Now: scores(5, 5), Before: &journey.Answers{Tally: scores(5, 5).Tally}},
	)
	for i, s := range got.Stages[:2] {
		if s.Change != nil || s.Contrast != nil || s.Worst {
			t.Errorf("stage %d: %+v", i, s)
		}
	}
	// Where no answer differs from another there is a difference, and nothing to test it by.
	if c := got.Stages[2].Change; c == nil || c.Value != 0 || c.P != nil || c.Interval != nil {
		t.Errorf("%+v", c)
	}
}

// TestChanceHasNoWorst: where all stages score alike, hardly any journey of ten has a worst one.
func TestChanceHasNoWorst(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	const runs = 400
	var wrong int
	for range runs {
		stages := make([]journey.Stage, 10)
		for i := range stages {
			var p, n, d float64
			for range 200 {
				switch x := r.Float64(); {
				case x < 0.4:
					p++
				case x < 0.7:
					n++
				default:
					d++
				}
			}
			stages[i] = journey.Stage{Measure: recommend, Now: nps(p, n, d)}
		}
		for _, s := range judge(t, stages...).Stages {
			if s.Worst {
				wrong++
			}
		}
	}
	// One side of 5 %, and four standard errors.
	if rate := float64(wrong) / runs; rate > 0.025+4*math.Sqrt(0.025*0.975/runs) {
		t.Errorf("%.3f of journeys have a worst stage", rate)
	}
}
