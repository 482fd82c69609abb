package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/otklik/otklik/gateway"
	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

func (b *bench) failWith(err error) answer {
	b.survey.list = func(context.Context, *surveyv1.ListSurveysRequest) (*surveyv1.ListSurveysResponse, error) {
		return nil, err
	}
	return b.do(request{method: "GET", path: "/v1/surveys"})
}

func TestErrorsOfServicesKeepReasonAndGetJSONPaths(t *testing.T) {
	b := newBench(t)
	a := b.failWith(rpcerr.New(codes.InvalidArgument, "RESPONSE_INVALID", "the response does not fit its questionnaire",
		rpcerr.WithDomain("survey.otklik"), rpcerr.WithMetadata("survey_id", "x"),
		rpcerr.WithField("response.answers[2].free_text", "TOO_LONG", "has more than 4,000 characters"),
		rpcerr.WithField(`response.context.attributes["till_no"]`, "", "is bad")).GRPCStatus().Err())
	if a.status != 400 || a.err.Status != "INVALID_ARGUMENT" || a.err.reason() != "survey.otklik/RESPONSE_INVALID" || a.err.Message != "the response does not fit its questionnaire" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	want := []violation{
		{Field: "response.answers[2].freeText", Reason: "TOO_LONG", Description: "has more than 4,000 characters"},
		{Field: `response.context.attributes["till_no"]`, Description: "is bad"},
	}
	if got := a.err.violations(); !slices.Equal(got, want) {
		t.Errorf("violations %+v", got)
	}
}

