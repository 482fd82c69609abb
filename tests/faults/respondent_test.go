package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/tests/harness"
)

// named is an entry and its resource name.
type named struct {
	name  string
	entry *entry
}

// compose makes what one respondent sends, in order: perhaps some refusals of an invitation, and mostly an answer. id makes the names unique.
func compose(random *rand.Rand, id, comment string) []named {
	var all []named
	location := []string{"", "osh", "naryn"}[random.IntN(3)]
	var invitation string
	if random.IntN(3) == 0 {
		invitation = "i-" + id
		for i := range random.IntN(3) {
			all = append(all, named{fmt.Sprintf("%s/refusals/n-%s-%d", survey, id, i), &entry{refusal: &surveyv1.Refusal{
				Kind: surveyv1.Refusal_Kind(1 + random.IntN(3)), Invitation: invitation, Context: &typev1.Context{Location: location},
			}}})
		}
		if random.IntN(2) == 0 {
			return all
		}
	}
	return append(all, named{survey + "/responses/r-" + id, &entry{response: &surveyv1.Response{
		Invitation: invitation,
		Context:    &typev1.Context{Location: location},
		Answers:    []*surveyv1.Answer{{Question: "recommend", Value: &surveyv1.Answer_Score{Score: float64(random.IntN(11))}, Comment: comment}},
	}}})
}

// request is the method that stores an entry, what it is sent and what it answers.
func request(name string, e *entry) (method string, request, response proto.Message) {
	id := name[strings.LastIndexByte(name, '/')+1:]
	if e.response != nil {
		return "SubmitResponse", &surveyv1.SubmitResponseRequest{Parent: survey, ResponseId: id, Response: e.response}, &surveyv1.SubmitResponseResponse{}
	}
	return "RecordRefusal", &surveyv1.RecordRefusalRequest{Parent: survey, RefusalId: id, Refusal: e.refusal}, &surveyv1.RecordRefusalResponse{}
}

func overGRPC(ctx context.Context, conn grpc.ClientConnInterface, name string, e *entry) error {
	method, request, response := request(name, e)
	return conn.Invoke(ctx, "/otklik.survey.v1.SurveyService/"+method, request, response)
}

func overREST(ctx context.Context, client *harness.REST, name string, e *entry) error {
	method, request, response := request(name, e)
	descriptor := surveyv1.File_otklik_survey_v1_survey_service_proto.Services().ByName("SurveyService").Methods().ByName(protoreflect.Name(method))
	_, err := client.Invoke(ctx, descriptor, request, response)
	return err
}
