package scoring_test

import (
	"context"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcclient"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// TestRulesAreSilencedWhileNothingCanBeCounted: silence is asked for when something is wrong, which must not stand in its way.
func TestRulesAreSilencedWhileNothingCanBeCounted(t *testing.T) {
	t.Parallel()
	s := newAlertSuite(t)
	r := s.create("stores", stores())
	s.stop()
	s.survey.setDown(true)
	s.start()
	s.alerts = scoringv1.NewAlertServiceClient(rpcclient.WithKey(s.conn, adminKey, ""))
	ctx := context.Background()
	if _, err := s.alerts.SilenceAlertRule(ctx, &scoringv1.SilenceAlertRuleRequest{Name: r.GetName(), Silence: &scoringv1.AlertSilence{
		StartTime: timestamppb.New(s.day(-1)), EndTime: timestamppb.New(s.day(9)), Reason: "an incident",
	}}); err != nil {
		t.Errorf("silence: %v", err)
	}
	for _, change := range []*scoringv1.AlertRule{{DisplayName: "Shops"}, {Disabled: true}} {
		change.Name = r.GetName()
		out, err := s.alerts.UpdateAlertRule(ctx, &scoringv1.UpdateAlertRuleRequest{AlertRule: change})
		if err != nil || out.GetAlertRule().GetDisplayName() != "Shops" || out.GetAlertRule().GetDisabled() != change.GetDisabled() {
			t.Errorf("%v: %v, %v", change, out, err)
		}
	}
	// What it watches, and whether it watches, is checked.
	for _, field := range []string{"filter", "disabled", "lambda"} {
		_, err := s.alerts.UpdateAlertRule(ctx, &scoringv1.UpdateAlertRuleRequest{
			AlertRule:  &scoringv1.AlertRule{Name: r.GetName(), Filter: `location = "north"`, Lambda: 0.5},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{field}},
		})
		wantError(t, field, err, codes.Unavailable, "SURVEY_SERVICE_UNAVAILABLE", "")
	}
}

// TestQuestionsCanBeWatchedAtOnce makes rules on questions that were published a moment ago.
func TestQuestionsCanBeWatchedAtOnce(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.config.SurveyRefresh = 1 << 40
	s.survey.publish(acme, "shop", asking(nps("recommend")))
	s.start().settled(response(acme, shop, "a", noon, scores{"recommend": 9}))
	s.query(&scoringv1.ScoreQuery{Survey: shop})
	s.survey.publish(acme, "shop", asking(nps("recommend"), ces("effort", surveyv1.CesQuestion_DIRECTION_EFFORT)))
	alerts := scoringv1.NewAlertServiceClient(rpcclient.WithKey(s.conn, adminKey, ""))
	out, err := alerts.CreateAlertRule(context.Background(), &scoringv1.CreateAlertRuleRequest{AlertRule: &scoringv1.AlertRule{
		DisplayName: "Effort", Survey: shop, Metric: scoringv1.Metric_METRIC_CES, Question: "effort", Grain: typev1.TimeGrain_TIME_GRAIN_DAY,
	}})
	if err != nil || out.GetAlertRule().GetQuestion() != "effort" {
		t.Errorf("%v, %v", out, err)
	}
}