func TestErrorsInsideOfABatchGetJSONPaths(t *testing.T) {
	b := newBench(t)
	b.survey.batch = func(context.Context, *surveyv1.BatchSubmitResponsesRequest) (*surveyv1.BatchSubmitResponsesResponse, error) {
		st := rpcerr.New(codes.InvalidArgument, "RESPONSE_INVALID", "bad", rpcerr.WithField("requests[0].response_id", "", "is bad")).GRPCStatus()
		return &surveyv1.BatchSubmitResponsesResponse{Results: []*surveyv1.BatchSubmitResponsesResponse_Result{
			{ResponseId: "a", Outcome: &surveyv1.BatchSubmitResponsesResponse_Result_Error{Error: st.Proto()}},
			{ResponseId: "b", Outcome: &surveyv1.BatchSubmitResponsesResponse_Result_Accepted{Accepted: &surveyv1.SubmitResponseResponse{}}},
		}}, nil
	}
	a := b.do(request{method: "POST", path: submitPath + ":batchSubmit", body: `{"requests":[{},{}]}`})
	if a.status != 200 || !strings.Contains(a.body, `"requests[0].responseId"`) || strings.Contains(a.body, "response_id") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestCodesBecomeHTTPStatuses(t *testing.T) {
	b := newBench(t)
	for code, want := range map[codes.Code]int{
		codes.Canceled: 499, codes.InvalidArgument: 400, codes.DeadlineExceeded: 504, codes.NotFound: 404, codes.AlreadyExists: 409,
		codes.PermissionDenied: 403, codes.ResourceExhausted: 429, codes.FailedPrecondition: 400, codes.Aborted: 409, codes.OutOfRange: 400,
		codes.Unimplemented: 501, codes.Internal: 500, codes.Unknown: 500, codes.Unavailable: 503, codes.DataLoss: 500, codes.Unauthenticated: 401,
	} {
		a := b.failWith(rpcerr.New(code, "SOME_REASON", "said").GRPCStatus().Err())
		if a.status != want || a.err.Status != rpcerr.CodeName(code) || a.err.reason() != "otklik/SOME_REASON" {
			t.Errorf("%s: %d %s", code, a.status, a.body)
		}
	}
}

func TestRetryAdviceBecomesAHeader(t *testing.T) {
	b := newBench(t)
	a := b.failWith(rpcerr.New(codes.Unavailable, "STORAGE_FULL", "full", rpcerr.WithRetryAfter(1500*time.Millisecond)).GRPCStatus().Err())
	if a.status != 503 || a.header.Get("Retry-After") != "2" || !strings.Contains(a.body, `"retryDelay":"1.500s"`) {
		t.Errorf("Retry-After %q %s", a.header.Get("Retry-After"), a.body)
	}
	if a := b.failWith(rpcerr.New(codes.NotFound, "SURVEY_NOT_FOUND", "none").GRPCStatus().Err()); a.header.Get("Retry-After") != "" {
		t.Errorf("Retry-After %q without advice", a.header.Get("Retry-After"))
	}
	// A status that lacks the advice that its code promises.
	info, err := status.New(codes.Unavailable, "down").WithDetails(&errdetails.ErrorInfo{Reason: "DOWN", Domain: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if a := b.failWith(info.Err()); a.header.Get("Retry-After") != "1" || a.err.reason() != "x/DOWN" {
		t.Errorf("Retry-After %q %s", a.header.Get("Retry-After"), a.body)
	}
}

func TestMissingCredentialsNameTheScheme(t *testing.T) {
	b := newBench(t)
	a := b.failWith(rpcerr.New(codes.Unauthenticated, "CREDENTIALS_MISSING", "none").GRPCStatus().Err())
	if a.status != 401 || a.header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("%d %q", a.status, a.header.Get("WWW-Authenticate"))
	}
}

func TestWhatWasNotMadeForCallersStaysInside(t *testing.T) {
	b := newBench(t)
	secret := "dial tcp 10.0.0.7:5432"
	for _, err := range []error{errors.New(secret), status.Error(codes.Internal, secret), status.Error(codes.Unavailable, secret), status.Error(codes.DataLoss, secret)} {
		a := b.failWith(err)
		if a.status < 500 || strings.Contains(a.body, "10.0.0.7") || !strings.HasPrefix(a.err.reason(), "gateway.otklik/") {
			t.Errorf("%v: %d %s", err, a.status, a.body)
		}
		if a.status == 500 && !strings.Contains(a.err.Message, a.header.Get("X-Request-Id")) {
			t.Errorf("the message lacks the id: %s", a.body)
		}
	}
	if a := b.failWith(status.Error(codes.InvalidArgument, "grpc: bad frame")); a.status != 400 || a.err.reason() != "gateway.otklik/INVALID_ARGUMENT" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestUnknownDetailsAreLeftOut(t *testing.T) {
	b := newBench(t)
	p := rpcerr.New(codes.NotFound, "GONE", "gone").GRPCStatus().Proto()
	p.Details = append(p.Details, &anypb.Any{TypeUrl: "type.googleapis.com/acme.Unknown", Value: []byte{1, 2}})
	a := b.failWith(status.ErrorProto(p))
	if a.status != 404 || a.err.reason() != "otklik/GONE" || strings.Contains(a.body, "acme") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestServiceOutOfReachIsUnavailableWithAdvice(t *testing.T) {
	b := newBench(t)
	if err := b.conn.Close(); err != nil {
		t.Fatal(err)
	}
	a := b.do(request{method: "GET", path: "/v1/surveys"})
	// A connection that was closed for good is the client's end of a cancelled call.
	if a.status != 499 && a.status != 503 {
		t.Errorf("%d %s", a.status, a.body)
	}
	unreachable, err := grpc.NewClient("passthrough:///127.0.0.1:1", insecureDial)
	if err != nil {
		t.Fatal(err)
	}
	defer unreachable.Close()
	b = newBench(t, withDeps(func(d *gateway.Deps) { d.Survey = unreachable }))
	a = b.do(request{method: "GET", path: "/v1/surveys"})
	if a.status != 503 || a.err.reason() != "gateway.otklik/SERVICE_UNREACHABLE" || a.header.Get("Retry-After") == "" || strings.Contains(a.body, "127.0.0.1") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestCallsHaveADeadline(t *testing.T) {
	b := newBench(t, withConfig(func(c *gateway.Config) { c.CallTimeout = 50 * time.Millisecond }))
	b.survey.list = func(ctx context.Context, _ *surveyv1.ListSurveysRequest) (*surveyv1.ListSurveysResponse, error) {
		<-ctx.Done()
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	if a := b.do(request{method: "GET", path: "/v1/surveys"}); a.status != 504 || a.err.Status != "DEADLINE_EXCEEDED" {
		t.Errorf("%d %s", a.status, a.body)
	}
	b = newBench(t)
	var left time.Duration
	b.survey.list = func(ctx context.Context, _ *surveyv1.ListSurveysRequest) (*surveyv1.ListSurveysResponse, error) {
		deadline, _ := ctx.Deadline()
		left = time.Until(deadline)
		return &surveyv1.ListSurveysResponse{}, nil
	}
	for timeout, most := range map[string]time.Duration{"": 30 * time.Second, "2S": 2 * time.Second, "9H": 30 * time.Second} {
		if a := b.do(request{method: "GET", path: "/v1/surveys", header: map[string]string{"Grpc-Timeout": timeout}}); a.status != 200 || left > most || left < most/2 {
			t.Errorf("Grpc-Timeout %q: %d, %v left", timeout, a.status, left)
		}
	}
	if a := b.do(request{method: "GET", path: "/v1/surveys", header: map[string]string{"Grpc-Timeout": "soon"}}); a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestPanicBecomesTheDocumentedError(t *testing.T) {
	b := newBench(t, withDeps(func(d *gateway.Deps) {
		d.Metrics = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret") })
	}))
	a := b.do(request{method: "GET", path: "/metrics"})
	if a.status != 500 || strings.Contains(a.body, "secret") || a.err.reason() != "gateway.otklik/INTERNAL" {
		t.Errorf("%d %s", a.status, a.body)
	}
}
