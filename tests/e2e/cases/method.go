package cases

import (
	"fmt"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"

	"google.golang.org/protobuf/reflect/protoregistry"
)

// Services are the services of which methods are public, those that a part of the suite serves first in the order of harness.Parts.
func Services() []protoreflect.ServiceDescriptor {
	return []protoreflect.ServiceDescriptor{
		surveyv1.File_otklik_survey_v1_survey_service_proto.Services().Get(0),
		scoringv1.File_otklik_scoring_v1_scoring_service_proto.Services().Get(0),
		accessv1.File_otklik_access_v1_access_service_proto.Services().Get(0),
		accessv1.File_otklik_access_v1_audit_service_proto.Services().Get(0),
		accessv1.File_otklik_access_v1_privacy_service_proto.Services().Get(0),
		accessv1.File_otklik_access_v1_webhook_service_proto.Services().Get(0),
		commentv1.File_otklik_comment_v1_analysis_service_proto.Services().Get(0),
		commentv1.File_otklik_comment_v1_comment_service_proto.Services().Get(0),
		commentv1.File_otklik_comment_v1_aspect_service_proto.Services().Get(0),
		commentv1.File_otklik_comment_v1_insight_service_proto.Services().Get(0),
		commentv1.File_otklik_comment_v1_register_service_proto.Services().Get(0),
		commentv1.File_otklik_comment_v1_testimonial_service_proto.Services().Get(0),
		scoringv1.File_otklik_scoring_v1_metric_definition_service_proto.Services().Get(0),
		scoringv1.File_otklik_scoring_v1_alert_service_proto.Services().Get(0),
		reportingv1.File_otklik_reporting_v1_report_service_proto.Services().Get(0),
		reportingv1.File_otklik_reporting_v1_schedule_service_proto.Services().Get(0),
		reportingv1.File_otklik_reporting_v1_share_service_proto.Services().Get(0),
		reportingv1.File_otklik_reporting_v1_reporting_service_proto.Services().Get(0),
		reportingv1.File_otklik_reporting_v1_overview_service_proto.Services().Get(0),
		reportingv1.File_otklik_reporting_v1_export_service_proto.Services().Get(0),
		reportingv1.File_otklik_reporting_v1_operations_service_proto.Services().Get(0),
		reportingv1.File_otklik_reporting_v1_performance_service_proto.Services().Get(0),
		reportingv1.File_otklik_reporting_v1_kpi_service_proto.Services().Get(0),
		reportingv1.File_otklik_reporting_v1_benchmark_service_proto.Services().Get(0),
		segmentationv1.File_otklik_segmentation_v1_calendar_service_proto.Services().Get(0),
		segmentationv1.File_otklik_segmentation_v1_case_rule_service_proto.Services().Get(0),
		segmentationv1.File_otklik_segmentation_v1_case_service_proto.Services().Get(0),
		segmentationv1.File_otklik_segmentation_v1_contact_service_proto.Services().Get(0),
		segmentationv1.File_otklik_segmentation_v1_digest_service_proto.Services().Get(0),
		segmentationv1.File_otklik_segmentation_v1_directory_service_proto.Services().Get(0),
		segmentationv1.File_otklik_segmentation_v1_event_service_proto.Services().Get(0),
		segmentationv1.File_otklik_segmentation_v1_import_service_proto.Services().Get(0),
		segmentationv1.File_otklik_segmentation_v1_interview_service_proto.Services().Get(0),
		segmentationv1.File_otklik_segmentation_v1_light_service_proto.Services().Get(0),
		segmentationv1.File_otklik_segmentation_v1_purchase_service_proto.Services().Get(0),
		segmentationv1.File_otklik_segmentation_v1_recovery_service_proto.Services().Get(0),
		segmentationv1.File_otklik_segmentation_v1_retention_service_proto.Services().Get(0),
		segmentationv1.File_otklik_segmentation_v1_segment_service_proto.Services().Get(0),
		segmentationv1.File_otklik_segmentation_v1_timeline_service_proto.Services().Get(0),
	}
}

// Public are the methods that clients may call: those that have a REST route.
func Public() []protoreflect.MethodDescriptor {
	var all []protoreflect.MethodDescriptor
	for _, service := range Services() {
		for i := range service.Methods().Len() {
			if method := service.Methods().Get(i); proto.HasExtension(method.Options(), annotations.E_Http) {
				all = append(all, method)
			}
		}
	}
	return all
}

// Method finds a method by its name without package, for example `SurveyService/GetSurvey`.
func Method(call string) (protoreflect.MethodDescriptor, error) {
	service, name, _ := strings.Cut(call, "/")
	for _, s := range Services() {
		if string(s.Name()) != service {
			continue
		}
		if m := s.Methods().ByName(protoreflect.Name(name)); m != nil {
			return m, nil
		}
	}
	return nil, fmt.Errorf("find method: there is no %s", call)
}

// Path is the full method name, as gRPC has it.
func Path(m protoreflect.MethodDescriptor) string {
	return "/" + string(m.Parent().FullName()) + "/" + string(m.Name())
}

// New makes an empty message of the type that a descriptor describes.
func New(d protoreflect.MessageDescriptor) (proto.Message, error) {
	t, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
	if err != nil {
		return nil, fmt.Errorf("find message %s: %w", d.FullName(), err)
	}
	return t.New().Interface(), nil
}

// Methods are the methods of all services, the internal ones included, by Name.
func Methods() map[string]protoreflect.MethodDescriptor {
	all := make(map[string]protoreflect.MethodDescriptor)
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(file.Package()), "otklik.") {
			return true
		}
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				all[Name(methods.Get(j))] = methods.Get(j)
			}
		}
		return true
	})
	return all
}

// Name names a method by package, service and method, for example `survey.SurveyService/GetSurvey`.
func Name(m protoreflect.MethodDescriptor) string {
	return strings.Split(string(m.FullName()), ".")[1] + "." + string(m.Parent().Name()) + "/" + string(m.Name())
}
