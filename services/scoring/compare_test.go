package scoring_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// thirtyDays is a period of thirty days from a moment.
func thirtyDays(from time.Time) *typev1.Period {
	return &typev1.Period{StartTime: timestamppb.New(from), EndTime: timestamppb.New(from.AddDate(0, 0, 30))}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	// 50/30/20 in the first month against 40/30/30 in the second; 80 and 70 of 100 satisfied.
	add := func(month int, promoters, satisfied int) {
		s.survey.add(several(100, func(i int) *surveyv1.Event {
			nps, csat := 10.0, 5.0
			switch {
			case i >= promoters+30:
				nps = 2
			case i >= promoters:
				nps = 7
			}
			if i >= satisfied {
				csat = 1
			}
			return response(acme, shop, id(id("r", month), i), noon.AddDate(0, 0, 30*month), scores{"recommend": nps, "staff": csat})
		})...)
	}
	add(0, 50, 80)
	add(1, 40, 70)
	s.start().caughtUp(shop, 200)
	ctx := context.Background()
	first, second := thirtyDays(noon), thirtyDays(noon.AddDate(0, 0, 30))
	compare := func(q *scoringv1.ScoreQuery) *scoringv1.CompareScoresResponse {
		t.Helper()
		r, err := s.client.CompareScores(ctx, &scoringv1.CompareScoresRequest{Query: q, Baseline: &scoringv1.ScoreQuery{Survey: shop, Period: second}})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := compare(&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS), Period: first})
	near(t, "difference of NPS", r.GetDifference(), 20)
	near(t, "z", r.GetStatistic(), 1.73232413)
	near(t, "p", r.GetPValue(), 0.0832158675)
	if r.GetTest() != "ADJUSTED_TRINOMIAL_Z" || r.AdjustedDifference == nil || r.GetScore().GetEstimate() != 30 || r.GetBaseline().GetEstimate() != 10 {
		t.Errorf("comparison %v", r)
	}
	r = compare(&scoringv1.ScoreQuery{Survey: shop, Variants: variants(scoringv1.Variant_VARIANT_CSAT_SHARE), Period: first})
	near(t, "difference of shares", r.GetDifference(), 10)
	near(t, "z", r.GetStatistic(), 1.63299316185545)
	near(t, "lower bound", r.GetInterval().GetLower(), -2.02493621530132)
	near(t, "upper bound", r.GetInterval().GetUpper(), 21.6734354017786)
	r = compare(&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricMean), Question: "staff", Period: first})
	if r.GetTest() != "WELCH_T" || r.DegreesOfFreedom == nil {
		t.Errorf("comparison of means %v", r)
	}
	near(t, "response rates", compare(&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricRate), Period: first}).GetDifference(), 0)

	refused := func(what string, q, baseline *scoringv1.ScoreQuery, code codes.Code, reason, field string) {
		t.Helper()
		_, err := s.client.CompareScores(ctx, &scoringv1.CompareScoresRequest{Query: q, Baseline: baseline})
		wantError(t, what, err, code, reason, field)
	}
	one := &scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS)}
	same := &scoringv1.ScoreQuery{Survey: shop}
	const bad, reason = codes.InvalidArgument, "NOT_COMPARABLE"
	refused("no metric", &scoringv1.ScoreQuery{Survey: shop}, same, bad, reason, "query.metrics")
	refused("two metrics", &scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS, metricCES)}, same, bad, reason, "query.metrics")
	refused("two default variants", &scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricCES)}, same, bad, reason, "query.variants")
	refused("a series", &scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS), Grain: typev1.TimeGrain_TIME_GRAIN_DAY}, same, bad, reason, "query.grain")
	refused("groups in the baseline", one, &scoringv1.ScoreQuery{Survey: shop, GroupBy: []string{"location"}}, bad, reason, "baseline.group_by")
	refused("another metric", one, &scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricMean)}, bad, reason, "baseline.variants")
	refused("every question", &scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricMean), Question: "*"}, same, bad, reason, "query.question")
	refused("unknown survey in the baseline", one, &scoringv1.ScoreQuery{Survey: "surveys/none"}, codes.NotFound, "SURVEY_NOT_FOUND", "baseline.survey")
	refused("no answers in the baseline", one, &scoringv1.ScoreQuery{Survey: shop, Period: thirtyDays(noon.AddDate(-1, 0, 0))},
		codes.FailedPrecondition, reason, "baseline.period")
	refused("unaligned baseline", one, &scoringv1.ScoreQuery{Survey: shop, Period: thirtyDays(noon.Add(time.Second))}, bad, "PERIOD_NOT_ALIGNED", "baseline.period.start_time")
}

// TestCompareWithoutVariance compares means of answers that do not differ: there is a difference and no test.
func TestCompareWithoutVariance(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	for i := range 4 {
		s.survey.add(response(acme, shop, id("r", i), noon.AddDate(0, 0, 30*(i%2)), scores{"price": float64(4 + i%2)}))
	}
	s.start().caughtUp(shop, 4)
	r, err := s.client.CompareScores(context.Background(), &scoringv1.CompareScoresRequest{
		Query:    &scoringv1.ScoreQuery{Survey: shop, Question: "price", Metrics: metrics(metricMean), Period: thirtyDays(noon)},
		Baseline: &scoringv1.ScoreQuery{Survey: shop, Period: thirtyDays(noon.AddDate(0, 0, 30))},
	})
	if err != nil || r.GetDifference() != -1 || r.PValue != nil || r.Statistic != nil {
		t.Errorf("%v, %v: want a difference of -1 without a test", r, err)
	}
}
