package api

import (
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/place"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// What an answer counts in the Net Promoter Score and in shares.
const (
	promoterFrom, passiveFrom = 9, 7
	promoter, detractor       = 100.0, -100.0
	hit                       = 100.0
)

// outcome is what is counted of responses: a number of each, so that the mean of those is the score.
type outcome struct {
	question peers.Question
	metric   reportingv1.OutcomeMetric
	// option is that of which the share is counted; empty where scores are.
	option string
	// answers, sum and square are of the scores that were read.
	answers     int64
	sum, square float64
}

// outcomeOf is a question counted by a metric, or by what its kind is counted by.
func outcomeOf(q peers.Question, metric reportingv1.OutcomeMetric, field string) (outcome, error) {
	o := outcome{question: q, metric: metric}
	fits := true
	switch metric {
	case reportingv1.OutcomeMetric_OUTCOME_METRIC_UNSPECIFIED:
		o.metric = reportingv1.OutcomeMetric_OUTCOME_METRIC_MEAN
		if q.Kind == peers.KindNPS {
			o.metric = reportingv1.OutcomeMetric_OUTCOME_METRIC_NPS
		}
	case reportingv1.OutcomeMetric_OUTCOME_METRIC_NPS:
		if q.Kind != peers.KindNPS {
			return o, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_METRIC_MISMATCH, field,
				fmt.Sprintf("question %q does not ask for the likelihood to recommend; ask for OUTCOME_METRIC_MEAN", q.ID))
		}
	case reportingv1.OutcomeMetric_OUTCOME_METRIC_CSAT:
		fits = q.Kind == peers.KindCSAT && q.Positive != nil
	case reportingv1.OutcomeMetric_OUTCOME_METRIC_TOP_BOX:
		fits = q.Ease && q.Positive != nil
	case reportingv1.OutcomeMetric_OUTCOME_METRIC_MEAN:
	}
	if !fits {
		return o, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_METRIC_MISMATCH, field,
			fmt.Sprintf("question %q does not ask for what the metric needs; ask for OUTCOME_METRIC_MEAN", q.ID))
	}
	return o, nil
}

// kind is how the numbers are distributed.
func (o *outcome) kind() place.Metric {
	switch {
	case o.option != "":
		return place.Share
	case o.metric == reportingv1.OutcomeMetric_OUTCOME_METRIC_NPS:
		return place.NPS
	case o.metric == reportingv1.OutcomeMetric_OUTCOME_METRIC_MEAN:
		return place.Mean
	default:
		return place.Share
	}
}

// value is the number of a response; false when it does not answer the question.
func (o *outcome) value(f *scoringv1.Fact) (float64, bool) {
	if o.option != "" {
		return o.chosen(f)
	}
	score, ok := peers.ScoreOf(f, o.question)
	if !ok {
		return 0, false
	}
	o.answers++
	o.sum += score
	o.square += score * score
	switch {
	case o.metric == reportingv1.OutcomeMetric_OUTCOME_METRIC_MEAN:
		return score, true
	case o.metric == reportingv1.OutcomeMetric_OUTCOME_METRIC_NPS && score >= promoterFrom:
		return promoter, true
	case o.metric == reportingv1.OutcomeMetric_OUTCOME_METRIC_NPS && score < passiveFrom:
		return detractor, true
	case o.metric != reportingv1.OutcomeMetric_OUTCOME_METRIC_NPS && score >= *o.question.Positive:
		return hit, true
	}
	return 0, true
}

// chosen tells whether the option was chosen.
func (o *outcome) chosen(f *scoringv1.Fact) (float64, bool) {
	for _, a := range f.GetAnswers() {
		if a.GetQuestion() == o.question.ID && len(a.GetOptions()) > 0 {
			o.answers++
			if slices.Contains(a.GetOptions(), o.option) {
				return hit, true
			}
			return 0, true
		}
	}
	return 0, false
}

// converted is the question with the answers that were read.
func (o *outcome) converted() *reportingv1.AnalysisQuestion {
	out := &reportingv1.AnalysisQuestion{Question: o.question.ID, Text: o.question.Text, Scale: o.question.Scale, N: o.answers}
	out.Mean, out.StandardDeviation = describe(o.answers, o.sum, o.square)
	return out
}
