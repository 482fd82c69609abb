package api

import (
	"fmt"
	"math"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// rated has the store know an answer on 1..10 of a respondent.
func (f *fixture) rated(t *testing.T, respondent, location string, at time.Time, score float64) {
	t.Helper()
	value, err := light.Scale{Min: 1, Max: 10}.Place(score)
	need(t, err)
	need(t, f.store.ApplyAnswers(t.Context(), "lights", store.LightBatch{From: store.Unmoved, To: store.Unmoved, Now: at, Changes: []store.AnswerChange{{
		Organization: "acme", Person: f.person(t, respondent),
		Row: light.Row{
			Survey: "s", Response: fmt.Sprint(respondent, "-", at.Unix()), Location: location, Time: at, Answers: []light.Answer{{Question: "q", Value: value}},
		},
	}}}))
}

// days is a period of days before noon.
func days(from, to int) *typev1.Period {
	return &typev1.Period{StartTime: timestamppb.New(noon.AddDate(0, 0, -from)), EndTime: timestamppb.New(noon.AddDate(0, 0, -to))}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var list []*segmentationv1.Purchase
	for i := range 9 {
		who, score := fmt.Sprint("card-", i), float64(2+i)
		f.rated(t, who, "osh", noon.AddDate(0, 0, -60-i), score)
		// Answers after the scores' time say nothing about them.
		f.rated(t, who, "osh", noon.AddDate(0, 0, -10-i), 1)
		list = append(list, sold(fmt.Sprint("before-", i), who, noon.AddDate(0, 0, -80), 1000), sold(fmt.Sprint("after-", i), who, noon.AddDate(0, 0, -1), 500000))
		if i >= 3 {
			list = append(list, sold(fmt.Sprint("within-", i), who, noon.AddDate(0, 0, -20), int64(100*score)))
		}
	}
	f.sell(t, list...)
	client := segmentationv1.NewPurchaseServiceClient(f.as("admin"))
	_, err := client.BatchUpsertChurns(t.Context(), &segmentationv1.BatchUpsertChurnsRequest{Churns: []*segmentationv1.Churn{
		{Name: "churns/0", Respondent: "card-0", LeaveTime: timestamppb.New(noon.AddDate(0, 0, -15))},
		{Name: "churns/8", Respondent: "card-8", LeaveTime: timestamppb.New(noon.AddDate(0, 0, -70))},
	}})
	need(t, err)
	query := &segmentationv1.RetentionQuery{ScorePeriod: days(90, 40), OutcomePeriod: days(30, 5)}
	got, err := segmentationv1.NewRetentionServiceClient(f.as("admin")).QueryRetention(t.Context(), &segmentationv1.QueryRetentionRequest{Query: query})
	need(t, err)
	// Scores are 2 to 10; the one of 10 had left and not come back before the outcomes.
	red, green := got.GetBands()[0], got.GetBands()[2]
	if red.GetContactCount() != 3 || red.GetRepeat().GetDenominator() != 3 || red.GetRepeat().GetCount() != 0 || red.GetChurn().GetCount() != 1 || red.GetChurnLoss().GetEstimateMinor() != 1000 {
		t.Errorf("red: %v", red)
	}
	if green.GetContactCount() != 2 || green.GetRepeat().GetCount() != 2 || green.GetValue().GetEstimateMinor() != 850 || got.GetGoneCount() != 1 || got.GetCurrency() != "KGS" {
		t.Errorf("green: %v, gone %d, %s", green, got.GetGoneCount(), got.GetCurrency())
	}
	if got.GetAmberFrom() != 5 || got.GetGreenFrom() != 8 {
		t.Errorf("cuts %v, %v", got.GetAmberFrom(), got.GetGreenFrom())
	}
	if p := got.GetValuePerPoint(); p.GetN() != 8 || math.Abs(p.GetEstimate()-148.8095238095) > 1e-6 || p.GetInterval().GetMethod() != "STUDENT_T_HC3" {
		t.Errorf("point %v", p)
	}
	if got.GetValuePerPointAdjusted() != nil {
		t.Errorf("all spent as much before, so nothing can be held equal: %v", got.GetValuePerPointAdjusted())
	}
	for _, language := range []string{"ru", "ky", "en"} {
		if got.GetCaution().GetTexts()[language] == "" {
			t.Errorf("no caution in %s", language)
		}
	}
	if d := got.GetRepeatDifference(); d.GetEstimate() != -1 || d.GetPValue() > 0.05 {
		t.Errorf("difference %v", d)
	}
}

func TestTurnoverQuery(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	req := &segmentationv1.BatchUpsertTurnoversRequest{}
	for i, location := range []string{"a", "b", "c", "d", "e"} {
		f.rated(t, "card-"+location, location, noon.AddDate(0, 0, -60), float64(2*i+2))
		req.Turnovers = append(req.Turnovers, &segmentationv1.Turnover{
			Name: "turnovers/" + location, Location: "locations/" + location, StartTime: timestamppb.New(noon.AddDate(0, 0, -30)), EndTime: timestamppb.New(noon.AddDate(0, 0, -5)),
			Headcount: 20, Leavers: int64(10 - 2*i),
		})
	}
	_, err := segmentationv1.NewPurchaseServiceClient(f.as("admin")).BatchUpsertTurnovers(t.Context(), req)
	need(t, err)
	query := &segmentationv1.RetentionQuery{ScorePeriod: days(90, 40), OutcomePeriod: days(40, 0)}
	got, err := segmentationv1.NewRetentionServiceClient(f.as("admin")).QueryTurnover(t.Context(), &segmentationv1.QueryTurnoverRequest{Query: query})
	need(t, err)
	if got.GetTotal().GetLocationCount() != 5 || got.GetTotal().GetLeavers() != 30 || got.GetCorrelation() > -0.999 || got.GetBands()[0].GetLeavers() != 18 {
		t.Errorf("%v", got)
	}
	if got.GetTotal().GetInterval().GetMethod() != "POISSON_EXACT" || got.GetCaution().GetTexts()["ky"] == "" {
		t.Errorf("%v", got.GetTotal())
	}
}

func TestQuestionsThatCannotBeAnswered(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	dollars := sold("r2", "card-1", noon, 5)
	dollars.Currency = "USD"
	f.sell(t, sold("r1", "card-1", noon, 5), dollars)
	client := segmentationv1.NewRetentionServiceClient(f.as("admin"))
	seven, five := 7.0, 5.0
	for name, c := range map[string]struct {
		query         *segmentationv1.RetentionQuery
		currency      string
		code          codes.Code
		reason, field string
	}{
		"outcomes among scores": {&segmentationv1.RetentionQuery{ScorePeriod: days(90, 30), OutcomePeriod: days(40, 5)}, "KGS", codes.InvalidArgument, "RETENTION_PERIODS", "query.outcome_period"},
		"an open period": {
			&segmentationv1.RetentionQuery{ScorePeriod: &typev1.Period{EndTime: timestamppb.New(noon)}, OutcomePeriod: days(40, 5)}, "KGS", codes.InvalidArgument,
			"RETENTION_PERIODS", "query.outcome_period",
		},
		"cuts out of order": {
			&segmentationv1.RetentionQuery{ScorePeriod: days(90, 40), OutcomePeriod: days(40, 5), AmberFrom: &seven, GreenFrom: &five}, "KGS", codes.InvalidArgument,
			"RETENTION_CUTS", "query.green_from",
		},
		"one cut": {
			&segmentationv1.RetentionQuery{ScorePeriod: days(90, 40), OutcomePeriod: days(40, 5), AmberFrom: &five}, "KGS", codes.InvalidArgument, "RETENTION_CUTS", "",
		},
		"several currencies": {
			&segmentationv1.RetentionQuery{ScorePeriod: days(90, 40), OutcomePeriod: days(40, 5)}, "", codes.FailedPrecondition, "CURRENCY_AMBIGUOUS", "currency",
		},
		"no currency": {&segmentationv1.RetentionQuery{ScorePeriod: days(90, 40), OutcomePeriod: days(40, 5)}, "SOM", codes.InvalidArgument, "VALIDATION_FAILED", "currency"},
	} {
		_, err := client.QueryRetention(t.Context(), &segmentationv1.QueryRetentionRequest{Query: c.query, Currency: c.currency})
		refused(t, name, err, c.code, c.reason, c.field)
	}
	_, err := segmentationv1.NewRetentionServiceClient(f.as("osh")).QueryRetention(t.Context(), &segmentationv1.QueryRetentionRequest{
		Query: &segmentationv1.RetentionQuery{ScorePeriod: days(90, 40), OutcomePeriod: days(40, 5)},
	})
	refused(t, "as one of Osh", err, codes.PermissionDenied, "UNITS_RESTRICTED", "")
}
