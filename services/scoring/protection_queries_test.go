package scoring_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// TestNothingCutsAcrossBlocks asks for protected answers by whatever a query can say beyond the declared key and whole months: a score of another cut of
// them would tell, by what it differs in, what few of them are.
func TestNothingCutsAcrossBlocks(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.units = units()
	s.survey.publish(acme, "shop", shopQuestions())
	s.survey.publish(acme, "team", teamQuestions(byLocation))
	events := scattered(rand.New(rand.NewPCG(9, 9)), team, 200)
	for _, e := range events {
		if x := e.GetResponse(); x != nil {
			x.Context.Attributes = map[string]string{"shift": "night"}
		}
	}
	s.start().settled(append(events, scattered(rand.New(rand.NewPCG(8, 8)), shop, 200)...)...)
	ctx := context.Background()
	past := timestamppb.New(noon)
	stated := &scoringv1.Weighting{Method: &scoringv1.Weighting_Stated{Stated: &scoringv1.Weighting_StatedWeights{}}}
	byEmployees := &scoringv1.ScoreQuery{Survey: shop, GroupBy: []string{"employee"}}
	for _, survey := range []struct {
		base     *scoringv1.ScoreQuery
		declared string
	}{{&scoringv1.ScoreQuery{Survey: team}, "location"}, {byEmployees, "employee"}} {
		for name, c := range map[string]struct {
			query  *scoringv1.ScoreQuery
			reason string
			field  string
		}{
			"another key":            {&scoringv1.ScoreQuery{GroupBy: []string{"channel"}}, "GROUPING_NOT_DECLARED", "query.group_by"},
			"an attribute":           {&scoringv1.ScoreQuery{GroupBy: []string{"attributes.shift"}}, "GROUPING_NOT_DECLARED", "query.group_by"},
			"one that nobody states": {&scoringv1.ScoreQuery{GroupBy: []string{"attributes.nobody"}}, "GROUPING_NOT_DECLARED", "query.group_by"},
			"a filter by attribute":  {&scoringv1.ScoreQuery{Filter: `attributes.shift:*`}, "GROUPING_NOT_DECLARED", "query.filter"},
			"by one nobody states":   {&scoringv1.ScoreQuery{Filter: `attributes.nobody:*`}, "GROUPING_NOT_DECLARED", "query.filter"},
			"the revision":           {&scoringv1.ScoreQuery{GroupBy: []string{"revision"}}, "GROUPING_NOT_DECLARED", "query.group_by"},
			"the declared and more":  {&scoringv1.ScoreQuery{GroupBy: []string{survey.declared, "language"}}, "GROUPING_NOT_DECLARED", "query.group_by"},
			"a filter by answers":    {&scoringv1.ScoreQuery{Filter: `answers.recommend >= 9`}, "GROUPING_NOT_DECLARED", "query.filter"},
			"a filter by another":    {&scoringv1.ScoreQuery{Filter: `channel = "app"`}, "GROUPING_NOT_DECLARED", "query.filter"},
			"several of the key":     {&scoringv1.ScoreQuery{Filter: survey.declared + ` = "a" OR ` + survey.declared + ` = "b"`}, "GROUPING_NOT_DECLARED", "query.filter"},
			"all but one of the key": {&scoringv1.ScoreQuery{Filter: survey.declared + ` != "north"`}, "GROUPING_NOT_DECLARED", "query.filter"},
			"a prefix of the key":    {&scoringv1.ScoreQuery{Filter: survey.declared + ` = "n*"`}, "GROUPING_NOT_DECLARED", "query.filter"},
			"the key and more":       {&scoringv1.ScoreQuery{Filter: survey.declared + ` = "north" AND revision = 1`}, "GROUPING_NOT_DECLARED", "query.filter"},
			"weights":                {&scoringv1.ScoreQuery{Weighting: stated}, "NOT_PROTECTABLE", "query.weighting"},
			"raking":                 {&scoringv1.ScoreQuery{Weighting: raking("location", "north")}, "NOT_PROTECTABLE", "query.weighting"},
			"a past moment":          {&scoringv1.ScoreQuery{AsOfTime: past}, "NOT_PROTECTABLE", "query.as_of_time"},
			"a stated count":         {&scoringv1.ScoreQuery{StatedCounts: &scoringv1.StatedCounts{Invitations: new(int64(1))}}, "NOT_PROTECTABLE", "query.stated_counts"},
			"a model":                {&scoringv1.ScoreQuery{Definition: "metricDefinitions/csi"}, "NOT_PROTECTABLE", "query.definition"},
			"weeks":                  {&scoringv1.ScoreQuery{Grain: typev1.TimeGrain_TIME_GRAIN_WEEK}, "MONTHS_NOT_WHOLE", "query.grain"},
			"part of a month":        {&scoringv1.ScoreQuery{Period: &typev1.Period{StartTime: past}}, "MONTHS_NOT_WHOLE", "query.period.start_time"},
		} {
			q := c.query
			q.Survey = survey.base.GetSurvey()
			if q.GroupBy == nil {
				q.GroupBy = survey.base.GetGroupBy()
			} else if survey.declared == "employee" && q.GetGroupBy()[0] != "employee" {
				// Without the employee nobody is told apart; with another key beside it, somebody is.
				q.GroupBy = append([]string{"employee"}, q.GroupBy...)
			}
			_, err := s.client.QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: q})
			wantError(t, survey.declared+": "+name, err, codes.FailedPrecondition, c.reason, c.field)
		}
	}
	// A margin of employees is a cut by employees.
	_, err := s.client.QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: &scoringv1.ScoreQuery{Survey: shop, Weighting: raking("employee", "anna", "bolot")}})
	wantError(t, "margins", err, codes.FailedPrecondition, "NOT_PROTECTABLE", "query.weighting")
	// Who may see what rates one employee sees nothing finer by any filter.
	_, err = s.as("seller").QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: &scoringv1.ScoreQuery{Survey: shop, Filter: `answers.recommend = 10`}})
	wantError(t, "a seller", err, codes.FailedPrecondition, "GROUPING_NOT_DECLARED", "query.filter")
	for _, q := range []*scoringv1.ScoreQuery{
		{Survey: team, Filter: `location = "north"`}, {Survey: team, GroupBy: []string{"location"}, Filter: `location = "north"`, Grain: byMonth},
		{Survey: shop, Filter: `employee:anna`}, {Survey: shop, GroupBy: []string{"employee"}, Filter: `employee = ""`},
	} {
		r, err := s.client.QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: q})
		if err != nil || r.GetCoverage() != nil {
			t.Errorf("%v: %v, coverage %v", q, err, r.GetCoverage())
		}
	}
	// A survey that never asked employees says so. Of one that did, and of what a caller of few units may see, nothing is told.
	asked := &scoringv1.ScoreQuery{Survey: shop, Population: typev1.Population_POPULATION_EMPLOYEE}
	r := s.query(asked)
	if c := r.GetCoverage(); c.GetResponses() != s.query(&scoringv1.ScoreQuery{Survey: shop}).GetCoverage().GetResponses() || c.GetCounted() != 0 ||
		len(c.GetLeftOut()) != 1 || c.GetLeftOut()[0].GetReason() != scoringv1.LeftOutReason_LEFT_OUT_REASON_POPULATION || c.GetLeftOut()[0].GetCount() != c.GetResponses() {
		t.Errorf("employees of a survey of customers: coverage %v", c)
	}
	if r, err := s.as("seller").QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: asked}); err != nil || r.GetCoverage() != nil {
		t.Errorf("employees of a survey of customers, for a seller: %v, coverage %v", err, r.GetCoverage())
	}
}

