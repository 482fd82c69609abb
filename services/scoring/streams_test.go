package scoring_test

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// read reads a stream to its end.
func read[T any](stream grpc.ServerStreamingClient[T], err error) ([]*T, error) {
	if err != nil {
		return nil, err
	}
	var all []*T
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, m)
	}
}

// scatteredSuite counts events of many units.
func scatteredSuite(t *testing.T, n int) *suite {
	s := newSuite(t)
	s.units = units()
	s.survey.publish(acme, "shop", shopQuestions())
	s.survey.publish(acme, "team", teamQuestions(byLocation))
	s.start().settled(scattered(rand.New(rand.NewPCG(6, 6)), shop, n)...)
	return s
}

func TestStreamOfScoresIsTheAnswerInParts(t *testing.T) {
	t.Parallel()
	s := scatteredSuite(t, 400)
	q := &scoringv1.ScoreQuery{Survey: shop, GroupBy: []string{"location", "channel", "employee"}, Filter: `channel != "moon"`}
	_, err := read(s.client.StreamScores(context.Background(), &scoringv1.StreamScoresRequest{Query: q}))
	wantError(t, "by employee and more", err, codes.FailedPrecondition, "GROUPING_NOT_DECLARED", "query.group_by")
	q.GroupBy, q.Grain = []string{"location", "channel", "company"}, typev1.TimeGrain_TIME_GRAIN_DAY
	want := s.query(q)
	parts, err := read(s.client.StreamScores(context.Background(), &scoringv1.StreamScoresRequest{Query: q}))
	if err != nil || len(parts) < 2 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
	got := &scoringv1.QueryScoresResponse{Watermark: parts[0].GetWatermark(), Coverage: parts[0].GetCoverage()}
	for i, p := range parts {
		if n := len(p.GetScores()); n > 500 || i > 0 && p.GetCoverage() != nil {
			t.Errorf("part %d has %d scores and the coverage %v", i, n, p.GetCoverage())
		}
		got.Scores = append(got.Scores, p.GetScores()...)
	}
	if !proto.Equal(withoutWatermark(got), withoutWatermark(want)) {
		t.Errorf("%d scores in %d parts, want %d", len(got.GetScores()), len(parts), len(want.GetScores()))
	}
	// An answer without rows is one part.
	parts, err = read(s.client.StreamScores(context.Background(), &scoringv1.StreamScoresRequest{Query: &scoringv1.ScoreQuery{Survey: shop, GroupBy: []string{"location"}, Filter: `location = "moon"`}}))
	if err != nil || len(parts) != 1 || parts[0].GetCoverage() == nil {
		t.Errorf("nothing comes in the parts %v, %v", parts, err)
	}
}

func TestFactsAreTheResponsesBehindScores(t *testing.T) {
	t.Parallel()
	s := scatteredSuite(t, 900)
	ctx := context.Background()
	request := &scoringv1.StreamFactsRequest{Survey: shop, Filter: `location = "north" AND answers.recommend >= 5`, Groups: 7}
	parts, err := read(s.client.StreamFacts(ctx, request))
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.client.QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: &scoringv1.ScoreQuery{
		Survey: shop, Filter: request.GetFilter(), Question: "recommend", Metrics: metrics(metricMean),
	}})
	if err != nil {
		t.Fatal(err)
	}
	var n int64
	var sum float64
	for i, p := range parts {
		if (p.GetCoverage() != nil) != (i == 0) {
			t.Errorf("part %d has the coverage %v", i, p.GetCoverage())
		}
		for _, f := range p.GetFacts() {
			n++
			for _, k := range f.GetKeys() {
				if k.GetKey() == "employee" || k.GetKey() == "location" && k.GetValues()[0] != "north" {
					t.Fatalf("a fact has %v", k)
				}
			}
			for _, a := range f.GetAnswers() {
				if a.GetQuestion() == "recommend" {
					sum += a.GetScore()
				}
			}
			if f.GetGroup() < 0 || f.GetGroup() >= 7 || f.GetWeight() != 1 || f.GetCountTime().AsTime().Minute()%15 != 0 {
				t.Fatalf("%v", f)
			}
		}
	}
	score := r.GetScores()[0]
	if n != score.GetN() || n == 0 || math.Abs(sum/float64(n)-score.GetEstimate()) > 1e-9 {
		t.Errorf("the mean of %d facts is %v, the score %v", n, sum/float64(n), score)
	}
	for name, c := range map[string]struct {
		request *scoringv1.StreamFactsRequest
		code    codes.Code
		reason  string
		field   string
	}{
		"employees":          {&scoringv1.StreamFactsRequest{Survey: team}, codes.FailedPrecondition, "NOT_PROTECTABLE", ""},
		"about an employee":  {&scoringv1.StreamFactsRequest{Survey: shop, Filter: `employee = "anna"`}, codes.FailedPrecondition, "NOT_PROTECTABLE", ""},
		"not by an employee": {&scoringv1.StreamFactsRequest{Survey: shop, Filter: `NOT employee = "anna"`}, codes.FailedPrecondition, "NOT_PROTECTABLE", ""},
		"a wrong key":        {&scoringv1.StreamFactsRequest{Survey: shop, Filter: `planet = "earth"`}, codes.InvalidArgument, "FILTER_INVALID", "filter"},
		"no survey":          {&scoringv1.StreamFactsRequest{Survey: "surveys/none"}, codes.NotFound, "SURVEY_NOT_FOUND", "survey"},
	} {
		_, err := read(s.client.StreamFacts(ctx, c.request))
		wantError(t, name, err, c.code, c.reason, c.field)
	}
}

