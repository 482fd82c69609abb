package performance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/api/basis"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/estimate"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/policy"
	"github.com/otklik/otklik/services/reporting/internal/refusal"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

const (
	// defaultWeeks is how many weeks are compared on each side where a request names none.
	defaultWeeks = 8
	// mostPolicies is how many changes are told of at once.
	mostPolicies = 200
	// otherChanges cautions that another change falls into the weeks compared.
	otherChanges = "OTHER_CHANGES"
)

// policyWords are the kinds of policies.
var policyWords = map[operation.Policy]string{
	operation.Prices: "prices", operation.Assortment: "assortment", operation.Loyalty: "loyalty", operation.Standards: "standards", operation.Other: "other",
}

// QueryPolicyEffects tells what changed when policies did.
func (s *Server) QueryPolicyEffects(ctx context.Context, req *reportingv1.QueryPolicyEffectsRequest) (*reportingv1.QueryPolicyEffectsResponse, error) {
	sel, err := s.selectionOf(ctx, req.GetQuery())
	if err != nil {
		return nil, err
	}
	weeks := int(req.GetWeeks())
	if weeks == 0 {
		weeks = defaultWeeks
	}
	reach := operation.Day(week * weeks)
	// Changes around these days make those in them hard to read, and the weeks compared reach beyond them.
	around := span{sel.first - reach, sel.last + reach}
	var changes []operation.Record
	if err := s.records(ctx, sel, operation.PolicyChange, around, func(r operation.Record) { changes = append(changes, r) }); err != nil {
		return nil, err
	}
	asked := slices.DeleteFunc(slices.Clone(changes), func(r operation.Record) bool {
		return r.Day < sel.first || r.Day > sel.last || req.GetPolicyChange() != "" && r.Key != req.GetPolicyChange()
	})
	switch {
	case len(asked) == 0 && req.GetPolicyChange() != "":
		return nil, fault.Field(codes.NotFound, reportingv1.ErrorReason_ERROR_REASON_POLICY_CHANGE_NOT_FOUND, "policy_change",
			fmt.Sprintf("no policy changed under the key %q in these days at the locations asked for", req.GetPolicyChange()))
	case len(asked) == 0:
		return &reportingv1.QueryPolicyEffectsResponse{}, nil
	case len(asked) > mostPolicies:
		return nil, fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_TOO_MANY, "query",
			fmt.Sprintf("policies changed %d times, at most %d are told of: choose fewer days", len(asked), mostPolicies))
	}
	slices.SortFunc(asked, func(a, b operation.Record) int { return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Key, b.Key)) })
	q := policyQuestion{outcome: outcomeOf(req.GetOutcome()), weeks: weeks, changes: changes}
	found := currencies{}
	effects := make([]policyEffect, 0, len(asked))
	// What is kept of each location is small, but it is kept of each location and change.
	for some := range slices.Chunk(asked, policiesAtOnce) {
		of, err := s.around(ctx, sel, q, some, found)
		if err != nil {
			return nil, err
		}
		effects = append(effects, of...)
	}
	if q.currency, err = q.outcome.currency(found); err != nil {
		return nil, err
	}
	return q.effects(sel, effects)
}

// policiesAtOnce is for how many changes the days around them are read at once.
const policiesAtOnce = 20

