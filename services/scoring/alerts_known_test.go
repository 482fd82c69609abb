package scoring_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// TestSilencesThatHoldNothingAreRefused: one that is over, or of units that the rule does not watch.
func TestSilencesThatHoldNothingAreRefused(t *testing.T) {
	t.Parallel()
	s := newAlertSuite(t)
	s.live(-3)
	one := stores()
	one.UnitKey = ""
	for id, r := range map[string]*scoringv1.AlertRule{"stores": stores(), "one": one} {
		r.Disabled = true
		s.create(id, r)
	}
	for name, c := range map[string]struct {
		rule        string
		from, to    int
		unit        string
		field, says string
	}{
		"a typing error":        {"stores", -4, 5, "sooth", "silence.units[0]", `did you mean "south"?`},
		"a unit of another":     {"stores", -4, 5, "planet", "silence.units[0]", "none of the rule's 3 units"},
		"units of all":          {"one", -4, 5, "south", "silence.units", "as one"},
		"the past":              {"stores", -40, -30, "south", "silence.end_time", "not after now"},
		"what is yet to happen": {"stores", 3, 5, "south", "", ""},
	} {
		_, err := s.alerts.SilenceAlertRule(context.Background(), &scoringv1.SilenceAlertRuleRequest{Name: "alertRules/" + c.rule, Silence: &scoringv1.AlertSilence{
			StartTime: timestamppb.New(s.day(c.from)), EndTime: timestamppb.New(s.day(c.to)), Units: []string{c.unit},
		}})
		if c.field == "" && err != nil || c.field != "" && (err == nil || !slices.Equal(fieldsOf(err), []string{c.field}) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v, want %s: %s", name, err, c.field, c.says)
		}
	}
}

// TestAlertsOfNothingAreNotListed: a rule or a survey that there is not is no peace.
func TestAlertsOfNothingAreNotListed(t *testing.T) {
	t.Parallel()
	s := newAlertSuite(t)
	quiet := s.create("quiet", stores())
	for want, requests := range map[codes.Code][]*scoringv1.ListAlertsRequest{
		codes.NotFound: {{Parent: "alertRules/queit"}, {Survey: "surveys/nowhere"}},
		codes.OK:       {{}, {Parent: quiet.GetName()}, {Survey: quiet.GetSurvey()}},
	} {
		for _, request := range requests {
			if _, err := s.alerts.ListAlerts(context.Background(), request); status.Code(err) != want {
				t.Errorf("%v: %v, want %v", request, err, want)
			}
		}
	}
	misspelt := stores()
	misspelt.Question = "recommends"
	_, err := s.alerts.CreateAlertRule(context.Background(), &scoringv1.CreateAlertRuleRequest{AlertRule: misspelt})
	if !strings.Contains(status.Convert(err).Message(), `did you mean "recommend"?`) {
		t.Errorf("a question that is misspelt: %v", err)
	}
}
