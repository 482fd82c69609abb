package scoring_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/testkit"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// alertSuite is a suite whose service lives at another time, which tests move.
type alertSuite struct {
	*suite
	alerts scoringv1.AlertServiceClient
	// back is by how much the service's clock is behind, in nanoseconds.
	back *atomic.Int64
	// today is the start of the present day.
	today time.Time
}

// newAlertSuite starts a suite with answers of thirty days before today: ten a day in each of three stores, of which one becomes bad ten days before today.
func newAlertSuite(t *testing.T) *alertSuite {
	t.Helper()
	s := &alertSuite{suite: newSuite(t), back: new(atomic.Int64), today: time.Now().UTC().Truncate(24 * time.Hour)}
	s.suite.units = units()
	s.deps.Now = func() time.Time { return time.Now().Add(-time.Duration(s.back.Load())) }
	s.config.AlertInterval = 20 * time.Millisecond
	s.config.WatchHeartbeat = 200 * time.Millisecond
	s.survey.publish(acme, "shop", shopQuestions())
	var events []*surveyv1.Event
	// A cycle of answers, so that no day is quite like the other.
	usual, bad := []float64{10, 9, 8, 10, 7, 9, 6, 10, 8, 3, 9, 10, 5}, []float64{6, 3, 9, 2, 5, 7, 0, 4, 8, 6, 1}
	for day := -30; day < 0; day++ {
		for i := range 10 {
			for at, store := range []string{"north", "south", "west"} {
				n := (day+30)*10 + i
				answer := usual[(n*7+at*5)%len(usual)]
				if store == "south" && day >= -10 {
					answer = bad[n%len(bad)]
				}
				e := response(acme, shop, fmt.Sprintf("%s-%d", store, n), s.day(day).Add(time.Duration(9+i)*time.Hour/2), scores{"recommend": answer})
				e.GetResponse().Context = &typev1.Context{Location: store}
				events = append(events, e)
			}
		}
	}
	s.survey.add(events...)
	s.start()
	s.alerts = scoringv1.NewAlertServiceClient(rpcclient.WithKey(s.conn, adminKey, ""))
	s.caughtUp(shop, int64(len(events)))
	return s
}

// day is the start of a day, counted from today.
func (s *alertSuite) day(n int) time.Time { return s.today.AddDate(0, 0, n) }

// live makes the present moment of the service lie in the middle of a day.
func (s *alertSuite) live(day int) {
	s.back.Store(int64(time.Since(s.day(day).Add(12 * time.Hour))))
}

func stores() *scoringv1.AlertRule {
	return &scoringv1.AlertRule{
		DisplayName: "Stores", Survey: shop, Metric: scoringv1.Metric_METRIC_NPS, UnitKey: "location", Grain: typev1.TimeGrain_TIME_GRAIN_DAY,
	}
}

func (s *alertSuite) create(id string, r *scoringv1.AlertRule) *scoringv1.AlertRule {
	s.t.Helper()
	out, err := s.alerts.CreateAlertRule(context.Background(), &scoringv1.CreateAlertRuleRequest{AlertRuleId: id, AlertRule: r})
	if err != nil {
		s.t.Fatal(err)
	}
	return out.GetAlertRule()
}

// evaluatedTo waits until a rule is evaluated up to the start of a day.
func (s *alertSuite) evaluatedTo(name string, day int) *scoringv1.AlertRule {
	s.t.Helper()
	var r *scoringv1.AlertRule
	testkit.Eventually(s.t, patience, func() error {
		out, err := s.alerts.GetAlertRule(context.Background(), &scoringv1.GetAlertRuleRequest{Name: name})
		if err != nil {
			return err
		}
		if r = out.GetAlertRule(); !r.GetEvaluatedToTime().AsTime().Equal(s.day(day)) {
			return fmt.Errorf("evaluated to %v, want %v", r.GetEvaluatedToTime().AsTime(), s.day(day))
		}
		return nil
	})
	return r
}

