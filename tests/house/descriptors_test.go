package house

import (
	"regexp"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

var serviceFiles = []protoreflect.FileDescriptor{
	surveyv1.File_otklik_survey_v1_survey_service_proto,
	surveyv1.File_otklik_survey_v1_event_feed_service_proto,
	surveyv1.File_otklik_survey_v1_person_service_proto,
	scoringv1.File_otklik_scoring_v1_alert_service_proto,
	scoringv1.File_otklik_scoring_v1_event_feed_service_proto,
	scoringv1.File_otklik_scoring_v1_metric_definition_service_proto,
	scoringv1.File_otklik_scoring_v1_scoring_service_proto,
	scoringv1.File_otklik_scoring_v1_person_service_proto,
	accessv1.File_otklik_access_v1_access_service_proto,
	accessv1.File_otklik_access_v1_audit_service_proto,
	accessv1.File_otklik_access_v1_credential_service_proto,
	accessv1.File_otklik_access_v1_privacy_service_proto,
	accessv1.File_otklik_access_v1_vault_service_proto,
	accessv1.File_otklik_access_v1_webhook_service_proto,
	commentv1.File_otklik_comment_v1_analysis_service_proto,
	commentv1.File_otklik_comment_v1_aspect_service_proto,
	commentv1.File_otklik_comment_v1_comment_service_proto,
	commentv1.File_otklik_comment_v1_event_feed_service_proto,
	commentv1.File_otklik_comment_v1_insight_service_proto,
	commentv1.File_otklik_comment_v1_person_service_proto,
	commentv1.File_otklik_comment_v1_register_service_proto,
	commentv1.File_otklik_comment_v1_testimonial_service_proto,
	reportingv1.File_otklik_reporting_v1_report_service_proto,
	reportingv1.File_otklik_reporting_v1_operations_service_proto,
	reportingv1.File_otklik_reporting_v1_export_service_proto,
	reportingv1.File_otklik_reporting_v1_overview_service_proto,
	reportingv1.File_otklik_reporting_v1_kpi_service_proto,
	reportingv1.File_otklik_reporting_v1_benchmark_service_proto,
	reportingv1.File_otklik_reporting_v1_performance_service_proto,
	reportingv1.File_otklik_reporting_v1_reporting_service_proto,
	reportingv1.File_otklik_reporting_v1_schedule_service_proto,
	reportingv1.File_otklik_reporting_v1_share_service_proto,
	reportingv1.File_otklik_reporting_v1_event_feed_service_proto,
	segmentationv1.File_otklik_segmentation_v1_calendar_service_proto,
	segmentationv1.File_otklik_segmentation_v1_case_rule_service_proto,
	segmentationv1.File_otklik_segmentation_v1_case_service_proto,
	segmentationv1.File_otklik_segmentation_v1_contact_service_proto,
	segmentationv1.File_otklik_segmentation_v1_import_service_proto,
	segmentationv1.File_otklik_segmentation_v1_directory_service_proto,
	segmentationv1.File_otklik_segmentation_v1_digest_service_proto,
	segmentationv1.File_otklik_segmentation_v1_event_feed_service_proto,
	segmentationv1.File_otklik_segmentation_v1_recovery_service_proto,
	segmentationv1.File_otklik_segmentation_v1_interview_service_proto,
	segmentationv1.File_otklik_segmentation_v1_event_service_proto,
	segmentationv1.File_otklik_segmentation_v1_light_service_proto,
	segmentationv1.File_otklik_segmentation_v1_person_service_proto,
	segmentationv1.File_otklik_segmentation_v1_purchase_service_proto,
	segmentationv1.File_otklik_segmentation_v1_retention_service_proto,
	segmentationv1.File_otklik_segmentation_v1_timeline_service_proto,
	segmentationv1.File_otklik_segmentation_v1_segment_service_proto,
}

// accessOf is what a method declares of who may call it.
func accessOf(m protoreflect.MethodDescriptor) *typev1.Access {
	access, _ := proto.GetExtension(m.Options(), typev1.E_Access).(*typev1.Access)
	return access
}

func eachMethod(visit func(protoreflect.MethodDescriptor)) {
	for _, file := range serviceFiles {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				visit(methods.Get(j))
			}
		}
	}
}

// No service file is forgotten in serviceFiles: what is not listed there is checked by nothing here.
func TestEveryServiceIsChecked(t *testing.T) {
	t.Parallel()
	listed := make(map[string]bool)
	for _, file := range serviceFiles {
		listed[file.Path()] = true
	}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if strings.HasPrefix(file.Path(), "otklik/") && file.Services().Len() > 0 && !listed[file.Path()] {
			t.Errorf("%s is not among serviceFiles", file.Path())
		}
		return true
	})
}

