package e2e

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/tests/harness"
)

// TestGracePeriodEnds closes a survey with a short grace period: an answer given in time is taken at first, flagged, and later refused.
func TestGracePeriodEnds(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		s := openShop(t, harness.Options{Layout: layout, Settings: map[string]any{"survey.grace_period": "1s"}})
		given := timestamppb.Now()
		if _, err := s.survey.CloseSurvey(t.Context(), &surveyv1.CloseSurveyRequest{Name: shopSurvey}); err != nil {
			t.Fatal(err)
		}
		accepted := 0
		testkit.Eventually(t, patience, func() error {
			response := recommend(9)
			response.AnswerTime = given
			stored, err := s.survey.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{
				Parent: shopSurvey, ResponseId: fmt.Sprintf("late-%d", accepted), Response: response,
			})
			if err != nil {
				if status.Code(err) == codes.FailedPrecondition && rpcerr.Reason(err) == "GRACE_PERIOD_OVER" {
					return nil
				}
				t.Fatal(err)
			}
			accepted++
			if flags := stored.GetResponse().GetFlags(); len(flags) != 1 || flags[0] != surveyv1.Response_FLAG_LATE {
				t.Fatalf("flags %v, want LATE", flags)
			}
			return fmt.Errorf("%d late answers were taken", accepted)
		})
		list, err := s.survey.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Parent: shopSurvey, PageSize: 1000})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(list.GetResponses()); got != min(accepted, 1000) {
			t.Errorf("%d responses are stored, want %d", got, accepted)
		}
	})
}

// TestPageTokensExpire lists with a short life of tokens.
func TestPageTokensExpire(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		s := openShop(t, harness.Options{Layout: layout, Settings: map[string]any{"survey.page_token_ttl": "1s", "scoring.page_token_ttl": "1s"}})
		for i := range 3 {
			s.answer(t, fmt.Sprintf("r-%d", i), 9)
		}
		page, err := s.survey.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Parent: shopSurvey, PageSize: 1})
		if err != nil {
			t.Fatal(err)
		}
		request := &surveyv1.ListResponsesRequest{Parent: shopSurvey, PageSize: 1, PageToken: page.GetNextPageToken()}
		testkit.Eventually(t, patience, func() error {
			_, err := s.survey.ListResponses(t.Context(), request)
			if err == nil {
				return fmt.Errorf("the token still works after %v", time.Second)
			}
			fields := rpcerr.Fields(err)
			if status.Code(err) != codes.InvalidArgument || rpcerr.Reason(err) != "PAGE_TOKEN_INVALID" ||
				len(fields) != 1 || fields[0].Field != "page_token" || fields[0].Reason != "PAGE_TOKEN_EXPIRED" {
				t.Fatalf("%v, %v: want PAGE_TOKEN_INVALID and the field with PAGE_TOKEN_EXPIRED", err, fields)
			}
			return nil
		})
		answer, err := s.rest.Do(t.Context(), harness.Request{Path: "/v1/surveys/shop/responses?pageSize=1&pageToken=" + page.GetNextPageToken()})
		if err != nil {
			t.Fatal(err)
		}
		if st, err := answer.Error(); err != nil || st.Code() != codes.InvalidArgument {
			t.Errorf("%v, %v: want INVALID_ARGUMENT", st, err)
		}
	})
}

// TestRestartKeepsEverything stops the suite and starts it on the same data.
func TestRestartKeepsEverything(t *testing.T) {
	onEachLayout(t, func(t *testing.T, layout harness.Layout) {
		s := openShop(t, harness.Options{Layout: layout})
		for i := range 10 {
			s.answer(t, fmt.Sprintf("r-%d", i), 9)
		}
		if err := s.Stop(patience); err != nil {
			t.Fatal(err)
		}
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, patience, s.counted(t, 10))
		if again := s.answer(t, "r-3", 9); !again.GetReplayed() {
			t.Error("an identifier is forgotten after a restart")
		}
	})
}

// TestScoresCatchUp stops the scoring service while answers come in: they are taken, and counted when it is back.
func TestScoresCatchUp(t *testing.T) {
	t.Parallel()
	s := openShop(t, harness.Options{Layout: harness.Apart})
	s.answer(t, "before", 10)
	testkit.Eventually(t, patience, s.counted(t, 1))
	s.KillPart(harness.Scoring)
	for i := range 20 {
		s.answer(t, fmt.Sprintf("r-%d", i), 0)
	}
	answer, err := s.rest.Do(t.Context(), harness.Request{Path: "/v1/surveys/shop/scores"})
	if err != nil {
		t.Fatal(err)
	}
	st, err := answer.Error()
	if err != nil {
		t.Fatal(err)
	}
	wantRetryAdvice(t, st.Err())
	if answer.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, patience, s.counted(t, 21))
}
