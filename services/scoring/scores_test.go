package scoring_test

import (
	"math"
	"testing"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-6 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestNPSWithRefusals(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	s.survey.add(several(100, func(i int) *surveyv1.Event {
		score := 10.0
		switch {
		case i >= 80:
			score = 3
		case i >= 50:
			score = 8
		}
		return response(acme, shop, id("r", i), noon, scores{"recommend": score})
	})...)
	s.survey.add(several(25, func(i int) *surveyv1.Event {
		return refusal(acme, shop, id("x", i), noon, surveyv1.Refusal_KIND_DISMISSED, "")
	})...)
	s.start().caughtUp(shop, 125)
	r := s.query(&scoringv1.ScoreQuery{Survey: shop, Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_NPS}})
	if len(r.GetScores()) != 2 {
		t.Fatalf("%d scores, want those of ANSWERED and CONTACTED: %v", len(r.GetScores()), r)
	}
	near(t, "NPS of those who answered", r.GetScores()[0].GetEstimate(), 30)
	near(t, "its lower bound", r.GetScores()[0].GetInterval().GetLower(), 14.051130)
	near(t, "NPS of those contacted", r.GetScores()[1].GetEstimate(), 24)
	if r.GetWatermark() == nil || r.GetScores()[0].GetWatermark() == nil {
		t.Error("no watermark")
	}
}
