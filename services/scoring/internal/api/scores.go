package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/store"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// QueryScores computes scores.
func (s *Server) QueryScores(ctx context.Context, req *scoringv1.QueryScoresRequest) (*scoringv1.QueryScoresResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	scores, watermark, err := s.evaluate(ctx, org, req.GetQuery())
	if err != nil {
		return nil, err
	}
	return &scoringv1.QueryScoresResponse{Scores: scores, Watermark: momentToProto(watermark)}, nil
}

// evaluate answers a query for an organisation. Its errors are for the caller.
func (s *Server) evaluate(ctx context.Context, org string, in *scoringv1.ScoreQuery) ([]*scoringv1.Score, time.Time, error) {
	const field = "query"
	q, err := s.queryFromProto(in)
	if err != nil {
		return nil, time.Time{}, queryError(err, field, field)
	}
	var rows []query.Row
	watermark, err := s.with(ctx, org, field, q.Survey, func(d query.Data) (err error) {
		rows, err = query.Run(ctx, q, d)
		return err
	})
	if err != nil {
		return nil, time.Time{}, queryError(err, field, field)
	}
	return scoresToProto(in.GetSurvey(), rows, watermark), watermark, nil
}

// with calls fn with what a query of a survey is answered from. A query that asks for what the survey does not have, as far as known, is
// tried again after asking the survey service: the survey may have been published anew a moment ago.
func (s *Server) with(ctx context.Context, org, field, survey string, fn func(query.Data) error) (time.Time, error) {
	for again := false; ; again = true {
		history, err := s.Catalog.History(ctx, org, survey)
		if err != nil {
			return time.Time{}, catalogError(err, field+".survey", surveyPrefix+survey)
		}
		// Taken before anything is counted: all that arrived until then is counted.
		watermark := s.Board.Watermark()
		err = fn(query.Data{
			History: history, Cube: s.Board.Cube(org), Facts: facts{store: s.Store, ledger: store.Ledger{Organization: org}},
		})
		var e *query.Error
		if !again && errors.As(err, &e) && (e.Reason == query.QuestionNotFound || e.Reason == query.MetricMismatch) {
			s.Catalog.Forget(org, survey)
			continue
		}
		return watermark, err
	}
}

// CompareScores compares one score of two slices.
func (s *Server) CompareScores(ctx context.Context, req *scoringv1.CompareScoresRequest) (*scoringv1.CompareScoresResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	const field, baselineField = "query", "baseline"
	other := inherit(req.GetBaseline(), req.GetQuery())
	a, err := s.queryFromProto(req.GetQuery())
	if err != nil {
		return nil, queryError(err, field, baselineField)
	}
	b, err := s.queryFromProto(other)
	if err != nil {
		return nil, queryError(err, baselineField, baselineField)
	}
	var c query.Comparison
	watermark, err := s.with(ctx, org, field, a.Survey, func(da query.Data) error {
		_, err := s.with(ctx, org, baselineField, b.Survey, func(db query.Data) (err error) {
			c, err = query.Compare(ctx, a, da, b, db)
			return err
		})
		return err
	})
	if err != nil {
		return nil, queryError(fmt.Errorf("compare scores: %w", err), field, baselineField)
	}
	return comparisonToProto(req.GetQuery().GetSurvey(), other.GetSurvey(), &c, watermark), nil
}

// inherit fills in what a baseline leaves out from the query that it is compared with. A period or a filter of the query is taken over
// only as a whole.
func inherit(baseline, q *scoringv1.ScoreQuery) *scoringv1.ScoreQuery {
	out := proto.CloneOf(q)
	out.Grain, out.GroupBy = baseline.GetGrain(), baseline.GetGroupBy()
	proto.Merge(out, &scoringv1.ScoreQuery{
		Survey: baseline.GetSurvey(), Question: baseline.GetQuestion(), TimeZone: baseline.GetTimeZone(), Population: baseline.GetPopulation(),
	})
	if len(baseline.GetMetrics()) > 0 || len(baseline.GetVariants()) > 0 {
		out.Metrics, out.Variants = baseline.GetMetrics(), baseline.GetVariants()
	}
	if baseline.GetPeriod() != nil {
		out.Period = baseline.GetPeriod()
	}
	if baseline.GetFilter() != nil {
		out.Filter = baseline.GetFilter()
	}
	return out
}
