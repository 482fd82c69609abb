package peers

import (
	"context"

	"google.golang.org/grpc"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// passing is a connection whose unary calls go out as the caller of their context, and come back with the errors of this package: *Refusal, ErrUnavailable, or
// that of the context.
type passing struct{ grpc.ClientConnInterface }

// Invoke makes a call.
func (p passing) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	return failure(ctx, "call "+method, p.ClientConnInterface.Invoke(asCaller(ctx), method, args, reply, opts...))
}

// Sources are what reports are made of beside scores and analyses. Their unary calls go out as the caller; their errors are *Refusal, ErrUnavailable, and ctx's.
// Safe for concurrent use.
type Sources struct {
	Surveys    surveyv1.SurveyServiceClient
	Alerts     scoringv1.AlertServiceClient
	Insights   commentv1.InsightServiceClient
	Aspects    commentv1.AspectServiceClient
	Directory  segmentationv1.DirectoryServiceClient
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
		Insights: commentv1.NewInsightServiceClient(c), Aspects: commentv1.NewAspectServiceClient(c),
		Directory: segmentationv1.NewDirectoryServiceClient(d), Lights: segmentationv1.NewLightServiceClient(d), Cases: segmentationv1.NewCaseServiceClient(d),
		Recoveries: segmentationv1.NewRecoveryServiceClient(d), Retention: segmentationv1.NewRetentionServiceClient(d),
	}
}
