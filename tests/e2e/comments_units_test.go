package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/tests/harness"
)

// restrictedComments is what a restricted manager can ask about comments, and what is the manager's.
type restrictedComments struct {
	comments commentv1.CommentServiceClient
	insights commentv1.InsightServiceClient
	own      func(*typev1.Context) bool
	n        int
}

// circumstancesOf are those of the response that a comment of the shop belongs to.
func circumstancesOf(t *testing.T, comment string) *typev1.Context {
	t.Helper()
	number, _, _ := strings.Cut(strings.TrimPrefix(comment, shopSurvey+"/responses/r-"), "/")
	i, err := strconv.Atoi(number)
	if err != nil {
		t.Fatalf("%s is no comment of the shop", comment)
	}
	return circumstances(i)
}

// TestManagersReadCommentsOfTheirUnits compares what restricted managers read of comments, one by one, in lists, by search, as evidence and in sums, with
// what is theirs. Nothing names what is not, nor groups of it.
func TestManagersReadCommentsOfTheirUnits(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite := harness.Run(t, harness.Options{Layout: layout})
		fillShop(t, suite, harness.Organization)
		awaitComments(t, suite, harness.Organization, answers)
		for _, manager := range unitKeys {
			t.Run(manager.units, func(t *testing.T) {
				conn := suite.Conn(createKey(t, suite, `{"displayName": "Manager", "kind": "KIND_SECRET", "roles": ["manager"], "units": `+manager.units+`}`))
				r := restrictedComments{commentv1.NewCommentServiceClient(conn), commentv1.NewInsightServiceClient(conn), manager.own, 0}
				for i := range answers {
					if manager.own(circumstances(i)) {
						r.n++
					}
				}
				r.checkLists(t)
				r.checkSingles(t)
				r.checkInsights(t)
				if _, err := r.comments.ListDuplicateGroups(t.Context(), &commentv1.ListDuplicateGroupsRequest{}); status.Code(err) != codes.PermissionDenied {
					t.Errorf("duplicates: %v, want PERMISSION_DENIED", err)
				}
			})
		}
	})
}

// checkLists reads all comments, and those that a search finds, by pages.
func (r restrictedComments) checkLists(t *testing.T) {
	t.Helper()
	for _, filter := range []*commentv1.CommentFilter{{}, {Query: "fine"}, {Query: "-nothing"}, {Survey: shopSurvey, Question: "recommend"}} {
		listed, token := 0, ""
		for {
			page, err := r.comments.ListComments(t.Context(), &commentv1.ListCommentsRequest{Filter: filter, PageSize: 30, PageToken: token})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range page.GetComments() {
				if c.GetText() == "fine" || filter.GetQuery() != "fine" {
					listed++
				}
				if !r.own(c.GetContext()) || !r.own(circumstancesOf(t, c.GetName())) || c.GetDuplicateCount() != 0 {
					t.Errorf("%v: the list shows %v", filter, c)
				}
			}
			if token = page.GetNextPageToken(); token == "" {
				break
			}
		}
		want := r.n
		if filter.GetQuery() == "fine" {
			want = 0
			for i := range answers {
				if r.own(circumstances(i)) && person(i) != forgotten {
					want++
				}
			}
		}
		if listed != want {
			t.Errorf("%v: %d comments, want %d", filter, listed, want)
		}
	}
}

// checkSingles asks for comments and originals one by one, and corrects them: those of others are not found.
func (r restrictedComments) checkSingles(t *testing.T) {
	t.Helper()
	for i := range people {
		want := codes.NotFound
		if r.own(circumstances(i)) {
			want = codes.OK
		}
		name := fmt.Sprintf("surveys/shop/responses/r-%d/comments/recommend-comment", i)
		_, got := r.comments.GetComment(t.Context(), &commentv1.GetCommentRequest{Name: name})
		_, original := r.comments.GetOriginalText(t.Context(), &commentv1.GetOriginalTextRequest{Name: name})
		_, corrected := r.comments.CorrectComment(t.Context(), &commentv1.CorrectCommentRequest{
			Name: name, Correction: &commentv1.Correction{Sentiment: commentv1.Sentiment_SENTIMENT_POSITIVE},
		})
		for what, err := range map[string]error{"comment": got, "original": original, "correction": corrected} {
			if status.Code(err) != want {
				t.Errorf("%s %d of %v: %v, want %v", what, i, circumstances(i), err, want)
			}
		}
	}
}

// checkInsights compares sums, groups and evidence.
func (r restrictedComments) checkInsights(t *testing.T) {
	t.Helper()
	phrases, err := r.insights.QueryKeyPhrases(t.Context(), &commentv1.QueryKeyPhrasesRequest{})
	if err != nil || phrases.GetCommentCount() != int64(r.n) {
		t.Errorf("phrases of %d comments, %v, want %d", phrases.GetCommentCount(), err, r.n)
	}
	for _, p := range phrases.GetPhrases() {
		r.checkEvidence(t, p.GetEvidence())
	}
	for key, value := range map[typev1.ContextKey]func(*typev1.Context) string{
		typev1.ContextKey_CONTEXT_KEY_LOCATION: (*typev1.Context).GetLocation, typev1.ContextKey_CONTEXT_KEY_COMPANY: (*typev1.Context).GetCompany,
		typev1.ContextKey_CONTEXT_KEY_REGION: (*typev1.Context).GetRegion, typev1.ContextKey_CONTEXT_KEY_UNSPECIFIED: func(*typev1.Context) string { return "" },
	} {
		want := make(map[string]int64)
		for i := range answers {
			if r.own(circumstances(i)) {
				want[value(circumstances(i))]++
			}
		}
		themes, err := r.insights.QueryThemes(t.Context(), &commentv1.QueryThemesRequest{GroupBy: key, EvidenceCount: 5})
		if err != nil || themes.GetResponseCount() != int64(r.n) {
			t.Errorf("themes of %d responses, %v, want %d", themes.GetResponseCount(), err, r.n)
		}
		for _, m := range themes.GetThemes() {
			if n := want[m.GetGroup()]; m.GetResponseCount() > n {
				t.Errorf("by %v: %s of %q has %d responses, there are %d", key, m.GetAspect(), m.GetGroup(), m.GetResponseCount(), n)
			}
			r.checkEvidence(t, m.GetEvidence())
		}
		steps, err := r.insights.QuerySentiments(t.Context(), &commentv1.QuerySentimentsRequest{GroupBy: key})
		if err != nil || len(steps.GetSteps()) != len(want) {
			t.Errorf("by %v: %v, %v: want groups %v", key, steps.GetSteps(), err, want)
		}
		for _, s := range steps.GetSteps() {
			if s.GetCommentCount() != want[s.GetGroup()] {
				t.Errorf("by %v: %q has %d comments, want %d", key, s.GetGroup(), s.GetCommentCount(), want[s.GetGroup()])
			}
		}
	}
}

