package house

import (
	"regexp"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

var serviceFiles = []protoreflect.FileDescriptor{
	surveyv1.File_otklik_survey_v1_survey_service_proto,
	surveyv1.File_otklik_survey_v1_event_feed_service_proto,
	scoringv1.File_otklik_scoring_v1_scoring_service_proto,
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

func TestEveryMethodNamesItsPermission(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[a-z]+\.[a-z_]+\.[a-z_]+$`)
	eachMethod(func(m protoreflect.MethodDescriptor) {
		permission, _ := proto.GetExtension(m.Options(), typev1.E_Permission).(string)
		if !form.MatchString(permission) {
			t.Errorf("%s: permission %q is not service.resource.verb", m.FullName(), permission)
		}
		if service := strings.Split(string(m.FullName()), ".")[1]; !strings.HasPrefix(permission, service+".") {
			t.Errorf("%s: permission %q does not begin with %s", m.FullName(), permission, service)
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
		permission, _ := proto.GetExtension(m.Options(), typev1.E_Permission).(string)
		if permission == "survey.events.stream" {
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
