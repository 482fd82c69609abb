package gateway

import (
	"context"
	"errors"
	"fmt"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// routedServices are the services that clients reach. What the services of the suite say to each other is not among them: CredentialService,
// VaultService, PersonService, EventFeedService. A method without a REST binding is not routed either.
func routedServices() []protoreflect.ServiceDescriptor {
	return []protoreflect.ServiceDescriptor{
		surveyv1.File_otklik_survey_v1_survey_service_proto.Services().ByName("SurveyService"),
		scoringv1.File_otklik_scoring_v1_scoring_service_proto.Services().ByName("ScoringService"),
		scoringv1.File_otklik_scoring_v1_metric_definition_service_proto.Services().ByName("MetricDefinitionService"),
		scoringv1.File_otklik_scoring_v1_alert_service_proto.Services().ByName("AlertService"),
		accessv1.File_otklik_access_v1_access_service_proto.Services().ByName("AccessService"),
		accessv1.File_otklik_access_v1_audit_service_proto.Services().ByName("AuditService"),
		accessv1.File_otklik_access_v1_privacy_service_proto.Services().ByName("PrivacyService"),
		accessv1.File_otklik_access_v1_webhook_service_proto.Services().ByName("WebhookService"),
		commentv1.File_otklik_comment_v1_analysis_service_proto.Services().ByName("AnalysisService"),
		commentv1.File_otklik_comment_v1_comment_service_proto.Services().ByName("CommentService"),
		commentv1.File_otklik_comment_v1_aspect_service_proto.Services().ByName("AspectService"),
		commentv1.File_otklik_comment_v1_insight_service_proto.Services().ByName("InsightService"),
		commentv1.File_otklik_comment_v1_register_service_proto.Services().ByName("RegisterService"),
		commentv1.File_otklik_comment_v1_testimonial_service_proto.Services().ByName("TestimonialService"),
		segmentationv1.File_otklik_segmentation_v1_event_service_proto.Services().ByName("EventService"),
	}
}

// registerServices leads the routes of routedServices to where they are answered.
func registerServices(mux *runtime.ServeMux, deps Deps) error {
	ctx := context.Background()
	if err := surveyv1.RegisterSurveyServiceHandlerClient(ctx, mux, surveyClient{surveyv1.NewSurveyServiceClient(deps.Survey)}); err != nil {
		return fmt.Errorf("register survey service: %w", err)
	}
	if err := scoringv1.RegisterScoringServiceHandlerClient(ctx, mux, scoringClient{scoringv1.NewScoringServiceClient(deps.Scoring)}); err != nil {
		return fmt.Errorf("register scoring service: %w", err)
	}
	if err := scoringv1.RegisterMetricDefinitionServiceHandlerClient(ctx, mux, scoringv1.NewMetricDefinitionServiceClient(deps.Scoring)); err != nil {
		return fmt.Errorf("register metric definition service: %w", err)
	}
	if err := scoringv1.RegisterAlertServiceHandlerClient(ctx, mux, alertClient{scoringv1.NewAlertServiceClient(deps.Scoring)}); err != nil {
		return fmt.Errorf("register alert service: %w", err)
	}
	if err := accessv1.RegisterAccessServiceHandlerClient(ctx, mux, accessv1.NewAccessServiceClient(deps.Access)); err != nil {
		return fmt.Errorf("register access service: %w", err)
	}
	if err := accessv1.RegisterAuditServiceHandlerClient(ctx, mux, auditClient{accessv1.NewAuditServiceClient(deps.Access)}); err != nil {
		return fmt.Errorf("register audit service: %w", err)
	}
	if err := accessv1.RegisterPrivacyServiceHandlerClient(ctx, mux, privacyClient{accessv1.NewPrivacyServiceClient(deps.Access)}); err != nil {
		return fmt.Errorf("register privacy service: %w", err)
	}
	if err := accessv1.RegisterWebhookServiceHandlerClient(ctx, mux, accessv1.NewWebhookServiceClient(deps.Access)); err != nil {
		return fmt.Errorf("register webhook service: %w", err)
	}
	return errors.Join(registerComment(ctx, mux, deps.Comment), registerSegmentation(ctx, mux, deps.Segmentation))
}

// registerComment leads the routes of the comment service's parts to it.
func registerComment(ctx context.Context, mux *runtime.ServeMux, conn grpc.ClientConnInterface) error {
	return errors.Join(
		commentv1.RegisterAnalysisServiceHandlerClient(ctx, mux, commentv1.NewAnalysisServiceClient(conn)),
		commentv1.RegisterCommentServiceHandlerClient(ctx, mux, commentv1.NewCommentServiceClient(conn)),
		commentv1.RegisterAspectServiceHandlerClient(ctx, mux, commentv1.NewAspectServiceClient(conn)),
		commentv1.RegisterInsightServiceHandlerClient(ctx, mux, commentv1.NewInsightServiceClient(conn)),
		commentv1.RegisterRegisterServiceHandlerClient(ctx, mux, commentv1.NewRegisterServiceClient(conn)),
		commentv1.RegisterTestimonialServiceHandlerClient(ctx, mux, commentv1.NewTestimonialServiceClient(conn)),
	)
}

// registerSegmentation leads the routes of the segmentation service's parts to it.
func registerSegmentation(ctx context.Context, mux *runtime.ServeMux, conn grpc.ClientConnInterface) error {
	return errors.Join(
		segmentationv1.RegisterEventServiceHandlerClient(ctx, mux, eventClient{segmentationv1.NewEventServiceClient(conn)}),
	)
}
