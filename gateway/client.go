package gateway

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// surveyClient waits for the first message of streams before it gives them to grpc-gateway, see startedStream.
type surveyClient struct {
	surveyv1.SurveyServiceClient
}

// StreamResponses opens the export.
func (c surveyClient) StreamResponses(ctx context.Context, in *surveyv1.StreamResponsesRequest, opts ...grpc.CallOption) (grpc.ServerStreamingClient[surveyv1.StreamResponsesResponse], error) {
	s, err := c.SurveyServiceClient.StreamResponses(ctx, in, opts...)
	return started(ctx, s, err)
}

// scoringClient waits for the first message of streams before it gives them to grpc-gateway, see startedStream.
type scoringClient struct {
	scoringv1.ScoringServiceClient
}

// WatchScores opens the live scores.
func (c scoringClient) WatchScores(ctx context.Context, in *scoringv1.WatchScoresRequest, opts ...grpc.CallOption) (grpc.ServerStreamingClient[scoringv1.WatchScoresResponse], error) {
	s, err := c.ScoringServiceClient.WatchScores(ctx, in, opts...)
	return started(ctx, s, err)
}

// StreamScores opens scores in parts.
func (c scoringClient) StreamScores(ctx context.Context, in *scoringv1.StreamScoresRequest, opts ...grpc.CallOption) (grpc.ServerStreamingClient[scoringv1.StreamScoresResponse], error) {
	s, err := c.ScoringServiceClient.StreamScores(ctx, in, opts...)
	return started(ctx, s, err)
}

// StreamFacts opens the responses behind scores.
func (c scoringClient) StreamFacts(ctx context.Context, in *scoringv1.StreamFactsRequest, opts ...grpc.CallOption) (grpc.ServerStreamingClient[scoringv1.StreamFactsResponse], error) {
	s, err := c.ScoringServiceClient.StreamFacts(ctx, in, opts...)
	return started(ctx, s, err)
}

// StreamMoments opens moments.
func (c scoringClient) StreamMoments(ctx context.Context, in *scoringv1.StreamMomentsRequest, opts ...grpc.CallOption) (grpc.ServerStreamingClient[scoringv1.StreamMomentsResponse], error) {
	s, err := c.ScoringServiceClient.StreamMoments(ctx, in, opts...)
	return started(ctx, s, err)
}

// alertClient waits for the first message of streams before it gives them to grpc-gateway, see startedStream.
type alertClient struct {
	scoringv1.AlertServiceClient
}

// WatchAlerts opens what becomes of alerts.
func (c alertClient) WatchAlerts(ctx context.Context, in *scoringv1.WatchAlertsRequest, opts ...grpc.CallOption) (grpc.ServerStreamingClient[scoringv1.WatchAlertsResponse], error) {
	s, err := c.AlertServiceClient.WatchAlerts(ctx, in, opts...)
	return started(ctx, s, err)
}

// eventClient waits for the first message of streams before it gives them to grpc-gateway, see startedStream.
type eventClient struct {
	segmentationv1.EventServiceClient
}

// WatchEvents opens what happens to cases, lights and segments.
func (c eventClient) WatchEvents(ctx context.Context, in *segmentationv1.WatchEventsRequest, opts ...grpc.CallOption) (grpc.ServerStreamingClient[segmentationv1.WatchEventsResponse], error) {
	s, err := c.EventServiceClient.WatchEvents(ctx, in, opts...)
	return started(ctx, s, err)
}

// segmentClient waits for the first message of streams before it gives them to grpc-gateway, see startedStream.
type segmentClient struct {
	segmentationv1.SegmentServiceClient
}

// ExportSegmentMembers opens the export of a segment's members.
func (c segmentClient) ExportSegmentMembers(
	ctx context.Context, in *segmentationv1.ExportSegmentMembersRequest, opts ...grpc.CallOption,
) (grpc.ServerStreamingClient[segmentationv1.ExportSegmentMembersResponse], error) {
	s, err := c.SegmentServiceClient.ExportSegmentMembers(ctx, in, opts...)
	return started(ctx, s, err)
}

// auditClient waits for the first message of streams before it gives them to grpc-gateway, see startedStream.
type auditClient struct {
	accessv1.AuditServiceClient
}

// StreamAuditEntries opens the export of the audit log.
func (c auditClient) StreamAuditEntries(ctx context.Context, in *accessv1.StreamAuditEntriesRequest, opts ...grpc.CallOption) (grpc.ServerStreamingClient[accessv1.StreamAuditEntriesResponse], error) {
	s, err := c.AuditServiceClient.StreamAuditEntries(ctx, in, opts...)
	return started(ctx, s, err)
}

// privacyClient waits for the first message of streams before it gives them to grpc-gateway, see startedStream.
type privacyClient struct {
	accessv1.PrivacyServiceClient
}

// ExportPersonData opens the export of what is kept about a person.
func (c privacyClient) ExportPersonData(ctx context.Context, in *accessv1.ExportPersonDataRequest, opts ...grpc.CallOption) (grpc.ServerStreamingClient[accessv1.ExportPersonDataResponse], error) {
	s, err := c.PrivacyServiceClient.ExportPersonData(ctx, in, opts...)
	return started(ctx, s, err)
}

// startedStream is a stream whose first message has arrived. A call that is refused fails before: grpc-gateway asks for the header first and
// answers its error with the right HTTP status, while it would send 200 or a bare body for an error of the first message.
type startedStream[M any] struct {
	grpc.ServerStreamingClient[M]
	exchange *exchange // nil for calls that belong to no request
	first    *M
	end      error
}

func started[M any](ctx context.Context, s grpc.ServerStreamingClient[M], err error) (grpc.ServerStreamingClient[M], error) {
	if err != nil {
		return nil, err
	}
	return &startedStream[M]{ServerStreamingClient: s, exchange: exchangeOf(ctx)}, nil
}

// Header waits for the first message and returns the error of a stream that fails before it. What the metadata say of limits is kept for the
// answer, since grpc-gateway would lose those of a refused call.
func (s *startedStream[M]) Header() (metadata.MD, error) {
	// In this order: asking the in-process channel for metadata after a message waits for the next.
	header, err := s.ServerStreamingClient.Header()
	if s.exchange != nil {
		s.exchange.sayLimits(header)
	}
	if err == nil {
		s.first, err = s.ServerStreamingClient.Recv()
	}
	s.end = err
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
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
