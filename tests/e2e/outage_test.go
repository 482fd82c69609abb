package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/libs/testkit/redistest"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/tests/harness"
)

// openBreakable starts the suite on servers that the test can stop.
func openBreakable(t *testing.T) (*shop, *pgtest.Server, *redistest.Node) {
	t.Helper()
	postgres, redis := pgtest.New(t), redistest.Server(t)
	dsn, err := postgres.NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return openShop(t, harness.Options{Layout: harness.Apart, Servers: &harness.Servers{DSN: dsn, Redis: []string{redis.Address()}}}), postgres, redis
}

// probe reads a page for probes and returns its status and text.
func probe(t *testing.T, url string) (int, string) {
	t.Helper()
	answer, err := harness.NewREST(url, "").Do(t.Context(), harness.Request{})
	if err != nil {
		return 0, err.Error()
	}
	return answer.Status, string(answer.Body)
}

// TestDatabaseOutage stops PostgreSQL: the processes live on, say that they are not ready and why, refuse answers with advice to come back, and
// go on by themselves when it is there again.
func TestDatabaseOutage(t *testing.T) {
	t.Parallel()
	s, postgres, _ := openBreakable(t)
	s.answer(t, "before", 9)
	if err := postgres.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, part := range []harness.Part{harness.Survey, harness.Scoring} {
		ops := s.OpsOf(harness.Replica{Part: part})
		testkit.Eventually(t, patience, func() error {
			if code, text := probe(t, ops+"/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(text, "PostgreSQL") {
				return fmt.Errorf("%s: readiness %d, %q: want 503 and the reason", part, code, text)
			}
			return nil
		})
		if code, text := probe(t, ops+"/livez"); code != http.StatusOK {
			t.Errorf("%s: liveness %d, %q: want 200", part, code, text)
		}
		health := healthpb.NewHealthClient(dialBare(t, s.GRPC(part)))
		for name, want := range map[string]healthpb.HealthCheckResponse_ServingStatus{
			"liveness": healthpb.HealthCheckResponse_SERVING, "readiness": healthpb.HealthCheckResponse_NOT_SERVING,
		} {
			testkit.Eventually(t, patience, func() error {
				got, err := health.Check(t.Context(), &healthpb.HealthCheckRequest{Service: name})
				if err == nil && got.GetStatus() != want {
					err = fmt.Errorf("%s of %s is %s, want %s", name, part, got.GetStatus(), want)
				}
				return err
			})
		}
	}
	_, err := s.survey.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Parent: shopSurvey, ResponseId: "during", Response: recommend(9)})
	wantRetryAdvice(t, err)
	answer, err := s.rest.Do(t.Context(), harness.Request{
		Method: http.MethodPost, Path: "/v1/surveys/shop/responses",
		Body: []byte(`{"responseId": "during-rest", "response": {"answers": [{"question": "recommend", "score": 9}]}}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Errorf("HTTP status %d, Retry-After %q: want 503 and advice: %s", answer.Status, answer.Header.Get("Retry-After"), answer.Body)
	}
	if err := postgres.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, patience, func() error {
		_, err := s.survey.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Parent: shopSurvey, ResponseId: "during", Response: recommend(9)})
		return err
	})
	testkit.Eventually(t, patience, s.counted(t, 2))
	testkit.Eventually(t, patience, func() error {
		if code, text := probe(t, s.HTTP()+"/readyz"); code != http.StatusOK {
			return fmt.Errorf("readiness of the gateway %d, %q", code, text)
		}
		return nil
	})
}

// TestRedisOutage stops Redis: answers are taken and scores are answered all the same, and those answers are counted when it is back, empty.
func TestRedisOutage(t *testing.T) {
	t.Parallel()
	s, _, redis := openBreakable(t)
	s.answer(t, "before", 9)
	testkit.Eventually(t, patience, s.counted(t, 1))
	if err := redis.Stop(); err != nil {
		t.Fatal(err)
	}
	const n = 30
	for i := range n {
		s.answer(t, fmt.Sprintf("r-%d", i), 9)
	}
	answer, err := s.rest.Do(t.Context(), harness.Request{Path: "/v1/surveys/shop/scores"})
	if err != nil || answer.Status != http.StatusOK {
		t.Errorf("%v, %v: scores must be answered without Redis", answer, err)
	}
	if err := redis.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, patience, s.counted(t, n+1))
}
