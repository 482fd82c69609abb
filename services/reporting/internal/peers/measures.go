package peers

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// Measures asks for scores, comparisons and alerts. Safe for concurrent use. Errors of its methods: *Refusal; ErrUnavailable; ctx's.
type Measures struct {
	scoring scoringv1.ScoringServiceClient
	alerts  scoringv1.AlertServiceClient
}

// NewMeasures asks the scoring service over conn, which has no credential of its own.
func NewMeasures(conn grpc.ClientConnInterface) *Measures {
	return &Measures{scoring: scoringv1.NewScoringServiceClient(conn), alerts: scoringv1.NewAlertServiceClient(conn)}
}

// Query returns scores.
func (s *Measures) Query(ctx context.Context, q *scoringv1.ScoreQuery) (*scoringv1.QueryScoresResponse, error) {
	resp, err := s.scoring.QueryScores(asCaller(ctx), &scoringv1.QueryScoresRequest{Query: q})
	return resp, failure(ctx, "ask for scores", err)
}

// Each calls fn with each score of a query that may have many, and says what was counted. Errors also: fn's.
func (s *Measures) Each(ctx context.Context, q *scoringv1.ScoreQuery, fn func(*scoringv1.Score) error) (Counted, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.scoring.StreamScores(asCaller(ctx), &scoringv1.StreamScoresRequest{Query: q})
	var counted Counted
	for err == nil {
		var part *scoringv1.StreamScoresResponse
		if part, err = stream.Recv(); err != nil {
			break
		}
		counted.add(part.GetWatermark(), part.GetCoverage())
		for _, score := range part.GetScores() {
			if err := fn(score); err != nil {
				return Counted{}, err
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		return Counted{}, failure(ctx, "ask for scores", err)
	}
	return counted, nil
}

// CountedOf is what an answer says that was counted.
func CountedOf(resp *scoringv1.QueryScoresResponse) (c Counted) {
	c.add(resp.GetWatermark(), resp.GetCoverage())
	return c
}

// Compare compares a score with a baseline.
func (s *Measures) Compare(ctx context.Context, q, baseline *scoringv1.ScoreQuery) (*scoringv1.CompareScoresResponse, error) {
	resp, err := s.scoring.CompareScores(asCaller(ctx), &scoringv1.CompareScoresRequest{Query: q, Baseline: baseline})
	return resp, failure(ctx, "compare scores", err)
}

// OpenAlerts returns the alerts of a survey that are not over, at most limit, those first seen last first.
func (s *Measures) OpenAlerts(ctx context.Context, survey string, limit int32) (*scoringv1.ListAlertsResponse, error) {
	resp, err := s.alerts.ListAlerts(asCaller(ctx), &scoringv1.ListAlertsRequest{
		Survey: survey, PageSize: limit, States: []scoringv1.Alert_State{scoringv1.Alert_STATE_OPEN, scoringv1.Alert_STATE_SILENCED},
	})
	return resp, failure(ctx, "list alerts", err)
}
