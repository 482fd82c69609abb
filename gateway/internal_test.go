package gateway

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// newQuietGateway is a gateway whose services answer nothing.
func newQuietGateway(t testing.TB) *Gateway {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///none", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	g, err := New(DefaultConfig(), Deps{Survey: conn, Scoring: conn, Access: conn, Comment: conn, Segmentation: conn, Reporting: conn, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func mustRequest(t testing.TB, method, path string) *http.Request {
	t.Helper()
	return httptest.NewRequest(method, path, nil)
}

func TestJSONPath(t *testing.T) {
	for path, want := range map[string]string{
		"":                                 "",
		"name":                             "name",
		"response_id":                      "responseId",
		"response.answers[2].free_text":    "response.answers[2].freeText",
		`context.attributes["till_no"]`:    `context.attributes["till_no"]`,
		`a_b["x]_y"].c_d`:                  `aB["x]_y"].cD`,
		`a_b["q\"_]z"].c_d`:                `aB["q\"_]z"].cD`,
		"query.period.start_time":          "query.period.startTime",
		"requests[10].response.answers[0]": "requests[10].response.answers[0]",
	} {
		if got := jsonPath(path); got != want {
			t.Errorf("%q became %q, want %q", path, got, want)
		}
	}
}

func TestPositionsAndOffsetsAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(rapid.StringOf(rapid.RuneFrom([]rune("ab\nөү{}\r"))).Draw(t, "text"))
		runes := []rune(string(text))
		offset := len(string(runes[:rapid.IntRange(0, len(runes)).Draw(t, "offset")]))
		line, column := positionOf(text, offset)
		if got := offsetOf(text, line, column); got != offset {
			t.Fatalf("offset %d is line %d, column %d, which is offset %d", offset, line, column, got)
		}
	})
}

// Whatever the body, the decoder answers with the message or with an explanation, and never breaks.
func FuzzExplainBody(f *testing.F) {
	for _, seed := range []string{`{}`, `[`, `{"responseId":1}`, `{"response":{"answers":[{"score":"x"}]}}`, "{\"a\":\xff}", `{"responseId":"\ud800"}`, `{"response":{"context":{"attributes":{"a":1}}}}`,
		`{"response":{"answers":[{"score":1,"freeText":""}]}}`, `null`, ` `, `{"":0}`, `{"response":{"answerTime":{}}}`} {
		f.Add([]byte(seed))
	}
	var submit *route
	routes, err := routesOf(submitService())
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range routes {
		if r.rpc.Name() == "SubmitResponse" {
			submit = r
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := newMarshaler().Unmarshal(data, submit.input.New().Interface())
		if err == nil {
			return
		}
		e := explainBody(data, submit.rpc.Input(), err)
		if e == nil || e.Message == "" || e.Reason != reasonBodyMalformed && e.Reason != reasonBodyInvalid {
			t.Fatalf("%q: %v", data, e)
		}
		for _, v := range e.Fields {
			if v.Field == "" || v.Reason == "" || v.Description == "" {
				t.Fatalf("%q: %+v", data, v)
			}
		}
		encodeError(400, e.GRPCStatus())
	})
}

func submitService() protoreflect.ServiceDescriptor {
	return surveyv1.File_otklik_survey_v1_survey_service_proto.Services().ByName("SurveyService")
}

// typeOf finds the Go type of a message.
func typeOf(t testing.TB, m protoreflect.MessageDescriptor) protoreflect.MessageType {
	t.Helper()
	found, err := protoregistry.GlobalTypes.FindMessageByName(m.FullName())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// sampleAnswer is what a submission is answered with.
func sampleAnswer() *surveyv1.SubmitResponseResponse {
	now := timestamppb.Now()
	return &surveyv1.SubmitResponseResponse{Response: &surveyv1.Response{
		Name: "surveys/checkout/responses/r-1", Revision: "surveys/checkout/revisions/1", AnswerTime: now, ReceiveTime: now, CountTime: now, Language: "ky",
		Context: &typev1.Context{Touchpoint: "checkout", Attributes: map[string]string{"till_no": "7"}},
		Answers: []*surveyv1.Answer{
			{Question: "nps", Value: &surveyv1.Answer_Score{Score: 9}}, {Question: "why", Value: &surveyv1.Answer_FreeText{FreeText: "Ылдам"}},
			{Question: "what", Value: &surveyv1.Answer_Choice{Choice: &surveyv1.ChoiceAnswer{Options: []string{"price", "staff"}}}},
		},
	}}
}
