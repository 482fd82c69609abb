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
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
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
		reportingv1.File_otklik_reporting_v1_report_service_proto.Services().ByName("ReportService"),
		reportingv1.File_otklik_reporting_v1_performance_service_proto.Services().ByName("PerformanceService"),
		reportingv1.File_otklik_reporting_v1_kpi_service_proto.Services().ByName("KpiService"),
		reportingv1.File_otklik_reporting_v1_benchmark_service_proto.Services().ByName("BenchmarkService"),
		reportingv1.File_otklik_reporting_v1_reporting_service_proto.Services().ByName("ReportingService"),
		reportingv1.File_otklik_reporting_v1_schedule_service_proto.Services().ByName("ScheduleService"),
		reportingv1.File_otklik_reporting_v1_share_service_proto.Services().ByName("ReportShareService"),
		reportingv1.File_otklik_reporting_v1_overview_service_proto.Services().ByName("OverviewService"),
		reportingv1.File_otklik_reporting_v1_export_service_proto.Services().ByName("ExportService"),
		reportingv1.File_otklik_reporting_v1_operations_service_proto.Services().ByName("OperationsService"),
		segmentationv1.File_otklik_segmentation_v1_calendar_service_proto.Services().ByName("CalendarService"),
		segmentationv1.File_otklik_segmentation_v1_case_service_proto.Services().ByName("CaseService"),
		segmentationv1.File_otklik_segmentation_v1_case_rule_service_proto.Services().ByName("CaseRuleService"),
		segmentationv1.File_otklik_segmentation_v1_contact_service_proto.Services().ByName("ContactService"),
		segmentationv1.File_otklik_segmentation_v1_digest_service_proto.Services().ByName("DigestService"),
		segmentationv1.File_otklik_segmentation_v1_directory_service_proto.Services().ByName("DirectoryService"),
		segmentationv1.File_otklik_segmentation_v1_event_service_proto.Services().ByName("EventService"),
		segmentationv1.File_otklik_segmentation_v1_import_service_proto.Services().ByName("ImportService"),
		segmentationv1.File_otklik_segmentation_v1_interview_service_proto.Services().ByName("InterviewService"),
		segmentationv1.File_otklik_segmentation_v1_light_service_proto.Services().ByName("LightService"),
		segmentationv1.File_otklik_segmentation_v1_purchase_service_proto.Services().ByName("PurchaseService"),
		segmentationv1.File_otklik_segmentation_v1_recovery_service_proto.Services().ByName("RecoveryService"),
		segmentationv1.File_otklik_segmentation_v1_retention_service_proto.Services().ByName("RetentionService"),
		segmentationv1.File_otklik_segmentation_v1_segment_service_proto.Services().ByName("SegmentService"),
		segmentationv1.File_otklik_segmentation_v1_timeline_service_proto.Services().ByName("TimelineService"),
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
	return errors.Join(registerComment(ctx, mux, deps.Comment), registerSegmentation(ctx, mux, deps.Segmentation),
		registerReporting(ctx, mux, deps.Reporting))
}

// registerReporting leads the routes of the reporting service's parts to it.
func registerReporting(ctx context.Context, mux *runtime.ServeMux, conn grpc.ClientConnInterface) error {
	return errors.Join(
		reportingv1.RegisterReportServiceHandlerClient(ctx, mux, reportingv1.NewReportServiceClient(conn)),
		reportingv1.RegisterPerformanceServiceHandlerClient(ctx, mux, reportingv1.NewPerformanceServiceClient(conn)),
		reportingv1.RegisterKpiServiceHandlerClient(ctx, mux, reportingv1.NewKpiServiceClient(conn)),
		reportingv1.RegisterBenchmarkServiceHandlerClient(ctx, mux, reportingv1.NewBenchmarkServiceClient(conn)),
		reportingv1.RegisterReportingServiceHandlerClient(ctx, mux, reportingv1.NewReportingServiceClient(conn)),
		reportingv1.RegisterScheduleServiceHandlerClient(ctx, mux, reportingv1.NewScheduleServiceClient(conn)),
		reportingv1.RegisterReportShareServiceHandlerClient(ctx, mux, reportingv1.NewReportShareServiceClient(conn)),
		reportingv1.RegisterOverviewServiceHandlerClient(ctx, mux, reportingv1.NewOverviewServiceClient(conn)),
		reportingv1.RegisterExportServiceHandlerClient(ctx, mux, reportingv1.NewExportServiceClient(conn)),
		reportingv1.RegisterOperationsServiceHandlerClient(ctx, mux, reportingv1.NewOperationsServiceClient(conn)),
	)
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
		segmentationv1.RegisterCalendarServiceHandlerClient(ctx, mux, segmentationv1.NewCalendarServiceClient(conn)),
		segmentationv1.RegisterCaseServiceHandlerClient(ctx, mux, segmentationv1.NewCaseServiceClient(conn)),
		segmentationv1.RegisterCaseRuleServiceHandlerClient(ctx, mux, segmentationv1.NewCaseRuleServiceClient(conn)),
		segmentationv1.RegisterContactServiceHandlerClient(ctx, mux, segmentationv1.NewContactServiceClient(conn)),
		segmentationv1.RegisterDigestServiceHandlerClient(ctx, mux, segmentationv1.NewDigestServiceClient(conn)),
		segmentationv1.RegisterDirectoryServiceHandlerClient(ctx, mux, segmentationv1.NewDirectoryServiceClient(conn)),
		segmentationv1.RegisterEventServiceHandlerClient(ctx, mux, eventClient{segmentationv1.NewEventServiceClient(conn)}),
		segmentationv1.RegisterImportServiceHandlerClient(ctx, mux, segmentationv1.NewImportServiceClient(conn)),
		segmentationv1.RegisterInterviewServiceHandlerClient(ctx, mux, segmentationv1.NewInterviewServiceClient(conn)),
		segmentationv1.RegisterLightServiceHandlerClient(ctx, mux, segmentationv1.NewLightServiceClient(conn)),
		segmentationv1.RegisterPurchaseServiceHandlerClient(ctx, mux, segmentationv1.NewPurchaseServiceClient(conn)),
		segmentationv1.RegisterRecoveryServiceHandlerClient(ctx, mux, segmentationv1.NewRecoveryServiceClient(conn)),
		segmentationv1.RegisterRetentionServiceHandlerClient(ctx, mux, segmentationv1.NewRetentionServiceClient(conn)),
		segmentationv1.RegisterSegmentServiceHandlerClient(ctx, mux, segmentClient{segmentationv1.NewSegmentServiceClient(conn)}),
		segmentationv1.RegisterTimelineServiceHandlerClient(ctx, mux, segmentationv1.NewTimelineServiceClient(conn)),
	)
}
