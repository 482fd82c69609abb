package api

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/scoring/internal/alarm"
	"github.com/otklik/otklik/services/scoring/internal/alert"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/view"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// EvaluateAlertRule tries a rule on periods that are past.
func (s *alertServer) EvaluateAlertRule(ctx context.Context, req *scoringv1.EvaluateAlertRuleRequest) (*scoringv1.EvaluateAlertRuleResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	start, end := momentFromProto(req.GetPeriod().GetStartTime()), momentFromProto(req.GetPeriod().GetEndTime())
	if start.IsZero() || end.IsZero() {
		const what = "needs both bounds"
		return nil, refuse(codes.InvalidArgument, scoringv1.ErrorReason_ERROR_REASON_ALERT_RULE_INVALID, "period: "+what, rpcerr.WithField("period", "PERIOD_OPEN", what))
	}
	if end.After(now) {
		end = now
	}
	r, err := s.tried(ctx, org, req.GetAlertRule(), start, now)
	if err != nil {
		return nil, err
	}
	trial, err := alarm.Try(ctx, s.planner, &r, start, end)
	if errors.Is(err, alarm.ErrTooManyPeriods) {
		what := fmt.Sprintf("holds more than %d periods of the rule's grain: take a shorter one", alarm.MostTried)
		return nil, refuse(codes.InvalidArgument, scoringv1.ErrorReason_ERROR_REASON_TOO_MANY_ROWS, "period: "+what, rpcerr.WithField("period", "TOO_MANY_ROWS", what))
	}
	if err != nil {
		return nil, ruleError(err, r.Survey)
	}
	out := &scoringv1.EvaluateAlertRuleResponse{
		EvaluatedPeriods: int32(trial.Periods), EvaluatedUnits: int32(trial.Units), AsOfTime: momentToProto(trial.AsOf), //nolint:gosec // they are few
		UnjudgedReason: trial.Unjudged,
	}
	for i := range trial.Alerts {
		out.Alerts = append(out.Alerts, alertWithLife("", &trial.Alerts[i]))
	}
	return out, nil
}

// tried is the rule to try: the one that is named and nothing else said of, or the one that is described.
func (s *alertServer) tried(ctx context.Context, org string, in *scoringv1.AlertRule, start, now time.Time) (alert.Rule, error) {
	if name := in.GetName(); name != "" && in.GetSurvey() == "" {
		if err := s.check(&scoringv1.GetAlertRuleRequest{Name: name}); err != nil {
			return alert.Rule{}, err
		}
		r, err := s.Store.AlertRule(ctx, org, strings.TrimPrefix(name, rulePrefix))
		if err != nil {
			return alert.Rule{}, ruleNotFound(err, ruleField+".name", name)
		}
		return r.Rule, s.firstFrom(&r.Rule, start)
	}
	if err := s.check(&scoringv1.CreateAlertRuleRequest{AlertRule: in}); err != nil {
		return alert.Rule{}, err
	}
	r, err := s.ruleFromProto(in, callerID(ctx))
	if err != nil {
		return r, ruleError(err, r.Survey)
	}
	r.Organization = org
	if r.Baseline.Start.IsZero() {
		if err := s.firstFrom(&r, start); err != nil {
			return r, err
		}
	}
	_, err = s.resolve(ctx, &r, now)
	return r, err
}

// firstFrom takes the first periods of a rule from the period on that holds a moment, unless they begin before. Those of a rule that is there begin shortly before
// it was made: none of what is past would have a baseline.
func (s *alertServer) firstFrom(r *alert.Rule, start time.Time) error {
	b := &r.Baseline
	if b.Value != nil || b.Fixed() {
		return nil
	}
	loc, err := s.zones.load(r.TimeZone)
	if err != nil {
		return err
	}
	if start = calendar.StepStart(start, r.Grain, loc).UTC(); b.Start.IsZero() || start.Before(b.Start) {
		b.Start = start
	}
	return nil
}

// mayKnow tells whether a caller may know of an alert: one who is restricted to units knows of theirs.
func mayKnow(units view.Units, a *alert.Alert) bool {
	if !units.Restricted() {
		return true
	}
	for key, values := range units {
		if strings.ToLower(key.String()) == a.Subject.UnitKey && slices.Contains(values, a.Unit) {
			return true
		}
	}
	return false
}

