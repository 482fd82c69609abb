package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/services/scoring/internal/definition"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// answer is what a query gives a caller.
type answer struct {
	scores    []*scoringv1.Score
	watermark time.Time
	// coverage is nil where nothing may be told of what was counted.
	coverage *scoringv1.Coverage
}

// QueryScores computes scores.
func (s *Server) QueryScores(ctx context.Context, req *scoringv1.QueryScoresRequest) (*scoringv1.QueryScoresResponse, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	a, err := s.evaluate(ctx, c, req.GetQuery())
	if err != nil {
		return nil, err
	}
	return &scoringv1.QueryScoresResponse{Scores: a.scores, Watermark: momentToProto(a.watermark), Coverage: a.coverage}, nil
}

// partOfScores is how many scores a message of StreamScores holds.
const partOfScores = 500

// StreamScores computes scores and sends them in parts, at least one.
func (s *Server) StreamScores(req *scoringv1.StreamScoresRequest, stream scoringv1.ScoringService_StreamScoresServer) error {
	c, err := callerOf(stream.Context())
	if err != nil {
		return err
	}
	a, err := s.evaluateUpTo(stream.Context(), query.MaxStreamedRows, c, req.GetQuery())
	if err != nil {
		return err
	}
	for first := true; first || len(a.scores) > 0; first = false {
		part := &scoringv1.StreamScoresResponse{Scores: a.scores[:min(partOfScores, len(a.scores))], Watermark: momentToProto(a.watermark)}
		if first {
			part.Coverage = a.coverage
		}
		if err := stream.Send(part); err != nil {
			return err
		}
		a.scores = a.scores[len(part.GetScores()):]
	}
	return nil
}

// evaluate answers a query for a caller. Its errors are for the caller.
func (s *Server) evaluate(ctx context.Context, c caller, in *scoringv1.ScoreQuery) (answer, error) {
	return s.evaluateUpTo(ctx, query.MaxRows, c, in)
}

// evaluateUpTo is evaluate with at most so many scores.
func (s *Server) evaluateUpTo(ctx context.Context, limit int, c caller, in *scoringv1.ScoreQuery) (answer, error) {
	const field = "query"
	q, err := s.asked(ctx, c, field, in)
	if err != nil {
		return answer{}, err
	}
	q.Limit = limit
	var r query.Result
	watermark, err := s.with(ctx, c, []subject{{field: field, query: &q}}, func(d []query.Data) (err error) {
		r, err = query.Run(ctx, q, d[0])
		return err
	})
	if err != nil {
		return answer{}, queryError(err, field, field)
	}
	return answer{scores: scoresToProto(in, r.Rows, watermark), watermark: watermark, coverage: coverageToProto(r.Coverage)}, nil
}

// asked is the query of a message, with the definition that it names. Its errors are for the caller.
func (s *Server) asked(ctx context.Context, c caller, field string, in *scoringv1.ScoreQuery) (query.Query, error) {
	q, err := s.queryFromProto(in)
	if err != nil {
		return q, queryError(err, field, field)
	}
	if in.GetDefinition() == "" {
		return q, nil
	}
	resolved, err := s.definitions.Resolve(ctx, c.organization, refFromName(in.GetDefinition()))
	if err != nil {
		return q, definitionError(err, field+".definition", in.GetDefinition())
	}
	return q, queryError(define(&q, resolved), field, field)
}

// define has a query ask for a definition.
func define(q *query.Query, resolved *definition.Resolved) error {
	refuse := func(format string, args ...any) error {
		return &query.Error{Reason: query.MetricMismatch, Field: "definition", Description: fmt.Sprintf(format, args...)}
	}
	d := &resolved.Definition
	switch {
	case d.Survey != "" && d.Survey != q.Survey:
		return refuse("%s belongs to the survey %s: name another definition, or that survey", d.ID, d.Survey)
	case d.Metric != nil && len(q.Metrics) > 0:
		return refuse("name a definition or metrics, not both")
	case d.Metric != nil:
		q.Metrics = []metric.ID{d.Metric.ID}
		return nil
	}
	q.Definition = &query.Definition{Ref: d.Ref(), Cuts: d.Spec.Cuts}
	if d.Spec.Cuts == nil {
		q.Definition.Tree = resolved.Tree()
	}
	return nil
}

// subject is a query, and the field that holds it.
type subject struct {
	field string
	query *query.Query
	// single tells that single responses are asked for rather than scores.
	single bool
}

// path is the path of a field of the query.
func (x *subject) path(field string) string {
	if x.field == "" {
		return field
	}
	return x.field + "." + field
}

