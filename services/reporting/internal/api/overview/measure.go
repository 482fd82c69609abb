package overview

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/api/answers"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/place"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// measure is what a map shows of each location.
type measure struct {
	metric   place.Metric
	scored   scoringv1.Metric
	variant  scoringv1.Variant
	question peers.Question
	level    float64
}

// measureOf finds what is shown: what was asked for or, where nothing was, the first that the survey supports.
func (s *Server) measureOf(ctx context.Context, req *reportingv1.QueryMapRequest) (*measure, error) {
	asked, err := s.Surveys.Questionnaire(ctx, req.GetQuery().GetSurvey())
	if err != nil {
		return nil, fault.Survey(err)
	}
	q, found, err := askedFor(ctx, asked, req.GetQuestion(), req.GetMetric())
	if err != nil {
		return nil, fault.Survey(err)
	}
	metric := req.GetMetric()
	if metric == reportingv1.MapMetric_MAP_METRIC_UNSPECIFIED {
		metric = bestFor(q.Kind)
	}
	m := &measure{question: q, level: levelOf(req.GetQuery())}
	switch metric {
	case reportingv1.MapMetric_MAP_METRIC_NPS:
		m.metric, m.scored, m.variant = place.NPS, scoringv1.Metric_METRIC_NPS, scoringv1.Variant_VARIANT_NPS_ANSWERED
		found = found && q.Kind == peers.KindNPS
	case reportingv1.MapMetric_MAP_METRIC_CSAT:
		m.metric, m.scored, m.variant = place.Share, scoringv1.Metric_METRIC_CSAT, scoringv1.Variant_VARIANT_CSAT_SHARE
		found = found && q.Kind == peers.KindCSAT
	default:
		m.metric, m.scored, m.variant = place.Mean, scoringv1.Metric_METRIC_MEAN, scoringv1.Variant_VARIANT_MEAN_SINGLE_QUESTION
		found = found && q.Kind != peers.KindOther
	}
	switch {
	case found:
		return m, nil
	case req.GetQuestion() == "":
		return nil, fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_METRIC_MISMATCH, "metric", "no question of the survey asks for it; choose another one")
	case q.ID == "":
		return nil, fault.Field(codes.NotFound, reportingv1.ErrorReason_ERROR_REASON_QUESTION_NOT_FOUND, "question",
			fmt.Sprintf("the survey asks no question %q; see its revisions", req.GetQuestion()))
	}
	return nil, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_METRIC_MISMATCH, "question",
		fmt.Sprintf("question %q does not ask for what the metric needs; choose another metric", q.ID))
}

// askedFor is the question named or, without a name, the first that a metric can be computed from; false when there is none.
func askedFor(ctx context.Context, asked *peers.Questionnaire, id string, metric reportingv1.MapMetric) (peers.Question, bool, error) {
	if id != "" {
		return asked.Find(ctx, id)
	}
	kinds := map[reportingv1.MapMetric][]peers.Kind{
		reportingv1.MapMetric_MAP_METRIC_NPS: {peers.KindNPS}, reportingv1.MapMetric_MAP_METRIC_CSAT: {peers.KindCSAT},
		reportingv1.MapMetric_MAP_METRIC_MEAN:        {peers.KindScored, peers.KindCSAT, peers.KindNPS},
		reportingv1.MapMetric_MAP_METRIC_UNSPECIFIED: {peers.KindNPS, peers.KindCSAT, peers.KindScored},
	}
	for _, kind := range kinds[metric] {
		for _, q := range asked.Current {
			if q.Kind == kind {
				return q, true, nil
			}
		}
	}
	return peers.Question{}, false, nil
}

// bestFor is the metric that a kind of question is asked for.
func bestFor(kind peers.Kind) reportingv1.MapMetric {
	switch kind {
	case peers.KindNPS:
		return reportingv1.MapMetric_MAP_METRIC_NPS
	case peers.KindCSAT:
		return reportingv1.MapMetric_MAP_METRIC_CSAT
	default:
		return reportingv1.MapMetric_MAP_METRIC_MEAN
	}
}

// scores are the answers of each location that answers name, on the scale on which the question was asked last; those that name none are under "".
type scores struct {
	of map[string]*located
	// otherScale is how many answers are on another scale: no score can hold both.
	otherScale int64
	counted    peers.Counted
}

// locationScores asks for the answers of each location.
func (s *Server) locationScores(ctx context.Context, q *reportingv1.AnalysisQuery, m *measure) (*scores, error) {
	out := &scores{of: make(map[string]*located)}
	at := func(id string) *located {
		l := out.of[id]
		if l == nil {
			l = &located{}
			out.of[id] = l
		}
		return l
	}
	var err error
	out.counted, err = s.Measures.Each(ctx, &scoringv1.ScoreQuery{
		Survey: q.GetSurvey(), Filter: q.GetFilter(), Period: q.GetPeriod(), Population: q.GetPopulation(), AsOfTime: q.GetAsOfTime(), ConfidenceLevel: q.GetConfidenceLevel(),
		Metrics: []scoringv1.Metric{m.scored}, Variants: []scoringv1.Variant{m.variant}, Question: m.question.ID, GroupBy: []string{locationKey},
	}, func(score *scoringv1.Score) error {
		keys := score.GetSlice().GetKeys()
		if len(keys) != 1 {
			return nil
		}
		l := at(keys[0].GetValue())
		if score.GetScale().GetId() == m.question.Scale.GetId() {
			l.tally, l.absent = answers.Tally(score, m.metric, m.question)
			return nil
		}
		before, _ := answers.Tally(score, m.metric, m.question)
		out.otherScale += int64(before.N)
		if l.absent == "" && before.N > 0 {
			l.absent = otherScale
		}
		return nil
	})
	return out, err
}

// otherScale is why a location that was answered has no score.
const otherScale = "OTHER_SCALE"
