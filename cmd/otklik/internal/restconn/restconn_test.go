package restconn

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/otklik/otklik/libs/rpcerr"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// serve starts a server and returns a connection to it.
func serve(t *testing.T, handler http.HandlerFunc) *Conn {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := New(server.URL+"/prefix/", "the-key", time.Minute, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Each kind of rule becomes the request that it describes.
func TestRequests(t *testing.T) {
	var got string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = r.Method + " " + r.URL.RequestURI() + " " + strings.ReplaceAll(string(body), " ", "")
		if r.Header.Get("Authorization") != "Bearer the-key" {
			t.Errorf("authorization %q", r.Header.Get("Authorization"))
		}
		_, _ = io.WriteString(w, `{"unknownField": 1}`)
	})
	survey, scoring, alerts := surveyv1.NewSurveyServiceClient(c), scoringv1.NewScoringServiceClient(c), scoringv1.NewAlertServiceClient(c)
	for want, call := range map[string]func(context.Context) error{
		"GET /prefix/v1/surveys/a ": func(ctx context.Context) error {
			_, err := survey.GetSurvey(ctx, &surveyv1.GetSurveyRequest{Name: "surveys/a"})
			return err
		},
		"GET /prefix/v1/surveys?page_size=7&page_token=x%2By&show_archived=true ": func(ctx context.Context) error {
			_, err := survey.ListSurveys(ctx, &surveyv1.ListSurveysRequest{PageSize: 7, PageToken: "x+y", ShowArchived: true})
			return err
		},
		`POST /prefix/v1/surveys/a:publish {"etag":"e"}`: func(ctx context.Context) error {
			_, err := survey.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Name: "surveys/a", Etag: "e"})
			return err
		},
		`POST /prefix/v1/surveys/a/responses:batchSubmit {"requests":[{"responseId":"r"}]}`: func(ctx context.Context) error {
			_, err := survey.BatchSubmitResponses(ctx, &surveyv1.BatchSubmitResponsesRequest{Parent: "surveys/a", Requests: []*surveyv1.SubmitResponseRequest{{ResponseId: "r"}}})
			return err
		},
		`PATCH /prefix/v1/surveys/a {"survey":{"displayName":"n"},"updateMask":"displayName"}`: func(ctx context.Context) error {
			_, err := survey.UpdateSurvey(ctx, &surveyv1.UpdateSurveyRequest{
				Survey: &surveyv1.Survey{Name: "surveys/a", DisplayName: "n"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"display_name"}},
			})
			return err
		},
		"DELETE /prefix/v1/surveys/a ": func(ctx context.Context) error {
			_, err := survey.DeleteSurvey(ctx, &surveyv1.DeleteSurveyRequest{Name: "surveys/a"})
			return err
		},
		`POST /prefix/v1/scores:query {"query":{"survey":"surveys/a","metrics":["METRIC_NPS"]}}`: func(ctx context.Context) error {
			_, err := scoring.QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: &scoringv1.ScoreQuery{Survey: "surveys/a", Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_NPS}}})
			return err
		},
		"GET /prefix/v1/surveys/a/scores:stream?query.filter=location%3D%22osh%22 ": func(ctx context.Context) error {
			return firstOf(scoring.StreamScores(ctx, &scoringv1.StreamScoresRequest{Query: &scoringv1.ScoreQuery{Survey: "surveys/a", Filter: `location="osh"`}}))
		},
		// Where the path would name a resource that the request does not, another binding has none.
		"GET /prefix/v1/alerts?page_size=3 ": func(ctx context.Context) error {
			_, err := alerts.ListAlerts(ctx, &scoringv1.ListAlertsRequest{PageSize: 3})
			return err
		},
		"GET /prefix/v1/alertRules/r/alerts ": func(ctx context.Context) error {
			_, err := alerts.ListAlerts(ctx, &scoringv1.ListAlertsRequest{Parent: "alertRules/r"})
			return err
		},
		// A URL holds neither lists of messages nor empty messages: the binding with a body does.
		`POST /prefix/v1/scores:stream {"query":{"survey":"surveys/a","weighting":{"stated":{}}}}`: func(ctx context.Context) error {
			return firstOf(scoring.StreamScores(ctx, &scoringv1.StreamScoresRequest{Query: &scoringv1.ScoreQuery{
				Survey: "surveys/a", Weighting: &scoringv1.Weighting{Method: &scoringv1.Weighting_Stated{Stated: &scoringv1.Weighting_StatedWeights{}}},
			}}))
		},
		`POST /prefix/v1/moments:stream {"survey":"surveys/a","questions":["q"],"weighting":{"raking":{"margins":[{"key":"location"}]}}}`: func(ctx context.Context) error {
			return firstOf(scoring.StreamMoments(ctx, &scoringv1.StreamMomentsRequest{
				Survey: "surveys/a", Questions: []string{"q"},
				Weighting: &scoringv1.Weighting{Method: &scoringv1.Weighting_Raking_{Raking: &scoringv1.Weighting_Raking{Margins: []*scoringv1.Weighting_Margin{{Key: "location"}}}}},
			}))
		},
	} {
		if err := call(t.Context()); err != nil || got != want {
			t.Errorf("got  %s, %v\nwant %s", got, err, want)
		}
	}
	if _, err := survey.GetSurvey(t.Context(), &surveyv1.GetSurveyRequest{}); rpcerr.Code(err) != codes.InvalidArgument {
		t.Errorf("a call that names no resource: %v", err)
	}
	if _, err := surveyv1.NewEventFeedServiceClient(c).StreamEvents(t.Context(), &surveyv1.StreamEventsRequest{}); rpcerr.Code(err) != codes.Unimplemented {
		t.Errorf("a call that is not part of the REST API: %v", err)
	}
}

