package scoring_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Short names for what tests write often.
const (
	metricNPS  = scoringv1.Metric_METRIC_NPS
	metricCSAT = scoringv1.Metric_METRIC_CSAT
	metricCES  = scoringv1.Metric_METRIC_CES
	metricMean = scoringv1.Metric_METRIC_MEAN
	metricRate = scoringv1.Metric_METRIC_RESPONSE_RATE
)

func metrics(m ...scoringv1.Metric) []scoringv1.Metric { return m }

func variants(v ...scoringv1.Variant) []scoringv1.Variant { return v }

// wantError checks an error's code, reason and field.
func wantError(t *testing.T, what string, err error, code codes.Code, reason, field string) {
	t.Helper()
	e, ok := rpcerr.FromError(err)
	if !ok || e.Code != code || e.Reason != reason {
		t.Errorf("%s: %v, want %s with the reason %s", what, err, code, reason)
		return
	}
	switch {
	case field == "" && len(e.Fields) > 0:
		t.Errorf("%s: fields %v, want none", what, e.Fields)
	case field != "" && (len(e.Fields) != 1 || e.Fields[0].Field != field || e.Fields[0].Description == ""):
		t.Errorf("%s: fields %v, want %s", what, e.Fields, field)
	}
}

func TestQueryErrors(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	s.survey.publish(acme, "words", asking(freeText("why")))
	s.survey.add(response(acme, shop, "r", noon, scores{"recommend": 9}))
	s.start().caughtUp(shop, 1)
	const bad = codes.InvalidArgument
	const location = `location = "north"`
	for _, c := range []struct {
		name   string
		query  *scoringv1.ScoreQuery
		code   codes.Code
		reason string
		field  string
	}{
		{"unknown survey", &scoringv1.ScoreQuery{Survey: "surveys/none"}, codes.NotFound, "SURVEY_NOT_FOUND", "query.survey"},
		{"malformed survey", &scoringv1.ScoreQuery{Survey: "shop"}, bad, "VALIDATION_FAILED", "query.survey"},
		{"unknown question", &scoringv1.ScoreQuery{Survey: shop, Question: "none"}, codes.NotFound, "QUESTION_NOT_FOUND", "query.question"},
		{"metric without question", &scoringv1.ScoreQuery{Survey: "surveys/words", Metrics: metrics(metricRate, metricNPS)}, bad, "METRIC_MISMATCH", "query.metrics[1]"},
		{"metric of another question", &scoringv1.ScoreQuery{Survey: shop, Question: "price", Metrics: metrics(metricNPS)}, bad, "METRIC_MISMATCH", "query.metrics[0]"},
		{"metric of words", &scoringv1.ScoreQuery{Survey: shop, Question: "why", Metrics: metrics(metricMean)}, bad, "METRIC_MISMATCH", "query.metrics[0]"},
		{
			"variant of another metric",
			&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS), Variants: variants(scoringv1.Variant_VARIANT_NPS_ANSWERED, scoringv1.Variant_VARIANT_CES_MEAN)},
			bad, "METRIC_MISMATCH", "query.variants[1]",
		},
		{
			"variant that a question does not support",
			&scoringv1.ScoreQuery{Survey: shop, Question: "price", Variants: variants(scoringv1.Variant_VARIANT_CES_TOP_BOX)}, bad, "METRIC_MISMATCH", "query.variants[0]",
		},
		{
			"interval of another metric",
			&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS), IntervalMethod: scoringv1.IntervalMethod_INTERVAL_METHOD_WILSON},
			bad, "INTERVAL_METHOD_MISMATCH", "query.interval_method",
		},
		{"unknown key", &scoringv1.ScoreQuery{Survey: shop, GroupBy: []string{"channel", "locaton"}, Filter: location}, bad, "KEY_UNKNOWN", "query.group_by[1]"},
		{"unknown key of a filter", &scoringv1.ScoreQuery{Survey: shop, Filter: `locaton = "north"`}, bad, "FILTER_INVALID", "query.filter"},
		{"malformed filter", &scoringv1.ScoreQuery{Survey: shop, Filter: `location = "north`}, bad, "FILTER_INVALID", "query.filter"},
		{"key twice", &scoringv1.ScoreQuery{Survey: shop, GroupBy: []string{"channel", "channel"}}, bad, "VALIDATION_FAILED", "query.group_by"},
		{
			"unknown key of a margin", &scoringv1.ScoreQuery{Survey: shop, Weighting: raking("locaton", "north")},
			bad, "KEY_UNKNOWN", "query.weighting.raking.margins[0].key",
		},
		{
			"margin that nobody answers for", &scoringv1.ScoreQuery{Survey: shop, Weighting: raking("location", "north", "nowhere")},
			codes.FailedPrecondition, "WEIGHTING_INVALID", "query.weighting.raking.margins[0].targets[1]",
		},
		{
			"count that nobody states", &scoringv1.ScoreQuery{Survey: shop, Variants: variants(scoringv1.Variant_VARIANT_RESPONSE_RATE_INVITED)},
			bad, "COUNT_MISSING", "query.stated_counts.invitations",
		},
		{"time zone", &scoringv1.ScoreQuery{Survey: shop, TimeZone: "Asia/Atlantis"}, bad, "TIME_ZONE_UNKNOWN", "query.time_zone"},
		{"the machine's time zone", &scoringv1.ScoreQuery{Survey: shop, TimeZone: "Local"}, bad, "TIME_ZONE_UNKNOWN", "query.time_zone"},
		{"start", &scoringv1.ScoreQuery{Survey: shop, Period: &typev1.Period{StartTime: timestamppb.New(noon.Add(time.Minute))}}, bad, "PERIOD_NOT_ALIGNED", "query.period.start_time"},
		{"end", &scoringv1.ScoreQuery{Survey: shop, Period: &typev1.Period{EndTime: timestamppb.New(noon.Add(1))}}, bad, "PERIOD_NOT_ALIGNED", "query.period.end_time"},
		{"metric twice", &scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS, metricNPS)}, bad, "VALIDATION_FAILED", "query.metrics"},
		{"level", &scoringv1.ScoreQuery{Survey: shop, ConfidenceLevel: 1}, bad, "VALIDATION_FAILED", "query.confidence_level"},
	} {
		_, err := s.client.QueryScores(context.Background(), &scoringv1.QueryScoresRequest{Query: c.query})
		wantError(t, c.name, err, c.code, c.reason, c.field)
	}
	_, err := s.client.QueryScores(context.Background(), &scoringv1.QueryScoresRequest{})
	wantError(t, "no query", err, bad, "VALIDATION_FAILED", "query")
}

