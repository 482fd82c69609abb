package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/api/basis"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/bridge"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/refusal"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Names of what bridges and topic effects are.
const (
	definitionBridge    = "outcome_bridge"
	definitionStrengths = "topic_effects"
)

// defaultKey is what responses are told apart by unless a request says otherwise.
const defaultKey = "theme"

// outcomeReader reads the outcome and the key of responses.
type outcomeReader struct {
	outcome
	query *reportingv1.AnalysisQuery
	key   string
	// stated tells that some response states the key.
	stated bool
}

// outcomeReaderOf finds what is to be read.
func (s *Server) outcomeReaderOf(ctx context.Context, query *reportingv1.AnalysisQuery, outcome string, metric reportingv1.OutcomeMetric, key string) (*outcomeReader, error) {
	q, err := s.questionnaireOf(ctx, query.GetSurvey())
	if err != nil {
		return nil, err
	}
	question, err := q.outcome(ctx, outcome)
	if err != nil {
		return nil, err
	}
	r := &outcomeReader{query: query, key: cmp.Or(key, defaultKey)}
	if r.outcome, err = outcomeOf(question, metric, "metric"); err != nil {
		return nil, err
	}
	return r, checkKey("by", r.key)
}

// checkKey refuses the key by which nothing is told but scores.
func checkKey(field, key string) error {
	if key == employeeKey {
		return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_KEY_UNKNOWN, field,
			"what customers say of single employees is told as scores only, in blocks; choose another key")
	}
	return nil
}

// read reads a response; false when it does not answer the question.
func (r *outcomeReader) read(f *scoringv1.Fact) (values []string, value float64, ok bool) {
	if value, ok = r.value(f); !ok {
		return nil, 0, false
	}
	values = keyValues(f, r.key)
	r.stated = r.stated || len(values) > 0
	return values, value, true
}

// readOutcome adds the outcome of each selected response that has one, with the values of its key, and counts those that have none.
func (s *Server) readOutcome(
	ctx context.Context, sel peers.Selection, r *outcomeReader, add func(group int, values []string, value, weight float64) error,
) (counted peers.Counted, unanswered int64, err error) {
	counted, err = s.scoring.Facts(ctx, sel, func(f *scoringv1.Fact) error {
		values, value, ok := r.read(f)
		if !ok {
			unanswered++
			return nil
		}
		return add(int(f.GetGroup()), values, value, weightOf(r.query, f))
	})
	if err != nil {
		return counted, 0, topicError(err)
	}
	return counted, unanswered, nil
}

// keyValues are the values of a key that a response states.
func keyValues(f *scoringv1.Fact, key string) []string {
	for _, k := range f.GetKeys() {
		if k.GetKey() == key {
			return slices.DeleteFunc(slices.Clone(k.GetValues()), func(v string) bool { return v == "" })
		}
	}
	return nil
}

// check refuses a key that no response states: there is nothing to tell apart.
func (r *outcomeReader) check() error {
	if r.answers > 0 && !r.stated {
		return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_KEY_UNKNOWN, "by",
			fmt.Sprintf("no response that answers question %q states %q; choose another key", r.question.ID, r.key))
	}
	return nil
}

// topicError explains an error of telling responses apart: too many values are the fault of the key.
func topicError(err error) error {
	var refused *refusal.Error
	if errors.As(err, &refused) && refused.Reason == refusal.TooMany {
		return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_TOO_MANY, "by", refused.Description)
	}
	return fault.Analysis(fault.Scoring(err, fault.Fields(nil).Of))
}

// checkPeriods refuses a baseline that does not end before the period begins: responses of both would be compared with themselves.
func checkPeriods(baseline, period *typev1.Period) error {
	if end, start := baseline.GetEndTime(), period.GetStartTime(); end == nil || start == nil || end.AsTime().After(start.AsTime()) {
		return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_PERIODS_OVERLAP, "baseline_period",
			"it must end where query.period begins, or before; state its end_time, and the start_time of query.period")
	}
	return nil
}

// QueryBridge tells why an outcome moved between two periods.
func (s *Server) QueryBridge(ctx context.Context, req *reportingv1.QueryBridgeRequest) (*reportingv1.QueryBridgeResponse, error) {
	if err := checkPeriods(req.GetBaselinePeriod(), req.GetQuery().GetPeriod()); err != nil {
		return nil, err
	}
	r, err := s.outcomeReaderOf(ctx, req.GetQuery(), req.GetOutcome(), req.GetMetric(), req.GetBy())
	if err != nil {
		return nil, err
	}
	before, after := selectionOf(req.GetQuery()), selectionOf(req.GetQuery())
	before.Period = req.GetBaselinePeriod()
	sides := [2]bridge.Side{}
	var counted [2]peers.Counted
	var unanswered [2]int64
	for i, sel := range []peers.Selection{before, after} {
		if counted[i], unanswered[i], err = s.readOutcome(ctx, sel, r, sides[i].Add); err != nil {
			return nil, err
		}
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	level := levelOf(req.GetQuery())
	b, err := compute(ctx, s, func() (*bridge.Bridge, error) { return bridge.Explain(sides[0], sides[1], level) })
	if err != nil {
		return nil, topicError(err)
	}
	convert := func(e bridge.Estimate) *reportingv1.AnalysisEstimate {
		return estimateToProto(e.Value, e.SE, e.Interval, level, bridge.GroupJackknife)
	}
	out := &reportingv1.QueryBridgeResponse{
		Basis: basis.Of(req.GetQuery(), definitionBridge, counted[1]), BaselineBasis: basis.Of(req.GetQuery(), definitionBridge, counted[0]),
		Outcome: r.converted(), Metric: r.metric, Before: convert(b.Before), After: convert(b.After), Change: convert(b.Change), Mix: convert(b.Mix),
		Level: convert(b.Level), By: r.key,
	}
	out.BaselineBasis.Period = req.GetBaselinePeriod()
	for i, side := range []*reportingv1.AnalysisBasis{out.GetBaselineBasis(), out.GetBasis()} {
		leaveOut(side, reasonNoAnswer, unanswered[i])
		side.Groups, side.Conventions = int32(b.Groups), append(side.Conventions, "MEAN_LEVEL_MEAN_SHARE", "EQUAL_FRACTIONS", "BENJAMINI_HOCHBERG")
	}
	for _, p := range b.Parts {
		out.Parts = append(out.Parts, &reportingv1.BridgePart{
			Value: p.Value, CountBefore: p.CountBefore, CountAfter: p.CountAfter, ShareBefore: p.ShareBefore, ShareAfter: p.ShareAfter,
			LevelBefore: p.LevelBefore, LevelAfter: p.LevelAfter, Mix: convert(p.Mix), Level: convert(p.Level), Test: basis.Test(p.P, p.AdjustedP),
		})
	}
	return out, nil
}
