package gateway

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	"github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"google.golang.org/protobuf/proto"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/proto/gen/openapi"
	"google.golang.org/protobuf/types/known/timestamppb"
)

func documentModel(t *testing.T) v3.Document {
	t.Helper()
	document, err := libopenapi.NewDocument(openapi.JSON())
	if err != nil {
		t.Fatalf("read OpenAPI document: %v", err)
	}
	model, err := document.BuildV3Model()
	if err != nil {
		t.Fatalf("the OpenAPI document is not valid: %v", err)
	}
	return model.Model
}

func allRoutes(t *testing.T) []*route {
	t.Helper()
	routes, err := routesOf(routedServices()...)
	if err != nil {
		t.Fatal(err)
	}
	return routes
}

// documentPath is the route's template in the spelling of OpenAPI.
func documentPath(template string) string {
	return templateField.ReplaceAllStringFunc(template, func(field string) string {
		_, pattern, _ := strings.Cut(strings.Trim(field, "{}"), "=")
		segments := strings.Split(pattern, "/")
		for i := 1; i < len(segments); i += 2 {
			segments[i] = "{" + singular(segments[i-1]) + "}"
		}
		return strings.Join(segments, "/")
	})
}

// singular is the name of one element of a collection.
func singular(collection string) string {
	if stem, ok := strings.CutSuffix(collection, "ies"); ok {
		return stem + "y"
	}
	return strings.TrimSuffix(collection, "s")
}

func TestDocumentAndRoutesAreTheSame(t *testing.T) {
	model := documentModel(t)
	documented := map[string]*v3.Operation{}
	for path, item := range model.Paths.PathItems.FromOldest() {
		for verb, operation := range item.GetOperations().FromOldest() {
			documented[strings.ToUpper(verb)+" "+path] = operation
		}
	}
	ids := map[string]bool{}
	for _, r := range allRoutes(t) {
		key := r.method + " " + documentPath(r.template)
		operation := documented[key]
		if operation == nil {
			t.Errorf("%s is not documented", key)
			continue
		}
		delete(documented, key)
		checkOperation(t, key, r, operation)
		if ids[operation.OperationId] {
			t.Errorf("%s: the operationId %s is taken", key, operation.OperationId)
		}
		ids[operation.OperationId] = true
	}
	for key := range documented {
		t.Errorf("%s is documented and has no route", key)
	}
}

func checkOperation(t *testing.T, key string, r *route, operation *v3.Operation) {
	t.Helper()
	for _, p := range operation.Parameters {
		if p.In != "query" {
			continue
		}
		if field, path := r.queryField(p.Name); field == nil || slices.Contains(r.pathFields, path) {
			t.Errorf("%s: the documented parameter %s would be refused", key, p.Name)
		}
	}
	if (operation.RequestBody != nil) != saysMoreInBody(r) {
		t.Errorf("%s: a body is documented: %v, and taken: %v", key, operation.RequestBody != nil, r.hasBody)
	}
	if operation.Responses.Default == nil || operation.Responses.Default.Content.GetOrZero("application/json") == nil {
		t.Errorf("%s: the error is not documented", key)
	}
	types := slices.Sorted(maps.Keys(maps.Collect(operation.Responses.Codes.GetOrZero("200").Content.FromOldest())))
	want := []string{"application/json"}
	if r.rpc.Output() == (&reportingv1.QueryMapResponse{}).ProtoReflect().Descriptor() {
		want = []string{mimeGeoJSON}
	}
	if slices.Contains(fileAnswers, r.rpc.Output()) {
		want = append(want, mimeBytes)
	}
	if r.stream {
		want = []string{mimeLines}
	}
	if r.events {
		want = append(want, mimeEvents)
	}
	if !slices.Equal(types, want) {
		t.Errorf("%s: documented as %q, sent as %q", key, types, want)
	}
	if operation.Description == "" || operation.Summary == "" {
		t.Errorf("%s has no description", key)
	}
}

// saysMoreInBody tells whether the body has anything to say that the path does not: without, it may be empty and is not documented. A path that names a field
// of a message leaves the others of that to the body.
func saysMoreInBody(r *route) bool {
	whole := slices.DeleteFunc(slices.Clone(r.pathFields), func(path string) bool { return strings.Contains(path, ".") })
	return r.hasBody && (len(r.pathFields) == 0 || r.rpc.Input().Fields().Len() > len(whole))
}

func TestEveryRouteIsKnownToTheMux(t *testing.T) {
	g := newQuietGateway(t)
	for _, r := range allRoutes(t) {
		path := strings.ReplaceAll(documentPath(r.template), "{", "")
		path = strings.ReplaceAll(path, "}", "")
		allowed := g.rest.allowed(mustRequest(t, http.MethodOptions, path))
		if !slices.Contains(allowed, r.method) {
			t.Errorf("%s %s: allowed are %q", r.method, path, allowed)
		}
		if g.rest.routes[r.key()] == nil {
			t.Errorf("%s has no checks", r.key())
		}
	}
}