func (s *alertSuite) list(req *scoringv1.ListAlertsRequest) []*scoringv1.Alert {
	s.t.Helper()
	out, err := s.alerts.ListAlerts(context.Background(), req)
	if err != nil {
		s.t.Fatal(err)
	}
	return out.GetAlerts()
}

func TestAChangeIsFoundAndTold(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newAlertSuite(t)
	s.live(-15)
	r := s.create("stores", stores())
	if r.GetVariant() != scoringv1.Variant_VARIANT_NPS_ANSWERED || r.GetQuestion() != "recommend" || r.GetLambda() != 0.3 || r.GetLimit() != 3 || r.GetQ() != 0.05 ||
		r.GetLeastAnswers() != 10 || r.GetBaseline().GetFirstPeriods().GetCount() != 8 || !r.GetBaseline().GetFirstPeriods().GetStartTime().AsTime().Equal(s.day(-23)) {
		t.Errorf("what is left open is chosen: %v", r)
	}
	weeks := stores()
	weeks.TimeZone, weeks.Grain = "Asia/Bishkek", typev1.TimeGrain_TIME_GRAIN_WEEK
	weeks.Baseline = &scoringv1.AlertBaseline{Kind: &scoringv1.AlertBaseline_FirstPeriods_{FirstPeriods: &scoringv1.AlertBaseline_FirstPeriods{StartTime: timestamppb.New(s.day(-30))}}}
	weeks.Silences = []*scoringv1.AlertSilence{{StartTime: timestamppb.New(s.day(3)), EndTime: timestamppb.New(s.day(4))}}
	if first, again := s.create("weeks", weeks), s.create("weeks", weeks); !proto.Equal(first, again) {
		t.Errorf("created again: %v, want %v", again, first)
	}
	if _, err := s.alerts.DeleteAlertRule(ctx, &scoringv1.DeleteAlertRuleRequest{Name: "alertRules/weeks"}); err != nil {
		t.Error(err)
	}
	again := s.create("stores", stores())
	if !proto.Equal(again, r) {
		t.Errorf("created again: %v, want %v", again, r)
	}
	s.live(-11)
	s.evaluatedTo(r.GetName(), -11)
	if found := s.list(&scoringv1.ListAlertsRequest{}); len(found) != 0 {
		t.Fatalf("before anything changed: %v", found)
	}
	s.live(-3)
	if r = s.evaluatedTo(r.GetName(), -3); r.GetEvaluatedUnits() != 3 || r.GetAsOfTime() == nil || r.GetRevision() != 1 {
		t.Errorf("rule %v", r)
	}
	found := s.list(&scoringv1.ListAlertsRequest{Parent: r.GetName(), States: []scoringv1.Alert_State{scoringv1.Alert_STATE_OPEN}})
	if len(found) != 1 {
		t.Fatalf("alerts %v", found)
	}
	a := found[0]
	if a.GetUnit() != "south" || a.GetDirection() != scoringv1.Alert_DIRECTION_DOWN || a.GetChange() > -30 || a.GetInterval().GetUpper() >= 0 || a.GetInterval().GetLower() > a.GetChange() ||
		math.Abs(a.GetLevel()-a.GetBaseline()-a.GetChange()) > 1e-9 || a.GetQValue() > 0.05 || a.GetEvaluatedUnits() != 3 || a.GetBaselineN() != 80 ||
		a.GetFirstSeenTime().AsTime().After(s.day(-6)) || !a.GetLastSeenTime().AsTime().Equal(s.day(-3)) || a.GetFirstSeenTime().AsTime().Before(s.day(-9)) {
		t.Errorf("alert %v", a)
	}
	got, err := s.alerts.GetAlert(ctx, &scoringv1.GetAlertRequest{Name: a.GetName()})
	if err != nil || len(got.GetAlert().GetChanges()) == 0 {
		t.Errorf("alert with its life: %v, %v", got, err)
	}
	s.tried(r, a)
	s.restricted(a)
	s.fed(a)
	s.edited(r)
}

