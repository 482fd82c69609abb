package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/tests/e2e/cases"
	"github.com/otklik/otklik/tests/harness"
)

// call is one sound call of a method, of testdata/calls.yaml.
type call struct {
	Request map[string]any `yaml:"request"`
	Foreign string         `yaml:"foreign"`
	App     string         `yaml:"app"`
	Owner   string         `yaml:"owner"`
	Endless bool           `yaml:"endless"`
}

// readCalls reads the calls and fails unless there is one of every public method.
func readCalls(t *testing.T) map[string]call {
	t.Helper()
	raw, err := os.ReadFile("testdata/calls.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	calls := make(map[string]call)
	if err := dec.Decode(&calls); err != nil {
		t.Fatal(err)
	}
	for _, method := range cases.Public() {
		name := string(method.Parent().Name()) + "/" + string(method.Name())
		if _, ok := calls[name]; !ok {
			t.Errorf("testdata/calls.yaml lacks %s", name)
		}
	}
	return calls
}

// message is the request of a call.
func (c call) message(t *testing.T, method protoreflect.MethodDescriptor, names *strings.Replacer) proto.Message {
	t.Helper()
	m, err := cases.New(method.Input())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(c.Request)
	if err != nil {
		t.Fatal(err)
	}
	if c.Request == nil {
		raw = []byte("{}")
	}
	if err := protojson.Unmarshal([]byte(names.Replace(string(raw))), m); err != nil {
		t.Fatal(err)
	}
	return m
}

// first makes a call and returns its answer, of a stream the first message.
func first(ctx context.Context, conn grpc.ClientConnInterface, method protoreflect.MethodDescriptor, request proto.Message) (proto.Message, error) {
	response, err := cases.New(method.Output())
	if err != nil {
		return nil, err
	}
	if !method.IsStreamingServer() {
		return response, conn.Invoke(ctx, cases.Path(method), request, response)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, cases.Path(method))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(stream.SendMsg(request), stream.CloseSend()); err != nil {
		return nil, err
	}
	if err := stream.RecvMsg(response); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return response, nil
}

// prepareCalls makes what the calls need in the organisation, and returns what the server named itself: a rebuild, a reanalysis, an erasure, a
// delivery of a webhook and an invitation token.
func prepareCalls(t *testing.T, suite *harness.Suite) *strings.Replacer {
	t.Helper()
	player := cases.Player{Suite: suite, Organization: harness.Organization, Other: harness.Organization, Transport: cases.GRPC, Patience: patience}
	if err := player.Prepare(t.Context(), "testdata/cases/given/shop.yaml", "testdata/cases/given/draft.yaml"); err != nil {
		t.Fatal(err)
	}
	conn := suite.Conn(harness.KeyFor(harness.Organization, harness.Admin))
	survey := surveyv1.NewSurveyServiceClient(conn)
	for _, id := range []string{"r-1", "r-2"} {
		response := nineResponse()
		response.Answers[0].Comment = map[string]string{"r-1": "Great staff", "r-2": "Great food"}[id]
		if _, err := survey.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Parent: "surveys/shop", ResponseId: id, Response: response}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := survey.RecordRefusal(t.Context(), &surveyv1.RecordRefusalRequest{
		Parent: "surveys/shop", RefusalId: "n-1", Refusal: &surveyv1.Refusal{Kind: surveyv1.Refusal_KIND_REFUSED},
	})
	if err != nil {
		t.Fatal(err)
	}
	awaitResponses(t, suite, shopSurvey, 2)
	awaitComments(t, suite, harness.Organization, 2)
	rebuild, err := scoringv1.NewScoringServiceClient(conn).RebuildScores(t.Context(), &scoringv1.RebuildScoresRequest{})
	if err != nil {
		t.Fatal(err)
	}
	askREST(t, suite, http.MethodPost, "/v1/apiKeys", `{"apiKeyId": "k1", "apiKey": {"displayName": "Theirs", "kind": "KIND_PUBLISHABLE"}}`, nil)
	askREST(t, suite, http.MethodPost, "/v1/members", `{"memberId": "m1", "member": {"subject": "theirs", "roles": ["viewer"]}}`, nil)
	askREST(t, suite, http.MethodPost, "/v1/webhooks", `{"webhookId": "w1", "webhook": {"url": "https://hooks.example/otklik", "events": ["WEBHOOK_EVENT_PERSON_ERASED"]}}`, nil)
	for _, id := range []string{"own", "other"} {
		askREST(t, suite, http.MethodPost, "/v1/segments", `{"segmentId": "`+id+`", "segment": {"displayName": "Theirs", "rule": "score.mean < 5"}}`, nil)
	}
	askREST(t, suite, http.MethodPost, "/v1/aspects", `{"aspectId": "own", "aspect": {"displayName": {"texts": {"en": "Theirs"}}, "phrases": ["theirs"]}}`, nil)
	for _, id := range []string{"own", "old"} {
		askREST(t, suite, http.MethodPost, "/v1/metricDefinitions", `{"metricDefinitionId": "`+id+`", "metricDefinition": {"title": {"texts": {"en": "Theirs"}},
			"expression": {"formula": "a", "terms": [{"id": "a", "metric": "METRIC_NPS"}]}}}`, nil)
	}
	askREST(t, suite, http.MethodPost, "/v1/alertRules", `{"alertRuleId": "own", "alertRule": {"displayName": "Theirs", "survey": "surveys/shop", "metric": "METRIC_NPS"}}`, nil)
	askREST(t, suite, http.MethodPost, "/v1/registerEntries", `{"registerEntryId": "e1", "registerEntry": {"kind": "KIND_RISK", "displayName": "Theirs"}}`, nil)
	askREST(t, suite, http.MethodPost, "/v1/testimonials",
		`{"testimonialId": "t1", "testimonial": {"comment": "surveys/shop/responses/r-1/comments/recommend-comment", "uses": ["USE_THANKS"]}}`, nil)
	var reanalysis struct{ Reanalysis struct{ Name string } }
	askREST(t, suite, http.MethodPost, "/v1/reanalyses", "{}", &reanalysis)
	var erased struct{ Erasure struct{ Name string } }
	askREST(t, suite, http.MethodPost, "/v1/erasures", `{"respondent": "nobody"}`, &erased)
	var pinged struct{ Delivery struct{ Name string } }
	askREST(t, suite, http.MethodPost, "/v1/webhooks/w1:ping", "{}", &pinged)
	var invited struct{ Tokens []struct{ Name string } }
	askREST(t, suite, http.MethodPost, "/v1/invitationTokens:batchCreate", `{"parent": "surveys/shop", "invitations": [{}]}`, &invited)
	var opened [3]struct{ Case struct{ Name string } }
	for i := range opened {
		body := fmt.Sprintf(`{"case": {"displayName": "Theirs", "subject": "own-%d", "location": "locations/s9"}}`, i)
		askREST(t, suite, http.MethodPost, "/v1/cases", body, &opened[i])
	}
	askREST(t, suite, http.MethodPost, "/v1/caseRules", `{"caseRuleId": "own", "caseRule": {"displayName": "Theirs", "keyword": {"query": "theirs"}}}`, nil)
	askREST(t, suite, http.MethodPost, "/v1/reports", `{"reportId": "own", "report": {"displayName": "Theirs", "kind": "REPORT_KIND_CLOSED_LOOP"}}`, nil)
	var made struct{ Document struct{ Fingerprint string } }
	askREST(t, suite, http.MethodPost, "/v1/reports/own:render", `{"query": {"survey": "surveys/shop"}}`, &made)
	return strings.NewReplacer("${rendition}", "reportRenditions/"+made.Document.Fingerprint, "${case}", opened[0].Case.Name, "${caseToClose}", opened[1].Case.Name, "${caseToMerge}", opened[2].Case.Name, "${rebuild}", rebuild.GetRebuild().GetName(), "${erasure}", erased.Erasure.Name, "${delivery}", pinged.Delivery.Name,
		"${token}", invited.Tokens[0].Name, "${reanalysis}", reanalysis.Reanalysis.Name)
}

func nineResponse() *surveyv1.Response {
	return &surveyv1.Response{Answers: []*surveyv1.Answer{{Question: "recommend", Value: &surveyv1.Answer_Score{Score: 9}}}}
}

// TestEveryMethodIsolatesOrganizations calls every public method with the names of another organisation's things.
func TestEveryMethodIsolatesOrganizations(t *testing.T) {
	t.Parallel()
	everyMethod(t, func(t *testing.T, suite *harness.Suite, c call, method protoreflect.MethodDescriptor, request proto.Message) {
		// A foreigner of each method's own, since what the foreigners do in theirs would show in lists.
		key := harness.KeyFor(foreigner(method), harness.Admin)
		response, err := first(t.Context(), suite.Conn(key), method, request)
		if c.Foreign == "EMPTY" {
			if err != nil || proto.Size(response) != 0 {
				t.Errorf("%v, %v: want an empty answer", response, err)
			}
			return
		}
		wantCode(t, err, c.Foreign)
		if c.Foreign == "OK" {
			if told := protojson.Format(response); strings.Contains(told, "acme") || strings.Contains(told, "Theirs") {
				t.Errorf("the answer tells of the owner: %s", told)
			}
			return
		}
		checkREST(t, suite.REST(key), method, request, c)
	})
}

// TestEveryMethodHeedsRoles calls every public method with an app's key.
func TestEveryMethodHeedsRoles(t *testing.T) {
	t.Parallel()
	everyMethod(t, func(t *testing.T, suite *harness.Suite, c call, method protoreflect.MethodDescriptor, request proto.Message) {
		_, err := first(t.Context(), suite.Conn(harness.KeyFor(harness.Organization, harness.App)), method, request)
		wantCode(t, err, c.App)
	})
}

// TestEveryMethodAnswersItsOwner calls every public method as the owner's administrator, and without a key.
func TestEveryMethodAnswersItsOwner(t *testing.T) {
	t.Parallel()
	everyMethod(t, func(t *testing.T, suite *harness.Suite, c call, method protoreflect.MethodDescriptor, request proto.Message) {
		_, err := first(t.Context(), suite.Conn(""), method, request)
		wantCode(t, err, "UNAUTHENTICATED")
		for _, ending := range []string{"Delete", "Archive", "Close", "Revoke", "Withdraw"} {
			if strings.HasPrefix(string(method.Name()), ending) {
				return // what they end is needed by the others
			}
		}
		_, err = first(t.Context(), suite.Conn(harness.KeyFor(harness.Organization, harness.Admin)), method, request)
		if status.Code(err) == codes.FailedPrecondition && (method.Name() == "RebuildScores" || method.Name() == "ReanalyzeComments") {
			return // another one is running
		}
		wantCode(t, err, c.Owner)
	})
}

// everyMethod runs a check for each public method against a suite that has what the calls name.
func everyMethod(t *testing.T, check func(*testing.T, *harness.Suite, call, protoreflect.MethodDescriptor, proto.Message)) {
	t.Helper()
	calls := readCalls(t)
	organizations := []string{harness.Organization}
	for name := range calls {
		method, err := cases.Method(name)
		if err != nil {
			t.Fatal(err)
		}
		organizations = append(organizations, foreigner(method))
	}
	for _, layout := range harness.Layouts() {
		t.Run(layout.String(), func(t *testing.T) {
			t.Parallel()
			suite := harness.Run(t, harness.Options{Layout: layout, Organizations: organizations})
			names := prepareCalls(t, suite)
			for name, c := range calls {
				t.Run(name, func(t *testing.T) {
					method, err := cases.Method(name)
					if err != nil {
						t.Fatal(err)
					}
					check(t, suite, c, method, c.message(t, method, names))
				})
			}
		})
	}
}

// foreigner is an organisation that has nothing to do with the one that owns the things.
func foreigner(method protoreflect.MethodDescriptor) string {
	return "foreign-" + strings.ToLower(string(method.Name()))
}

func wantCode(t *testing.T, err error, name string) {
	t.Helper()
	want, parseErr := harness.ParseCode(name)
	if parseErr != nil {
		t.Fatal(parseErr)
	}
	if got := status.Code(err); got != want {
		t.Errorf("code %s, want %s: %v", got, want, err)
	}
}

// checkREST makes the call over REST too, where nothing but the error may come back.
func checkREST(t *testing.T, client *harness.REST, method protoreflect.MethodDescriptor, request proto.Message, c call) {
	t.Helper()
	h, err := harness.Transcode(method, request)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	st, err := answer.Error()
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, st.Err(), c.Foreign)
	if strings.Contains(string(answer.Body), "acme") {
		t.Errorf("the answer names the owner: %s", answer.Body)
	}
}
