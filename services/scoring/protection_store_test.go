package scoring_test

import (
	"context"
	"testing"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// TestScoresByEmployeeOfAStore: a manager who may read each answer of a store with its employee is told the scores that an administrator is told; who may not is told
// nothing where too little of the store is held back.
func TestScoresByEmployeeOfAStore(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.units = units()
	s.survey.publish(acme, "shop", shopQuestions())
	s.survey.publish(acme, "team", teamQuestions(byLocation))
	var events []*surveyv1.Event
	for employee, location := range map[string]string{"anna": "north", "bolot": "north", "carl": "south", "dina": "south"} {
		for i := range 11 {
			events = append(events, employed(shop, id(employee, i), noon, scores{"recommend": float64(i % 2 * 10)}, location, employee))
		}
	}
	for i := range 2 {
		events = append(events, employed(shop, id("emil", i), noon, scores{"recommend": 10}, "north", "emil"), employed(team, id("t", i), noon, scores{"recommend": 10}, "north", ""))
	}
	s.start().settled(events...)
	told := func(client scoringv1.ScoringServiceClient, survey string) map[string]*scoringv1.Score {
		r, err := client.QueryScores(context.Background(), &scoringv1.QueryScoresRequest{Query: &scoringv1.ScoreQuery{
			Survey: survey, Metrics: metrics(metricNPS), GroupBy: []string{map[string]string{shop: "employee", team: "location"}[survey]},
		}})
		if err != nil {
			t.Fatal(err)
		}
		out := make(map[string]*scoringv1.Score)
		for _, x := range r.GetScores() {
			out[x.GetSlice().GetKeys()[0].GetValue()] = x
		}
		return out
	}
	all, own, viewer := told(s.client, shop), told(s.as("reader-north"), shop), told(s.as("north"), shop)
	for _, employee := range []string{"anna", "bolot"} {
		if x := own[employee]; x.GetN() != 10 || x.GetEstimate() != all[employee].GetEstimate() || x.GetN() != all[employee].GetN() {
			t.Errorf("of %s the reader is told %v, an administrator %v", employee, x, all[employee])
		}
		if x := viewer[employee]; x.Estimate != nil || x.GetSuppression() != scoringv1.Suppression_SUPPRESSION_COMPLEMENTARY {
			t.Errorf("of %s who may not read answers is told %v", employee, x)
		}
	}
	if x := own["emil"]; x.Estimate != nil || x.GetSuppression() != scoringv1.Suppression_SUPPRESSION_FEW_ANSWERS {
		t.Errorf("of two answers is told %v", x)
	}
	if len(own) != 3 {
		t.Errorf("the manager is told of %v", own)
	}
	// Answers of employees stay in blocks for everybody.
	if x := told(s.as("reader-north"), team)["north"]; x.Estimate != nil {
		t.Errorf("of two employees is told %v", x)
	}
}
