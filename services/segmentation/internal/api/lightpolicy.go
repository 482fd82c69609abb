package api

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/mask"
	"github.com/otklik/otklik/libs/near"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/light"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const (
	// defaultMoved is how many lights that would change are returned unless asked.
	defaultMoved = 50
)

// mutablePolicyFields are the fields of a policy that can be changed.
var mutablePolicyFields = []string{
	"mode", "survey", "question", "red_below", "amber_below", "company_score", "window_days", "trend_days", "confidence_level", "value_attribute",
}

// GetLightPolicy returns the policy.
func (s *lightServer) GetLightPolicy(ctx context.Context, _ *segmentationv1.GetLightPolicyRequest) (*segmentationv1.GetLightPolicyResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.Store.LightPolicy(ctx, org)
	if err != nil {
		return nil, storeError(err)
	}
	return &segmentationv1.GetLightPolicyResponse{LightPolicy: policyToProto(p.Stated, p.Counting)}, nil
}

// UpdateLightPolicy changes the policy.
func (s *lightServer) UpdateLightPolicy(ctx context.Context, req *segmentationv1.UpdateLightPolicyRequest) (*segmentationv1.UpdateLightPolicyResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	in := req.GetLightPolicy()
	wanted := stated{in.GetEtag(), "light_policy.etag"}
	out, err := retried(wanted, func() (*segmentationv1.LightPolicy, error) {
		current, err := s.Store.LightPolicy(ctx, org)
		if err != nil {
			return nil, err
		}
		was := current.Stated
		if err := wanted.is(etag(was.UpdateTime, was.Version)); err != nil {
			return nil, err
		}
		next, err := s.changedPolicy(ctx, org, was, in, req.GetUpdateMask())
		if err != nil || next == was {
			return policyToProto(was, current.Counting), err
		}
		next.UpdateTime = s.Now().UTC()
		stored, err := s.Store.PutLightPolicy(ctx, org, next, was.Version)
		return policyToProto(stored, true), err
	})
	if err != nil {
		return nil, storeError(err)
	}
	return &segmentationv1.UpdateLightPolicyResponse{LightPolicy: out}, nil
}