func TestTooManyRows(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	// Hours over many years, and as many values of a key as an answer may not have.
	s.survey.add(several(21_000, func(i int) *surveyv1.Event {
		e := response(acme, shop, id("r", i), noon.Add(time.Duration(i)*time.Hour), scores{"recommend": 9})
		e.GetResponse().GetContext().Location = id("store", i)
		return e
	})...)
	s.start().caughtUp(shop, 21_000)
	for name, q := range map[string]*scoringv1.ScoreQuery{
		"hours":     {Survey: shop, Metrics: metrics(metricNPS), Grain: typev1.TimeGrain_TIME_GRAIN_HOUR},
		"locations": {Survey: shop, Metrics: metrics(metricNPS), GroupBy: []string{"location"}},
		"days of several scores": {
			Survey: shop, Question: "recommend", Grain: typev1.TimeGrain_TIME_GRAIN_DAY, GroupBy: []string{"location"},
		},
	} {
		_, err := s.client.QueryScores(context.Background(), &scoringv1.QueryScoresRequest{Query: q})
		wantError(t, name, err, codes.InvalidArgument, "TOO_MANY_ROWS", "")
	}
	// In parts an answer may have more: those of a chain of 20,000 stores, and of what names none of them.
	stream, err := s.client.StreamScores(context.Background(), &scoringv1.StreamScoresRequest{Query: &scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS), GroupBy: []string{"location"}}})
	streamed := 0
	for err == nil {
		var part *scoringv1.StreamScoresResponse
		part, err = stream.Recv()
		streamed += len(part.GetScores())
	}
	if !errors.Is(err, io.EOF) || streamed != 21_000 {
		t.Errorf("%d locations in parts: %v", streamed, err)
	}
	r := s.query(&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS), Grain: typev1.TimeGrain_TIME_GRAIN_DAY})
	if len(r.GetScores()) != 876 {
		t.Errorf("%d days, want 876", len(r.GetScores()))
	}
}

func TestOrganisationsSeeTheirOwn(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	s.survey.publish(other, "shop", shopQuestions())
	s.survey.publish(acme, "secret", shopQuestions())
	s.survey.add(response(acme, shop, "a", noon, scores{"recommend": 10}), response(other, shop, "a", noon, scores{"recommend": 0}),
		response(acme, shop, "b", noon, scores{"recommend": 10}))
	s.start().caughtUp(shop, 2)
	theirs := scoringv1.NewScoringServiceClient(rpcclient.WithKey(s.conn, otherKey, ""))
	ctx := context.Background()
	r, err := theirs.QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: &scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS)}})
	if err != nil || r.GetScores()[0].GetN() != 1 || r.GetScores()[0].GetEstimate() != -100 {
		t.Errorf("scores of the other organisation: %v, %v", r, err)
	}
	_, err = theirs.QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: &scoringv1.ScoreQuery{Survey: "surveys/secret"}})
	wantError(t, "another organisation's survey", err, codes.NotFound, "SURVEY_NOT_FOUND", "query.survey")
	if _, err := s.client.RebuildScores(ctx, &scoringv1.RebuildScoresRequest{}); err != nil {
		t.Fatal(err)
	}
	_, err = theirs.GetRebuild(ctx, &scoringv1.GetRebuildRequest{Name: "rebuilds/1"})
	wantError(t, "another organisation's rebuild", err, codes.NotFound, "REBUILD_NOT_FOUND", "name")
	list, err := theirs.ListRebuilds(ctx, &scoringv1.ListRebuildsRequest{})
	if err != nil || len(list.GetRebuilds()) > 0 {
		t.Errorf("rebuilds of the other organisation: %v, %v", list, err)
	}
	_, err = scoringv1.NewScoringServiceClient(s.conn).QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: &scoringv1.ScoreQuery{Survey: shop}})
	wantError(t, "no key", err, codes.Unauthenticated, "CREDENTIALS_MISSING", "")
}

// raking weighs values of a key alike.
func raking(key string, values ...string) *scoringv1.Weighting {
	m := &scoringv1.Weighting_Margin{Key: key}
	for _, v := range values {
		m.Targets = append(m.Targets, &scoringv1.Weighting_Target{Value: v, Share: 1})
	}
	return &scoringv1.Weighting{Method: &scoringv1.Weighting_Raking_{Raking: &scoringv1.Weighting_Raking{Margins: []*scoringv1.Weighting_Margin{m}}}}
}
