package scoring_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/testkit"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-6 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// summary is a score in one line: question, scale, variant, value of the key, n and estimate.
func summary(s *scoringv1.Score) string {
	estimate := "absent"
	if s.Estimate != nil {
		estimate = fmt.Sprintf("%.2f", s.GetEstimate())
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %q %d %s", s.GetSlice().GetQuestion(), s.GetScale().GetId(),
		strings.TrimPrefix(s.GetVariant().String(), "VARIANT_"), groupOf(s), s.GetN(), estimate))
}

func wantScores(t *testing.T, what string, r *scoringv1.QueryScoresResponse, want ...string) {
	t.Helper()
	var got []string
	for _, s := range r.GetScores() {
		got = append(got, summary(s))
		if s.GetWatermark() == nil || s.GetDefinition() == "" || s.GetDefinitionVersion() == 0 || s.GetPopulation() == 0 {
			t.Errorf("%s: incomplete score %v", what, s)
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s:\n got %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
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
	r := s.query(&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS)})
	wantScores(t, "default", r, `recommend 0-10 NPS_ANSWERED "" 100 30.00`, `recommend 0-10 NPS_CONTACTED "" 125 24.00`)
	near(t, "lower bound", r.GetScores()[0].GetInterval().GetLower(), 14.051130)
	near(t, "upper bound", r.GetScores()[0].GetInterval().GetUpper(), 44.201297)
	c := r.GetScores()[1].GetCounts()
	if c.GetAnswered() != 100 || c.GetDismissed() != 25 || c.GetPromoters() != 50 || c.GetPassives() != 30 || c.GetDetractors() != 20 || len(c.GetValues()) != 3 {
		t.Errorf("counts %v", c)
	}
	if v := c.GetValues(); v[0].GetValue() != 3 || v[0].GetCount() != 20 || v[2].GetValue() != 10 || v[2].GetCount() != 50 {
		t.Errorf("values %v", v)
	}
	wantScores(t, "all policies", s.query(&scoringv1.ScoreQuery{Survey: shop, Variants: variants(
		scoringv1.Variant_VARIANT_NPS_REFUSED_AS_DETRACTOR, scoringv1.Variant_VARIANT_NPS_ANSWERED), Metrics: metrics(metricRate, metricNPS)}),
		`recommend 0-10 NPS_ANSWERED "" 100 30.00`, `recommend 0-10 NPS_REFUSED_AS_DETRACTOR "" 125 4.00`, `RESPONSE_RATE_OUTCOMES "" 125 80.00`)
	wantScores(t, "by location", s.query(&scoringv1.ScoreQuery{
		Survey: shop, Metrics: metrics(metricNPS, metricRate), GroupBy: []string{"location"},
	}), `recommend 0-10 NPS_ANSWERED "north" 100 30.00`, `recommend 0-10 NPS_CONTACTED "north" 100 30.00`,
		`RESPONSE_RATE_OUTCOMES "north" 100 100.00`, `RESPONSE_RATE_OUTCOMES "south" 25 0.00`)
}

func TestEveryMetric(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	s.survey.add(
		response(acme, shop, "a", noon, scores{"recommend": 10, "staff": 5, "effort": 2, "price": 8}),
		response(acme, shop, "b", noon, scores{"recommend": 6, "staff": 4, "effort": 7, "price": 4}),
		response(acme, shop, "c", noon, scores{"staff": 1, "effort": 1}),
	)
	s.start().caughtUp(shop, 3)
	wantScores(t, "every metric", s.query(&scoringv1.ScoreQuery{Survey: shop}),
		`recommend 0-10 NPS_ANSWERED "" 2 0.00`, `recommend 0-10 MEAN_SINGLE_QUESTION "" 2 8.00`, `staff 1-5 CSAT_SHARE "" 3 66.67`,
		// Effort is flipped: 2, 7, 1 on 1 to 7 become 6, 1, 7.
		`effort 1-7 CES_MEAN "" 3 4.67`, `effort 1-7 CES_TOP_BOX "" 3 66.67`, `RESPONSE_RATE_OUTCOMES "" 3 100.00`)
	wantScores(t, "every question", s.query(&scoringv1.ScoreQuery{Survey: shop, Question: "*", Metrics: metrics(metricCSAT, metricMean)}),
		`recommend 0-10 MEAN_SINGLE_QUESTION "" 2 8.00`, `staff 1-5 CSAT_SHARE "" 3 66.67`, `staff 1-5 MEAN_SINGLE_QUESTION "" 3 3.33`,
		`effort 1-7 MEAN_SINGLE_QUESTION "" 3 3.33`, `price 1-10 CSAT_SHARE "" 2 0.00`, `price 1-10 MEAN_SINGLE_QUESTION "" 2 6.00`)
	wantScores(t, "one question", s.query(&scoringv1.ScoreQuery{Survey: shop, Question: "price"}),
		`price 1-10 CSAT_SHARE "" 2 0.00`, `price 1-10 MEAN_SINGLE_QUESTION "" 2 6.00`, `RESPONSE_RATE_OUTCOMES "" 3 100.00`)
	r := s.query(&scoringv1.ScoreQuery{Survey: shop, Question: "effort", Variants: variants(scoringv1.Variant_VARIANT_CES_NET_EASY)})
	wantScores(t, "net easy", &scoringv1.QueryScoresResponse{Scores: r.GetScores()[:1]}, `effort 1-7 CES_NET_EASY "" 3 33.33`)
	// (1 + 1 + 5/6 + 7/9 + 0.6 + 0.75 + 0 + 1/3 + 0 + 1) / 10 of the scale.
	all := s.query(&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricMean), Variants: variants(scoringv1.Variant_VARIANT_MEAN_ALL_ANSWERS)})
	near(t, "mean of all answers", all.GetScores()[0].GetEstimate(), 1+9*(1+1+5.0/6+7.0/9+0.6+0.75+0+1.0/3+0+1)/10)
	if got := all.GetScores()[0]; got.GetN() != 10 || got.GetSlice().GetQuestion() != "" || got.GetScale().GetId() != "1-10" {
		t.Errorf("mean of all answers: %v", got)
	}
}

