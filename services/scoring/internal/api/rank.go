package api

import (
	"context"

	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// RankScores ranks units by a score.
func (s *Server) RankScores(ctx context.Context, req *scoringv1.RankScoresRequest) (*scoringv1.RankScoresResponse, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	const field = "query"
	q, err := s.asked(ctx, c, field, req.GetQuery())
	if err != nil {
		return nil, err
	}
	var r query.Ranking
	watermark, err := s.with(ctx, c, []subject{{field: field, query: &q}}, func(d []query.Data) (err error) {
		r, err = query.Rank(ctx, q, d[0], metric.Family{DiscoveryRate: req.GetFalseDiscoveryRate(), LeastAnswers: req.GetLeastAnswers()})
		return err
	})
	if err != nil {
		return nil, queryError(err, field, field)
	}
	out := &scoringv1.RankScoresResponse{
		Ranking: make([]*scoringv1.RankedScore, len(r.Units)), Compared: int64(r.Compared), Watermark: momentToProto(watermark), Coverage: coverageToProto(r.Coverage),
	}
	rows := make([]query.Row, len(r.Units))
	for i := range r.Units {
		rows[i] = r.Units[i].Row
	}
	for i, score := range scoresToProto(req.GetQuery(), rows, watermark) {
		out.Ranking[i] = rankedToProto(score, &r.Units[i])
	}
	if r.Overall != nil {
		out.Overall = scoresToProto(req.GetQuery(), []query.Row{*r.Overall}, watermark)[0]
	}
	return out, nil
}

func rankedToProto(score *scoringv1.Score, u *query.RankedRow) *scoringv1.RankedScore {
	return &scoringv1.RankedScore{
		Score: score, Rank: int64(u.Rank), BestRank: int64(u.Best), WorstRank: int64(u.Worst), Difference: u.Difference,
		Interval: intervalToProto(u.Interval, u.Level, u.Method), PValue: u.P, AdjustedPValue: u.AdjustedP, Different: u.Different,
	}
}