// GetAlert returns an alert with what became of it.
func (s *alertServer) GetAlert(ctx context.Context, req *scoringv1.GetAlertRequest) (*scoringv1.GetAlertResponse, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	rule, id, _ := strings.Cut(strings.TrimPrefix(req.GetName(), rulePrefix), alertCollection)
	number, err := strconv.ParseInt(id, 10, 64)
	var a alert.Alert
	if err == nil {
		a, err = s.Store.GetAlert(ctx, c.organization, rule, number)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	if err != nil || !mayKnow(c.units, &a) {
		const what = "there is no such alert in your organisation: check its name"
		return nil, refuse(codes.NotFound, scoringv1.ErrorReason_ERROR_REASON_ALERT_NOT_FOUND, req.GetName()+": "+what, rpcerr.WithField("name", "ALERT_NOT_FOUND", what))
	}
	return &scoringv1.GetAlertResponse{Alert: alertWithLife(rule, &a)}, nil
}

// ListAlerts lists alerts.
func (s *alertServer) ListAlerts(ctx context.Context, req *scoringv1.ListAlertsRequest) (*scoringv1.ListAlertsResponse, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	binding := page.Binding(scoringv1.AlertService_ListAlerts_FullMethodName, c.organization, req)
	cursor, err := s.PageTokens.Decode(binding, req.GetPageToken())
	if err != nil {
		return nil, pageError(err)
	}
	size := pageSize(req.GetPageSize())
	q := store.AlertQuery{
		Organization: c.organization, Rule: strings.TrimPrefix(req.GetParent(), rulePrefix), Survey: strings.TrimPrefix(req.GetSurvey(), surveyPrefix), Unit: req.Unit,
		Since: momentFromProto(req.GetSinceTime()), Limit: size + 1,
	}
	for _, state := range req.GetStates() {
		q.States = append(q.States, alert.State(state)) //nolint:gosec // the rules of the message hold
	}
	if len(cursor) > 0 {
		if q.Before, err = placeFromCursor(string(cursor)); err != nil {
			return nil, pageError(page.ErrMalformed)
		}
	}
	out := &scoringv1.ListAlertsResponse{}
	for {
		found, err := s.Store.ListAlerts(ctx, q)
		if err != nil {
			return nil, err
		}
		for i := range found {
			if !mayKnow(c.units, &found[i].Alert) {
				continue
			}
			if len(out.GetAlerts()) == size {
				out.NextPageToken = s.PageTokens.Encode(binding, []byte(cursorOfPlace(q.Before)))
				return out, nil
			}
			out.Alerts = append(out.Alerts, alertToProto(found[i].Rule, &found[i].Alert))
			q.Before = store.AlertPlace{FirstSeen: found[i].FirstSeen, Number: found[i].Number}
		}
		if len(found) < q.Limit {
			if len(out.GetAlerts()) == 0 {
				return out, s.known(ctx, c.organization, req)
			}
			return out, nil
		}
		// What the caller may not know of was passed over.
		last := found[len(found)-1]
		q.Before = store.AlertPlace{FirstSeen: last.FirstSeen, Number: last.Number}
	}
}

func cursorOfPlace(p store.AlertPlace) string {
	return strconv.FormatInt(p.FirstSeen.UnixNano(), 10) + "." + strconv.FormatInt(p.Number, 10)
}

func placeFromCursor(cursor string) (store.AlertPlace, error) {
	seen, number, _ := strings.Cut(cursor, ".")
	at, err := strconv.ParseInt(seen, 10, 64)
	n, numberErr := strconv.ParseInt(number, 10, 64)
	return store.AlertPlace{FirstSeen: time.Unix(0, at).UTC(), Number: n}, errors.Join(err, numberErr)
}

// alertPause is how often is looked for events that watchers wait for.
const alertPause = time.Second

// endOfAlerts looks where the events of alerts end.
func (s *Server) endOfAlerts(ctx context.Context) (int64, error) {
	_, head, err := s.Store.AlertEvents(ctx, "", math.MaxInt64, 1)
	return head.Last, err
}

// WatchAlerts sends what becomes of alerts.
func (s *alertServer) WatchAlerts(req *scoringv1.WatchAlertsRequest, stream grpc.ServerStreamingServer[scoringv1.WatchAlertsResponse]) error {
	ctx := stream.Context()
	c, err := callerOf(ctx)
	if err != nil {
		return err
	}
	rule := strings.TrimPrefix(req.GetParent(), rulePrefix)
	// seen is how far the events of all organisations were looked at, at least.
	position, seen := req.GetAfterPosition(), int64(-1)
	if _, head, err := s.Store.AlertEvents(ctx, c.organization, position, 1); err != nil {
		return err
	} else if req.AfterPosition == nil {
		position = head.Position
	} else if position > head.Last {
		return positionAhead(position)
	}
	var told time.Time
	for {
		last, err := s.end.Get(ctx, s.Now())
		if err != nil {
			return err
		}
		var events []store.AlertEvent
		if last > seen {
			var head store.AlertHead
			if events, head, err = s.Store.AlertEvents(ctx, c.organization, position, feedBatch); err != nil {
				return err
			}
			if len(events) < feedBatch {
				seen = head.Last
			}
		}
		for i := range events {
			e := &events[i]
			position = e.Position
			if rule != "" && e.Rule != rule || !mayKnow(c.units, &e.Alert) {
				continue
			}
			if err := stream.Send(&scoringv1.WatchAlertsResponse{Event: eventToProto(e), Position: position}); err != nil {
				return err
			}
			told = s.Now()
		}
		if s.Now().Sub(told) >= s.Watch.Heartbeat {
			if err := stream.Send(&scoringv1.WatchAlertsResponse{Position: position}); err != nil {
				return err
			}
			told = s.Now()
		}
		if len(events) < feedBatch && !pause(ctx, alertPause) {
			return ctx.Err()
		}
	}
}
