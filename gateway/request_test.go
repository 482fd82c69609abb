package gateway_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/gateway"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const submitPath = "/v1/surveys/checkout/responses"

const submitBody = `{
  "responseId": "r-1",
  "response": {
    "answerTime": "2017-05-01T15:30:00+06:00",
    "language": "ky",
    "context": {"touchpoint": "checkout", "attributes": {"till_no": "7"}},
    "answers": [
      {"question": "nps", "score": 9},
      {"question": "why", "freeText": "Ылдам"},
      {"question": "what", "choice": {"options": ["price", "staff"]}}
    ]
  }
}`

func echo(_ context.Context, r *surveyv1.SubmitResponseRequest) (*surveyv1.SubmitResponseResponse, error) {
	stored := r.GetResponse()
	stored.Name = r.GetParent() + "/responses/" + r.GetResponseId()
	return &surveyv1.SubmitResponseResponse{Response: stored}, nil
}

func TestSubmitReachesTheServiceAndComesBackAsJSON(t *testing.T) {
	b := newBench(t)
	var got *surveyv1.SubmitResponseRequest
	b.survey.submit = func(ctx context.Context, r *surveyv1.SubmitResponseRequest) (*surveyv1.SubmitResponseResponse, error) {
		got = r
		return echo(ctx, r)
	}
	a := b.do(request{method: "POST", path: submitPath, body: submitBody})
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "application/json" {
		t.Fatalf("status %d, %s: %s", a.status, a.header.Get("Content-Type"), a.body)
	}
	if got.GetParent() != "surveys/checkout" || got.GetResponseId() != "r-1" || len(got.GetResponse().GetAnswers()) != 3 ||
		got.GetResponse().GetAnswers()[1].GetFreeText() != "Ылдам" {
		t.Errorf("the service got %v", got)
	}
	compact := strings.ReplaceAll(a.body, " ", "")
	for _, want := range []string{`"name":"surveys/checkout/responses/r-1"`, `"answerTime":"2017-05-01T09:30:00Z"`, `"replayed":false`, `"flags":[]`} {
		if !strings.Contains(compact, want) {
			t.Errorf("the answer lacks %s: %s", want, a.body)
		}
	}
}

