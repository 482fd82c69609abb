// Command openapi completes the OpenAPI document that protoc-gen-connect-openapi makes of the protos, so that it says what the gateway does:
// errors, streams, bodies that may be left out; and mends schemas that no message would satisfy. It runs as part of `make fix-generated`.
//
// Usage: go run ./proto/openapi DOCUMENT
package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"

	"google.golang.org/protobuf/reflect/protoreflect"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// components are those that no proto describes: the shape of errors.
//
//go:embed components.json
var components []byte

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: openapi DOCUMENT")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "openapi:", err)
		os.Exit(1)
	}
}

func run(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	completed, err := complete(data)
	if err != nil {
		return fmt.Errorf("complete %s: %w", path, err)
	}
	if err := os.WriteFile(path, completed, 0o644); err != nil {
		return fmt.Errorf("write document: %w", err)
	}
	return nil
}

// complete returns the document with everything in it.
func complete(data []byte) ([]byte, error) {
	var document, own object
	if err := json.Unmarshal(data, &document); err != nil {
		return nil, fmt.Errorf("decode document: %w", err)
	}
	if err := json.Unmarshal(components, &own); err != nil {
		return nil, fmt.Errorf("decode components: %w", err)
	}
	m := &mender{
		schemas: document.object("components").object("schemas"),
		services: []protoreflect.ServiceDescriptor{
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
			reportingv1.File_otklik_reporting_v1_reporting_service_proto.Services().ByName("ReportingService"),
			reportingv1.File_otklik_reporting_v1_schedule_service_proto.Services().ByName("ScheduleService"),
			reportingv1.File_otklik_reporting_v1_share_service_proto.Services().ByName("ReportShareService"),
			reportingv1.File_otklik_reporting_v1_performance_service_proto.Services().ByName("PerformanceService"),
			reportingv1.File_otklik_reporting_v1_kpi_service_proto.Services().ByName("KpiService"),
			reportingv1.File_otklik_reporting_v1_benchmark_service_proto.Services().ByName("BenchmarkService"),
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
		},
	}
	m.mendSchemas(document.object("components"))
	if err := m.mendOperations(document.object("paths")); err != nil {
		return nil, err
	}
	for _, section := range own.names {
		target := document.object("components").object(section)
		if target == nil {
			target = newObject()
			document.object("components").set(section, target)
		}
		for _, name := range own.object(section).names {
			target.set(name, own.object(section).get(name))
		}
	}
	if err := addExamples(&document, m.services); err != nil {
		return nil, err
	}
	m.mendTags(&document)
	m.mendTexts(&document)
	prune(&document)

	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(&document); err != nil {
		return nil, fmt.Errorf("encode document: %w", err)
	}
	return b.Bytes(), nil
}
