package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/near"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/scoring/internal/alert"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// known refuses to list the alerts of a rule or of a survey that there is not: that nothing was found must not look as if nothing happened.
func (s *alertServer) known(ctx context.Context, organization string, req *scoringv1.ListAlertsRequest) error {
	if name := req.GetParent(); name != "" {
		if _, err := s.Store.AlertRule(ctx, organization, strings.TrimPrefix(name, rulePrefix)); err != nil {
			return ruleNotFound(err, "parent", name)
		}
	}
	if name := req.GetSurvey(); name != "" {
		// Alerts are told also while the survey service is away.
		if _, err := s.Catalog.History(ctx, organization, strings.TrimPrefix(name, surveyPrefix)); errors.Is(err, surveys.ErrNotFound) {
			return catalogError(err, "survey", name)
		}
	}
	return nil
}

// checkSilence refuses a silence that can hold nothing: one that is over, or of units that the rule does not watch.
func (s *alertServer) checkSilence(ctx context.Context, r *alert.Rule, silence alert.Silence, now time.Time) error {
	refused := func(field, format string, args ...any) error {
		field, what := "silence."+field, fmt.Sprintf(format, args...)
		return refuse(codes.InvalidArgument, scoringv1.ErrorReason_ERROR_REASON_ALERT_RULE_INVALID, field+": "+what, rpcerr.WithField(field, "ALERT_RULE_INVALID", what))
	}
	switch {
	case !silence.End.After(now):
		return refused("end_time", "is not after now: nothing is silenced for the past")
	case len(silence.Units) == 0:
		return nil
	case r.UnitKey == "":
		return refused("units", "must be empty: the rule watches all answers as one")
	}
	units, err := s.planner.Units(ctx, r)
	if err != nil {
		// Somebody who wants silence gets it also while units cannot be counted.
		return nil //nolint:nilerr // see above
	}
	for i, unit := range silence.Units {
		if slices.Contains(units, unit) {
			continue
		}
		hint := ""
		if nearest := near.Name(unit, units); nearest != "" {
			hint = fmt.Sprintf("; did you mean %q?", nearest)
		}
		return refused(fmt.Sprintf("units[%d]", i), "%q is none of the rule's %d units%s", unit, len(units), hint)
	}
	return nil
}
