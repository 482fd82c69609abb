package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/mask"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/scoring/internal/alarm"
	"github.com/otklik/otklik/services/scoring/internal/alert"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/store"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

const (
	// mostRules is how many alert rules an organisation may have.
	mostRules = 200
	// defaultPage is how many results a page of rules or alerts holds unless asked.
	defaultPage = 50
	// ruleAttempts is how often a change of a rule is made again on what the rule is by then.
	ruleAttempts = 5
	// mostSilences is how many silences a rule may have; older ones make room.
	mostSilences = 100

	ruleField = "alert_rule"
)

// alertServer serves AlertService.
type alertServer struct {
	scoringv1.UnimplementedAlertServiceServer
	*Server
	planner *alarm.Planner
	rules   func() (*validation.Interceptor, error)
	// end is where the events of alerts end.
	end *eventlog.End
}

// check holds a message against the rules of the protos, for what was put together here.
func (s *alertServer) check(m proto.Message) error {
	rules, err := s.rules()
	if err != nil {
		return err
	}
	return rules.Check(m)
}

// CreateAlertRule makes a rule.
func (s *alertServer) CreateAlertRule(ctx context.Context, req *scoringv1.CreateAlertRuleRequest) (*scoringv1.CreateAlertRuleResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	by, now := callerID(ctx), s.Now()
	r, err := s.ruleFromProto(req.GetAlertRule(), by)
	if err != nil {
		return nil, ruleError(err, r.Survey)
	}
	if r.ID = req.GetAlertRuleId(); r.ID == "" {
		r.ID = strings.ToLower(rand.Text())
	}
	r.Organization, r.CreateTime, r.UpdateTime, r.UpdatedBy = org, now, now, by
	asked := r.Baseline
	due, err := s.resolve(ctx, &r, now)
	if err != nil {
		return nil, err
	}
	stored, err := s.Store.CreateAlertRule(ctx, store.AlertRule{Rule: r, Due: due}, mostRules)
	switch {
	case errors.Is(err, store.ErrTaken):
		there, readErr := s.Store.AlertRule(ctx, org, r.ID)
		if readErr != nil || !sameRule(there.Rule, r, asked) {
			const what = "there is an alert rule of this identifier, which says something else: choose another one, or update it"
			return nil, refuse(codes.AlreadyExists, scoringv1.ErrorReason_ERROR_REASON_ALERT_RULE_EXISTS, "alert_rule_id: "+what,
				rpcerr.WithField("alert_rule_id", "ALERT_RULE_EXISTS", what))
		}
		stored = there
	case errors.Is(err, store.ErrTooMany):
		return nil, refuse(codes.FailedPrecondition, scoringv1.ErrorReason_ERROR_REASON_TOO_MANY_ALERT_RULES,
			fmt.Sprintf("an organisation has at most %d alert rules: delete one before", mostRules))
	case err != nil:
		return nil, err
	}
	return &scoringv1.CreateAlertRuleResponse{AlertRule: ruleToProto(&stored)}, nil
}

// resolve fills in and checks a rule, and tells when it is due first; never when it is disabled.
func (s *alertServer) resolve(ctx context.Context, r *alert.Rule, now time.Time) (due time.Time, err error) {
	asked := *r
	err = s.planner.Resolve(ctx, r, now)
	if e := (*alert.FieldError)(nil); maybeOutdated(err) || errors.As(err, &e) && (e.Field == "question" || e.Field == "metric") {
		// The survey may have been published anew a moment ago.
		s.Catalog.Forget(r.Organization, r.Survey)
		*r = asked
		err = s.planner.Resolve(ctx, r, now)
	}
	if err != nil {
		return time.Time{}, ruleError(err, r.Survey)
	}
	return s.due(r, now)
}

// due is when a rule is evaluated next that is evaluated from a moment on; never when it is disabled.
func (s *alertServer) due(r *alert.Rule, now time.Time) (time.Time, error) {
	if r.Disabled {
		return time.Time{}, nil
	}
	return s.nextEnd(r, now)
}

