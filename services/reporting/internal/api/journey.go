package api

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/journey"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/place"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// definitionJourney names what a journey is.
const definitionJourney = "journey"

// QueryJourney tells how customers fare stage by stage.
func (s *Server) QueryJourney(ctx context.Context, req *reportingv1.QueryJourneyRequest) (*reportingv1.QueryJourneyResponse, error) {
	if req.GetQuery().GetWeighting() != nil {
		return nil, fault.Unweighted("journeys")
	}
	baseline, err := baselineOf(req)
	if err != nil {
		return nil, err
	}
	q, err := s.questionnaireOf(ctx, req.GetQuery().GetSurvey())
	if err != nil {
		return nil, err
	}
	stages, err := q.stages(ctx, req)
	if err != nil {
		return nil, err
	}
	read, err := s.readJourney(ctx, req.GetQuery(), baseline, stages)
	if err != nil {
		return nil, err
	}
	if len(req.GetStages()) == 0 {
		if stages, err = s.stagesSeen(ctx, stages[0], read); err != nil {
			return nil, err
		}
	}
	return s.tellJourney(ctx, req.GetQuery(), baseline, stages, read)
}

// baselineOf is the period before: the one that is stated, or as long a time right before the period.
func baselineOf(req *reportingv1.QueryJourneyRequest) (*typev1.Period, error) {
	period := req.GetQuery().GetPeriod()
	if given := req.GetBaselinePeriod(); given != nil {
		if given.GetStartTime() == nil {
			return nil, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_PERIODS_OVERLAP, "baseline_period", "state both of its bounds")
		}
		return given, checkPeriods(given, period)
	}
	start, end := period.GetStartTime(), period.GetEndTime()
	if start == nil || end == nil {
		return nil, nil //nolint:nilnil // Nothing to compare with is a result.
	}
	return &typev1.Period{StartTime: timestamppb.New(start.AsTime().Add(start.AsTime().Sub(end.AsTime()))), EndTime: start}, nil
}

// stage is a stage with what it is scored by.
type stage struct {
	id          string
	name        *typev1.LocalizedText
	touchpoints []string
	question    peers.Question
	metric      reportingv1.JourneyMetric
}

// journeyKey is what answers are counted by: stages of one key share what is asked of scoring.
type journeyKey struct {
	question string
	metric   reportingv1.JourneyMetric
}

func (s *stage) key() journeyKey { return journeyKey{s.question.ID, s.metric} }

// measure is what the stage is compared by.
func (s *stage) measure() journey.Measure {
	m := journey.Measure{Question: s.question.ID, Scale: s.question.Scale.GetId(), Least: s.question.Scale.GetMin(), Most: s.question.Scale.GetMax()}
	m.Metric, _, _ = scoredBy(s.metric)
	return m
}

// scoredBy is how a metric is counted, and what scoring calls it.
func scoredBy(m reportingv1.JourneyMetric) (place.Metric, scoringv1.Metric, scoringv1.Variant) {
	switch m {
	case reportingv1.JourneyMetric_JOURNEY_METRIC_NPS:
		return place.NPS, scoringv1.Metric_METRIC_NPS, scoringv1.Variant_VARIANT_NPS_ANSWERED
	case reportingv1.JourneyMetric_JOURNEY_METRIC_CSAT:
		return place.Share, scoringv1.Metric_METRIC_CSAT, scoringv1.Variant_VARIANT_CSAT_SHARE
	case reportingv1.JourneyMetric_JOURNEY_METRIC_CES:
		return place.Mean, scoringv1.Metric_METRIC_CES, scoringv1.Variant_VARIANT_CES_MEAN
	default:
		return place.Mean, scoringv1.Metric_METRIC_MEAN, scoringv1.Variant_VARIANT_MEAN_SINGLE_QUESTION
	}
}

