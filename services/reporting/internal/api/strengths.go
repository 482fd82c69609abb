package api

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/api/basis"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/bridge"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/strength"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// mostCells is how many topics all slices have together: each takes memory for every group of respondents.
const mostCells = 5000

// part is a part of the responses, of which the topics are counted for one outcome.
type part struct {
	// of is the value of the key that parts the responses; nil for all of them.
	of *string
	*strength.Tally
	outcome
}

// parts are the outcomes with their parts.
type parts struct {
	query       *reportingv1.AnalysisQuery
	by, groupBy string
	// all are of all responses, one for each outcome, that of the request first; slices are, for each outcome, by value of groupBy.
	all    []*part
	slices []map[string]*part
	// stated tells that some response states `by`, unanswered counts those that do not answer the outcome of the request.
	stated     bool
	unanswered int64
	topics     int
}

// partsOf finds what is to be counted.
func (s *Server) partsOf(ctx context.Context, req *reportingv1.QueryStrengthsRequest) (*parts, error) {
	r, err := s.outcomeReaderOf(ctx, req.GetQuery(), req.GetOutcome(), req.GetMetric(), req.GetBy())
	if err != nil {
		return nil, err
	}
	p := &parts{query: req.GetQuery(), by: r.key, groupBy: req.GetGroupBy()}
	p.expect(r.outcome)
	if err := checkKey("group_by", p.groupBy); err != nil {
		return nil, err
	}
	if p.groupBy == p.by {
		return nil, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_ITEM_REPEATED, "group_by", "it is what responses are told apart by already; choose another key")
	}
	if len(req.GetFurtherOutcomes()) == 0 {
		return p, nil
	}
	q, err := s.questionnaireOf(ctx, req.GetQuery().GetSurvey())
	if err != nil {
		return nil, err
	}
	further, _, err := q.items(ctx, "further_outcomes", req.GetFurtherOutcomes(), len(req.GetFurtherOutcomes()), r.question.ID)
	if err != nil {
		return nil, err
	}
	for _, question := range further {
		o, err := outcomeOf(question, reportingv1.OutcomeMetric_OUTCOME_METRIC_UNSPECIFIED, "further_outcomes")
		if err != nil {
			return nil, err
		}
		p.expect(o)
	}
	return p, nil
}

// expect makes place for an outcome.
func (p *parts) expect(o outcome) {
	p.all = append(p.all, &part{Tally: strength.NewTally(peers.Groups), outcome: o})
	p.slices = append(p.slices, map[string]*part{})
}