func TestMomentsAddUpToScores(t *testing.T) {
	t.Parallel()
	s := scatteredSuite(t, 300)
	ctx := context.Background()
	request := &scoringv1.StreamMomentsRequest{Survey: shop, Questions: []string{"recommend", "price"}, Groups: 9, Filter: `channel = "app"`}
	parts, err := read(s.client.StreamMoments(ctx, request))
	if err != nil || len(parts) != 9 {
		t.Fatalf("%d groups, %v", len(parts), err)
	}
	var n int64
	var sum, squares float64
	for _, p := range parts {
		for _, pair := range p.GetPairs() {
			if pair.GetFirst() == 0 && pair.GetSecond() == 0 {
				n, sum, squares = n+pair.GetCount(), sum+pair.GetFirstSum(), squares+pair.GetFirstSquareSum()
			}
		}
	}
	score := s.query(&scoringv1.ScoreQuery{
		Survey: shop, Filter: request.GetFilter(), Question: "recommend", Metrics: metrics(metricMean),
	}).GetScores()[0]
	mean := sum / float64(n)
	se := math.Sqrt((squares/float64(n) - mean*mean) / float64(n-1))
	if n != score.GetN() || math.Abs(mean-score.GetEstimate()) > 1e-9 || math.Abs(se-score.GetStandardError()) > 1e-9 {
		t.Errorf("mean %v and standard error %v of %d, the score is %v", mean, se, n, score)
	}
	request.Questions = []string{"recommend", "prise"}
	_, err = read(s.client.StreamMoments(ctx, request))
	wantError(t, "an unknown question", err, codes.NotFound, "QUESTION_NOT_FOUND", "questions[1]")
	_, err = read(s.client.StreamMoments(ctx, &scoringv1.StreamMomentsRequest{Survey: team, Questions: []string{"recommend"}}))
	wantError(t, "employees", err, codes.FailedPrecondition, "NOT_PROTECTABLE", "")
}

func TestRankingOfUnits(t *testing.T) {
	t.Parallel()
	s := scatteredSuite(t, 900)
	ctx := context.Background()
	q := &scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS), Variants: variants(scoringv1.Variant_VARIANT_NPS_ANSWERED), GroupBy: []string{"location"}}
	r, err := s.client.RankScores(ctx, &scoringv1.RankScoresRequest{Query: q})
	if err != nil {
		t.Fatal(err)
	}
	if r.GetCompared() != 3 || len(r.GetRanking()) != 3 || r.GetCoverage().GetCounted() == 0 {
		t.Fatalf("%v", r)
	}
	scores := make(map[string]*scoringv1.Score)
	for _, sc := range s.query(q).GetScores() {
		scores[sc.GetSlice().GetKeys()[0].GetValue()] = sc
	}
	for i, u := range r.GetRanking() {
		same := scores[u.GetScore().GetSlice().GetKeys()[0].GetValue()]
		if u.GetRank() != int64(i+1) || u.GetBestRank() > u.GetRank() || u.GetWorstRank() < u.GetRank() || u.AdjustedPValue == nil || u.GetInterval() == nil ||
			same.GetEstimate() != u.GetScore().GetEstimate() || same.GetN() != u.GetScore().GetN() {
			t.Errorf("%d: %v, by the query %v", i, u, same)
		}
	}
	// Who is released in blocks is ranked by what is released, and who is not is listed.
	q.GroupBy = []string{"employee"}
	if r, err = s.client.RankScores(ctx, &scoringv1.RankScoresRequest{Query: q}); err != nil {
		t.Fatal(err)
	}
	if r.GetCompared() != 3 || r.GetCoverage() != nil || r.GetRanking()[0].GetScore().GetN()%5 != 0 {
		t.Errorf("by employee: %v", r)
	}
	q.Filter = `location = "north"`
	_, err = s.client.RankScores(ctx, &scoringv1.RankScoresRequest{Query: q})
	wantError(t, "employees of a location", err, codes.FailedPrecondition, "GROUPING_NOT_DECLARED", "query.filter")
	q.Filter, q.GroupBy = "", []string{"location", "channel"}
	_, err = s.client.RankScores(ctx, &scoringv1.RankScoresRequest{Query: q})
	wantError(t, "two keys", err, codes.InvalidArgument, "NOT_COMPARABLE", "query.group_by")
}

