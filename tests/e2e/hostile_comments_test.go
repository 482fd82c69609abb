package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/otklik/otklik/tests/harness"
)

// TestHostileSearches puts into each field by which comments are found, and into all that is kept of them, what attackers try: all of it is a text, or is
// refused. Another organisation's comments are never found.
func TestHostileSearches(t *testing.T) {
	t.Parallel()
	suite := harness.Run(t, harness.Options{Organizations: []string{harness.Organization, "globex"}})
	prepareCalls(t, suite)
	marker := plantComment(t, suite)
	authorization := [2]string{"Authorization", "Bearer " + harness.KeyFor(harness.Organization, harness.Admin)}
	raw := newRawClient(t, suite.HTTP())
	texts := append(linesOf(t, "texts.txt"), `"`, `""`, `"a`, `-`, `--a`, `-"a b"`, `*`, `a*`, `a:b`, `text:`, `NEAR(a b)`, `a AND`, `OR OR`, `(`, `^a`, `{a b}:c`, `a + b`, `'`, `\`, `<->`, `a & b`, `a | !b`, `a:*`,
		"ө", "\u202e", "🙂", strings.Repeat("a ", 200), strings.Repeat(`"`, 100), marker, strings.ToUpper(marker))
	for _, text := range texts {
		for _, target := range []string{
			"/v1/comments?filter.query=", "/v1/comments?filter.location=", "/v1/comments?filter.survey=", "/v1/comments?filter.aspect=", "/v1/comments?filter.language=",
			"/v1/comments?pageToken=", "/v1/testimonials:candidates?filter.query=", "/v1/comments:duplicates?filter.channel=", "/v1/registerEntries?states=",
		} {
			judge(t, hostile{what: "search " + text, verb: http.MethodGet, target: target + escapeQuery(text), header: [][2]string{authorization}},
				raw.send(t, hostile{verb: http.MethodGet, target: target + escapeQuery(text), header: [][2]string{authorization}}), marker)
		}
		for target, body := range map[string]string{
			"/v1/comments:themes": `{"filter": {"query": %}}`, "/v1/comments:keyPhrases": `{"filter": {"company": %}}`, "/v1/comments:sentiments": `{"timeZone": %}`,
			"/v1/texts:analyze": `{"text": %}`, "/v1/aspects": `{"aspectId": "hostile", "aspect": {"displayName": {"texts": {"en": %}}, "phrases": [%]}}`,
			"/v1/testimonials":    `{"testimonial": {"comment": "surveys/shop/responses/r-1/comments/recommend-comment", "text": %, "uses": ["USE_THANKS"]}}`,
			"/v1/registerEntries": `{"registerEntry": {"kind": "KIND_TREND", "displayName": %, "comments": [%]}}`,
			"/v1/surveys/shop/responses/r-1/comments/recommend-comment:correct": `{"correction": {"aspectsCorrected": true, "aspects": [{"aspect": %, "sentiment": "SENTIMENT_MIXED"}]}}`,
		} {
			h := hostile{what: "text " + text, verb: http.MethodPost, target: target, header: [][2]string{authorization, {"Content-Type", "application/json"}}}
			h.body = []byte(strings.ReplaceAll(body, "%", string(asJSON(t, text))))
			// What the caller sent may come back to the caller.
			own := marker
			if strings.Contains(text, marker) {
				own = "\x00"
			}
			judge(t, h, raw.send(t, h), own)
		}
		if t.Failed() {
			t.FailNow()
		}
	}
}

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// plantComment has another organisation's customer write something that no answer may hold.
func plantComment(t *testing.T, suite *harness.Suite) string {
	t.Helper()
	const marker = "keptfromothers7c1e"
	globex := suite.REST(harness.KeyFor("globex", harness.Admin))
	for path, body := range map[string]string{
		"/v1/aspects":         `{"aspectId": "theirs", "aspect": {"displayName": {"texts": {"en": "` + marker + `"}}, "phrases": ["` + marker + `"]}}`,
		"/v1/registerEntries": `{"registerEntryId": "theirs", "registerEntry": {"kind": "KIND_RISK", "displayName": "` + marker + `"}}`,
	} {
		answer, err := globex.Do(t.Context(), harness.Request{Method: http.MethodPost, Path: path, Body: []byte(body)})
		if err != nil || answer.Status != http.StatusOK {
			t.Fatalf("%s: %+v, %v", path, answer, err)
		}
	}
	for _, step := range [][2]string{
		{"/v1/surveys", `{"surveyId": "shop", "survey": {"displayName": "Shop", "draft": {"title": {"texts": {"en": "Shop"}}, "defaultLanguage": "en",
			"questions": [{"id": "why", "text": {"texts": {"en": "Why?"}}, "freeText": {}}]}}}`},
		{"/v1/surveys/shop:publish", "{}"},
		{"/v1/surveys/shop/responses", `{"responseId": "r-1", "response": {"respondent": "x", "context": {"location": "` + marker + `"}, "answers": [{"question": "why", "freeText": "fine ` + marker + `"}]}}`},
	} {
		answer, err := globex.Do(t.Context(), harness.Request{Method: http.MethodPost, Path: step[0], Body: []byte(step[1])})
		if err != nil || answer.Status != http.StatusOK {
			t.Fatalf("%s: %+v, %v", step[0], answer, err)
		}
	}
	awaitComments(t, suite, "globex", 1)
	return marker
}