// nextEnd is the end of the period of a rule that holds a moment.
func (s *alertServer) nextEnd(r *alert.Rule, now time.Time) (time.Time, error) {
	loc, err := s.zones.load(r.TimeZone)
	if err != nil {
		return time.Time{}, err
	}
	return alarm.PeriodEnd(now, r.Grain, loc)
}

// sameRule tells whether a rule that is there says what is asked for, whoever entered it and when; asked is the baseline as it was asked for.
func sameRule(there, r alert.Rule, asked alert.Baseline) bool {
	if !asked.Fixed() && asked.Value == nil && asked.Start.IsZero() {
		r.Baseline.Start = there.Baseline.Start
	}
	for _, x := range []*alert.Rule{&there, &r} {
		x.Revision, x.CreateTime, x.UpdateTime, x.UpdatedBy = 0, time.Time{}, time.Time{}, ""
		x.Silences = slices.Clone(x.Silences)
		for i := range x.Silences {
			x.Silences[i].CreatedBy = ""
		}
	}
	return reflect.DeepEqual(there, r)
}

// ruleError explains why a rule is refused.
func ruleError(err error, survey string) error {
	var field *alert.FieldError
	if errors.As(err, &field) {
		at := ruleField + "." + field.Field
		return refuse(codes.InvalidArgument, scoringv1.ErrorReason_ERROR_REASON_ALERT_RULE_INVALID, at+": "+field.Description,
			rpcerr.WithField(at, "ALERT_RULE_INVALID", field.Description))
	}
	var e *query.Error
	if errors.As(err, &e) {
		own := *e
		for asked, name := range map[string]string{"metrics": "metric", "variants": "variant", "group_by": "unit_key"} {
			if strings.HasPrefix(e.Field, asked) {
				own.Field = name
			}
		}
		return queryError(&own, ruleField, ruleField)
	}
	return catalogError(err, ruleField+".survey", surveyPrefix+survey)
}

// GetAlertRule returns a rule.
func (s *alertServer) GetAlertRule(ctx context.Context, req *scoringv1.GetAlertRuleRequest) (*scoringv1.GetAlertRuleResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.Store.AlertRule(ctx, org, strings.TrimPrefix(req.GetName(), rulePrefix))
	if err != nil {
		return nil, ruleNotFound(err, "name", req.GetName())
	}
	return &scoringv1.GetAlertRuleResponse{AlertRule: ruleToProto(&r)}, nil
}

func ruleNotFound(err error, field, name string) error {
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	const what = "there is no such alert rule in your organisation: check its name"
	return refuse(codes.NotFound, scoringv1.ErrorReason_ERROR_REASON_ALERT_RULE_NOT_FOUND, name+": "+what, rpcerr.WithField(field, "ALERT_RULE_NOT_FOUND", what))
}

// ListAlertRules lists rules.
func (s *alertServer) ListAlertRules(ctx context.Context, req *scoringv1.ListAlertRulesRequest) (*scoringv1.ListAlertRulesResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	binding := page.Binding(scoringv1.AlertService_ListAlertRules_FullMethodName, org, req)
	after, err := s.PageTokens.Decode(binding, req.GetPageToken())
	if err != nil {
		return nil, pageError(err)
	}
	size := pageSize(req.GetPageSize())
	rules, err := s.Store.ListAlertRules(ctx, org, string(after), size+1)
	if err != nil {
		return nil, err
	}
	out := &scoringv1.ListAlertRulesResponse{}
	if len(rules) > size {
		rules = rules[:size]
		out.NextPageToken = s.PageTokens.Encode(binding, []byte(rules[size-1].ID))
	}
	for i := range rules {
		out.AlertRules = append(out.AlertRules, ruleToProto(&rules[i]))
	}
	return out, nil
}

func pageSize(asked int32) int {
	if asked == 0 {
		return defaultPage
	}
	return int(asked)
}

