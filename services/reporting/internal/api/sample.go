package api

import (
	"context"
	"errors"
	"fmt"
	"math"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/services/reporting/internal/api/basis"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/moment"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// defaultLevel is the confidence level where a request names none.
const defaultLevel = 0.95

// levelOf is the confidence level of a query.
func levelOf(q *reportingv1.AnalysisQuery) float64 {
	if q.GetConfidenceLevel() == 0 {
		return defaultLevel
	}
	return q.GetConfidenceLevel()
}

// selectionOf is which responses a query is about.
func selectionOf(q *reportingv1.AnalysisQuery) peers.Selection {
	return peers.Selection{Survey: q.GetSurvey(), Filter: q.GetFilter(), Period: q.GetPeriod(), Population: q.GetPopulation(), AsOf: q.GetAsOfTime(), Weighting: weightingOf(q)}
}

// request is what a sample is wanted of.
type request struct {
	query     *reportingv1.AnalysisQuery
	questions []peers.Question
	// fields are those of the request that the questions come from.
	fields  fault.Fields
	missing reportingv1.MissingMethod
	// ranks tells whether rank correlations are wanted; nil: where there are not too many responses.
	ranks *bool
	// levels tells that means alone are wanted: no two of the questions need to be answered together.
	levels bool
	// notes say which questions were left out.
	notes []string
	// spare tells that the questions behind the first `kept` are items that the request does not name: those that cannot be analysed are left out, as long as `least` remain.
	spare       bool
	kept, least int
	leftOut     []*reportingv1.AnalysisBasis_LeftOutQuestion
}

// sample is what was estimated, with what it rests on.
type sample struct {
	*moment.Sample
	counted   peers.Counted
	questions []peers.Question
	notes     []string
	leftOut   []*reportingv1.AnalysisBasis_LeftOutQuestion
}

// sampleOf counts and estimates. Sums of pairs are enough for pairwise moments; other ways, and ranks, need each response.
func (s *Server) sampleOf(ctx context.Context, r request) (*sample, error) {
	pairwise := missingOf(r.missing) == moment.Pairwise
	if r.query.GetWeighting() != nil {
		unsupported := func(field, description string) error {
			return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_WEIGHTING_UNSUPPORTED, field, description)
		}
		switch {
		case !pairwise:
			return nil, unsupported("missing", "weighted responses are taken pairwise: leave it out")
		case r.ranks != nil && *r.ranks:
			return nil, unsupported("spearman", "rank correlations count each response once: leave them out")
		}
		return s.fromSums(ctx, r)
	}
	switch {
	case pairwise && r.ranks == nil:
		out, err := s.fromRows(ctx, r, s.rankResponses)
		if errors.Is(err, peers.ErrMore) {
			return s.fromSums(ctx, r)
		}
		return out, err
	case pairwise && !*r.ranks:
		return s.fromSums(ctx, r)
	}
	return s.fromRows(ctx, r, 0)
}

// fromSums estimates from sums of pairs.
func (s *Server) fromSums(ctx context.Context, r request) (*sample, error) {
	sums, counted, err := s.scoring.Moments(ctx, selectionOf(r.query), r.questions)
	if err != nil {
		return nil, fault.Scoring(err, r.fields.Of)
	}
	estimated, err := compute(ctx, s, func() (*moment.Sample, error) {
		if r.levels {
			return moment.LevelsFromSums(sums)
		}
		return moment.FromSums(sums)
	})
	if lesser, err := r.without(err, func() moment.Sums { return sums }); err != nil {
		return nil, fault.Analysis(err)
	} else if lesser != nil {
		return s.fromSums(ctx, *lesser)
	}
	return r.estimated(estimated, counted), nil
}