func TestScoresByDefinition(t *testing.T) {
	t.Parallel()
	s := scatteredSuite(t, 200)
	ctx := context.Background()
	byName := s.query(&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS)})
	byDefinition := s.query(&scoringv1.ScoreQuery{Survey: shop, Definition: "metricDefinitions/nps@1"})
	if !proto.Equal(withoutWatermark(byName), withoutWatermark(byDefinition)) {
		t.Errorf("by definition %v, want %v", byDefinition, byName)
	}
	_, err := s.definitions.CreateMetricDefinition(ctx, &scoringv1.CreateMetricDefinitionRequest{MetricDefinitionId: "blend", MetricDefinition: &scoringv1.MetricDefinition{
		Title: localized("Blend"), Meaning: &scoringv1.MetricDefinition_Expression{Expression: &scoringv1.ExpressionDefinition{
			Formula: "(a + b) / 2", Terms: []*scoringv1.ExpressionDefinition_Term{
				{Id: "a", Metric: metricMean, Question: "recommend", Normalized: true}, {Id: "b", Metric: metricMean, Question: "price", Normalized: true},
			},
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var want float64
	for _, question := range []string{"recommend", "price"} {
		want += s.query(&scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricMean), Question: question}).GetScores()[0].GetNormalizedEstimate() / 2
	}
	sc := s.query(&scoringv1.ScoreQuery{Survey: shop, Definition: "metricDefinitions/blend"}).GetScores()[0]
	if math.Abs(sc.GetEstimate()-want) > 1e-9 || sc.GetDefinition() != "metricDefinitions/blend" || sc.GetDefinitionVersion() != 1 || len(sc.GetParts()) != 2 ||
		sc.GetReplicates() == 0 || sc.StandardError == nil || sc.GetInterval().GetMethod() != "JACKKNIFE_T" {
		t.Errorf("%v, want %v", sc, want)
	}
	c, err := s.client.CompareScores(ctx, &scoringv1.CompareScoresRequest{
		Query:    &scoringv1.ScoreQuery{Survey: shop, Definition: "metricDefinitions/blend", Filter: `channel = "app"`},
		Baseline: &scoringv1.ScoreQuery{Survey: shop, Filter: `channel = "sms"`},
	})
	if err != nil || math.Abs(c.GetDifference()-(c.GetScore().GetEstimate()-c.GetBaseline().GetEstimate())) > 1e-9 || c.PValue == nil {
		t.Errorf("%v, %v", c, err)
	}
	for name, e := range map[string]struct {
		query  *scoringv1.ScoreQuery
		code   codes.Code
		reason string
	}{
		"none":                {&scoringv1.ScoreQuery{Survey: shop, Definition: "metricDefinitions/blond"}, codes.NotFound, "DEFINITION_NOT_FOUND"},
		"of other questions":  {&scoringv1.ScoreQuery{Survey: shop, Definition: "metricDefinitions/servqual"}, codes.InvalidArgument, "METRIC_MISMATCH"},
		"beside a metric":     {&scoringv1.ScoreQuery{Survey: shop, Definition: "metricDefinitions/blend", Metrics: metrics(metricNPS)}, codes.InvalidArgument, "METRIC_MISMATCH"},
		"of what is released": {&scoringv1.ScoreQuery{Survey: team, Definition: "metricDefinitions/blend"}, codes.FailedPrecondition, "NOT_PROTECTABLE"},
	} {
		_, err := s.client.QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: e.query})
		wantError(t, name, err, e.code, e.reason, "query.definition")
	}
}