// tried evaluates the rule over the same past: the same is found.
func (s *alertSuite) tried(r *scoringv1.AlertRule, a *scoringv1.Alert) {
	s.t.Helper()
	since := stores()
	since.Disabled = true
	rules := map[string]*scoringv1.AlertRule{"by its name": {Name: r.GetName()}, "as described": stores(), "made since": {Name: s.create("since", since).GetName()}}
	for name, rule := range rules {
		out, err := s.alerts.EvaluateAlertRule(context.Background(), &scoringv1.EvaluateAlertRuleRequest{
			AlertRule: rule, Period: &typev1.Period{StartTime: timestamppb.New(s.day(-23)), EndTime: timestamppb.New(s.day(-3))},
		})
		if err != nil {
			s.t.Fatal(err)
		}
		if len(out.GetAlerts()) != 1 || out.GetEvaluatedPeriods() != 20 || out.GetEvaluatedUnits() != 3 || out.GetUnjudgedReason() != "" {
			s.t.Fatalf("tried %s: %v", name, out)
		}
		trial := proto.CloneOf(out.GetAlerts()[0])
		trial.Name, trial.AsOfTime, trial.RuleRevision, trial.Changes = a.GetName(), a.GetAsOfTime(), a.GetRuleRevision(), nil
		if !proto.Equal(trial, a) {
			s.t.Errorf("tried %s: %v, want %v", name, trial, a)
		}
	}
	s.unjudged(-23, -16, "baseline's 8 periods of 10 answers")
	s.unjudged(-9, -9, "no period of the rule's grain ended")
}

// unjudged says why a trial between two days judged nothing.
func (s *alertSuite) unjudged(from, to int, why string) {
	s.t.Helper()
	out, err := s.alerts.EvaluateAlertRule(context.Background(), &scoringv1.EvaluateAlertRuleRequest{
		AlertRule: stores(), Period: &typev1.Period{StartTime: timestamppb.New(s.day(from)), EndTime: timestamppb.New(s.day(to).Add(time.Hour))},
	})
	if err != nil || out.GetEvaluatedUnits() != 0 || !strings.Contains(out.GetUnjudgedReason(), why) {
		s.t.Errorf("tried from %d to %d: %v, %v", from, to, out, err)
	}
}

// restricted callers know of the alerts of their units.
func (s *alertSuite) restricted(a *scoringv1.Alert) {
	s.t.Helper()
	north := scoringv1.NewAlertServiceClient(rpcclient.WithKey(s.conn, "north", ""))
	if out, err := north.ListAlerts(context.Background(), &scoringv1.ListAlertsRequest{}); err != nil || len(out.GetAlerts()) != 0 {
		s.t.Errorf("the store beside it is told %v, %v", out, err)
	}
	if _, err := north.GetAlert(context.Background(), &scoringv1.GetAlertRequest{Name: a.GetName()}); status.Code(err) != codes.NotFound {
		s.t.Errorf("the store beside it reads the alert: %v", err)
	}
}