// add counts a response.
func (p *parts) add(f *scoringv1.Fact) error {
	topics, weight := keyValues(f, p.by), weightOf(p.query, f)
	p.stated = p.stated || len(topics) > 0
	values := []string{""}
	if p.groupBy != "" {
		if stated := keyValues(f, p.groupBy); len(stated) > 0 {
			values = stated
		}
	}
	for i, all := range p.all {
		value, ok := all.value(f)
		if !ok {
			if i == 0 {
				p.unanswered++
			}
			continue
		}
		if err := p.count(all, f, topics, value, weight); err != nil {
			return err
		}
		if p.groupBy == "" {
			continue
		}
		for _, v := range values {
			slice := p.slices[i][v]
			if slice == nil {
				slice = &part{of: &v, Tally: strength.NewTally(peers.Groups), outcome: outcome{question: all.question, metric: all.metric}}
				p.slices[i][v] = slice
				p.topics++
			}
			if _, ok := slice.value(f); ok {
				if err := p.count(slice, f, topics, value, weight); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// count counts a response in a part.
func (p *parts) count(in *part, f *scoringv1.Fact, topics []string, value, weight float64) error {
	before := in.Topics()
	if err := in.Add(int(f.GetGroup()), topics, value, weight); err != nil {
		return topicError(err)
	}
	if p.topics += in.Topics() - before; p.topics > mostCells && len(p.all)+len(p.slices[0]) > 1 {
		return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_TOO_MANY, "group_by",
			fmt.Sprintf("outcomes, values of the key and topics make more than %d parts: choose keys of fewer values, fewer outcomes, or filter", mostCells))
	}
	return nil
}

// told are the parts in the order in which they are told.
func (p *parts) told() (out []*part) {
	for i, all := range p.all {
		if all.answers == 0 && i > 0 {
			continue
		}
		out = append(out, all)
		values := make([]string, 0, len(p.slices[i]))
		for v := range p.slices[i] {
			values = append(values, v)
		}
		slices.Sort(values)
		for _, v := range values {
			out = append(out, p.slices[i][v])
		}
	}
	return out
}

// QueryStrengths tells which topics pull an outcome up and which pull it down.
func (s *Server) QueryStrengths(ctx context.Context, req *reportingv1.QueryStrengthsRequest) (*reportingv1.QueryStrengthsResponse, error) {
	p, err := s.partsOf(ctx, req)
	if err != nil {
		return nil, err
	}
	counted, err := s.scoring.Facts(ctx, selectionOf(req.GetQuery()), p.add)
	if err != nil {
		return nil, topicError(err)
	}
	r := &outcomeReader{outcome: p.all[0].outcome, key: p.by, stated: p.stated}
	if err := r.check(); err != nil {
		return nil, err
	}
	told := p.told()
	tallies := make([]*strength.Tally, len(told))
	for i, part := range told {
		tallies[i] = part.Tally
	}
	level := levelOf(req.GetQuery())
	found, err := compute(ctx, s, func() ([]*strength.Result, error) { return strength.JudgeAll(tallies, level) })
	if err != nil {
		return nil, fault.Analysis(err)
	}
	b := basis.Of(req.GetQuery(), definitionStrengths, counted)
	leaveOut(b, reasonNoAnswer, p.unanswered)
	b.Groups, b.Conventions = peers.Groups, append(b.Conventions, "OUTCOME_LESS_OUTCOME_WITHOUT", "BENJAMINI_HOCHBERG")
	whole := sliceToProto(told[0], found[0], level)
	if whole.GetLeftOutTopics() > 0 {
		b.Notes = append(b.Notes, fmt.Sprintf("left out are %d values of %s that fewer than %d responses state, or do not state", whole.GetLeftOutTopics(), p.by, strength.LeastResponses))
	}
	out := &reportingv1.QueryStrengthsResponse{
		Basis: b, Outcome: whole.GetOutcome(), Metric: whole.GetMetric(), Overall: whole.GetOverall(), Effects: whole.GetEffects(), Family: int32(found[0].Family), By: p.by, GroupBy: p.groupBy,
	}
	for i := range told[1:] {
		out.Slices = append(out.Slices, sliceToProto(told[i+1], found[i+1], level))
	}
	return out, nil
}

// sliceToProto converts what topics do to an outcome in a part of the responses.
func sliceToProto(p *part, found *strength.Result, level float64) *reportingv1.StrengthSlice {
	out := &reportingv1.StrengthSlice{Value: p.of, Outcome: p.converted(), Metric: p.metric, Overall: found.Overall, LeftOutTopics: int32(len(found.LeftOut))}
	for _, e := range found.Effects {
		out.Effects = append(out.Effects, &reportingv1.TopicEffect{
			Value: e.Value, Count: e.Count, Level: e.Level, Effect: estimateToProto(e.Effect, e.SE, e.Interval, level, bridge.GroupJackknife),
			Test: basis.Test(e.P, e.AdjustedP), Verdict: verdictToProto(e.Verdict),
		})
	}
	return out
}

// verdictToProto converts a verdict.
func verdictToProto(v strength.Verdict) reportingv1.TopicVerdict {
	switch v {
	case strength.Strength:
		return reportingv1.TopicVerdict_TOPIC_VERDICT_STRENGTH
	case strength.Weakness:
		return reportingv1.TopicVerdict_TOPIC_VERDICT_WEAKNESS
	default:
		return reportingv1.TopicVerdict_TOPIC_VERDICT_NEITHER
	}
}
