package api

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/rpcerr"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// TestFaultsAreToldInOurWords: what is missing, which values there are, which form a name has, what occurs twice.
func TestFaultsAreToldInOurWords(t *testing.T) {
	t.Parallel()
	i, err := validation.New()
	if err != nil {
		t.Fatal(err)
	}
	query := func(change func(q *scoringv1.ScoreQuery)) proto.Message {
		q := &scoringv1.ScoreQuery{Survey: "surveys/shop"}
		change(q)
		return &scoringv1.QueryScoresRequest{Query: q}
	}
	rule := func(grain typev1.TimeGrain) proto.Message {
		return &scoringv1.CreateAlertRuleRequest{AlertRule: &scoringv1.AlertRule{Survey: "surveys/shop", Metric: scoringv1.Metric_METRIC_NPS, Grain: grain}}
	}
	for name, c := range map[string]struct {
		request     proto.Message
		field, says string
	}{
		"an enum that is missing": {
			&scoringv1.CreateAlertRuleRequest{AlertRule: &scoringv1.AlertRule{Survey: "surveys/shop"}}, "alert_rule.metric", "is missing: one of METRIC_NPS, METRIC_",
		},
		"an importance that is missing": {&scoringv1.CreateMetricDefinitionRequest{MetricDefinition: &scoringv1.MetricDefinition{
			Meaning: &scoringv1.MetricDefinition_Index{Index: &scoringv1.IndexDefinition{}},
		}}, "metric_definition.index.importance", "is missing: one of IMPORTANCE_STATED"},
		"an enum that is refused": {rule(typev1.TimeGrain_TIME_GRAIN_QUARTER), "alert_rule.grain", "TIME_GRAIN_QUARTER cannot be taken: one of TIME_GRAIN_HOUR, TIME_GRAIN_DAY, TIME_GRAIN_WEEK, TIME_GRAIN_MONTH."},
		"a number that is none":   {query(func(q *scoringv1.ScoreQuery) { q.Grain = 99 }), "query.grain", "99 is no value: one of TIME_GRAIN_HOUR"},
		"a survey without word":   {query(func(q *scoringv1.ScoreQuery) { q.Survey = "shop" }), "query.survey", "is no name of a resource: write surveys/NAME, which matches ^surveys/"},
		"a survey that is missing": {
			query(func(q *scoringv1.ScoreQuery) { q.Survey = "" }), "query.survey", "is missing: write surveys/NAME",
		},
		"a survey in capitals": {query(func(q *scoringv1.ScoreQuery) { q.Survey = "surveys/SHOP" }), "query.survey", "regex"},
		"a key twice":          {query(func(q *scoringv1.ScoreQuery) { q.GroupBy = []string{"region", "channel", "region"} }), "query.group_by", `"region" occurs twice`},
		"a metric twice": {query(func(q *scoringv1.ScoreQuery) {
			q.Metrics = []scoringv1.Metric{scoringv1.Metric_METRIC_NPS, scoringv1.Metric_METRIC_NPS}
		}), "query.metrics", "METRIC_NPS occurs twice"},
		"a choice that is missing": {query(func(q *scoringv1.ScoreQuery) { q.Weighting = &scoringv1.Weighting{} }), "query.weighting.method", "is missing: state one of stated, raking"},
	} {
		found := false
		for _, f := range rpcerr.Fields(i.Check(c.request)) {
			found = found || f.Field == c.field && strings.Contains(f.Description+".", c.says)
		}
		if !found {
			t.Errorf("%s: %v, want %s: %s", name, rpcerr.Fields(i.Check(c.request)), c.field, c.says)
		}
	}
}