// fed follows what is told.
func (s *alertSuite) fed(a *scoringv1.Alert) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	watch, err := s.alerts.WatchAlerts(ctx, &scoringv1.WatchAlertsRequest{AfterPosition: proto.Int64(0)})
	if err != nil {
		s.t.Fatal(err)
	}
	first, err := watch.Recv()
	if err != nil || first.GetEvent().GetKind() != scoringv1.AlertEvent_KIND_OPENED || first.GetEvent().GetAlert().GetName() != a.GetName() || first.GetPosition() < 1 {
		s.t.Errorf("watched %v, %v", first, err)
	}
	for beat := false; !beat; {
		next, err := watch.Recv()
		if err != nil {
			s.t.Fatal(err)
		}
		beat = next.GetEvent() == nil
	}
	feed := scoringv1.NewEventFeedServiceClient(rpcclient.WithKey(s.conn, serviceKey, ""))
	stream, err := feed.StreamEvents(ctx, &scoringv1.StreamEventsRequest{})
	if err != nil {
		s.t.Fatal(err)
	}
	batch, err := stream.Recv()
	if err != nil || len(batch.GetEvents()) == 0 || batch.GetEvents()[0].GetOrganization() != acme || batch.GetEvents()[0].GetRuleDisplayName() != "Stores" {
		s.t.Errorf("fed %v, %v", batch, err)
	}
	for name, open := range map[string]func() error{
		"feed": func() error {
			stream, err := feed.StreamEvents(ctx, &scoringv1.StreamEventsRequest{AfterPosition: 999})
			if err == nil {
				_, err = stream.Recv()
			}
			return err
		},
		"watch": func() error {
			stream, err := s.alerts.WatchAlerts(ctx, &scoringv1.WatchAlertsRequest{AfterPosition: proto.Int64(999)})
			if err == nil {
				_, err = stream.Recv()
			}
			return err
		},
	} {
		if err := open(); status.Code(err) != codes.OutOfRange {
			s.t.Errorf("%s after a position that there is not: %v", name, err)
		}
	}
}

// edited silences, changes and deletes the rule.
func (s *alertSuite) edited(r *scoringv1.AlertRule) {
	s.t.Helper()
	ctx := context.Background()
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	watch, err := s.alerts.WatchAlerts(watching, &scoringv1.WatchAlertsRequest{Parent: r.GetName()})
	if err != nil {
		s.t.Fatal(err)
	}
	if first, err := watch.Recv(); err != nil || first.GetEvent() != nil {
		s.t.Fatalf("from now on: %v, %v", first, err)
	}
	silent, err := s.alerts.SilenceAlertRule(ctx, &scoringv1.SilenceAlertRuleRequest{Name: r.GetName(), Silence: &scoringv1.AlertSilence{
		StartTime: timestamppb.New(s.day(-4)), EndTime: timestamppb.New(s.day(9)), Units: []string{"south"}, Reason: "rebuilding",
	}})
	if err != nil || len(silent.GetAlertRule().GetSilences()) != 1 || silent.GetAlertRule().GetSilences()[0].GetCreatedBy() != "admin" {
		s.t.Fatalf("silence: %v, %v", silent, err)
	}
	for {
		next, err := watch.Recv()
		if err != nil {
			s.t.Fatal(err)
		}
		if e := next.GetEvent(); e != nil {
			if e.GetKind() != scoringv1.AlertEvent_KIND_CHANGED || e.GetAlert().GetState() != scoringv1.Alert_STATE_SILENCED {
				s.t.Errorf("watched %v", e)
			}
			break
		}
	}
	if found := s.list(&scoringv1.ListAlertsRequest{}); len(found) != 1 || found[0].GetState() != scoringv1.Alert_STATE_SILENCED {
		s.t.Errorf("silenced: %v", found)
	}
	_, err = s.alerts.UpdateAlertRule(ctx, &scoringv1.UpdateAlertRuleRequest{AlertRule: &scoringv1.AlertRule{Name: r.GetName(), DisplayName: "x", Etag: r.GetEtag()}})
	if status.Code(err) != codes.Aborted {
		s.t.Errorf("with an old etag: %v", err)
	}
	updated, err := s.alerts.UpdateAlertRule(ctx, &scoringv1.UpdateAlertRuleRequest{
		AlertRule: &scoringv1.AlertRule{Name: r.GetName(), Method: scoringv1.AlertRule_METHOD_CUSUM}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"method"}},
	})
	if err != nil || updated.GetAlertRule().GetLimit() != 5 || updated.GetAlertRule().GetReferenceValue() != 0.5 || updated.GetAlertRule().GetRevision() != 3 {
		s.t.Fatalf("another method: %v, %v", updated, err)
	}
	if found := s.list(&scoringv1.ListAlertsRequest{}); found[0].GetState() != scoringv1.Alert_STATE_SILENCED {
		s.t.Errorf("after another method: %v", found)
	}
	if _, err = s.alerts.UpdateAlertRule(ctx, &scoringv1.UpdateAlertRuleRequest{AlertRule: &scoringv1.AlertRule{Name: r.GetName(), Filter: `location != "west"`}}); err != nil {
		s.t.Fatal(err)
	}
	if found := s.list(&scoringv1.ListAlertsRequest{}); found[0].GetResolution() != scoringv1.Alert_RESOLUTION_RULE_CHANGED {
		s.t.Errorf("after another filter: %v", found)
	}
	for range 2 {
		_, err = s.alerts.DeleteAlertRule(ctx, &scoringv1.DeleteAlertRuleRequest{Name: r.GetName()})
	}
	if status.Code(err) != codes.NotFound {
		s.t.Errorf("deleted twice: %v", err)
	}
}