func TestBadBodiesAreRefusedWithTheirPlace(t *testing.T) {
	b := newBench(t)
	called := false
	b.survey.submit = func(ctx context.Context, r *surveyv1.SubmitResponseRequest) (*surveyv1.SubmitResponseResponse, error) {
		called = true
		return echo(ctx, r)
	}
	b.survey.create = func(context.Context, *surveyv1.CreateSurveyRequest) (*surveyv1.CreateSurveyResponse, error) {
		called = true
		return &surveyv1.CreateSurveyResponse{}, nil
	}
	cases := []struct {
		name, path, body      string
		reason, field, detail string
		contains              string
	}{
		{name: "unknown field at the top", body: `{"respId":"x"}`, reason: "BODY_INVALID", field: "respId", detail: "UNKNOWN_FIELD", contains: "responseId"},
		{name: "unknown field with underscores", body: `{"resp_id":"x"}`, reason: "BODY_INVALID", field: "resp_id", detail: "UNKNOWN_FIELD"},
		{name: "unknown field deep inside", body: `{"response":{"answers":[{"question":"a"},{"question":"b","skore":1}]}}`, reason: "BODY_INVALID", field: "response.answers[1].skore", detail: "UNKNOWN_FIELD"},
		{name: "unknown field after line breaks", body: "{\n \"response\": {\n  \"Ылдам\": 1}}", reason: "BODY_INVALID", field: "response.Ылдам", detail: "UNKNOWN_FIELD"},
		{name: "unknown enum", path: "/v1/surveys", body: `{"survey":{"draft":{"population":"POPULATION_MARTIAN"}}}`, reason: "BODY_INVALID", field: "survey.draft.population", detail: "UNKNOWN_ENUM_VALUE", contains: "POPULATION_CUSTOMER, POPULATION_PROSPECT"},
		{name: "text for a number", body: `{"response":{"answers":[{"question":"a","score":"nine"}]}}`, reason: "BODY_INVALID", field: "response.answers[0].score", detail: "INVALID_VALUE", contains: "must be a number"},
		{name: "number for a text", body: `{"response":{"language":7}}`, reason: "BODY_INVALID", field: "response.language", detail: "INVALID_VALUE", contains: "must be a string"},
		{name: "object for a list", body: `{"response":{"answers":{"question":"a"}}}`, reason: "BODY_INVALID", field: "response.answers", detail: "INVALID_VALUE", contains: "must be a list"},
		{name: "number beyond what there are", body: `{"response":{"answers":[{"question":"a","score":1e400}]}}`, reason: "BODY_INVALID", field: "response.answers[0].score", detail: "INVALID_VALUE", contains: "1.7e308"},
		{name: "list for an object", body: `{"response":[]}`, reason: "BODY_INVALID", field: "response", detail: "INVALID_VALUE", contains: "must be an object"},
		{name: "bad time", body: `{"response":{"answerTime":"yesterday"}}`, reason: "BODY_INVALID", field: "response.answerTime", detail: "INVALID_VALUE", contains: "RFC 3339"},
		{name: "bad value of a map", body: `{"response":{"context":{"attributes":{"till.no":7}}}}`, reason: "BODY_INVALID", field: `response.context.attributes["till.no"]`, detail: "INVALID_VALUE", contains: "must be a string"},
		{name: "repeated field", body: `{"responseId":"a","responseId":"b"}`, reason: "BODY_INVALID", field: "responseId", detail: "DUPLICATE_FIELD"},
		{name: "repeated field in two spellings", body: `{"responseId":"a","response_id":"b"}`, reason: "BODY_INVALID", field: "response_id", detail: "DUPLICATE_FIELD"},
		{name: "repeated key of a map", body: `{"response":{"context":{"attributes":{"a":"1","a":"2"}}}}`, reason: "BODY_INVALID", field: `response.context.attributes["a"]`, detail: "DUPLICATE_FIELD"},
		{name: "two alternatives", body: `{"response":{"answers":[{"score":1,"freeText":"x"}]}}`, reason: "BODY_INVALID", field: "response.answers[0].freeText", detail: "ONEOF_CONFLICT", contains: "score, choice, freeText"},
		{name: "not an object", body: `[1]`, reason: "BODY_INVALID", contains: "must be a JSON object"},
		{name: "malformed", body: "{\"responseId\": \"a\",\n  oops}", reason: "BODY_MALFORMED", contains: "line 2, column 3"},
		{name: "cut off", body: `{"responseId":`, reason: "BODY_MALFORMED", contains: "line 1"},
		{name: "trailing garbage", body: `{"responseId":"a"} x`, reason: "BODY_MALFORMED", contains: "column 20"},
		{name: "second value", body: `{"responseId":"a"}{"responseId":"b"}`, reason: "BODY_MALFORMED", contains: "column 19"},
		{name: "invalid UTF-8", body: "{\"responseId\":\"a\xff\"}", reason: "BODY_MALFORMED", contains: "UTF-8, at line 1, column 17"},
		{name: "half a surrogate", body: `{"responseId":"\ud800"}`, reason: "BODY_MALFORMED", contains: "escape"},
		{name: "contradicts the path", body: `{"parent":"surveys/other","responseId":"a"}`, reason: "BODY_INVALID", field: "parent", detail: "CONTRADICTS_PATH"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := c.path
			if path == "" {
				path = submitPath
			}
			a := b.do(request{method: "POST", path: path, body: c.body})
			if a.status != http.StatusBadRequest || a.err.Status != "INVALID_ARGUMENT" || a.err.reason() != "gateway.otklik/"+c.reason {
				t.Fatalf("status %d %s", a.status, a.body)
			}
			if !strings.Contains(a.body, c.contains) {
				t.Errorf("the answer does not say %q: %s", c.contains, a.body)
			}
			if c.field == "" {
				return
			}
			v := a.err.violations()
			if len(v) != 1 || v[0].Field != c.field || c.detail != "" && v[0].Reason != c.detail {
				t.Errorf("violations %+v, want %s %s", v, c.field, c.detail)
			}
		})
	}
	if called {
		t.Error("a refused body reached the service")
	}
}