// firstOf reads the first line of a stream; here no line ends.
func firstOf[M any](stream grpc.ServerStreamingClient[M], err error) error {
	if err != nil {
		return err
	}
	if _, err := stream.Recv(); rpcerr.Code(err) != codes.Unavailable {
		return err
	}
	return nil
}

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		code   codes.Code
		reason string
	}{
		"of the API": {400, `{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"bad","details":[
			{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"RESPONSE_INVALID","domain":"d"},{"@type":"type.googleapis.com/not.known"}]}}`, codes.InvalidArgument, "RESPONSE_INVALID"},
		"cancelled":     {499, `{"error":{"code":499,"status":"CANCELLED","message":"m","details":[]}}`, codes.Canceled, ""},
		"of a proxy":    {502, "<html>bad gateway</html>", codes.Unavailable, ""},
		"not the API":   {404, "not found", codes.Unimplemented, ""},
		"redirect":      {302, "", codes.Unknown, ""},
		"too many":      {429, "", codes.ResourceExhausted, ""},
		"no such key":   {401, "{}", codes.Unauthenticated, ""},
		"says that all": {500, `{"error":{"code":500,"status":"OK","message":"well"}}`, codes.Unknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			conn := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/elsewhere" {
					t.Error("the key went to another address")
				}
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			_, err := surveyv1.NewSurveyServiceClient(conn).GetSurvey(t.Context(), &surveyv1.GetSurveyRequest{Name: "surveys/a"})
			if rpcerr.Code(err) != c.code || rpcerr.Reason(err) != c.reason {
				t.Errorf("%v", err)
			}
		})
	}
	conn := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "not JSON") })
	if _, err := surveyv1.NewSurveyServiceClient(conn).GetSurvey(t.Context(), &surveyv1.GetSurveyRequest{Name: "surveys/a"}); rpcerr.Code(err) != codes.Internal {
		t.Errorf("not JSON: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := surveyv1.NewSurveyServiceClient(conn).GetSurvey(ctx, &surveyv1.GetSurveyRequest{Name: "surveys/a"}); rpcerr.Code(err) != codes.Canceled {
		t.Errorf("cancelled: %v", err)
	}
	ctx, cancel = context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	if _, err := surveyv1.NewSurveyServiceClient(conn).GetSurvey(ctx, &surveyv1.GetSurveyRequest{Name: "surveys/a"}); rpcerr.Code(err) != codes.DeadlineExceeded {
		t.Errorf("too late: %v", err)
	}
}

func TestStreams(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		n    int
		code codes.Code
	}{
		"whole":   {"{\"position\":\"1\"}\n\n{\"position\":\"2\"}\n", 2, codes.OK},
		"empty":   {"", 0, codes.OK},
		"error":   {"{\"position\":\"1\"}\n{\"error\":{\"code\":503,\"status\":\"UNAVAILABLE\",\"message\":\"m\",\"details\":[]}}\n", 1, codes.Unavailable},
		"cut off": {"{\"position\":\"1\"}\n{\"posit", 1, codes.Unavailable},
		"damaged": {"{\"position\":\"1\"}\nhello\n", 1, codes.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			conn := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.RequestURI() != "/prefix/v1/surveys/a/responses:stream?after_position=5" {
					t.Errorf("%s", r.URL.RequestURI())
				}
				_, _ = io.WriteString(w, c.body)
			})
			stream, err := surveyv1.NewSurveyServiceClient(conn).StreamResponses(t.Context(), &surveyv1.StreamResponsesRequest{Parent: "surveys/a", AfterPosition: 5})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for {
				m, err := stream.Recv()
				if err == nil {
					n++
					if m.GetPosition() != int64(n) {
						t.Errorf("position %d", m.GetPosition())
					}
					continue
				}
				if c.code == codes.OK && !errors.Is(err, io.EOF) || c.code != codes.OK && rpcerr.Code(err) != c.code {
					t.Errorf("ended with %v", err)
				}
				break
			}
			if n != c.n {
				t.Errorf("%d messages, want %d", n, c.n)
			}
		})
	}
}

func TestNewRefusesAddresses(t *testing.T) {
	for _, base := range []string{"", "127.0.0.1:8080", "ftp://x", "http://", "http://user:pw@x", "http://x?a=b", "http://x#y", "http://a b"} {
		if _, err := New(base, "k", 0, nil); err == nil {
			t.Errorf("%q was taken", base)
		}
	}
}