// schemas compiles schemas of the document, which is read once for all of a test.
type schemas struct{ compiler *jsonschema.Compiler }

func newSchemas(t *testing.T) schemas {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(openapi.JSON()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	if err := compiler.AddResource("mem:///openapi.json", document); err != nil {
		t.Fatal(err)
	}
	return schemas{compiler}
}

// of compiles a schema.
func (s schemas) of(t *testing.T, pointer string) *jsonschema.Schema {
	t.Helper()
	schema, err := s.compiler.Compile("mem:///openapi.json#" + pointer)
	if err != nil {
		t.Fatalf("compile %s: %v", pointer, err)
	}
	return schema
}

func validate(t *testing.T, schema *jsonschema.Schema, data []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(v)
}

func TestEverySchemaCompiles(t *testing.T) {
	var document struct {
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal(openapi.JSON(), &document); err != nil {
		t.Fatal(err)
	}
	if len(document.Components.Schemas) == 0 {
		t.Fatal("no schemas")
	}
	all := newSchemas(t)
	for name := range document.Components.Schemas {
		all.of(t, "/components/schemas/"+name)
	}
}

func TestAnswersFitTheirSchemas(t *testing.T) {
	declared := newSchemas(t)
	now := timestamppb.Now()
	texts := &typev1.LocalizedText{Texts: map[string]string{"ru": "Почему?", "en": "Why?"}}
	questions := []*surveyv1.Question{
		{Id: "nps", Text: texts, Kind: &surveyv1.Question_Nps{Nps: &surveyv1.NpsQuestion{}}, Comment: &surveyv1.CommentPolicy{Mode: surveyv1.CommentPolicy_MODE_REQUIRED_BELOW, RequiredAtOrBelow: proto.Float64(6)}},
		{Id: "easy", Text: texts, Kind: &surveyv1.Question_Ces{Ces: &surveyv1.CesQuestion{Scale: &typev1.Scale{Id: "1-5", Min: 1, Max: 5}}}},
		{Id: "what", Text: texts, Kind: &surveyv1.Question_Choice{Choice: &surveyv1.ChoiceQuestion{Options: []*surveyv1.ChoiceQuestion_Option{{Id: "a", Text: texts}, {Id: "b", Text: texts}}}}},
		{Id: "why", Text: texts, Kind: &surveyv1.Question_FreeText{FreeText: &surveyv1.TextQuestion{}}},
	}
	survey := &surveyv1.Survey{Name: "surveys/a", DisplayName: "A", State: surveyv1.Survey_STATE_PUBLISHED, CreateTime: now, UpdateTime: now,
		Draft: &surveyv1.Questionnaire{Title: texts, DefaultLanguage: "ru", Questions: questions}}
	response := &surveyv1.Response{Name: "surveys/a/responses/r", AnswerTime: now, Context: &typev1.Context{Attributes: map[string]string{"till_no": "7"}},
		Flags: []surveyv1.Response_Flag{surveyv1.Response_FLAG_LATE}, Weight: proto.Float64(1.5),
		Answers: []*surveyv1.Answer{
			{Question: "nps", Value: &surveyv1.Answer_Score{Score: 9}, Comment: "ok"}, {Question: "why", Value: &surveyv1.Answer_FreeText{FreeText: "x"}},
			{Question: "what", Value: &surveyv1.Answer_Choice{Choice: &surveyv1.ChoiceAnswer{Options: []string{"a"}}}}, {Question: "easy", Comment: "only this"},
		}}
	score := &scoringv1.Score{Definition: "metricDefinitions/nps", Metric: scoringv1.Metric_METRIC_NPS, N: 10, Estimate: proto.Float64(30), Scale: &typev1.Scale{Min: 0, Max: 10},
		Interval: &typev1.ConfidenceInterval{Lower: 14, Upper: 44, Level: .95}, Slice: &scoringv1.Slice{Survey: "surveys/a"}, Watermark: now,
		Counts: &scoringv1.Counts{Promoters: proto.Int64(5), Values: []*scoringv1.Counts_ValueCount{{Value: 10, Count: 5}}}}
	refused := fault(3, "X", "y").GRPCStatus().Proto()
	messages := []proto.Message{
		&surveyv1.GetSurveyResponse{Survey: survey},
		&surveyv1.ListSurveysResponse{Surveys: []*surveyv1.Survey{survey}},
		&surveyv1.SubmitResponseResponse{Response: response, Replayed: true},
		&surveyv1.BatchSubmitResponsesResponse{Results: []*surveyv1.BatchSubmitResponsesResponse_Result{
			{ResponseId: "r", Outcome: &surveyv1.BatchSubmitResponsesResponse_Result_Accepted{Accepted: &surveyv1.SubmitResponseResponse{Response: response}}},
			{ResponseId: "s", Outcome: &surveyv1.BatchSubmitResponsesResponse_Result_Error{Error: refused}}}},
		&surveyv1.StreamResponsesResponse{Response: response, Position: 1 << 60},
		&surveyv1.DeleteSurveyResponse{},
		&scoringv1.QueryScoresResponse{Scores: []*scoringv1.Score{score, {}}, Watermark: now},
		&scoringv1.WatchScoresResponse{Heartbeat: true},
		&scoringv1.CompareScoresResponse{Score: score, Baseline: score, DegreesOfFreedom: proto.Float64(7.5)},
		&scoringv1.ListMetricDefinitionsResponse{MetricDefinitions: []*scoringv1.MetricDefinition{{Title: texts, Description: texts, Variants: []*scoringv1.MetricDefinition_VariantDefinition{{}}}}},
		&scoringv1.GetRebuildResponse{Rebuild: &scoringv1.Rebuild{State: scoringv1.Rebuild_STATE_RUNNING, CreateTime: now}},
	}
	for _, message := range messages {
		data, err := newMarshaler(message.ProtoReflect().Descriptor()).Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, declared.of(t, "/components/schemas/"+string(message.ProtoReflect().Descriptor().FullName())), data); err != nil {
			t.Errorf("%s: %v\n%s", message.ProtoReflect().Descriptor().Name(), err, data)
		}
	}
	for _, e := range [][]byte{encodeError(400, fault(3, "X", "y").GRPCStatus()), encodeError(503, fault(14, "X", "y").GRPCStatus())} {
		if err := validate(t, declared.of(t, "/components/schemas/Error"), e); err != nil {
			t.Errorf("%v\n%s", err, e)
		}
	}
}

func TestExamplesFitTheirSchemasAndAreTaken(t *testing.T) {
	declared := newSchemas(t)
	var document struct {
		Paths map[string]map[string]struct {
			RequestBody *struct {
				Content map[string]struct{ Example json.RawMessage }
			}
		}
	}
	if err := json.Unmarshal(openapi.JSON(), &document); err != nil {
		t.Fatal(err)
	}
	for _, r := range allRoutes(t) {
		if !saysMoreInBody(r) {
			continue
		}
		path, verb := documentPath(r.template), strings.ToLower(r.method)
		example := document.Paths[path][verb].RequestBody.Content["application/json"].Example
		pointer := strings.NewReplacer("/", "~1", "{", "%7B", "}", "%7D").Replace(path)
		schema := declared.of(t, "/paths/"+pointer+"/"+verb+"/requestBody/content/application~1json/schema")
		if err := validate(t, schema, example); err != nil {
			t.Errorf("%s %s: %v", r.method, path, err)
		}
		if err := newMarshaler().Unmarshal(example, r.input.New().Interface()); err != nil {
			t.Errorf("%s %s: %v", r.method, path, err)
		}
	}
}

func TestRequestsFitTheirSchemas(t *testing.T) {
	declared := newSchemas(t)
	submit := declared.of(t, "/paths/~1v1~1surveys~1%7Bsurvey%7D~1responses/post/requestBody/content/application~1json/schema")
	update := declared.of(t, "/paths/~1v1~1surveys~1%7Bsurvey%7D/patch/requestBody/content/application~1json/schema")
	cases := []struct {
		schema *jsonschema.Schema
		body   string
		fits   bool
	}{
		{submit, `{"responseId":"r","response":{"answers":[{"question":"nps","score":9,"comment":"x"},{"question":"why","freeText":"x"},{"question":"easy","comment":"y"}]}}`, true},
		{submit, `{"responseId":"r","response":{"answers":[{"question":"nps","score":9,"freeText":"x"}]}}`, false},
		{submit, `{"responseId":"r","response":{"answers":[{"question":"nps","skore":9}]}}`, false},
		{submit, `{"responseId":"r"}`, false},
		{submit, `{"responseId":"r","response":{"answers":[{"question":"nps"}],"context":{"attributes":{"Till":"7"}}}}`, false},
		{update, `{"survey":{"displayName":"B"},"updateMask":"displayName"}`, true},
		{update, `{"survey":{"title":"B"}}`, false},
	}
	for _, c := range cases {
		if err := validate(t, c.schema, []byte(c.body)); (err == nil) != c.fits {
			t.Errorf("%s: %v", c.body, err)
		}
	}
}