// around compares the days around changes, which are in order of their days. The currencies of the days are added to those found.
func (s *Server) around(ctx context.Context, sel selection, q policyQuestion, changes []operation.Record, found currencies) ([]policyEffect, error) {
	// A week more on both sides tells whether the outermost weeks are whole.
	reach := operation.Day(week * (q.weeks + 1))
	over := span{changes[0].Day - reach, changes[len(changes)-1].Day + reach - 1}
	locations := make([][]policy.Location, len(changes))
	sold, err := s.walk(ctx, sel, []span{over}, func(name string, days [][]count) error {
		place := policy.Place{Name: name}
		for _, d := range days[0] {
			if part, of, ok := q.outcome.ratio(d); ok {
				place.Days = append(place.Days, policy.Point{Day: int64(d.day), Value: part / of})
			}
		}
		for i, r := range changes {
			place.Held = r.HoldsAt(name)
			locations[i] = append(locations[i], policy.Around(place, int64(r.Day), q.weeks))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	maps.Copy(found, sold)
	out := make([]policyEffect, len(changes))
	for i, r := range changes {
		out[i].change = r
		out[i].effect, out[i].err = policy.Compare(locations[i], sel.level)
	}
	return out, nil
}

// PolicyChanges are the changes of policies in the days of a query, by day and key, without what changed with them.
func (s *Server) PolicyChanges(ctx context.Context, q *reportingv1.PerformanceQuery) ([]*reportingv1.PolicyEffect, error) {
	sel, err := s.selectionOf(ctx, q)
	if err != nil {
		return nil, err
	}
	var out []*reportingv1.PolicyEffect
	err = s.records(ctx, sel, operation.PolicyChange, sel.span, func(r operation.Record) {
		out = append(out, &reportingv1.PolicyEffect{PolicyChange: r.Key, Policy: policyWords[r.Policy], Description: r.Description, Date: r.Day.String()})
	})
	return out, err
}

// policyQuestion is what is asked of each change.
type policyQuestion struct {
	outcome  outcome
	currency string
	weeks    int
	// changes are all that happened around.
	changes []operation.Record
}

// policyEffect is what changed with a policy, or why that cannot be told.
type policyEffect struct {
	change operation.Record
	effect policy.Effect
	err    error
}

// effects converts what changed, and corrects the tests for their number.
func (q policyQuestion) effects(sel selection, all []policyEffect) (*reportingv1.QueryPolicyEffectsResponse, error) {
	out := &reportingv1.QueryPolicyEffectsResponse{}
	p := make([]*float64, len(all))
	for i, of := range all {
		effect, test, err := q.effect(sel, of)
		if err != nil {
			return nil, err
		}
		out.Effects, p[i] = append(out.Effects, effect), test
	}
	adjusted, family, err := estimate.Adjust(p)
	if err != nil {
		return nil, err
	}
	out.Family = int32(family)
	for i, e := range out.GetEffects() {
		e.Test = basis.Test(p[i], adjusted[i])
	}
	return out, nil
}

// effect converts what changed with a policy, with the p-value of what it says.
func (q policyQuestion) effect(sel selection, of policyEffect) (*reportingv1.PolicyEffect, *float64, error) {
	r, e := of.change, of.effect
	out := &reportingv1.PolicyEffect{
		PolicyChange: r.Key, Policy: policyWords[r.Policy], Description: r.Description, Date: r.Day.String(), Outcome: q.outcome.proto(), Weeks: int32(q.weeks),
	}
	var refused *refusal.Error
	if errors.As(of.err, &refused) && refused.Reason == refusal.TooFew {
		out.AbsentReason = leftOutFewDays
		out.Basis = sel.basis(definitionPolicy, 0, nil)
		return out, nil, nil
	}
	if of.err != nil {
		return nil, nil, fault.Analysis(of.err)
	}
	var leftOut []*reportingv1.LocationLeftOut
	for _, name := range e.LeftOut {
		leftOut = append(leftOut, left(name, leftOutFewDays, 0))
	}
	out.Held = policySideToProto(&e.Held, sel.level)
	out.Control = policySideToProto(e.Control, sel.level)
	out.Net, out.SlopeBefore = basis.Estimate(e.Net, sel.level), basis.Estimate(e.Slope, sel.level)
	out.Basis = sel.basis(definitionPolicy, e.Held.Places+int(out.GetControl().GetLocations()), leftOut)
	out.Basis.Currency, out.Basis.Conventions = q.currency, []string{"BEFORE_AND_AFTER", "LOCATIONS_AS_OBSERVATIONS", "BENJAMINI_HOCHBERG"}
	if e.Control != nil {
		out.Basis.Conventions[0] = "DIFFERENCE_IN_DIFFERENCES"
	}
	if e.ByWeek {
		out.Basis.Conventions[1] = "WEEKS_AS_OBSERVATIONS"
	}
	for _, c := range e.Cautions {
		out.Cautions = append(out.Cautions, string(c))
	}
	if q.disturbed(r) {
		out.Cautions = append(out.Cautions, otherChanges)
	}
	for _, w := range e.Weeks {
		out.Trend = append(out.Trend, &reportingv1.PolicyWeek{
			Week: int32(w.Week), StartDate: (r.Day + operation.Day(week*w.Week)).String(), Held: w.Held, Control: w.Control,
		})
	}
	if e.P != nil || e.Control != nil {
		return out, e.P, nil
	}
	return out, e.Held.P, nil
}

// disturbed tells that another change falls into the weeks compared.
func (q policyQuestion) disturbed(r operation.Record) bool {
	return slices.ContainsFunc(q.changes, func(o operation.Record) bool {
		return o.Key != r.Key && o.Day > r.Day-operation.Day(week*q.weeks) && o.Day < r.Day+operation.Day(week*q.weeks)
	})
}

func policySideToProto(s *policy.Side, level float64) *reportingv1.PolicySide {
	if s == nil {
		return nil
	}
	return &reportingv1.PolicySide{Locations: int32(s.Places), Before: s.Before, After: s.After, Difference: basis.Estimate(&s.Difference, level), PValue: s.P}
}
