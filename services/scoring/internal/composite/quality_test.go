package composite_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// model is a built-in model and a survey that asks its questions.
func model(t testing.TB, id string) (composite.Model, survey) {
	t.Helper()
	for _, m := range composite.Models() {
		if m.ID != id {
			continue
		}
		scale, err := question.ParseScale(m.Scale)
		if err != nil {
			t.Fatal(err)
		}
		var s survey
		for _, q := range m.Questions {
			s = append(s, metric.Question{ID: q.ID, Kind: question.Rating, Scale: scale})
		}
		return m, s
	}
	t.Fatalf("there is no model %s", id)
	return composite.Model{}, nil
}

// TestServqualExample: dimension gaps -0.65, -1.10, -0.83, -0.70 and -1.01 make -0.858.
func TestServqualExample(t *testing.T) {
	t.Parallel()
	m, s := model(t, "servqual")
	gaps := map[string]float64{"tangibles": -0.65, "reliability": -1.10, "responsiveness": -0.83, "assurance": -0.70, "empathy": -1.01}
	people := make([]person, 100)
	for i := range people {
		people[i] = person{}
		for _, d := range m.Spec.Gap.Dimensions {
			for _, item := range d.Items {
				people[i][item.Expectation] = 6
				// The mean of the hundred falls short of 6 by the gap.
				people[i][item.Perception] = 6 - math.Floor((float64(i)+1)*-gaps[d.ID]+1e-9) + math.Floor(float64(i)*-gaps[d.ID]+1e-9)
			}
		}
	}
	score := evaluate(t, m.Spec, s, s.samples(t, people, 100))
	for id, want := range gaps {
		p := part(t, score.Parts, id)
		is(t, id, p.Estimate, want, 1e-9)
		is(t, "weight", p.Weight.Estimate, 0.2, 1e-12)
		is(t, "contribution", p.Contribution.Estimate, want/5, 1e-9)
	}
	is(t, "overall", score.Estimate, -0.858, 1e-9)
	if score.Normalized.Estimate != nil || score.StandardError == nil || score.Interval.Low < -6 || score.N != 2200 {
		t.Errorf("score %+v", score)
	}
	item := part(t, score.Parts, "item_14")
	is(t, "item", item.Estimate, -0.70, 1e-9)
	is(t, "weight of an item", item.Weight.Estimate, 0.2/4, 1e-12)

	// By 100 points.
	points := map[string]float64{"tangibles": 10, "reliability": 40, "responsiveness": 20, "assurance": 20, "empathy": 10}
	var want float64
	for i := range m.Spec.Gap.Dimensions {
		d := &m.Spec.Gap.Dimensions[i]
		d.Points = points[d.ID]
		want += d.Points / 100 * gaps[d.ID]
	}
	score = evaluate(t, m.Spec, s, s.samples(t, people, 100))
	is(t, "by points", score.Estimate, want, 1e-9)
	is(t, "weight by points", part(t, score.Parts, "reliability").Weight.Estimate, 0.4, 1e-12)

	// By points that people give.
	for i := range m.Spec.Gap.Dimensions {
		d := &m.Spec.Gap.Dimensions[i]
		d.PointsQuestion, d.Points = "points_"+d.ID, 0
		s = append(s, metric.Question{ID: d.PointsQuestion, Kind: question.Importance, Scale: question.Scale{Min: 0, Max: 10000, Step: 100}})
		for j := range people {
			// Half the people give 10 points more, half 10 less.
			people[j][d.PointsQuestion] = points[d.ID] + 10 - 20*float64(j%2)
		}
	}
	score = evaluate(t, m.Spec, s, s.samples(t, people, 100))
	is(t, "by points that people give", score.Estimate, want, 1e-9)
	if se := part(t, score.Parts, "tangibles").Weight.StandardError; se == nil || *se == 0 {
		t.Error("what people give has no standard error")
	}
}