// stages reads the stages that are asked for; one of all responses where none is.
func (q questionnaire) stages(ctx context.Context, req *reportingv1.QueryJourneyRequest) ([]*stage, error) {
	fallback := func() (peers.Question, error) { return q.stageQuestion(ctx, "question", req.GetQuestion()) }
	asked := req.GetStages()
	if len(asked) == 0 {
		found, err := fallback()
		if err != nil {
			return nil, err
		}
		only := &stage{question: found, metric: req.GetMetric()}
		return []*stage{only}, only.choose("metric")
	}
	out := make([]*stage, len(asked))
	for i, x := range asked {
		at := fmt.Sprintf("stages[%d]", i)
		s := &stage{id: x.GetId(), name: x.GetName(), touchpoints: x.GetTouchpoints(), metric: x.GetMetric()}
		if len(s.touchpoints) == 0 && x.GetQuestion() == "" {
			return nil, stageInvalid(at, "name the touchpoints that belong to it, or the question that it is")
		}
		var err error
		if x.GetQuestion() != "" {
			s.question, err = q.stageQuestion(ctx, at+".question", x.GetQuestion())
		} else {
			s.question, err = fallback()
		}
		if err != nil {
			return nil, err
		}
		field := at + ".metric"
		if s.metric == reportingv1.JourneyMetric_JOURNEY_METRIC_UNSPECIFIED {
			s.metric, field = req.GetMetric(), "metric"
		}
		if err := s.choose(field); err != nil {
			return nil, err
		}
		if err := s.apart(at, out[:i]); err != nil {
			return nil, err
		}
		out[i] = s
	}
	return out, nil
}

// stageInvalid refuses a stage.
func stageInvalid(field, description string) error {
	return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_STAGE_INVALID, field, description)
}

// apart refuses a stage that shares responses with one before it.
func (s *stage) apart(at string, before []*stage) error {
	for _, other := range before {
		switch {
		case other.id == s.id:
			return stageInvalid(at+".id", fmt.Sprintf("another stage is %q already", s.id))
		case other.question.ID != s.question.ID:
		case len(other.touchpoints) == 0 || len(s.touchpoints) == 0:
			return stageInvalid(at, fmt.Sprintf("stage %q of the same question shares its responses: one of the two is all responses", other.id))
		default:
			for i, touchpoint := range s.touchpoints {
				if slices.Contains(other.touchpoints, touchpoint) {
					return stageInvalid(fmt.Sprintf("%s.touchpoints[%d]", at, i), fmt.Sprintf("%q belongs to stage %q of the same question", touchpoint, other.id))
				}
			}
		}
	}
	return nil
}

// stageQuestion finds the question that a stage is scored by.
func (q questionnaire) stageQuestion(ctx context.Context, field, id string) (peers.Question, error) {
	if id != "" {
		return q.scored(ctx, field, id)
	}
	for _, kind := range []peers.Kind{peers.KindNPS, peers.KindCSAT, peers.KindScored} {
		if i := slices.IndexFunc(q.Current, func(x peers.Question) bool { return x.Kind == kind }); i >= 0 {
			return q.Current[i], nil
		}
	}
	return peers.Question{}, fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_OUTCOME_REQUIRED, field,
		"the survey's current revision has no question with a score; name one that it asked before")
}

// choose chooses the metric by the question where none is asked for, and refuses one that the question does not ask for.
func (s *stage) choose(field string) error {
	nps, csat, ease := s.question.Kind == peers.KindNPS, s.question.Kind == peers.KindCSAT, s.question.Ease
	fits := true
	switch s.metric {
	case reportingv1.JourneyMetric_JOURNEY_METRIC_UNSPECIFIED:
		switch {
		case nps:
			s.metric = reportingv1.JourneyMetric_JOURNEY_METRIC_NPS
		case csat:
			s.metric = reportingv1.JourneyMetric_JOURNEY_METRIC_CSAT
		case ease:
			s.metric = reportingv1.JourneyMetric_JOURNEY_METRIC_CES
		default:
			s.metric = reportingv1.JourneyMetric_JOURNEY_METRIC_MEAN
		}
	case reportingv1.JourneyMetric_JOURNEY_METRIC_NPS:
		fits = nps
	case reportingv1.JourneyMetric_JOURNEY_METRIC_CSAT:
		fits = csat
	case reportingv1.JourneyMetric_JOURNEY_METRIC_CES:
		fits = ease
	case reportingv1.JourneyMetric_JOURNEY_METRIC_MEAN:
	}
	if fits {
		return nil
	}
	return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_METRIC_MISMATCH, field,
		fmt.Sprintf("question %q does not ask for what the metric needs; choose another metric", s.question.ID))
}