// mutableRuleFields are the fields of a rule that an update may change.
var mutableRuleFields = []string{
	"display_name", "survey", "metric", "variant", "question", "unit_key", "filter", "population", "grain", "time_zone", "method", "lambda", "limit",
	"reference_value", "q", "baseline", "least_answers", "resolve_after", "silences", "disabled",
}

// UpdateAlertRule changes a rule. With an etag the rule must still have it; without one a change that another overtook is made again on what the rule is then.
func (s *alertServer) UpdateAlertRule(ctx context.Context, req *scoringv1.UpdateAlertRuleRequest) (*scoringv1.UpdateAlertRuleResponse, error) {
	in := req.GetAlertRule()
	// The rules of the protos leave the rule of this request alone, since only the fields of the mask matter. The name always does.
	if err := s.check(&scoringv1.GetAlertRuleRequest{Name: in.GetName()}); err != nil {
		return nil, err
	}
	fields, err := mask.Changed(req.GetUpdateMask(), in, mutableRuleFields)
	if err != nil {
		return nil, err
	}
	stored, err := s.change(ctx, in.GetName(), in.GetEtag(), ruleField+".name", func(current store.AlertRule) (alert.Rule, error) {
		return s.overlaid(ctx, &current, in, fields)
	})
	if err != nil {
		return nil, err
	}
	return &scoringv1.UpdateAlertRuleResponse{AlertRule: ruleToProto(&stored)}, nil
}

// overlaid is a rule with some fields changed. The result is checked as a whole.
func (s *alertServer) overlaid(ctx context.Context, current *store.AlertRule, in *scoringv1.AlertRule, fields []string) (alert.Rule, error) {
	merged := ruleToProto(current)
	// What follows from the method, or from the metric, is chosen anew with it.
	if slices.Contains(fields, "method") && in.GetMethod() != merged.GetMethod() {
		merged.Lambda, merged.Limit, merged.ReferenceValue = 0, 0, 0
	}
	if slices.Contains(fields, "metric") && in.GetMetric() != merged.GetMetric() || slices.Contains(fields, "survey") && in.GetSurvey() != merged.GetSurvey() {
		merged.Variant, merged.Question = scoringv1.Variant_VARIANT_UNSPECIFIED, ""
	}
	mask.Overlay(merged, in, fields)
	if err := s.check(&scoringv1.CreateAlertRuleRequest{AlertRule: merged}); err != nil {
		return alert.Rule{}, err
	}
	by := callerID(ctx)
	next, err := s.ruleFromProto(merged, by)
	if err != nil {
		return alert.Rule{}, ruleError(err, next.Survey)
	}
	for i := range next.Silences {
		x := &next.Silences[i]
		for _, there := range current.Silences {
			if x.CreatedBy = there.CreatedBy; reflect.DeepEqual(*x, there) {
				break
			}
			x.CreatedBy = by
		}
	}
	return next, nil
}

// change stores what edit makes of a rule.
func (s *alertServer) change(
	ctx context.Context, name, etag, field string, edit func(current store.AlertRule) (alert.Rule, error),
) (store.AlertRule, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return store.AlertRule{}, err
	}
	id, now := strings.TrimPrefix(name, rulePrefix), s.Now()
	for range ruleAttempts {
		current, err := s.Store.AlertRule(ctx, org, id)
		if err != nil {
			return store.AlertRule{}, ruleNotFound(err, field, name)
		}
		if etag != "" && etag != ruleEtag(&current.Rule) {
			return store.AlertRule{}, ruleChanged()
		}
		next, updates, err := s.edited(ctx, current, edit, now)
		if err != nil {
			return store.AlertRule{}, err
		}
		stored, err := s.Store.UpdateAlertRule(ctx, next, updates, now)
		if err == nil {
			return stored, nil
		}
		if !errors.Is(err, store.ErrChanged) {
			return store.AlertRule{}, ruleNotFound(err, field, name)
		}
	}
	return store.AlertRule{}, ruleChanged()
}

