package e2e

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/tests/harness"
)

// TestCallsAreLimited calls faster than a key may: what is over the limit is refused with advice, over both transports, and the limit is one for
// all processes.
func TestCallsAreLimited(t *testing.T) {
	const rate, burst = 5, 20
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		s := openShop(t, harness.Options{Layout: layout, Replicas: 2, Settings: map[string]any{
			"limits.per_key.rate": rate, "limits.per_key.burst": burst,
		}})
		// The app's key has made no call yet; the administrator's has.
		key := harness.KeyFor(harness.Organization, harness.App)
		processes := len(s.ReplicasOf(harness.Survey))
		began, taken, refused := time.Now(), 0, 0
		for i := range 4 * burst {
			_, err := surveyv1.NewSurveyServiceClient(s.ConnTo(i%processes, key)).SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{
				Parent: shopSurvey, ResponseId: fmt.Sprintf("r-%d", i), Response: recommend(9),
			})
			if err == nil {
				taken++
				continue
			}
			refused++
			wantLimited(t, err)
		}
		most := burst + int(rate*time.Since(began).Seconds()) + 1
		if taken < burst || taken > most || refused == 0 {
			t.Errorf("%d calls were taken and %d refused, want %d to %d taken", taken, refused, burst, most)
		}
		wantLimitedOverREST(t, s, key)
		// Another key is not concerned.
		if _, err := s.survey.GetSurvey(t.Context(), &surveyv1.GetSurveyRequest{Name: shopSurvey}); err != nil && status.Code(err) != codes.ResourceExhausted {
			t.Error(err)
		}
	})
}

// wantLimited checks that a refusal says why, and when to come back.
func wantLimited(t *testing.T, err error) {
	t.Helper()
	if status.Code(err) != codes.ResourceExhausted || rpcerr.Reason(err) != "RATE_LIMITED" {
		t.Errorf("%v: want RESOURCE_EXHAUSTED for the reason RATE_LIMITED", err)
	}
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok && info.GetRetryDelay().AsDuration() > 0 {
			return
		}
	}
	t.Errorf("%v gives no advice when to retry", err)
}

func wantLimitedOverREST(t *testing.T, s *shop, key string) {
	t.Helper()
	const attempts = 200
	for i := range attempts {
		answer, err := s.REST(key).Do(t.Context(), harness.Request{
			Method: http.MethodPost, Path: "/v1/surveys/shop/responses",
			Body: fmt.Appendf(nil, `{"responseId": "rest-%d", "response": {"answers": [{"question": "recommend", "score": 9}]}}`, i),
		})
		if err != nil {
			t.Fatal(err)
		}
		if answer.Status == http.StatusOK {
			continue
		}
		st, err := answer.Error()
		if err != nil {
			t.Fatal(err)
		}
		wantLimited(t, st.Err())
		if after, err := strconv.Atoi(answer.Header.Get("Retry-After")); answer.Status != http.StatusTooManyRequests || err != nil || after < 1 {
			t.Errorf("HTTP status %d, Retry-After %q: want 429 and seconds", answer.Status, answer.Header.Get("Retry-After"))
		}
		return
	}
	t.Errorf("%d calls in a row were taken", attempts)
}