// fromRows estimates from each response, of which there may be `most`; 0 means any number. Errors: peers.ErrMore.
func (s *Server) fromRows(ctx context.Context, r request, most int64) (*sample, error) {
	selection := selectionOf(r.query)
	selection.Most = most
	rows, at, values := moment.NewRows(peers.Asked(r.questions), peers.Groups), r.places(), make([]float64, len(r.questions))
	counted, err := s.scoring.Facts(ctx, selection, func(f *scoringv1.Fact) error {
		peers.Scores(f, r.questions, at, values)
		return rows.Add(int(f.GetGroup()), values)
	})
	if err != nil {
		return nil, fault.Analysis(fault.Scoring(err, r.fields.Of))
	}
	estimated, err := compute(ctx, s, func() (*moment.Sample, error) { return moment.FromRows(ctx, rows, missingOf(r.missing)) })
	if lesser, err := r.without(err, rows.Sums); err != nil {
		return nil, fault.Analysis(err)
	} else if lesser != nil {
		return s.fromRows(ctx, *lesser, most)
	}
	return r.estimated(estimated, counted), nil
}

// estimated is the sample of a request.
func (r request) estimated(x *moment.Sample, counted peers.Counted) *sample {
	return &sample{Sample: x, counted: counted, questions: r.questions, notes: r.notes, leftOut: r.leftOut}
}

// places are the indices of the questions.
func (r request) places() map[string]int {
	at := make(map[string]int, len(r.questions))
	for i, q := range r.questions {
		at[q.ID] = i
	}
	return at
}

// missingOf is a way to treat missing answers.
func missingOf(m reportingv1.MissingMethod) moment.Missing {
	switch m {
	case reportingv1.MissingMethod_MISSING_METHOD_EM:
		return moment.EM
	case reportingv1.MissingMethod_MISSING_METHOD_LISTWISE:
		return moment.Listwise
	default:
		return moment.Pairwise
	}
}

// basis says what the sample rests on.
func (x *sample) basis(q *reportingv1.AnalysisQuery, definition string) *reportingv1.AnalysisBasis {
	b := basis.Of(q, definition, x.counted)
	b.Groups = int32(x.Groups)
	b.Missing = reportingv1.MissingMethod(int32(x.Missing) + 1)
	if x.Correlation != nil {
		b.EffectiveN, b.LeastEigenvalue, b.Repaired = proto.Float64(x.EffectiveN), proto.Float64(x.LeastEigenvalue), x.Repaired
	}
	reason := reasonNoAnswer
	if x.Missing == moment.Listwise {
		reason = reasonIncomplete
	}
	leaveOut(b, reason, x.LeftOut)
	b.Notes, b.LeftOutQuestions = append(b.Notes, x.notes...), x.leftOut
	if x.Missing == moment.EM {
		b.Conventions = append(b.Conventions, "EXPECTATION_MAXIMIZATION_NORMAL")
	}
	if x.Weighted {
		b.Conventions = append(b.Conventions, "GROUP_JACKKNIFE")
	}
	if x.Clustered {
		b.Conventions = append(b.Conventions, "CLUSTERED_RESPONDENTS")
		b.Notes = append(b.Notes, fmt.Sprintf("respondents answered several times, and alike: between groups of respondents means vary %.2g times as much as those of independent responses would", x.DesignEffect))
	}
	if x.Repaired {
		b.Conventions = append(b.Conventions, "NEAREST_CORRELATION_MATRIX")
		b.Notes = append(b.Notes, fmt.Sprintf("correlations contradicted each other and were repaired: the greatest change of one is %.3g", x.GreatestRepair))
	}
	return b
}

// Why an analysis leaves out responses that scoring counts.
const (
	reasonNoAnswer   = "NO_ANSWER"
	reasonIncomplete = "INCOMPLETE"
)

// leaveOut takes responses that were left out off those that were counted, and says so.
func leaveOut(b *reportingv1.AnalysisBasis, reason string, n int64) {
	if n > 0 {
		b.Responses -= n
		b.LeftOut = append(b.LeftOut, &reportingv1.AnalysisBasis_LeftOut{Reason: reason, Count: n})
	}
}

// question converts a question of the sample, by its index.
func (x *sample) question(i int) *reportingv1.AnalysisQuestion {
	q, sd := x.questions[i], x.SD[i]
	if n := float64(x.N[i]); x.Missing == moment.EM && n > 1 {
		// The most likely one has the divisor n.
		sd *= math.Sqrt(n / (n - 1))
	}
	return &reportingv1.AnalysisQuestion{Question: q.ID, Text: q.Text, Scale: q.Scale, N: x.N[i], Mean: x.Mean[i], StandardDeviation: sd}
}
