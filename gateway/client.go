package gateway

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// surveyClient waits for the first message of streams before it gives them to grpc-gateway, see startedStream.
type surveyClient struct {
	surveyv1.SurveyServiceClient
}

// StreamResponses opens the export.
func (c surveyClient) StreamResponses(ctx context.Context, in *surveyv1.StreamResponsesRequest, opts ...grpc.CallOption) (grpc.ServerStreamingClient[surveyv1.StreamResponsesResponse], error) {
	s, err := c.SurveyServiceClient.StreamResponses(ctx, in, opts...)
	return started(s, err)
}

// scoringClient waits for the first message of streams before it gives them to grpc-gateway, see startedStream.
type scoringClient struct {
	scoringv1.ScoringServiceClient
}

// WatchScores opens the live scores.
func (c scoringClient) WatchScores(ctx context.Context, in *scoringv1.WatchScoresRequest, opts ...grpc.CallOption) (grpc.ServerStreamingClient[scoringv1.WatchScoresResponse], error) {
	s, err := c.ScoringServiceClient.WatchScores(ctx, in, opts...)
	return started(s, err)
}

// startedStream is a stream whose first message has arrived. A call that is refused fails before: grpc-gateway asks for the header first and
// answers its error with the right HTTP status, while it would send 200 or a bare body for an error of the first message.
type startedStream[M any] struct {
	grpc.ServerStreamingClient[M]
	first *M
	end   error
}

func started[M any](s grpc.ServerStreamingClient[M], err error) (grpc.ServerStreamingClient[M], error) {
	if err != nil {
		return nil, err
	}
	return &startedStream[M]{ServerStreamingClient: s}, nil
}

// Header waits for the first message and returns the error of a stream that fails before it. It returns no metadata: none leaves the gateway,
// and asking the in-process channel for them after a message waits for the next.
func (s *startedStream[M]) Header() (metadata.MD, error) {
	s.first, s.end = s.ServerStreamingClient.Recv()
	if s.end != nil && !errors.Is(s.end, io.EOF) {
		return nil, s.end
	}
	return metadata.MD{}, nil
}

// Recv returns the messages from the first on.
func (s *startedStream[M]) Recv() (*M, error) {
	if s.end != nil {
		return nil, s.end
	}
	if first := s.first; first != nil {
		s.first = nil
		return first, nil
	}
	return s.ServerStreamingClient.Recv()
}
