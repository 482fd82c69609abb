package peers

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// passing is a connection whose calls go out as the caller of their context, and come back with the errors of this package: *Refusal, ErrUnavailable, or that of
// the context.
type passing struct{ grpc.ClientConnInterface }

// Invoke makes a call.
func (p passing) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	return failure(ctx, "call "+method, p.ClientConnInterface.Invoke(asCaller(ctx), method, args, reply, opts...))
}

// NewStream opens a stream.
func (p passing) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	stream, err := p.ClientConnInterface.NewStream(asCaller(ctx), desc, method, opts...)
	if err != nil {
		return nil, failure(ctx, "open "+method, err)
	}
	return passingStream{ClientStream: stream, caller: ctx, method: method}, nil
}

// passingStream is a stream with the errors of this package.
type passingStream struct {
	grpc.ClientStream
	caller context.Context //nolint:containedctx // a stream has one
	method string
}

// RecvMsg receives a message; io.EOF is the end.
func (s passingStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	return failure(s.caller, "read "+s.method, err)
}

// Sources are what reports and exports are made of beside scores and analyses. Their calls go out as the caller; their errors are *Refusal, ErrUnavailable, and ctx's.
// Safe for concurrent use.
type Sources struct {
	Surveys    surveyv1.SurveyServiceClient
	Alerts     scoringv1.AlertServiceClient
	Comments   commentv1.CommentServiceClient
	Insights   commentv1.InsightServiceClient
	Aspects    commentv1.AspectServiceClient
	Directory  segmentationv1.DirectoryServiceClient
	Contacts   segmentationv1.ContactServiceClient
	Lights     segmentationv1.LightServiceClient
	Cases      segmentationv1.CaseServiceClient
	Recoveries segmentationv1.RecoveryServiceClient
	Retention  segmentationv1.RetentionServiceClient
}

// NewSources asks over connections that have no credential of their own.
func NewSources(survey, scoring, comment, segmentation grpc.ClientConnInterface) Sources {
	s, m, c, d := passing{survey}, passing{scoring}, passing{comment}, passing{segmentation}
	return Sources{
		Surveys: surveyv1.NewSurveyServiceClient(s), Alerts: scoringv1.NewAlertServiceClient(m),
		Comments: commentv1.NewCommentServiceClient(c), Contacts: segmentationv1.NewContactServiceClient(d),
		Insights: commentv1.NewInsightServiceClient(c), Aspects: commentv1.NewAspectServiceClient(c),
		Directory: segmentationv1.NewDirectoryServiceClient(d), Lights: segmentationv1.NewLightServiceClient(d), Cases: segmentationv1.NewCaseServiceClient(d),
		Recoveries: segmentationv1.NewRecoveryServiceClient(d), Retention: segmentationv1.NewRetentionServiceClient(d),
	}
}