// edited is a rule as edit makes it, and what becomes of its alerts.
func (s *alertServer) edited(
	ctx context.Context, current store.AlertRule, edit func(current store.AlertRule) (alert.Rule, error), now time.Time,
) (store.AlertRule, []alert.Update, error) {
	r, err := edit(current)
	if err != nil {
		return store.AlertRule{}, nil, err
	}
	r.Organization, r.ID, r.Revision, r.CreateTime, r.UpdateTime, r.UpdatedBy = current.Organization, current.ID, current.Revision, current.CreateTime, now, callerID(ctx)
	next := current
	var due time.Time
	if r.Subject == current.Subject && reflect.DeepEqual(r.Params, current.Params) && (r.Disabled || !current.Disabled) {
		// It is silenced, named anew or disabled: that must be possible when what it watches cannot be counted.
		due, err = s.due(&r, now)
	} else {
		due, err = s.resolve(ctx, &r, now)
		next.Progress.Error = ""
	}
	if err != nil {
		return store.AlertRule{}, nil, err
	}
	live, err := s.Store.LiveAlerts(ctx, r.Organization, r.ID)
	if err != nil {
		return store.AlertRule{}, nil, err
	}
	next.Rule = r
	if r.Subject != current.Subject {
		next.Due, next.Progress = due, store.AlertProgress{}
		var updates []alert.Update
		for _, a := range live {
			updates = append(updates, a.End(now))
		}
		return next, updates, nil
	}
	if r.Disabled || current.Disabled {
		// Periods that end while a rule is disabled are never evaluated.
		next.Due = due
	}
	return next, r.Hush(live, now), nil
}

func ruleChanged() error {
	const at, what = ruleField + ".etag", "is not the etag as it is now: read again, apply the change to what is there now, and send the new etag"
	return refuse(codes.Aborted, scoringv1.ErrorReason_ERROR_REASON_ETAG_MISMATCH, at+": "+what, rpcerr.WithField(at, "ETAG_MISMATCH", what))
}

// SilenceAlertRule adds a silence to a rule. Silences that are over make room.
func (s *alertServer) SilenceAlertRule(ctx context.Context, req *scoringv1.SilenceAlertRuleRequest) (*scoringv1.SilenceAlertRuleResponse, error) {
	now := s.Now()
	stored, err := s.change(ctx, req.GetName(), "", "name", func(current store.AlertRule) (alert.Rule, error) {
		r := current.Rule
		r.Silences = slices.DeleteFunc(slices.Clone(r.Silences), func(x alert.Silence) bool { return len(r.Silences) >= mostSilences && x.End.Before(now) })
		if len(r.Silences) >= mostSilences {
			return r, ruleError(&alert.FieldError{Field: "silences", Description: fmt.Sprintf("are %d already, none of which is over: take one away before", mostSilences)}, r.Survey)
		}
		silence := silenceFromProto(req.GetSilence(), callerID(ctx))
		r.Silences = append(r.Silences, silence)
		return r, s.checkSilence(ctx, &r, silence, now)
	})
	if err != nil {
		return nil, err
	}
	return &scoringv1.SilenceAlertRuleResponse{AlertRule: ruleToProto(&stored)}, nil
}

// DeleteAlertRule deletes a rule with its alerts.
func (s *alertServer) DeleteAlertRule(ctx context.Context, req *scoringv1.DeleteAlertRuleRequest) (*scoringv1.DeleteAlertRuleResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.Store.DeleteAlertRule(ctx, org, strings.TrimPrefix(req.GetName(), rulePrefix), s.Now()); err != nil {
		return nil, ruleNotFound(err, "name", req.GetName())
	}
	return &scoringv1.DeleteAlertRuleResponse{}, nil
}

// callerID is who calls, as the audit log names him.
func callerID(ctx context.Context) string {
	p, _ := authn.FromContext(ctx)
	return p.ID
}