// TestMeanOfAllAnswersByRespondent answers twice as the same person: the estimate is the same as if two had answered, the standard error is not.
func TestMeanOfAllAnswersByRespondent(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	s.survey.publish(acme, "names", shopQuestions())
	for _, survey := range []string{shop, "surveys/names"} {
		for i, score := range []float64{2, 3, 9, 10, 8, 5} {
			e := response(acme, survey, id("r", i), noon.Add(time.Duration(i)*time.Hour), scores{"price": score})
			if survey != shop {
				e.GetResponse().Respondent = id("person", i/2)
			}
			s.survey.add(e)
		}
	}
	s.start().caughtUp("surveys/names", 6)
	mean := func(survey string, grain typev1.TimeGrain) []*scoringv1.Score {
		return s.query(&scoringv1.ScoreQuery{
			Survey: survey, Metrics: metrics(metricMean), Variants: variants(scoringv1.Variant_VARIANT_MEAN_ALL_ANSWERS), Grain: grain,
		}).GetScores()
	}
	apart, joined := mean(shop, 0)[0], mean("surveys/names", 0)[0]
	near(t, "estimate", joined.GetEstimate(), apart.GetEstimate())
	if apart.GetN() != 6 || joined.GetN() != 6 || joined.GetStandardError() <= apart.GetStandardError() {
		t.Errorf("n %d and %d, standard errors %v and %v: want that of persons to be greater", apart.GetN(), joined.GetN(),
			apart.GetStandardError(), joined.GetStandardError())
	}
	near(t, "standard error", apart.GetStandardError(), math.Sqrt((54+5.0/6)/5/6))
	if hours := mean("surveys/names", typev1.TimeGrain_TIME_GRAIN_HOUR); len(hours) != 6 || hours[2].GetEstimate() != 9 {
		t.Errorf("by hour: %v", hours)
	}
}

func TestSeriesAndGroups(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	// 19:00 in universal time is the next day in Bishkek.
	for i, at := range []time.Time{noon, noon.Add(7 * time.Hour), noon.Add(50 * time.Hour)} {
		e := response(acme, shop, id("r", i), at, scores{"recommend": float64(10 - i)})
		e.GetResponse().GetContext().Touchpoint = []string{"checkout", "", "delivery"}[i]
		s.survey.add(e)
	}
	s.start().caughtUp(shop, 3)
	r := s.query(&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS), Grain: typev1.TimeGrain_TIME_GRAIN_DAY, TimeZone: "Asia/Bishkek"})
	wantScores(t, "days", r, `recommend 0-10 NPS_ANSWERED "" 1 100.00`, `recommend 0-10 NPS_ANSWERED "" 1 100.00`, `recommend 0-10 NPS_ANSWERED "" 1 0.00`)
	first := r.GetScores()[0].GetSlice().GetPeriod()
	if got, want := first.GetStartTime().AsTime(), time.Date(2026, 5, 13, 18, 0, 0, 0, time.UTC); !got.Equal(want) || first.GetEndTime().AsTime().Sub(got) != 24*time.Hour {
		t.Errorf("first day %v, want from %v on", first, want)
	}
	period := &typev1.Period{StartTime: timestamppb.New(noon.Add(-time.Hour)), EndTime: timestamppb.New(noon.Add(8 * time.Hour))}
	r = s.query(&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS), Grain: typev1.TimeGrain_TIME_GRAIN_DAY, Period: period})
	wantScores(t, "a part of a day", r, `recommend 0-10 NPS_ANSWERED "" 2 100.00`)
	if got := r.GetScores()[0].GetSlice().GetPeriod(); !got.GetStartTime().AsTime().Equal(noon.Add(-time.Hour)) || !got.GetEndTime().AsTime().Equal(noon.Add(8*time.Hour)) {
		t.Errorf("period %v, want what was counted", got)
	}
	const touchpoint = "touchpoint"
	wantScores(t, "touchpoints", s.query(&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS), GroupBy: []string{touchpoint}}),
		`recommend 0-10 NPS_ANSWERED "" 1 100.00`, `recommend 0-10 NPS_ANSWERED "checkout" 1 100.00`, `recommend 0-10 NPS_ANSWERED "delivery" 1 0.00`)
	for value, want := range map[string]string{
		"":         `recommend 0-10 NPS_ANSWERED "" 1 100.00`,
		"delivery": `recommend 0-10 NPS_ANSWERED "delivery" 1 0.00`,
		"nowhere":  `recommend 0-10 NPS_ANSWERED "nowhere" 0 absent`,
	} {
		r := s.query(&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS), Filter: fmt.Sprintf("%s = %q", touchpoint, value)})
		wantScores(t, "filter "+value, r, want)
		if r.GetScores()[0].GetSlice().GetKeys()[0].GetKey() != touchpoint {
			t.Errorf("filter %s: slice %v", value, r.GetScores()[0].GetSlice())
		}
	}
}