// PreviewLightPolicy tells what a change of the policy would change.
func (s *lightServer) PreviewLightPolicy(ctx context.Context, req *segmentationv1.PreviewLightPolicyRequest) (*segmentationv1.PreviewLightPolicyResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	current, err := s.Store.LightPolicy(ctx, org)
	if err != nil {
		return nil, storeError(err)
	}
	next, err := s.changedPolicy(ctx, org, current.Stated, req.GetLightPolicy(), req.GetUpdateMask())
	if err != nil {
		return nil, err
	}
	asked := light.Asked{Kinds: namedLights(ctx), Limit: int(req.GetLimit())}
	if asked.Limit == 0 {
		asked.Limit = defaultMoved
	}
	done, err := s.heavily(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	now := s.Now()
	moves, err := light.Preview(current.Judging, next, current.Judging.EdgesAt(now), next.EdgesAt(now), s.Store.Answers(ctx, org), asked)
	if err != nil {
		return nil, storeError(err)
	}
	out := &segmentationv1.PreviewLightPolicyResponse{LightPolicy: policyToProto(next, false)}
	out.LightPolicy.Etag = ""
	for _, kind := range light.Kinds() {
		for from, row := range moves.Counts[kind] {
			for to, n := range row {
				if n > 0 {
					out.Moves = append(out.Moves, &segmentationv1.LightMove{
						Kind: segmentationv1.LightKind(kind), From: segmentationv1.LightColour(from), To: segmentationv1.LightColour(to), Count: n, //nolint:gosec // up to 3
					})
				}
			}
		}
	}
	for _, m := range moves.First {
		out.Moved = append(out.Moved, &segmentationv1.MovedLight{
			Light: light.Name(m.Unit), From: segmentationv1.LightColour(m.From), To: segmentationv1.LightColour(m.To), Mean: m.FromMean, NewMean: m.ToMean,
		})
	}
	return out, nil
}

// namedLights are the kinds of lights of which the caller is told which ones would move: whoever tries thresholds one after the other reads off the means, so that
// employees are named to those who see their lights, and contacts to those who may list them.
func namedLights(ctx context.Context) []light.Kind {
	return slices.DeleteFunc(light.Kinds(), func(k light.Kind) bool {
		return seesStaff(ctx, k) != nil || k == light.Contact && !authz.FromContext(ctx).Holds(permissionContacts)
	})
}

// changedPolicy is what an update makes of a policy.
func (s *lightServer) changedPolicy(
	ctx context.Context, org string, was light.Policy, in *segmentationv1.LightPolicy, update *fieldmaskpb.FieldMask,
) (light.Policy, error) {
	fields, err := mask.Changed(update, in, mutablePolicyFields)
	if err != nil {
		return was, err
	}
	merged := policyToProto(was, false)
	mask.Overlay(merged, in, fields)
	next := was
	next.Mode = max(light.AllAnswers, light.Mode(merged.GetMode())) //nolint:gosec // checked below
	if survey := merged.GetSurvey(); survey != "" && !strings.HasPrefix(survey, surveysCollection) {
		return was, validation.Malformed("light_policy.survey", "NAME_MALFORMED", "must have the form "+surveysCollection+"{survey}")
	}
	next.Survey, next.Question = bare(surveysCollection, merged.GetSurvey()), merged.GetQuestion()
	next.Red, next.Amber = merged.GetRedBelow(), merged.GetAmberBelow()
	next.CompanyScore = max(light.OfAnswers, light.Score(merged.GetCompanyScore())) //nolint:gosec // checked below
	next.WindowDays, next.TrendDays = int(merged.GetWindowDays()), int(merged.GetTrendDays())
	next.Level, next.ValueAttribute = merged.GetConfidenceLevel(), merged.GetValueAttribute()
	var wrong *light.FieldError
	if err := next.Check(); errors.As(err, &wrong) {
		return was, refusePolicy(wrong.Field, wrong.Reason)
	}
	if err := s.checkValueAttribute(ctx, org, was, next); err != nil {
		return was, err
	}
	if next.Mode == light.SingleQuestion && (next.Survey != was.Survey || next.Question != was.Question) {
		return next, s.checkQuestion(ctx, org, next)
	}
	return next, nil
}

func refusePolicy(field, reason string) error {
	return refuseField(codes.InvalidArgument, segmentationv1.ErrorReason_ERROR_REASON_LIGHT_POLICY_INVALID, "light_policy."+field, reason)
}

// checkQuestion refuses a question that the survey does not rate.
func (s *lightServer) checkQuestion(ctx context.Context, org string, p light.Policy) error {
	r, known, err := s.Catalog.Current(ctx, org, p.Survey)
	if err != nil {
		return err
	}
	if !known {
		return refusePolicy("survey", "is none that was published")
	}
	if _, rated := r.Scales[p.Question]; rated {
		return nil
	}
	names := slices.Sorted(maps.Keys(r.Scales))
	reason := "is no rated question of the survey as it is now"
	if other := near.Name(p.Question, names); other != "" {
		reason += "; did you mean " + other + "?"
	}
	return refusePolicy("question", reason)
}

// checkValueAttribute refuses another attribute to value companies by that is no number which is declared of them: nothing would be at stake anywhere.
func (s *lightServer) checkValueAttribute(ctx context.Context, org string, was, next light.Policy) error {
	if next.ValueAttribute == was.ValueAttribute || next.ValueAttribute == light.Default().ValueAttribute {
		return nil
	}
	declared, err := s.Store.ListAttributes(ctx, org)
	if err != nil {
		return storeError(err)
	}
	var numbers []string
	for _, d := range declared {
		if d.Kind == attribute.Company && d.Type == attribute.Number {
			numbers = append(numbers, d.Key)
		}
	}
	if slices.Contains(numbers, next.ValueAttribute) {
		return nil
	}
	reason := "is no number that is declared of companies"
	if other := near.Name(next.ValueAttribute, numbers); other != "" {
		reason += "; did you mean " + other + "?"
	}
	return refusePolicy("value_attribute", reason)
}
