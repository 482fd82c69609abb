package scoring_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/testkit"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// TestDeadLetters looks at what could not be counted, and counts it when what was in the way is mended.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	s.start()
	// The survey service knows nothing of the second survey.
	const lost = "surveys/lost"
	s.survey.add(response(acme, shop, "good", noon, scores{"recommend": 9}))
	letters := several(5, func(i int) *surveyv1.Event {
		return response(acme, lost, id("r", i), noon, scores{"recommend": float64(i)})
	})
	letters[0].GetResponse().Respondent = "Айгүл"
	s.survey.add(letters...)
	s.survey.add(refusal(acme, lost, "x", noon, surveyv1.Refusal_KIND_DISMISSED, ""), response(other, lost, "theirs", noon, scores{"recommend": 1}))
	s.caughtUp(shop, 1)
	list := func(size int32, token string) *scoringv1.ListDeadLettersResponse {
		t.Helper()
		r, err := s.client.ListDeadLetters(ctx, &scoringv1.ListDeadLettersRequest{PageSize: size, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	testkit.Eventually(t, patience, func() error {
		if n := len(list(0, "").GetDeadLetters()); n != 6 {
			return fmt.Errorf("%d dead letters", n)
		}
		return nil
	})
	var all []*scoringv1.DeadLetter
	for token := ""; ; {
		r := list(4, token)
		all = append(all, r.GetDeadLetters()...)
		if token = r.GetNextPageToken(); token == "" {
			break
		}
		// One that comes meanwhile does not move the others.
		s.survey.add(response(acme, shop, id("more", len(all)), noon, scores{"recommend": 9}))
	}
	if len(all) != 6 {
		t.Fatalf("%d dead letters on all pages", len(all))
	}
	for i, l := range all {
		want := lost + "/responses/" + id("r", i)
		if i == 5 {
			want = lost + "/refusals/x"
		}
		if l.GetResource() != want || l.GetReason() == "" || l.GetCreateTime() == nil || l.GetContent() != nil {
			t.Errorf("dead letter %d: %v, want that of %s", i, l, want)
		}
	}
	first := all[0].GetName()
	got, err := s.client.GetDeadLetter(ctx, &scoringv1.GetDeadLetterRequest{Name: first})
	if err != nil {
		t.Fatal(err)
	}
	content := got.GetDeadLetter().GetContent().GetFields()["response"].GetStructValue().GetFields()
	if content["respondent"].GetStringValue() != "Айгүл" || len(content["answers"].GetListValue().GetValues()) != 1 || got.GetDeadLetter().GetRawContent() != nil {
		t.Errorf("content: %v", got)
	}
	withoutContent := proto.CloneOf(got.GetDeadLetter())
	withoutContent.Content = nil
	if !proto.Equal(withoutContent, all[0]) {
		t.Errorf("got %v, listed %v", withoutContent, all[0])
	}
	s.checkDeadLetterErrors(first)

	// Mended: it counts, once.
	s.survey.publish(acme, "lost", shopQuestions())
	for _, l := range all {
		r, err := s.client.ReplayDeadLetter(ctx, &scoringv1.ReplayDeadLetterRequest{Name: l.GetName()})
		if err != nil || r.GetResource() != l.GetResource() {
			t.Errorf("replay %s: %v, %v", l.GetName(), r, err)
		}
		_, err = s.client.ReplayDeadLetter(ctx, &scoringv1.ReplayDeadLetterRequest{Name: l.GetName()})
		wantError(t, "replay again", err, codes.NotFound, "DEAD_LETTER_NOT_FOUND", "name")
	}
	s.caughtUp(lost, 6)
	if n := len(list(0, "").GetDeadLetters()); n != 0 {
		t.Errorf("%d dead letters are left", n)
	}
	theirs, err := scoringv1.NewScoringServiceClient(rpcclient.WithKey(s.conn, otherKey, "")).ListDeadLetters(ctx, &scoringv1.ListDeadLettersRequest{})
	if err != nil || len(theirs.GetDeadLetters()) != 1 {
		t.Errorf("dead letters of the other organisation: %v, %v", theirs, err)
	}
}

// checkDeadLetterErrors asks for what is refused, while the dead letter still cannot be counted.
func (s *suite) checkDeadLetterErrors(name string) {
	t, ctx := s.t.(*testing.T), context.Background()
	t.Helper()
	_, err := s.client.ReplayDeadLetter(ctx, &scoringv1.ReplayDeadLetterRequest{Name: name})
	wantError(t, "replay what is not mended", err, codes.FailedPrecondition, "DEAD_LETTER_UNFIT", "name")
	foreign := scoringv1.NewScoringServiceClient(rpcclient.WithKey(s.conn, otherKey, ""))
	app := scoringv1.NewScoringServiceClient(rpcclient.WithKey(s.conn, appKey, ""))
	for what, c := range map[string]struct {
		client       scoringv1.ScoringServiceClient
		name         string
		code         codes.Code
		reason, path string
	}{
		"another organisation's": {foreign, name, codes.NotFound, "DEAD_LETTER_NOT_FOUND", "name"},
		"an unknown one":         {s.client, "deadLetters/999999", codes.NotFound, "DEAD_LETTER_NOT_FOUND", "name"},
		"leading zeros":          {s.client, "deadLetters/0" + name[len("deadLetters/"):], codes.NotFound, "DEAD_LETTER_NOT_FOUND", "name"},
		"too great a number":     {s.client, "deadLetters/9999999999999999999", codes.NotFound, "DEAD_LETTER_NOT_FOUND", "name"},
		"no name":                {s.client, "deadLetters/x", codes.InvalidArgument, "VALIDATION_FAILED", "name"},
		"an application":         {app, name, codes.PermissionDenied, "PERMISSION_DENIED", ""},
	} {
		_, err := c.client.GetDeadLetter(ctx, &scoringv1.GetDeadLetterRequest{Name: c.name})
		wantError(t, "get "+what, err, c.code, c.reason, c.path)
		_, err = c.client.ReplayDeadLetter(ctx, &scoringv1.ReplayDeadLetterRequest{Name: c.name})
		wantError(t, "replay "+what, err, c.code, c.reason, c.path)
	}
	_, err = app.ListDeadLetters(ctx, &scoringv1.ListDeadLettersRequest{})
	wantError(t, "list as an application", err, codes.PermissionDenied, "PERMISSION_DENIED", "")
	s.survey.setDown(true)
	defer s.survey.setDown(false)
	_, err = s.client.ReplayDeadLetter(ctx, &scoringv1.ReplayDeadLetterRequest{Name: name})
	wantError(t, "replay while the survey service is down", err, codes.Unavailable, "SURVEY_SERVICE_UNAVAILABLE", "")
}

// TestDeadLettersOnceEmployeesAreAsked: nobody reads in a dead letter what was answered where employees are asked, from the moment at which they are.
func TestDeadLettersOnceEmployeesAreAsked(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newSuite(t)
	s.config.SurveyRefresh = time.Hour
	s.survey.publish(acme, "shop", asking(nps("recommend")))
	s.start()
	s.survey.add(response(acme, shop, "good", noon, scores{"recommend": 9}), response(acme, shop, "bad", noon, scores{"staff": 3}))
	s.caughtUp(shop, 1)
	var first string
	testkit.Eventually(t, patience, func() error {
		r, err := s.client.ListDeadLetters(ctx, &scoringv1.ListDeadLettersRequest{})
		if err != nil || len(r.GetDeadLetters()) != 1 {
			return fmt.Errorf("%v, %w", r, err)
		}
		first = r.GetDeadLetters()[0].GetName()
		return nil
	})
	for _, employees := range []bool{false, true} {
		if employees {
			s.survey.publish(acme, "shop", teamQuestions(byLocation))
		}
		got, err := s.client.GetDeadLetter(ctx, &scoringv1.GetDeadLetterRequest{Name: first})
		if err != nil || (got.GetDeadLetter().GetContent() == nil) != employees || got.GetDeadLetter().GetRawContent() != nil {
			t.Errorf("employees are asked: %t: %v, %v", employees, got, err)
		}
	}
}
