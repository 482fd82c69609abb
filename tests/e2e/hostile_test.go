package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/tests/e2e/cases"
	"github.com/otklik/otklik/tests/harness"
)

// hostile is one request that nobody sends who means well.
type hostile struct {
	what, verb, target string
	header             [][2]string
	body               []byte
	// refused are the statuses of which one must come; empty means that the request may be taken at its word, as some text that means
	// nothing to us: anything but a fault of ours.
	refused []int
}

// least is how many requests of each family must be refused.
const least = 500

// TestHostileRequests sends to each family of routes what attackers try, byte by byte as they would. Each must be refused with the expected
// status and the documented error, with nothing of our insides in it and nothing of another organisation's.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	suite := harness.Run(t, harness.Options{Organizations: []string{harness.Organization, "globex"}})
	prepareCalls(t, suite)
	marker := plantSecret(t, suite)
	families := make(map[string][]cases.Route)
	for _, r := range cases.Routes() {
		families[r.Family()] = append(families[r.Family()], r)
	}
	before := listOf(t, suite)
	for family, routes := range families {
		t.Run(family, func(t *testing.T) {
			raw := newRawClient(t, suite.HTTP())
			refused := 0
			for _, h := range attack(t, routes) {
				answer := raw.send(t, h)
				judge(t, h, answer, marker)
				if len(h.refused) > 0 {
					refused++
				}
				if t.Failed() {
					t.FailNow()
				}
			}
			if refused < least {
				t.Errorf("%d requests had to be refused, want at least %d", refused, least)
			}
		})
	}
	if after := listOf(t, suite); after != before {
		t.Errorf("the surveys have changed: %s, before %s", after, before)
	}
}

// plantSecret stores something in another organisation that no answer may hold.
func plantSecret(t *testing.T, suite *harness.Suite) string {
	t.Helper()
	const marker = "kept-from-others-7c1e"
	answer, err := suite.REST(harness.KeyFor("globex", harness.Admin)).Do(t.Context(), harness.Request{
		Method: http.MethodPost, Path: "/v1/surveys", Body: []byte(`{"surveyId": "globex-only", "survey": {"displayName": "` + marker + `", "draft":
			{"title": {"texts": {"en": "` + marker + `"}}, "defaultLanguage": "en", "questions": [{"id": "q", "text": {"texts": {"en": "Q"}}, "nps": {}}]}}}`),
	})
	if err == nil && answer.Status != http.StatusOK {
		err = fmt.Errorf("create survey: %d %s", answer.Status, answer.Body)
	}
	if err != nil {
		t.Fatal(err)
	}
	return marker
}

// listOf names the surveys that the routes must not have touched.
func listOf(t *testing.T, suite *harness.Suite) string {
	t.Helper()
	got, err := surveyv1.NewSurveyServiceClient(suite.Conn(harness.KeyFor(harness.Organization, harness.Admin))).
		GetSurvey(t.Context(), &surveyv1.GetSurveyRequest{Name: "surveys/shop"})
	if err != nil {
		t.Fatal(err)
	}
	return got.GetSurvey().String()
}

// insides are what an answer would hold that tells of our insides.
var insides = []string{"goroutine ", "panic", ".go:", "runtime error", "SQLSTATE", "sqlite", "SQLITE", "pgx", "pq:", "/home/", "/root/", "/work/", "stack", "nil pointer", "no such table", "syntax error at"}

// judge checks what every answer must be, and what this one must.
func judge(t *testing.T, h hostile, a *harness.Answer, marker string) {
	t.Helper()
	told := fmt.Sprintf("%s: %s %s -> %d %s", clip(h.what), h.verb, clip(h.target), a.Status, clip(string(a.Body)))
	if a.Status >= 500 && a.Status != http.StatusNotImplemented {
		t.Errorf("a fault of ours: %s", told)
	}
	if len(h.refused) > 0 && !slices.Contains(h.refused, a.Status) {
		t.Errorf("want one of %v: %s", h.refused, told)
	}
	if bytes.Contains(a.Body, []byte(marker)) {
		t.Errorf("another organisation's data: %s", told)
	}
	if a.Status < 400 || len(a.Body) == 0 {
		return
	}
	for _, inside := range insides {
		// What the client sent may be said back to it.
		if bytes.Contains(a.Body, []byte(inside)) && !strings.Contains(h.what+h.target+string(h.body), inside) {
			t.Errorf("the answer tells %q: %s", inside, told)
		}
	}
	if !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") {
		// net/http itself answers what is no HTTP.
		if a.Status != 400 && a.Status != 431 && a.Status != 501 && a.Status != 505 && a.Status != 414 {
			t.Errorf("not the documented error: %s", told)
		}
		return
	}
	st, err := a.Error()
	if err != nil {
		t.Errorf("not the documented error (%v): %s", err, told)
	} else if st.Code() == codes.Internal || st.Code() == codes.Unknown {
		t.Errorf("a fault of ours: %s", told)
	}
}

func clip(s string) string {
	if len(s) > 300 {
		return s[:300] + "…"
	}
	return s
}
