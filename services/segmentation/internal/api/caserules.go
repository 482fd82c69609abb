package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/mask"
	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/trigger"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// mostCaseRules bounds the rules of an organisation.
const mostCaseRules = 200

// caseRuleServer serves CaseRuleService.
type caseRuleServer struct {
	segmentationv1.UnimplementedCaseRuleServiceServer
	*Server
}

// CreateCaseRule makes a rule.
func (s *caseRuleServer) CreateCaseRule(ctx context.Context, req *segmentationv1.CreateCaseRuleRequest) (*segmentationv1.CreateCaseRuleResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	r, err := caseRuleFromProto(req.GetCaseRule())
	if err != nil {
		return nil, err
	}
	r.Organization, r.ID, r.UpdatedBy = org, req.GetCaseRuleId(), callerID(ctx)
	if r.ID == "" {
		r.ID = newID()
	}
	r.CreateTime = s.now()
	r.UpdateTime = r.CreateTime
	if err := s.checkKnown(ctx, r.Rule, trigger.Rule{}); err != nil {
		return nil, caseRuleError(err, "case_rule", "")
	}
	stored, err := s.Store.PutCaseRule(ctx, r.Rule, r.mayStand)
	if errors.Is(err, store.ErrExists) {
		return s.sameRule(ctx, r.Rule)
	}
	if err != nil {
		return nil, caseRuleError(err, "case_rule", "")
	}
	return &segmentationv1.CreateCaseRuleResponse{CaseRule: caseRuleToProto(stored)}, nil
}

// sameRule returns the rule that is there where it has the same content.
func (s *caseRuleServer) sameRule(ctx context.Context, r trigger.Rule) (*segmentationv1.CreateCaseRuleResponse, error) {
	there, err := s.caseRule(ctx, r.Organization, r.ID)
	if err != nil {
		return nil, caseRuleError(err, "case_rule", caseRulesCollection+r.ID)
	}
	same := there
	same.CreateTime, same.UpdateTime, same.UpdatedBy, same.Version = r.CreateTime, r.UpdateTime, r.UpdatedBy, r.Version
	if !proto.Equal(caseRuleToProto(same), caseRuleToProto(r)) {
		return nil, refuseField(codes.AlreadyExists, segmentationv1.ErrorReason_ERROR_REASON_CASE_RULE_EXISTS, "case_rule_id", "is taken; choose another one")
	}
	return &segmentationv1.CreateCaseRuleResponse{CaseRule: caseRuleToProto(there)}, nil
}

// checkedRule is a rule that is to stand among others.
type checkedRule struct{ trigger.Rule }

// mayStand refuses a rule that contradicts itself or another one, or is one too many.
func (r checkedRule) mayStand(others []trigger.Rule) error {
	if err := r.Check(); err != nil {
		return err
	}
	if len(others) >= mostCaseRules {
		return store.ErrTooMany
	}
	return r.CheckAmong(others)
}

// caseRule is a rule.
func (s *caseRuleServer) caseRule(ctx context.Context, org, id string) (trigger.Rule, error) {
	rules, err := s.Store.CaseRules(ctx, org)
	if err != nil {
		return trigger.Rule{}, err
	}
	at := slices.IndexFunc(rules, func(r trigger.Rule) bool { return r.ID == id })
	if at < 0 {
		return trigger.Rule{}, store.ErrNotFound
	}
	return rules[at], nil
}