// TestRSQS: a dimension is the mean of its items, not of its parts, which are told beside it.
func TestRSQS(t *testing.T) {
	t.Parallel()
	m, s := model(t, "rsqs")
	p := person{}
	for i, q := range s {
		p[q.ID] = float64(1 + i%5)
	}
	score := evaluate(t, m.Spec, s, s.samples(t, []person{p, p, p}, 3))
	// Items 1 to 6 are 1 2 3 4 5 1.
	is(t, "physical aspects", part(t, score.Parts, "physical_aspects").Estimate, 16.0/6, 1e-12)
	is(t, "appearance", part(t, score.Parts, "appearance").Estimate, 2.5, 1e-12)
	is(t, "convenience", part(t, score.Parts, "convenience").Estimate, 3, 1e-12)
	var sum float64
	for _, d := range m.Spec.Gap.Dimensions {
		sum += *part(t, score.Parts, d.ID).Estimate / 5
	}
	is(t, "overall", score.Estimate, sum, 1e-12)
	is(t, "on 100", score.Normalized.Estimate, 100*(sum-1)/4, 1e-9)
	kinds := map[composite.PartKind]int{}
	for _, p := range score.Parts {
		kinds[p.Kind]++
	}
	if kinds[composite.DimensionPart] != 5 || kinds[composite.SubdimensionPart] != 6 || kinds[composite.ItemPart] != 28 {
		t.Errorf("parts %v", kinds)
	}
}

// TestQualityWithMissingItems: people answered only some items; the parts say what rests on nothing.
func TestQualityWithMissingItems(t *testing.T) {
	t.Parallel()
	m, s := model(t, "servperf")
	people := make([]person, 50)
	for i := range people {
		people[i] = person{}
		for j := range 22 {
			// Everybody answers three items in turn; nobody answers item 1 or the dimension of empathy, items 18 to 22.
			if item := 2 + (3*i+j)%16; j < 3 {
				people[i][fmt.Sprintf("p%d", item)] = float64(3 + (i+j)%4)
			}
		}
	}
	score := evaluate(t, m.Spec, s, s.samples(t, people, 50))
	if p := part(t, score.Parts, "item_1"); p.Estimate != nil || p.N != 0 {
		t.Errorf("item 1: %+v", p)
	}
	if p := part(t, score.Parts, "empathy"); p.Estimate != nil || p.Weight.Estimate != nil {
		t.Errorf("empathy: %+v", p)
	}
	is(t, "weight", part(t, score.Parts, "tangibles").Weight.Estimate, 0.25, 1e-12)
	if score.Estimate == nil || score.StandardError == nil || score.N != 150 {
		t.Errorf("score %+v", score)
	}
}

// TestContributionsOfQuality: those of dimensions and of items each sum to the score, and to its change.
func TestContributionsOfQuality(t *testing.T) {
	t.Parallel()
	m, s := model(t, "servqual")
	rapid.Check(t, func(rt *rapid.T) {
		draw := func() []person {
			people := make([]person, rapid.IntRange(1, 8).Draw(rt, "people"))
			for i := range people {
				people[i] = person{}
				for _, q := range s {
					people[i][q.ID] = float64(rapid.IntRange(1, 7).Draw(rt, "answer"))
				}
			}
			return people
		}
		spec := m.Spec
		if rapid.Bool().Draw(rt, "points") {
			points := []float64{10, 30, 0, 45, 15}
			spec = composite.Spec{Gap: &composite.Gap{Dimensions: append([]composite.Dimension(nil), m.Spec.Gap.Dimensions...)}}
			for i := range points {
				spec.Gap.Dimensions[i].Points = points[i]
			}
		}
		c, err := bind(t, spec, s).Compare(s.samples(t, draw(), 5), s.samples(t, draw(), 5), metric.Settings{})
		if err != nil {
			rt.Fatal(err)
		}
		for _, whole := range []struct {
			of    *float64
			parts []composite.Part
		}{{c.Score.Estimate, c.Score.Parts}, {c.Estimate, c.Parts}} {
			sums := map[composite.PartKind]float64{}
			for _, p := range whole.parts {
				sums[p.Kind] += *p.Contribution.Estimate
			}
			for kind, sum := range sums {
				if math.Abs(sum-*whole.of) > 1e-9 {
					rt.Fatalf("contributions of %s sum to %v of %v", kind, sum, *whole.of)
				}
			}
		}
	})
}
