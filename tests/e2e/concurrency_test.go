package e2e

import (
	"fmt"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/testkit"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/tests/e2e/cases"
	"github.com/otklik/otklik/tests/harness"
)

// TestSameIdentifierAtTheSameTime submits one identifier from many clients at once, over both transports, half of them with other content: one
// content wins, every client that sent it is told so, everybody else is refused, and it is stored and counted once.
func TestSameIdentifierAtTheSameTime(t *testing.T) {
	onEachLayout(t, func(t *testing.T, layout harness.Layout) {
		s := openShop(t, harness.Options{Layout: layout})
		const rounds = 20
		for round := range rounds {
			compete(t, s, fmt.Sprintf("r-%d", round))
		}
		testkit.Eventually(t, patience, s.counted(t, rounds))
	})
}

// competitor is what one client got.
type competitor struct {
	score    float64
	response *surveyv1.SubmitResponseResponse
	err      error
}

func compete(t *testing.T, s *shop, id string) {
	t.Helper()
	const clients = 16
	method, err := cases.Method("SurveyService/SubmitResponse")
	if err != nil {
		t.Fatal(err)
	}
	results := make([]competitor, clients)
	begin := make(chan struct{})
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() {
			score := float64(i % 4 / 2 * 10)
			request := &surveyv1.SubmitResponseRequest{Parent: shopSurvey, ResponseId: id, Response: recommend(score)}
			response := &surveyv1.SubmitResponseResponse{}
			<-begin
			var err error
			if i%2 == 0 {
				response, err = s.survey.SubmitResponse(t.Context(), request)
			} else {
				_, err = s.rest.Invoke(t.Context(), method, request, response)
			}
			results[i] = competitor{score: score, response: response, err: err}
		})
	}
	close(begin)
	group.Wait()
	stored, err := s.survey.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Name: shopSurvey + "/responses/" + id})
	if err != nil {
		t.Fatal(err)
	}
	winner := stored.GetResponse().GetAnswers()[0].GetScore()
	firsts := 0
	for _, r := range results {
		switch {
		case r.score != winner:
			if status.Code(r.err) != codes.AlreadyExists {
				t.Errorf("other content: %v, want ALREADY_EXISTS", r.err)
			}
		case r.err != nil:
			t.Errorf("the content that won: %v", r.err)
		default:
			if !r.response.GetReplayed() {
				firsts++
			}
			if !proto.Equal(r.response.GetResponse(), stored.GetResponse()) {
				t.Errorf("a client was told %v, stored is %v", r.response.GetResponse(), stored.GetResponse())
			}
		}
	}
	if firsts != 1 {
		t.Errorf("%d clients were told that theirs was the first", firsts)
	}
}
