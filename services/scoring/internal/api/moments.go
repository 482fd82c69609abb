package api

import (
	"time"

	"github.com/otklik/otklik/services/scoring/internal/query"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// StreamMoments sends the moments of scored questions, a message for each random group of respondents.
func (s *Server) StreamMoments(req *scoringv1.StreamMomentsRequest, stream scoringv1.ScoringService_StreamMomentsServer) error {
	ctx := stream.Context()
	c, err := callerOf(ctx)
	if err != nil {
		return err
	}
	q := s.queryOf(req)
	q.Weighting = weightingFromProto(req.GetWeighting())
	var moments *query.Moments
	watermark, err := s.with(ctx, c, []subject{{query: &q, single: true}}, func(d []query.Data) (err error) {
		moments, err = query.CountMoments(ctx, q, d[0], req.GetQuestions(), groupsOf(req.GetGroups()))
		return err
	})
	if err != nil {
		return queryError(err, "", "")
	}
	for i := range moments.Groups {
		part := momentsToProto(i, &moments.Groups[i], len(req.GetQuestions()), watermark)
		if i == 0 {
			part.Coverage = coverageToProto(&moments.Coverage)
		}
		if err := stream.Send(part); err != nil {
			return err
		}
	}
	return nil
}

// momentsToProto converts the moments of a random group.
func momentsToProto(group int, g *query.GroupMoments, questions int, watermark time.Time) *scoringv1.StreamMomentsResponse {
	out := &scoringv1.StreamMomentsResponse{
		Group: int32(group), Responses: g.Responses, Unanswered: g.Unanswered, Watermark: momentToProto(watermark), Weight: g.Weight, SquaredWeight: g.SquaredWeight,
	}
	at := 0
	for first := range questions {
		for second := first; second < questions; second++ {
			p := &g.Pairs[at]
			at++
			if p.Count == 0 {
				continue
			}
			out.Pairs = append(out.Pairs, &scoringv1.PairMoments{
				First: int32(first), Second: int32(second), Count: p.Count, Weight: p.Weight, SquaredWeight: p.SquaredWeight,
				FirstSum: p.First, SecondSum: p.Second, FirstSquareSum: p.FirstSquare, SecondSquareSum: p.SecondSquare, ProductSum: p.Product,
			})
		}
	}
	return out
}
