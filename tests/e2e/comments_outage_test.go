package e2e

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/tests/harness"
)

// TestCommentServiceGoesAndComesBack stops the comment service while customers write and one of them asks to be forgotten: answers are taken, the erasure
// waits, and when the service is back everything is there but what was to be forgotten.
func TestCommentServiceGoesAndComesBack(t *testing.T) {
	t.Parallel()
	suite := harness.Run(t, harness.Options{Layout: harness.Apart, Organizations: []string{harness.Organization, twin}})
	fillShop(t, suite, harness.Organization)
	awaitComments(t, suite, harness.Organization, answers)
	suite.KillPart(harness.Comment)
	survey := surveyv1.NewSurveyServiceClient(suite.Conn(harness.KeyFor(harness.Organization, harness.Admin)))
	const more = 20
	for i := range more {
		request := shopAnswer(answers + i)
		request.ResponseId = fmt.Sprintf("late-%d", i)
		if _, err := survey.SubmitResponse(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	var begun, seen struct{ Erasure erasureReceipt }
	askREST(t, suite, http.MethodPost, "/v1/erasures", `{"respondent": "`+forgotten+`", "reason": "Request 7", "requestId": "request-7"}`, &begun)
	testkit.Eventually(t, patience, func() error {
		askREST(t, suite, http.MethodGet, "/v1/"+begun.Erasure.Name, "", &seen)
		if seen.Erasure.WaitingFor == "" {
			return fmt.Errorf("the erasure is %s and waits for nobody", seen.Erasure.State)
		}
		return nil
	})
	if seen.Erasure.State == "STATE_SUCCEEDED" {
		t.Errorf("the erasure ended without the comment service: %+v", seen.Erasure)
	}
	answer, err := suite.REST(harness.KeyFor(harness.Organization, harness.Admin)).Do(t.Context(), harness.Request{Path: "/v1/comments"})
	if err != nil || answer.Status != http.StatusServiceUnavailable {
		t.Errorf("comments while the service is away: %+v, %v, want 503", answer, err)
	}
	if err := suite.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, patience, func() error {
		askREST(t, suite, http.MethodGet, "/v1/"+begun.Erasure.Name, "", &seen)
		if seen.Erasure.State != "STATE_SUCCEEDED" {
			return fmt.Errorf("the erasure is %s, waiting for %q", seen.Erasure.State, seen.Erasure.WaitingFor)
		}
		return nil
	})
	if got := seen.Erasure.removed("comment", "comments"); got != strconv.Itoa(answers/people) {
		t.Errorf("the receipt tells %s comments, want those that were kept, %d: %+v", got, answers/people, seen.Erasure.Removals)
	}
	awaitComments(t, suite, harness.Organization, answers-answers/people+more-more/people)
	keptPlain(t, suite, forgotten, said)
}

// afterLease is how long a process that was killed keeps others from following, and then some.
const afterLease = 30*time.Second + patience

// TestOtherCommentProcessFollows ends the process that follows the change log: the other one does after the lease.
func TestOtherCommentProcessFollows(t *testing.T) {
	t.Parallel()
	s := openShop(t, harness.Options{Layout: harness.Apart, Replicas: 2})
	write := func(id string) {
		response := recommend(9)
		response.Answers[0].Comment = "Great staff"
		if _, err := s.survey.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Parent: shopSurvey, ResponseId: id, Response: response}); err != nil {
			t.Fatal(err)
		}
	}
	count := func(number int, want int64) {
		t.Helper()
		insights := commentv1.NewInsightServiceClient(s.ConnTo(number, harness.KeyFor(harness.Organization, harness.Admin)))
		testkit.Eventually(t, afterLease, func() error {
			got, err := insights.QueryThemes(t.Context(), &commentv1.QueryThemesRequest{})
			if err == nil && got.GetCommentCount() != want {
				err = fmt.Errorf("process %d has %d comments, want %d", number, got.GetCommentCount(), want)
			}
			return err
		})
	}
	write("first")
	count(0, 1)
	count(1, 1)
	// Whichever of the two follows: each is ended once, so that the other must.
	for i, number := range []int{0, 1} {
		gone := harness.Replica{Part: harness.Comment, Number: number}
		s.KillReplica(gone)
		write(fmt.Sprintf("without-%d", number))
		count(1-number, int64(i+2))
		if err := s.StartReplica(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
		count(number, int64(i+2))
	}
}
