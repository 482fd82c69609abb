package api

import (
	"context"
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/services/reporting/internal/api/basis"
	"github.com/otklik/otklik/services/reporting/internal/api/inbox"
	"github.com/otklik/otklik/services/reporting/internal/contrast"
	"github.com/otklik/otklik/services/reporting/internal/journey"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/place"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// mostCases is how many open cases a journey looks at.
const mostCases = 10_000

// noAnswers is why a stage has no score.
const noAnswers = "NO_ANSWERS"

// tellJourney computes and converts a journey.
func (s *Server) tellJourney(ctx context.Context, q *reportingv1.AnalysisQuery, baseline *typev1.Period, stages []*stage, read *journeyReading) (*reportingv1.QueryJourneyResponse, error) {
	level := levelOf(q)
	now, judged := make([]*atTouchpoint, len(stages)), make([]journey.Stage, len(stages))
	before := make([]*atTouchpoint, len(stages))
	for i, stage := range stages {
		now[i] = read.now.count(stage)
		judged[i] = journey.Stage{Measure: stage.measure(), Now: now[i].Answers}
		if read.before != nil {
			before[i] = read.before.count(stage)
			judged[i].Before = &before[i].Answers
		}
	}
	found, err := journey.Judge(judged, level)
	if err != nil {
		return nil, err
	}
	out := &reportingv1.QueryJourneyResponse{
		Basis: journeyBasis(q, &read.now, now), ChangeFamily: int32(found.ChangeFamily), ContrastFamily: int32(found.ContrastFamily),
		UnplacedResponses: read.now.unplaced(stages),
	}
	if read.before != nil {
		out.BaselineBasis = journeyBasis(q, read.before, before)
		out.BaselineBasis.Period = baseline
	}
	for i, stage := range stages {
		j := &found.Stages[i]
		told := &reportingv1.JourneyStage{
			Id: stage.id, Name: stage.name, Touchpoints: stage.touchpoints, Metric: stage.metric, Question: stage.asked(now[i]), Responses: read.now.responsesOf(stage),
			Score: stage.score(now[i], read.now.period, level), Contacted: stage.contacted(now[i], read.now.period, level), Worst: j.Worst, Contrast: contrastToProto(j.Contrast, level),
		}
		if read.now.counted.Responses > 0 {
			told.Share = float64(told.GetResponses()) / float64(read.now.counted.Responses)
		}
		if c := j.Change; c != nil {
			told.Change = &reportingv1.OverviewChange{
				Baseline: stage.score(before[i], baseline, level), Difference: c.Value, Interval: intervalToProto(c.Interval, level, c.Method), Test: c.Test, PValue: c.P, AdjustedPValue: c.AdjustedP,
			}
		}
		out.Stages = append(out.Stages, told)
	}
	return out, s.tellCases(ctx, stages, out)
}

// journeyBasis says what a period of a journey rests on.
func journeyBasis(q *reportingv1.AnalysisQuery, d *side, counted []*atTouchpoint) *reportingv1.AnalysisBasis {
	b := basis.Of(q, definitionJourney, d.counted)
	b.Conventions = append(b.Conventions, "ANSWERED_DENOMINATOR", "STAGE_AGAINST_OTHERS", "BENJAMINI_HOCHBERG")
	var otherScale int64
	for _, at := range counted {
		otherScale += at.otherScale
	}
	if otherScale > 0 {
		b.Notes = append(b.Notes, fmt.Sprintf("%d answers are on another scale than that on which their question was asked last, and belong to no score", otherScale))
	}
	return b
}

// asked is the question with its answers; of a share the mean and standard deviation are not known, and left out.
func (s *stage) asked(at *atTouchpoint) *reportingv1.AnalysisQuestion {
	out := &reportingv1.AnalysisQuestion{Question: s.question.ID, Text: s.question.Text, Scale: s.question.Scale, N: int64(at.N)}
	if at.N > 0 && s.measure().Metric == place.Mean {
		m := at.Moments()
		out.Mean = m.Mean
		out.StandardDeviation = math.Sqrt(m.Variance)
	}
	return out
}

// score is the score of a stage in a period.
func (s *stage) score(at *atTouchpoint, period *typev1.Period, level float64) *reportingv1.OverviewScore {
	return s.told(at, at.Tally, period, level)
}

// contacted is the score of NPS with those who refused in the denominator; nil where nobody refused.
func (s *stage) contacted(at *atTouchpoint, period *typev1.Period, level float64) *reportingv1.OverviewScore {
	refused := at.refused + at.dismissed + at.timedOut
	if s.metric != reportingv1.JourneyMetric_JOURNEY_METRIC_NPS || refused == 0 {
		return nil
	}
	tally := at.Tally
	tally.N += float64(refused)
	return s.told(at, tally, period, level)
}

func (s *stage) told(at *atTouchpoint, t place.Tally, period *typev1.Period, level float64) *reportingv1.OverviewScore {
	out := &reportingv1.OverviewScore{Period: period, AbsenceReason: at.Withheld}
	if at.Withheld != "" {
		return out
	}
	out.N, out.Answered, out.Refused, out.Dismissed, out.TimedOut = int64(t.N), int64(at.N), at.refused, at.dismissed, at.timedOut
	m := s.measure()
	e, ok := t.Score(m.Metric, level, m.Least, m.Most)
	if !ok || at.N == 0 {
		out.AbsenceReason = noAnswers
		return out
	}
	out.Estimate, out.StandardError, out.Interval = &e.Value, e.SE, intervalToProto(e.Interval, level, e.Method)
	if m.Metric == place.Mean {
		out.NormalizedEstimate = proto.Float64(100 * (e.Value - m.Least) / (m.Most - m.Least))
	}
	return out
}

// contrastToProto converts a comparison with the other stages; nil stays nil.
func contrastToProto(d *contrast.Difference, level float64) *reportingv1.JourneyContrast {
	if d == nil {
		return nil
	}
	return &reportingv1.JourneyContrast{Difference: d.Value, Interval: intervalToProto(d.Interval, level, d.Method), Test: d.Test, PValues: basis.Test(d.P, d.AdjustedP)}
}

// tellCases tells the cases that came about at the touchpoints of stages, or why they are not told: a journey without them is better than none.
func (s *Server) tellCases(ctx context.Context, stages []*stage, out *reportingv1.QueryJourneyResponse) error {
	open, more, err := s.segmentation.AllOpenCases(ctx, mostCases)
	var said *peers.Refusal
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &said):
		out.CasesAbsence = said.Cause.Message
		return nil
	case err != nil:
		out.CasesAbsence = "the segmentation service, which knows cases, did not answer: ask again"
		return nil //nolint:nilerr // the answer says that it is missing
	}
	out.CasesAtLeast = more
	at := map[string][]*reportingv1.JourneyCases{}
	for i, stage := range stages {
		if len(stage.touchpoints) == 0 {
			continue
		}
		cases := &reportingv1.JourneyCases{}
		out.Stages[i].Cases = cases
		for _, touchpoint := range stage.touchpoints {
			at[touchpoint] = append(at[touchpoint], cases)
		}
	}
	for _, c := range open {
		for _, cases := range at[c.GetTouchpoint()] {
			cases.Open++
			if inbox.Late(c) {
				cases.Overdue++
			}
			if c.GetOwner() == "" {
				cases.Unowned++
			}
			if len(cases.GetFirst()) < inbox.Shown {
				cases.First = append(cases.First, inbox.Convert(c))
			}
		}
	}
	return nil
}