func TestNoAnswers(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	s.start()
	r := s.query(&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS, metricCES, metricRate)})
	// The watermark is there as soon as the change log has been read.
	testkit.Eventually(t, patience, func() error {
		if r = s.query(&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS, metricCES, metricRate)}); r.GetWatermark() == nil {
			return fmt.Errorf("no watermark")
		}
		return nil
	})
	wantScores(t, "nothing", r, `recommend 0-10 NPS_ANSWERED "" 0 absent`, `effort 1-7 CES_MEAN "" 0 absent`, `effort 1-7 CES_TOP_BOX "" 0 absent`,
		`RESPONSE_RATE_OUTCOMES "" 0 absent`)
	for _, sc := range r.GetScores() {
		if sc.Interval != nil || sc.StandardError != nil || sc.GetBand() == "STRONG" {
			t.Errorf("a score without answers has %v", sc)
		}
	}
	wantScores(t, "a series of nothing", s.query(&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS), Grain: typev1.TimeGrain_TIME_GRAIN_DAY}))
}

// TestRevisions publishes a questionnaire anew: with another scale, question and population.
func TestRevisions(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "shop", asking(nps("recommend"), rating("price", 1, 5)))
	s.survey.add(response(acme, shop, "a", noon, scores{"recommend": 9, "price": 2}))
	s.start().caughtUp(shop, 1)
	_, err := s.client.QueryScores(context.Background(), &scoringv1.QueryScoresRequest{Query: &scoringv1.ScoreQuery{Survey: shop, Question: "staff"}})
	if err == nil {
		t.Error("a question that was never asked was answered")
	}
	s.survey.publish(acme, "shop", asking(rating("price", 1, 10), csat("staff")))
	wantScores(t, "a new question", s.query(&scoringv1.ScoreQuery{Survey: shop, Question: "staff", Metrics: metrics(metricCSAT)}), `staff 1-5 CSAT_SHARE "" 0 absent`)
	second := response(acme, shop, "b", noon, scores{"price": 9})
	second.GetResponse().Revision = shop + "/revisions/2"
	s.survey.add(second)
	s.caughtUp(shop, 2)
	wantScores(t, "two scales", s.query(&scoringv1.ScoreQuery{Survey: shop, Question: "price", Metrics: metrics(metricMean)}),
		`price 1-10 MEAN_SINGLE_QUESTION "" 1 9.00`, `price 1-5 MEAN_SINGLE_QUESTION "" 1 2.00`)
	wantScores(t, "a question asked no more", s.query(&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS)}), `recommend 0-10 NPS_ANSWERED "" 1 100.00`)
	third := asking(nps("recommend"))
	third.Population = typev1.Population_POPULATION_FORMER
	s.survey.publish(acme, "shop", third)
	staff := response(acme, shop, "c", noon, scores{"recommend": 0})
	staff.GetResponse().Revision = shop + "/revisions/3"
	s.survey.add(staff)
	s.caughtUp(shop, 1)
	wantScores(t, "the present population", s.query(&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS)}), `recommend 0-10 NPS_ANSWERED "" 1 -100.00`)
	wantScores(t, "the former one", s.query(&scoringv1.ScoreQuery{
		Survey: shop, Metrics: metrics(metricNPS), Population: typev1.Population_POPULATION_CUSTOMER,
	}), `recommend 0-10 NPS_ANSWERED "" 1 100.00`)
}

// groupOf is the value of a score's key; empty without one.
func groupOf(s *scoringv1.Score) string {
	if len(s.GetSlice().GetKeys()) == 0 {
		return ""
	}
	return s.GetSlice().GetKeys()[0].GetValue()
}