func TestEveryMethodDeclaresAccess(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[a-z]+\.[a-z_]+\.[a-z_]+$`)
	eachMethod(func(m protoreflect.MethodDescriptor) {
		access := accessOf(m)
		if !form.MatchString(access.GetPermission()) {
			t.Errorf("%s: permission %q is not service.resource.verb", m.FullName(), access.GetPermission())
		}
		if service := strings.Split(string(m.FullName()), ".")[1]; !strings.HasPrefix(access.GetPermission(), service+".") {
			t.Errorf("%s: permission %q does not begin with %s", m.FullName(), access.GetPermission(), service)
		}
		if access.GetReach() == typev1.Access_REACH_UNSPECIFIED || access.GetAudit() == typev1.Access_AUDIT_UNSPECIFIED {
			t.Errorf("%s: reach %v, audit %v: both must be declared", m.FullName(), access.GetReach(), access.GetAudit())
		}
		if path := access.GetResource(); path != "" && !hasText(m.Input(), path) {
			t.Errorf("%s: the request has no text at %q", m.FullName(), path)
		}
	})
}

// hasText tells whether a message has a text field at a path.
func hasText(m protoreflect.MessageDescriptor, path string) bool {
	name, rest, nested := strings.Cut(path, ".")
	field := m.Fields().ByName(protoreflect.Name(name))
	if field == nil {
		return false
	}
	if nested {
		return field.Message() != nil && hasText(field.Message(), rest)
	}
	return field.Kind() == protoreflect.StringKind && !field.IsList()
}

// What changes something is remembered in the audit log, unless it is one of the many small things that apps and the suite itself do.
func TestChangesAreAudited(t *testing.T) {
	t.Parallel()
	unaudited := map[string]bool{
		"survey.responses.submit": true, "survey.refusals.record": true, // data themselves
		"access.credentials.report": true, "access.vault.lease": true, "access.vault.get": true, "access.audit.append": true, // the suite's own
	}
	eachMethod(func(m protoreflect.MethodDescriptor) {
		level := m.Options().(*descriptorpb.MethodOptions).GetIdempotencyLevel()
		access := accessOf(m)
		if level != descriptorpb.MethodOptions_NO_SIDE_EFFECTS && access.GetAudit() != typev1.Access_AUDIT_CHANGE && !unaudited[access.GetPermission()] {
			t.Errorf("%s changes something and is not audited as a change", m.FullName())
		}
	})
}

func TestReadsAreMarkedAndUseGet(t *testing.T) {
	t.Parallel()
	eachMethod(func(m protoreflect.MethodDescriptor) {
		level := m.Options().(*descriptorpb.MethodOptions).GetIdempotencyLevel()
		name := string(m.Name())
		read := strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "List") || strings.HasPrefix(name, "Stream")
		if read && level != descriptorpb.MethodOptions_NO_SIDE_EFFECTS {
			t.Errorf("%s: a read is NO_SIDE_EFFECTS", m.FullName())
		}
		rule, _ := proto.GetExtension(m.Options(), annotations.E_Http).(*annotations.HttpRule)
		if rule == nil {
			return
		}
		if read && rule.GetGet() == "" {
			t.Errorf("%s: a read is a GET", m.FullName())
		}
		if level == descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN && rule.GetGet() != "" {
			t.Errorf("%s: a GET has no side effects", m.FullName())
		}
	})
}

func TestListMethodsPage(t *testing.T) {
	t.Parallel()
	eachMethod(func(m protoreflect.MethodDescriptor) {
		if !strings.HasPrefix(string(m.Name()), "List") {
			return
		}
		for _, field := range []protoreflect.Name{"page_size", "page_token"} {
			if m.Input().Fields().ByName(field) == nil {
				t.Errorf("%s: request has no %s", m.FullName(), field)
			}
		}
		if m.Output().Fields().ByName("next_page_token") == nil {
			t.Errorf("%s: response has no next_page_token", m.FullName())
		}
	})
}

// Every field of a request that a client may set is bounded by a rule, so that a server never has to guess a limit.
func TestRequestFieldsAreBounded(t *testing.T) {
	t.Parallel()
	eachMethod(func(m protoreflect.MethodDescriptor) {
		fields := m.Input().Fields()
		for i := range fields.Len() {
			f := fields.Get(i)
			if f.Kind() == protoreflect.BoolKind || f.Kind() == protoreflect.MessageKind && !f.IsList() {
				continue
			}
			if !proto.HasExtension(f.Options(), validate.E_Field) {
				t.Errorf("%s: no rule", f.FullName())
			}
		}
	})
}

func TestNoRequestCarriesTheOrganisation(t *testing.T) {
	t.Parallel()
	eachMethod(func(m protoreflect.MethodDescriptor) {
		switch accessOf(m).GetPermission() {
		case "survey.events.stream", "comment.events.stream", "scoring.events.stream", "segmentation.events.stream", "reporting.events.stream", "access.credentials.resolve":
			return // for the suite's own services, which act for all organisations
		}
		fields := m.Input().Fields()
		for i := range fields.Len() {
			if strings.Contains(string(fields.Get(i).Name()), "organi") {
				t.Errorf("%s: the organisation comes from the credential", fields.Get(i).FullName())
			}
		}
	})
}