// TestSharesOfProtectedAnswersNameAllOptions: which of them were chosen at all would tell of answers that are not released.
func TestSharesOfProtectedAnswersNameAllOptions(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "team", teamQuestions(byLocation))
	s.start().settled(employed(team, "one", noon, scores{"recommend": 7}, "north", ""))
	q := &scoringv1.ScoreQuery{Survey: team, Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_SHARE}, Question: "recommend"}
	got := s.query(q).GetScores()
	if len(got) != 11 {
		t.Errorf("%d shares of the values from 0 to 10", len(got))
	}
	for _, sc := range got {
		if sc.Suppression == nil || sc.GetCounts() != nil || sc.GetN() != 0 {
			t.Errorf("%v", sc)
		}
	}
	// Neither does a question that nobody answered tell how many answered others.
	for _, sc := range s.query(&scoringv1.ScoreQuery{Survey: team, Question: "price", Metrics: metrics(metricMean)}).GetScores() {
		if sc.GetCounts().GetResponses() != 0 {
			t.Errorf("%v", sc)
		}
	}
	q.Question = "price"
	_, err := s.client.QueryScores(context.Background(), &scoringv1.QueryScoresRequest{Query: q})
	wantError(t, "shares of very many values", err, codes.InvalidArgument, "METRIC_MISMATCH", "query.option")
}
