package e2e

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/tests/harness"
)

// TestDeadLetters loses the revision that some answers were given to, as a botched restore does: those answers are set aside, everything else is
// counted, and when the revision is back they are counted too, each once.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	const stranger = "stranger"
	s := openShop(t, harness.Options{Layout: harness.Apart, Replicas: 2, Organizations: []string{harness.Organization, stranger}})
	cafe(t, s)
	s.KillPart(harness.Scoring)
	const lost, kept = 6, 5
	for i := range lost {
		s.answer(t, fmt.Sprintf("r-%d", i), 9)
	}
	for i := range kept {
		_, err := s.survey.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Parent: "surveys/cafe", ResponseId: fmt.Sprintf("c-%d", i), Response: recommend(9)})
		if err != nil {
			t.Fatal(err)
		}
	}
	renumber(t, s, 1, 1001)
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}

	letters := awaitLetters(t, s.scoring, lost)
	other := scoringv1.NewScoringServiceClient(s.ConnTo(1, harness.KeyFor(harness.Organization, harness.Admin)))
	awaitLetters(t, other, lost)
	for _, client := range []scoringv1.ScoringServiceClient{s.scoring, other} {
		testkit.Eventually(t, patience, countedOf(t, client, "surveys/cafe", kept))
	}
	name := letters[0].GetName()
	wantLetter(t, s, name)
	wantNoLetters(t, s, stranger, name)

	if _, err := s.scoring.ReplayDeadLetter(t.Context(), &scoringv1.ReplayDeadLetterRequest{Name: name}); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("replay before anything is mended: %v, want FAILED_PRECONDITION", err)
	}
	awaitLetters(t, s.scoring, lost)

	renumber(t, s, 1001, 1)
	if _, err := s.scoring.ReplayDeadLetter(t.Context(), &scoringv1.ReplayDeadLetterRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
	if _, err := other.ReplayDeadLetter(t.Context(), &scoringv1.ReplayDeadLetterRequest{Name: name}); status.Code(err) != codes.NotFound {
		t.Errorf("replay a second time: %v, want NOT_FOUND", err)
	}
	testkit.Eventually(t, patience, countedOf(t, other, shopSurvey, 1))
	if out := string(otklik(t, s, s.HTTP(), "dead-letters", "replay", "--all")); !strings.Contains(out, "surveys/shop/responses/r-") {
		t.Errorf("the command prints %s", out)
	}
	awaitLetters(t, other, 0)
	for _, client := range []scoringv1.ScoringServiceClient{s.scoring, other} {
		testkit.Eventually(t, patience, countedOf(t, client, shopSurvey, lost))
	}
	both := [2]replica{{scoring: s.scoring}, {scoring: other}}
	rebuildThrough(t, both)
}

// cafe makes another survey, with the question of recommend.
func cafe(t *testing.T, s *shop) {
	t.Helper()
	shop, err := s.survey.GetSurvey(t.Context(), &surveyv1.GetSurveyRequest{Name: shopSurvey})
	if err != nil {
		t.Fatal(err)
	}
	draft := shop.GetSurvey().GetDraft()
	draft.Questions = draft.GetQuestions()[:1]
	if _, err := s.survey.CreateSurvey(t.Context(), &surveyv1.CreateSurveyRequest{
		SurveyId: "cafe", Survey: &surveyv1.Survey{DisplayName: "Cafe", Draft: draft},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.survey.PublishSurvey(t.Context(), &surveyv1.PublishSurveyRequest{Name: "surveys/cafe"}); err != nil {
		t.Fatal(err)
	}
}

// renumber gives the revision of the shop's survey another number, behind the back of the survey service.
func renumber(t *testing.T, s *shop, from, to int) {
	t.Helper()
	pgtest.Exec(t, s.DSN(), fmt.Sprintf("UPDATE survey.revisions SET revision = %d WHERE survey = 'shop' AND revision = %d", to, from))
}

// awaitLetters returns the dead letters once there are so many.
func awaitLetters(t *testing.T, client scoringv1.ScoringServiceClient, n int) []*scoringv1.DeadLetter {
	t.Helper()
	var letters []*scoringv1.DeadLetter
	testkit.Eventually(t, patience, func() error {
		list, err := client.ListDeadLetters(t.Context(), &scoringv1.ListDeadLettersRequest{})
		if letters = list.GetDeadLetters(); err == nil && len(letters) != n {
			err = fmt.Errorf("%d dead letters, want %d", len(letters), n)
		}
		return err
	})
	return letters
}

// countedOf returns nil once a scoring process counts n answers of a survey.
func countedOf(t *testing.T, client scoringv1.ScoringServiceClient, survey string, n int64) func() error {
	return func() error {
		query := npsQuery()
		query.Survey = survey
		response, err := client.QueryScores(t.Context(), &scoringv1.QueryScoresRequest{Query: query})
		if err == nil && response.GetScores()[0].GetN() != n {
			err = fmt.Errorf("n of %s is %d, want %d", survey, response.GetScores()[0].GetN(), n)
		}
		return err
	}
}

// wantLetter looks at a dead letter through the API and by the command line.
func wantLetter(t *testing.T, s *shop, name string) {
	t.Helper()
	got, err := s.scoring.GetDeadLetter(t.Context(), &scoringv1.GetDeadLetterRequest{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	letter := got.GetDeadLetter()
	resource := letter.GetResource()
	if !strings.HasPrefix(resource, "surveys/shop/responses/r-") || letter.GetReason() == "" || letter.GetContent() == nil || letter.GetCreateTime() == nil {
		t.Errorf("%v: want the resource, why, when and the content", letter)
	}
	id := strings.TrimPrefix(name, "deadLetters/")
	for _, args := range [][]string{{"dead-letters", "list"}, {"dead-letters", "show", id}} {
		if out := string(otklik(t, s, s.HTTP(), args...)); !strings.Contains(out, id) || !strings.Contains(out, resource) {
			t.Errorf("otklik %s prints %s: want %s and %s", strings.Join(args, " "), out, id, resource)
		}
	}
}

// wantNoLetters looks for a dead letter as another organisation.
func wantNoLetters(t *testing.T, s *shop, organization, name string) {
	t.Helper()
	client := scoringv1.NewScoringServiceClient(s.Conn(harness.KeyFor(organization, harness.Admin)))
	if list, err := client.ListDeadLetters(t.Context(), &scoringv1.ListDeadLettersRequest{}); err != nil || len(list.GetDeadLetters()) != 0 {
		t.Errorf("%v, %v: another organisation must see none", list, err)
	}
	if _, err := client.GetDeadLetter(t.Context(), &scoringv1.GetDeadLetterRequest{Name: name}); status.Code(err) != codes.NotFound {
		t.Errorf("another organisation gets %v, want NOT_FOUND", err)
	}
	if _, err := client.ReplayDeadLetter(t.Context(), &scoringv1.ReplayDeadLetterRequest{Name: name}); status.Code(err) != codes.NotFound {
		t.Errorf("another organisation's replay: %v, want NOT_FOUND", err)
	}
}