// GetCaseRule returns a rule.
func (s *caseRuleServer) GetCaseRule(ctx context.Context, req *segmentationv1.GetCaseRuleRequest) (*segmentationv1.GetCaseRuleResponse, error) {
	org, id, err := parseOwned(ctx, "name", caseRulesCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	r, err := s.caseRule(ctx, org, id)
	if err != nil {
		return nil, caseRuleError(err, "name", req.GetName())
	}
	return &segmentationv1.GetCaseRuleResponse{CaseRule: caseRuleToProto(r)}, nil
}

// ListCaseRules lists rules by identifier.
func (s *caseRuleServer) ListCaseRules(ctx context.Context, req *segmentationv1.ListCaseRulesRequest) (*segmentationv1.ListCaseRulesResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := openPage[string](s.Server, segmentationv1.CaseRuleService_ListCaseRules_FullMethodName, org, req)
	if err != nil {
		return nil, err
	}
	rules, err := s.Store.CaseRules(ctx, org)
	if err != nil {
		return nil, storeError(err)
	}
	rules = slices.DeleteFunc(rules, func(r trigger.Rule) bool { return r.ID <= p.cursor })
	list, more := relational.Page(rules, p.size)
	out := &segmentationv1.ListCaseRulesResponse{}
	for _, r := range list {
		out.CaseRules = append(out.CaseRules, caseRuleToProto(r))
		out.NextPageToken = p.next(more, r.ID)
	}
	return out, nil
}

// mutableCaseRuleFields are the fields of a rule that an update may change.
var mutableCaseRuleFields = append([]string{
	"display_name", "disabled", "where", "subject", "queue", "owner", "severity", "sla", "escalation", "dedupe_window",
}, caseTriggers...)

// caseTriggers are the fields of a rule of which it has one.
var caseTriggers = []string{"score", "sentiment", "aspect", "keyword", "alert", "light"}

// UpdateCaseRule changes a rule. With an etag the rule must still have it.
func (s *caseRuleServer) UpdateCaseRule(ctx context.Context, req *segmentationv1.UpdateCaseRuleRequest) (*segmentationv1.UpdateCaseRuleResponse, error) {
	in := req.GetCaseRule()
	// The rules of the protos leave the rule of this request alone, since only the fields of the mask matter. The name always does.
	if err := s.rules.Check(&segmentationv1.GetCaseRuleRequest{Name: in.GetName()}); err != nil {
		return nil, rpcerr.Under("case_rule", err)
	}
	org, id, err := parseOwned(ctx, "case_rule.name", caseRulesCollection, in.GetName())
	if err != nil {
		return nil, err
	}
	fields, err := mask.Changed(req.GetUpdateMask(), in, mutableCaseRuleFields)
	if err != nil {
		return nil, err
	}
	wanted := stated{in.GetEtag(), "case_rule.etag"}
	stored, err := retried(wanted, func() (trigger.Rule, error) {
		current, err := s.caseRule(ctx, org, id)
		if err != nil {
			return current, err
		}
		if err := wanted.is(etag(current.CreateTime, current.Version)); err != nil {
			return current, err
		}
		next, err := s.overlayRule(current, in, fields)
		if err != nil {
			return current, err
		}
		if err := s.checkKnown(ctx, next.Rule, current); err != nil {
			return current, err
		}
		next.UpdateTime, next.UpdatedBy = s.now(), callerID(ctx)
		return s.Store.PutCaseRule(ctx, next.Rule, next.mayStand)
	})
	if err != nil {
		return nil, caseRuleError(err, "case_rule", in.GetName())
	}
	return &segmentationv1.UpdateCaseRuleResponse{CaseRule: caseRuleToProto(stored)}, nil
}

// overlayRule is a rule with some fields changed, checked by the rules of the protos.
func (s *caseRuleServer) overlayRule(current trigger.Rule, in *segmentationv1.CaseRule, fields []string) (checkedRule, error) {
	merged := caseRuleToProto(current)
	// Another trigger takes the place of the one that there is; those that are not set clear nothing.
	fields = slices.DeleteFunc(slices.Clone(fields), func(name string) bool {
		return slices.Contains(caseTriggers, name) && !slices.Contains(fieldsSet(in), name)
	})
	mask.Overlay(merged, in, fields)
	if err := s.rules.Check(&segmentationv1.CreateCaseRuleRequest{CaseRule: merged}); err != nil {
		return checkedRule{}, err
	}
	next, err := caseRuleFromProto(merged)
	next.Organization, next.ID, next.Version, next.CreateTime = current.Organization, current.ID, current.Version, current.CreateTime
	return next, err
}

func fieldsSet(in *segmentationv1.CaseRule) []string {
	fields, _ := mask.Changed(nil, in, mutableCaseRuleFields)
	return fields
}

// DeleteCaseRule deletes a rule.
func (s *caseRuleServer) DeleteCaseRule(ctx context.Context, req *segmentationv1.DeleteCaseRuleRequest) (*segmentationv1.DeleteCaseRuleResponse, error) {
	org, id, err := parseOwned(ctx, "name", caseRulesCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := s.Store.DeleteCaseRule(ctx, org, id); err != nil {
		return nil, caseRuleError(err, "name", req.GetName())
	}
	return &segmentationv1.DeleteCaseRuleResponse{}, nil
}

// caseRuleError explains an error of the store, or of the rules of rules.
func caseRuleError(err error, field, name string) error {
	var refusal *trigger.Refusal
	switch {
	case errors.As(err, &refusal):
		reason := segmentationv1.ErrorReason_ERROR_REASON_CASE_RULE_INVALID
		var opts []rpcerr.Option
		switch {
		case refusal.Cyclic:
			reason = segmentationv1.ErrorReason_ERROR_REASON_CASE_RULE_CYCLIC
		case refusal.With != "":
			reason = segmentationv1.ErrorReason_ERROR_REASON_CASE_RULE_CONFLICT
			opts = append(opts, rpcerr.WithMetadata("rule", caseRulesCollection+refusal.With))
		}
		at := field + "." + refusal.Field
		return refuse(codes.InvalidArgument, reason, at+": "+refusal.Description, append(opts, rpcerr.WithField(at, rpcerr.ReasonOf(reason), refusal.Description))...)
	case errors.Is(err, store.ErrTooMany):
		return refuse(codes.FailedPrecondition, segmentationv1.ErrorReason_ERROR_REASON_CASE_RULE_LIMIT, fmt.Sprintf("an organisation has at most %d case rules", mostCaseRules))
	}
	return orNotFound(err, segmentationv1.ErrorReason_ERROR_REASON_CASE_RULE_NOT_FOUND, "case rule", name)
}

// wholeSeconds refuses a duration with a fraction of a second.
func wholeSeconds(field string, d time.Duration) error {
	if d%time.Second != 0 {
		return validation.Malformed(field, "NOT_WHOLE_SECONDS", "must be in whole seconds")
	}
	return nil
}

// lightKinds are the kinds of lights as events of theirs call them.
var lightKinds = map[segmentationv1.LightTrigger_Kind]string{
	segmentationv1.LightTrigger_KIND_COMPANY: "company", segmentationv1.LightTrigger_KIND_CONTACT: "contact", segmentationv1.LightTrigger_KIND_LOCATION: "location",
}

func sortedStrings(list []string) []string {
	out := slices.Clone(list)
	slices.SortFunc(out, strings.Compare)
	return out
}