// with calls fn with what queries are answered from as far as the caller may see it, in their order. Queries that ask for what a survey does not have, as far as
// known, are tried once more after asking the survey service: a survey may have been published anew a moment ago.
func (s *Server) with(ctx context.Context, c caller, subjects []subject, fn func([]query.Data) error) (time.Time, error) {
	org := c.organization
	for again := false; ; again = true {
		data := make([]query.Data, len(subjects))
		for i, x := range subjects {
			history, err := s.Catalog.History(ctx, org, x.query.Survey)
			if err != nil {
				return time.Time{}, catalogError(err, x.path("survey"), surveyPrefix+x.query.Survey)
			}
			data[i].History = history
		}
		// Taken before anything is counted: all that arrived until then is counted.
		watermark := s.Board.Watermark()
		for i, x := range subjects {
			data[i].Memo = s.memo(org, x.query.Survey)
			book := s.Board.Book(org)
			table, complete := book.Table(x.query.Survey)
			data[i].Cube, data[i].Table, data[i].Pending = book.Cube, table, !complete
		}
		err := s.scopes(ctx, c, subjects, data)
		if err == nil {
			err = fn(data)
		}
		if again || !maybeOutdated(err) {
			return watermark, err
		}
		for _, x := range subjects {
			s.Catalog.Forget(org, x.query.Survey)
		}
	}
}

// scopes narrows what queries are answered from, the second of which is a baseline.
func (s *Server) scopes(ctx context.Context, c caller, subjects []subject, data []query.Data) error {
	for i, x := range subjects {
		err := s.scope(ctx, c, x, &data[i])
		if e := (*query.Error)(nil); errors.As(err, &e) {
			e.Baseline = i > 0
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// maybeOutdated tells whether a query is refused for what a newer revision of the survey may have.
func maybeOutdated(err error) bool {
	var e *query.Error
	return errors.As(err, &e) && (e.Reason == query.QuestionNotFound || e.Reason == query.MetricMismatch || e.Reason == query.GroupingNotDeclared ||
		e.Reason == query.FilterInvalid)
}

// CompareScores compares one score of two slices.
func (s *Server) CompareScores(ctx context.Context, req *scoringv1.CompareScoresRequest) (*scoringv1.CompareScoresResponse, error) {
	who, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	const field, baselineField = "query", "baseline"
	other := inherit(req.GetBaseline(), req.GetQuery())
	a, err := s.asked(ctx, who, field, req.GetQuery())
	if err != nil {
		return nil, err
	}
	b, err := s.asked(ctx, who, baselineField, other)
	if err != nil {
		return nil, err
	}
	var c query.Comparison
	watermark, err := s.with(ctx, who, []subject{{field: field, query: &a}, {field: baselineField, query: &b}}, func(d []query.Data) (err error) {
		c, err = query.Compare(ctx, a, d[0], b, d[1])
		return err
	})
	if err != nil {
		return nil, queryError(fmt.Errorf("compare scores: %w", err), field, baselineField)
	}
	return comparisonToProto(req.GetQuery(), other, &c, watermark), nil
}

// inherit fills in what a baseline leaves out from the query that it is compared with. A period, a filter or a weighting of the query is taken
// over only as a whole.
func inherit(baseline, q *scoringv1.ScoreQuery) *scoringv1.ScoreQuery {
	out := proto.CloneOf(q)
	out.Grain, out.GroupBy = baseline.GetGrain(), baseline.GetGroupBy()
	proto.Merge(out, &scoringv1.ScoreQuery{
		Survey: baseline.GetSurvey(), Question: baseline.GetQuestion(), TimeZone: baseline.GetTimeZone(), Population: baseline.GetPopulation(),
		Filter: baseline.GetFilter(), Definition: baseline.GetDefinition(),
	})
	if len(baseline.GetMetrics()) > 0 || len(baseline.GetVariants()) > 0 {
		out.Metrics, out.Variants = baseline.GetMetrics(), baseline.GetVariants()
	}
	if baseline.Option != nil {
		out.Option = baseline.Option
	}
	inheritPart(&out.Period, baseline.GetPeriod())
	inheritPart(&out.Weighting, baseline.GetWeighting())
	inheritPart(&out.AsOfTime, baseline.GetAsOfTime())
	inheritPart(&out.StatedCounts, baseline.GetStatedCounts())
	inheritPart(&out.OptionRoles, baseline.GetOptionRoles())
	return out
}

// inheritPart takes a part of the baseline, if it has one.
func inheritPart[T any](part **T, own *T) {
	if own != nil {
		*part = own
	}
}