func (r restrictedComments) checkEvidence(t *testing.T, evidence []*commentv1.Evidence) {
	t.Helper()
	for _, e := range evidence {
		if !r.own(circumstancesOf(t, e.GetComment())) {
			t.Errorf("the evidence shows %v", e)
		}
	}
}

// TestNobodyReadsWhatEmployeesWrote answers a survey of employees in words: nothing of that reaches the comments, not even that there is something.
func TestNobodyReadsWhatEmployeesWrote(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite := harness.Run(t, harness.Options{Layout: layout})
		const words = `, {"id": "why", "text": {"texts": {"en": "Why?"}}, "freeText": {}}]}}}`
		staff := strings.Replace(staffQuestionnaire, `"nps": {}`, `"nps": {}, "comment": {"mode": "MODE_OPTIONAL"}`, 1)
		askREST(t, suite, http.MethodPost, "/v1/surveys", strings.Replace(staff, "]}}}", words, 1), nil)
		askREST(t, suite, http.MethodPost, "/v1/surveys/staff:publish", "{}", nil)
		conn := suite.Conn(harness.KeyFor(harness.Organization, harness.Admin))
		survey, comments, insights := surveyv1.NewSurveyServiceClient(conn), commentv1.NewCommentServiceClient(conn), commentv1.NewInsightServiceClient(conn)
		for i := range 12 {
			response := recommend(float64(i % 11))
			response.Answers[0].Comment = "my boss is unfair-marker"
			response.Answers = append(response.Answers, &surveyv1.Answer{Question: "why", Value: &surveyv1.Answer_FreeText{FreeText: "queue of papers unfair-marker"}})
			response.Context = &typev1.Context{Location: "osh"}
			if i%2 == 0 {
				response.Respondent = fmt.Sprintf("employee-%d", i)
			}
			_, err := survey.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Parent: "surveys/staff", ResponseId: fmt.Sprintf("e-%d", i), Response: response})
			if err != nil {
				t.Fatal(err)
			}
		}
		// What a customer writes afterwards is there: so all that was written before has been read.
		askREST(t, suite, http.MethodPost, "/v1/surveys", `{"surveyId": "talk", "survey": {"displayName": "Talk", "draft": {"title": {"texts": {"en": "Shop"}},
			"defaultLanguage": "en", "questions": [{"id": "recommend", "text": {"texts": {"en": "Recommend?"}}, "nps": {}}`+words, nil)
		askREST(t, suite, http.MethodPost, "/v1/surveys/talk:publish", "{}", nil)
		answerTalk(t, suite, "customer", "Great staff", 9)
		awaitTalk(t, suite, 1)
		for what, filter := range map[string]*commentv1.CommentFilter{"all": nil, "the survey": {Survey: "surveys/staff"}, "words": {Query: "unfair-marker"}, "a place": {Location: "osh"}} {
			want := 0
			if filter == nil {
				want = 1
			}
			list, listErr := comments.ListComments(t.Context(), &commentv1.ListCommentsRequest{Filter: filter})
			themes, themesErr := insights.QueryThemes(t.Context(), &commentv1.QueryThemesRequest{Filter: filter})
			steps, stepsErr := insights.QuerySentiments(t.Context(), &commentv1.QuerySentimentsRequest{Filter: filter})
			if err := errors.Join(listErr, themesErr, stepsErr); err != nil {
				t.Fatal(err)
			}
			if len(list.GetComments()) != want || themes.GetResponseCount() != int64(want) || themes.GetCommentCount() != int64(want) || len(steps.GetSteps()) != want {
				t.Errorf("%s: %v, %v, %v: want %d", what, list, themes, steps, want)
			}
		}
		if letters, err := comments.ListCommentDeadLetters(t.Context(), &commentv1.ListCommentDeadLettersRequest{}); err != nil || len(letters.GetDeadLetters()) != 0 {
			t.Errorf("%v, %v", letters, err)
		}
		if _, err := comments.GetComment(t.Context(), &commentv1.GetCommentRequest{Name: "surveys/staff/responses/e-1/comments/why"}); status.Code(err) != codes.NotFound {
			t.Errorf("a comment: %v, want NOT_FOUND", err)
		}
		// Of whom nobody knows who they are, the survey service itself keeps what they wrote as it is.
		for where, content := range storedBytes(t, suite) {
			if strings.Contains(where, "comment.db") && bytes.Contains(content, []byte("unfair-marker")) {
				t.Errorf("%s holds what employees wrote", where)
			}
		}
	})
}