func TestRulesThatCannotBeWatchedAreRefused(t *testing.T) {
	t.Parallel()
	s := newAlertSuite(t)
	value := 120.0
	for name, c := range map[string]struct {
		change func(r *scoringv1.AlertRule)
		field  string
	}{
		"an unknown survey":       {func(r *scoringv1.AlertRule) { r.Survey = "surveys/nowhere" }, "alert_rule.survey"},
		"a question that is none": {func(r *scoringv1.AlertRule) { r.Question = "why" }, "alert_rule.question"},
		"a variant of all answers": {func(r *scoringv1.AlertRule) {
			r.Metric, r.Variant = scoringv1.Metric_METRIC_MEAN, scoringv1.Variant_VARIANT_MEAN_ALL_ANSWERS
		}, "alert_rule.variant"},
		"a key that is none":        {func(r *scoringv1.AlertRule) { r.UnitKey = "planet" }, "alert_rule.unit_key"},
		"employees":                 {func(r *scoringv1.AlertRule) { r.UnitKey = "employee" }, "alert_rule.population"},
		"a filter that is none":     {func(r *scoringv1.AlertRule) { r.Filter = "location =" }, "alert_rule.filter"},
		"a time zone that is none":  {func(r *scoringv1.AlertRule) { r.TimeZone = "Mars/Olympus" }, "alert_rule.time_zone"},
		"a limit beyond the method": {func(r *scoringv1.AlertRule) { r.Limit = 9 }, "alert_rule.limit"},
		"a baseline off the scale": {func(r *scoringv1.AlertRule) {
			r.Baseline = &scoringv1.AlertBaseline{Kind: &scoringv1.AlertBaseline_Value{Value: value}}
		}, "alert_rule.baseline.value"},
		"a baseline without end": {func(r *scoringv1.AlertRule) {
			r.Baseline = &scoringv1.AlertBaseline{Kind: &scoringv1.AlertBaseline_Period{Period: &typev1.Period{StartTime: timestamppb.New(noon)}}}
		}, "alert_rule.baseline.period"},
	} {
		r := stores()
		c.change(r)
		_, err := s.alerts.CreateAlertRule(context.Background(), &scoringv1.CreateAlertRuleRequest{AlertRule: r})
		if fields := fieldsOf(err); len(fields) != 1 || fields[0] != c.field {
			t.Errorf("%s: %v, fields %v, want %s", name, err, fields, c.field)
		}
	}
	if _, err := s.alerts.GetAlertRule(context.Background(), &scoringv1.GetAlertRuleRequest{Name: "alertRules/none"}); status.Code(err) != codes.NotFound {
		t.Errorf("a rule that is none: %v", err)
	}
}

// fieldsOf are the fields that a refusal names.
func fieldsOf(err error) (fields []string) {
	for _, d := range status.Convert(err).Details() {
		if b, ok := d.(*errdetails.BadRequest); ok {
			for _, v := range b.GetFieldViolations() {
				fields = append(fields, v.GetField())
			}
		}
	}
	return fields
}