func TestQueryParameters(t *testing.T) {
	b := newBench(t)
	var got *scoringv1.QueryScoresRequest
	b.scoring.query = func(_ context.Context, r *scoringv1.QueryScoresRequest) (*scoringv1.QueryScoresResponse, error) {
		got = r
		return &scoringv1.QueryScoresResponse{}, nil
	}
	b.survey.submit = echo
	good := "/v1/surveys/checkout/scores?query.metrics=METRIC_NPS&query.metrics=METRIC_CSAT&query.grain=TIME_GRAIN_DAY&query.timeZone=Asia/Bishkek" +
		"&query.period.startTime=2017-05-01T00:00:00%2B06:00&query.groupBy=location&query.groupBy=attributes.peak&query.filter=channel+%3D+%22app%22"
	if a := b.do(request{method: "GET", path: good}); a.status != http.StatusOK {
		t.Fatalf("status %d %s", a.status, a.body)
	}
	q := got.GetQuery()
	if q.GetSurvey() != "surveys/checkout" || len(q.GetMetrics()) != 2 || q.GetGrain() != typev1.TimeGrain_TIME_GRAIN_DAY ||
		!q.GetPeriod().GetStartTime().AsTime().Equal(timestamppb.New(q.GetPeriod().GetStartTime().AsTime()).AsTime()) ||
		q.GetFilter() != `channel = "app"` || len(q.GetGroupBy()) != 2 || q.GetPeriod().GetStartTime().GetSeconds() != 1493575200 {
		t.Errorf("the service got %v", got)
	}

	cases := []struct {
		name, method, path, body string
		want                     []violation
	}{
		{"unknown", "GET", "/v1/surveys?pageSise=3&x=1", "", []violation{{Field: "pageSise", Reason: "UNKNOWN_PARAMETER"}, {Field: "x", Reason: "UNKNOWN_PARAMETER"}}},
		{"bad number", "GET", "/v1/surveys?pageSize=many", "", []violation{{Field: "pageSize", Reason: "INVALID_VALUE"}}},
		{"bad flag", "GET", "/v1/surveys?showArchived=perhaps", "", []violation{{Field: "showArchived", Reason: "INVALID_VALUE"}}},
		{"bad enum in a list", "GET", "/v1/surveys/a/scores?query.metrics=METRIC_NPS&query.metrics=NPS", "", []violation{{Field: "query.metrics", Reason: "INVALID_VALUE"}}},
		{"bad time", "GET", "/v1/surveys/a/scores?query.period.startTime=2017-05-01", "", []violation{{Field: "query.period.startTime", Reason: "INVALID_VALUE"}}},
		{"message as a value", "GET", "/v1/surveys/a/scores?query.period=x", "", []violation{{Field: "query.period", Reason: "UNKNOWN_PARAMETER"}}},
		{"set by the path", "GET", "/v1/surveys/a/scores?query.survey=surveys/b", "", []violation{{Field: "query.survey", Reason: "SET_BY_PATH"}}},
		{"given twice", "GET", "/v1/surveys?pageSize=1&pageSize=2", "", []violation{{Field: "pageSize", Reason: "DUPLICATE_PARAMETER"}}},
		{"invalid UTF-8", "GET", "/v1/surveys?pageToken=%ff", "", []violation{{Field: "pageToken", Reason: "INVALID_UTF8"}}},
		{"query beside a body", "POST", submitPath + "?responseId=r", submitBody, []violation{{Field: "responseId", Reason: "UNKNOWN_PARAMETER"}}},
		{"malformed", "GET", "/v1/surveys?a=%zz", "", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := b.do(request{method: c.method, path: c.path, body: c.body})
			if a.status != http.StatusBadRequest || a.err.reason() != "gateway.otklik/QUERY_INVALID" {
				t.Fatalf("status %d %s", a.status, a.body)
			}
			got := a.err.violations()
			for i := range got {
				if got[i].Description == "" {
					t.Errorf("no description for %s", got[i].Field)
				}
				got[i].Description = ""
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("violations %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestTwoSpellingsOfAParameterAreRefused(t *testing.T) {
	b := newBench(t)
	a := b.do(request{method: "GET", path: "/v1/surveys?pageSize=1&page_size=2"})
	if v := a.err.violations(); a.status != http.StatusBadRequest || len(v) != 1 || v[0].Reason != "DUPLICATE_PARAMETER" {
		t.Errorf("status %d %s", a.status, a.body)
	}
}

func TestRequestsThatTheTransportRefuses(t *testing.T) {
	b := newBench(t, withConfig(func(c *gateway.Config) { c.MaxBodyBytes = 1 << 20 }))
	b.survey.submit, b.survey.list = echo, func(context.Context, *surveyv1.ListSurveysRequest) (*surveyv1.ListSurveysResponse, error) {
		return &surveyv1.ListSurveysResponse{}, nil
	}
	large := `{"responseId":"` + strings.Repeat("a", 10<<20) + `"}`
	cases := []struct {
		name   string
		r      request
		status int
		reason string
	}{
		{"body too large", request{method: "POST", path: submitPath, body: large}, 413, "BODY_TOO_LARGE"},
		{"form", request{method: "POST", path: submitPath, body: "a=b", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}, 415, "CONTENT_TYPE_UNSUPPORTED"},
		{"form that asks to be a GET", request{method: "POST", path: "/v1/surveys/a/scores", body: "a=b", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}, 405, "METHOD_NOT_ALLOWED"},
		{"another method by header", request{method: "POST", path: "/v1/surveys/a", body: "a=b", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded", "X-HTTP-Method-Override": "DELETE"}}, 405, "METHOD_NOT_ALLOWED"},
		{"another charset", request{method: "POST", path: submitPath, body: "{}", header: map[string]string{"Content-Type": "application/json; charset=koi8-r"}}, 415, "CONTENT_TYPE_UNSUPPORTED"},
		{"compressed", request{method: "POST", path: submitPath, body: "{}", header: map[string]string{"Content-Encoding": "gzip"}}, 415, "CONTENT_ENCODING_UNSUPPORTED"},
		{"body of a GET", request{method: "GET", path: "/v1/surveys", body: "{}"}, 400, "BODY_NOT_EXPECTED"},
		{"unknown path", request{method: "GET", path: "/v1/nothing"}, 404, "ROUTE_NOT_FOUND"},
		{"unknown page", request{method: "GET", path: "/nothing"}, 404, "ROUTE_NOT_FOUND"},
		{"unknown verb", request{method: "POST", path: "/v1/scores:explode", body: "{}"}, 404, "ROUTE_NOT_FOUND"},
		{"wrong method", request{method: "PUT", path: "/v1/surveys/a"}, 405, "METHOD_NOT_ALLOWED"},
		{"method of a page", request{method: "POST", path: "/openapi.json", body: "{}"}, 405, "METHOD_NOT_ALLOWED"},
		{"path that is not UTF-8", request{method: "GET", path: "/v1/surveys/%ff"}, 400, "PATH_INVALID"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := b.do(c.r)
			if a.status != c.status || a.err.reason() != "gateway.otklik/"+c.reason {
				t.Errorf("status %d, want %d %s: %s", a.status, c.status, c.reason, a.body)
			}
		})
	}
	if a := b.do(request{method: "PUT", path: "/v1/surveys/a"}); a.header.Get("Allow") != "DELETE, GET, PATCH" {
		t.Errorf("Allow: %q", a.header.Get("Allow"))
	}
	for _, contentType := range []string{"application/json", "application/json; charset=UTF-8", "Application/JSON;charset=\"utf-8\""} {
		if a := b.do(request{method: "POST", path: submitPath, body: submitBody, header: map[string]string{"Content-Type": contentType}}); a.status != 200 {
			t.Errorf("%s: %d %s", contentType, a.status, a.body)
		}
	}
}

func TestChunkedBodyOverTheLimitIsRefused(t *testing.T) {
	b := newBench(t, withConfig(func(c *gateway.Config) { c.MaxBodyBytes = 1000 }))
	b.survey.submit = echo
	// A reader that is no strings.Reader has no known length: the body is sent in chunks.
	body := struct{ *strings.Reader }{strings.NewReader(`{"responseId":"` + strings.Repeat("a", 3000) + `"}`)}
	req, err := http.NewRequest(http.MethodPost, b.url+submitPath, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestBodyAtTheLimitPasses(t *testing.T) {
	const limit = 4096
	b := newBench(t, withConfig(func(c *gateway.Config) { c.MaxBodyBytes = limit }))
	b.survey.submit = echo
	body := submitBody + strings.Repeat(" ", limit-len(submitBody))
	if a := b.do(request{method: "POST", path: submitPath, body: body}); a.status != 200 {
		t.Errorf("at the limit: %d %s", a.status, a.body)
	}
	if a := b.do(request{method: "POST", path: submitPath, body: body + " "}); a.status != 413 {
		t.Errorf("over the limit: %d %s", a.status, a.body)
	}
}

func TestOnlyCredentialsIDAndAddressBecomeMetadata(t *testing.T) {
	b := newBench(t)
	var got metadata.MD
	b.survey.list = func(ctx context.Context, _ *surveyv1.ListSurveysRequest) (*surveyv1.ListSurveysResponse, error) {
		got, _ = metadata.FromIncomingContext(ctx)
		return &surveyv1.ListSurveysResponse{}, nil
	}
	a := b.do(request{method: "GET", path: "/v1/surveys", header: map[string]string{
		"Authorization":                     "Bearer k",
		"X-Request-Id":                      "client-7",
		"Traceparent":                       "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"Otklik-Organization":               "victim",
		"Grpc-Metadata-Otklik-Organization": "victim",
		"Grpcgateway-Otklik-Organization":   "victim",
		"Grpc-Metadata-Authorization":       "Bearer other",
		"Cookie":                            "a=b",
	}})
	if a.status != 200 || a.header.Get("X-Request-Id") != "client-7" {
		t.Errorf("status %d, id %q", a.status, a.header.Get("X-Request-Id"))
	}
	if v := got.Get("authorization"); !slices.Equal(v, []string{"Bearer k"}) {
		t.Errorf("authorization %q", v)
	}
	if v := got.Get("x-request-id"); !slices.Equal(v, []string{"client-7"}) {
		t.Errorf("x-request-id %q", v)
	}
	allowed := []string{"authorization", "x-request-id", "otklik-client-address", "x-forwarded-for", "x-forwarded-host", ":authority", "content-type", "user-agent", "grpc-accept-encoding"}
	for name := range got {
		if !slices.Contains(allowed, name) {
			t.Errorf("%s became metadata: %q", name, got[name])
		}
	}
	for name := range a.header {
		if strings.HasPrefix(name, "Grpc-") {
			t.Errorf("metadata left as the header %s", name)
		}
	}
	for _, bad := range []string{"", strings.Repeat("a", 65), "a b", `a"b`} {
		if a := b.do(request{method: "GET", path: "/v1/surveys", header: map[string]string{"X-Request-Id": bad}}); len(a.header.Get("X-Request-Id")) != 32 {
			t.Errorf("the id %q was answered with %q", bad, a.header.Get("X-Request-Id"))
		}
	}
}
