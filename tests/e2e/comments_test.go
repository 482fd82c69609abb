package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/tests/harness"
)

// comment is a comment as REST tells it.
type comment struct {
	Name, Text string
	Analysis   struct {
		Model, Language, LanguageVariety, Sentiment string
		Aspects                                     []struct{ Aspect, Sentiment string }
		Redactions                                  []struct{ Kind string }
	}
	Correction *struct{ Sentiment string }
}

// unknown is a response of which nobody knows who gave it.
const unknown = "nobody"

// written are comments of customers, by the identifier of their response.
var written = map[string]string{
	"ru":    "Кассиры очень вежливые, но очередь ужасная. Позвоните мне: +996 555 123456",
	"ky":    "Баасы кымбат экен, бирок сапаты жакшы",
	"en":    "The app keeps crashing and nobody answers at support",
	"latin": "kyzmatkerler abdan jakshy, rahmat",
	"happy": "Меня зовут Айгуль Асанова, спасибо за отличный сервис, свежий хлеб и чистый зал!",
	unknown: "Полки пустые, хлеба нет третий день",
	"again": "Меня зовут Айгуль Асанова, спасибо за отличный сервис, свежий хлеб и чистый зал!!",
}

// openCommented starts a suite in which customers have written something.
func openCommented(t *testing.T, layout harness.Layout) *harness.Suite {
	t.Helper()
	suite := harness.Run(t, harness.Options{Layout: layout, Organizations: []string{harness.Organization, twin}})
	askREST(t, suite, http.MethodPost, "/v1/surveys", `{"surveyId": "talk", "survey": {"displayName": "Talk", "draft": {"title": {"texts": {"ru": "Магазин"}},
		"defaultLanguage": "ru", "questions": [{"id": "recommend", "text": {"texts": {"ru": "Порекомендуете?"}}, "nps": {}},
		{"id": "why", "text": {"texts": {"ru": "Почему?"}}, "freeText": {}}]}}}`, nil)
	askREST(t, suite, http.MethodPost, "/v1/surveys/talk:publish", "{}", nil)
	for id, text := range written {
		answerTalk(t, suite, id, text, len(text)%11)
	}
	awaitTalk(t, suite, len(written))
	return suite
}

func answerTalk(t *testing.T, suite *harness.Suite, id, text string, score int) {
	t.Helper()
	respondent := "who-" + id
	if id == unknown {
		respondent = ""
	}
	body, err := json.Marshal(map[string]any{"responseId": id, "response": map[string]any{
		"respondent": respondent, "context": map[string]string{"location": "store-" + id},
		"answers": []map[string]any{{"question": "recommend", "score": score}, {"question": "why", "freeText": text}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	askREST(t, suite, http.MethodPost, "/v1/surveys/talk/responses", string(body), nil)
}

// awaitTalk waits until so many comments are kept.
func awaitTalk(t *testing.T, suite *harness.Suite, n int) {
	t.Helper()
	testkit.Eventually(t, patience, func() error {
		if got := len(list(t, suite, "")); got != n {
			return fmt.Errorf("there are %d comments, want %d", got, n)
		}
		return nil
	})
}

// list lists comments by conditions of a filter, such as `sentiment=SENTIMENT_MIXED`.
func list(t *testing.T, suite *harness.Suite, conditions ...string) []comment {
	t.Helper()
	query := url.Values{"filter.survey": {"surveys/talk"}}
	for _, c := range conditions {
		if name, value, ok := strings.Cut(c, "="); ok {
			query.Set("filter."+name, value)
		}
	}
	var got struct{ Comments []comment }
	askREST(t, suite, http.MethodGet, "/v1/comments?"+query.Encode(), "", &got)
	return got.Comments
}

func talkName(id string) string { return "surveys/talk/responses/" + id + "/comments/why" }

// TestComments follows comments from phones to managers: understood, kept without personal data, found again, corrected, and the original shown to those who may.
func TestComments(t *testing.T) {
	onEachLayout(t, func(t *testing.T, layout harness.Layout) {
		suite := openCommented(t, layout)
		for id, want := range map[string]struct{ language, variety, sentiment, aspect, text string }{
			"ru":    {"LANGUAGE_RU", "ru", "SENTIMENT_MIXED", "wait SENTIMENT_NEGATIVE", "[PHONE]"},
			"ky":    {"LANGUAGE_KY", "ky", "SENTIMENT_MIXED", "price SENTIMENT_NEGATIVE", "Баасы кымбат"},
			"en":    {"LANGUAGE_EN", "en", "SENTIMENT_NEGATIVE", "app SENTIMENT_NEGATIVE", "crashing"},
			"latin": {"LANGUAGE_KY", "ky_lat", "SENTIMENT_POSITIVE", "staff SENTIMENT_POSITIVE", "rahmat"},
			"happy": {"LANGUAGE_RU", "ru", "SENTIMENT_POSITIVE", "", "[NAME]"},
		} {
			var got struct{ Comment comment }
			askREST(t, suite, http.MethodGet, "/v1/"+talkName(id), "", &got)
			a := got.Comment.Analysis
			if a.Language != want.language || a.LanguageVariety != want.variety || a.Sentiment != want.sentiment || !strings.Contains(got.Comment.Text, want.text) {
				t.Errorf("%s: %+v, want %+v", id, got.Comment, want)
			}
			if want.aspect != "" && !strings.Contains(fmt.Sprint(a.Aspects), "aspects/"+want.aspect) {
				t.Errorf("%s speaks of %v, want %s", id, a.Aspects, want.aspect)
			}
		}
		findsComments(t, suite)
		showsOriginals(t, suite)
		correctsComments(t, suite)
		cutsScores(t, suite)
		ownAspects(t, suite)
	})
}

// findsComments searches by words in any inflection, by language, by aspect and by place.
func findsComments(t *testing.T, suite *harness.Suite) {
	t.Helper()
	for condition, want := range map[string]string{
		"query=очереди": "ru",
		"query=сапат":   "ky",
		"query=crash":   "en",
		`query="отличного сервиса" -x`: "happy",
		"language=LANGUAGE_EN":         "en",
		"aspect=aspects/price":         "ky",
		"location=store-latin":         "latin",
		"sentiment=SENTIMENT_NEGATIVE": "en",
	} {
		got := list(t, suite, condition)
		if !strings.Contains(fmt.Sprint(got), talkName(want)) || len(got) > 2 {
			t.Errorf("%s found %v, want %s", condition, got, want)
		}
	}
	var groups struct {
		Groups []struct {
			Count    string
			Comments []string
		}
	}
	askREST(t, suite, http.MethodGet, "/v1/comments:duplicates?filter.survey=surveys/talk", "", &groups)
	if len(groups.Groups) != 1 || groups.Groups[0].Count != "2" {
		t.Errorf("duplicates: %+v", groups)
	}
	var foreign struct{ Comments []comment }
	answer, err := suite.REST(harness.KeyFor(twin, harness.Admin)).Do(t.Context(), harness.Request{Path: "/v1/comments"})
	if err != nil || json.Unmarshal(answer.Body, &foreign) != nil || len(foreign.Comments) != 0 {
		t.Errorf("another organisation sees %s, %v", answer.Body, err)
	}
}

// showsOriginals shows what was written to those with contact permission only.
func showsOriginals(t *testing.T, suite *harness.Suite) {
	t.Helper()
	var original struct{ Text string }
	askREST(t, suite, http.MethodGet, "/v1/"+talkName("ru")+":original", "", &original)
	if original.Text != written["ru"] {
		t.Errorf("the original is %q", original.Text)
	}
	askREST(t, suite, http.MethodGet, "/v1/"+talkName(unknown)+":original", "", &original)
	if original.Text != written[unknown] {
		t.Errorf("the original of whom nobody knows is %q", original.Text)
	}
	for role, want := range map[harness.Role]int{harness.Analyst: http.StatusForbidden, harness.Viewer: http.StatusForbidden, harness.Manager: http.StatusOK} {
		answer, err := suite.REST(harness.KeyFor(harness.Organization, role)).Do(t.Context(), harness.Request{Path: "/v1/" + talkName("ru") + ":original"})
		if err != nil || answer.Status != want {
			t.Errorf("%s reads the original: %d, %v", role, answer.Status, err)
		}
	}
}

// cutsScores asks for the NPS by what comments speak of and express: somebody blames the delivery, which shows, also after a rebuild, until the person is
// erased.
func cutsScores(t *testing.T, suite *harness.Suite) {
	t.Helper()
	// npsBy is the NPS with its n by the values of a key.
	npsBy := func(key, filter string) map[string]string {
		var got struct {
			Scores []struct {
				N        string
				Estimate float64
				Slice    struct{ Keys []struct{ Value string } }
			}
		}
		query := url.Values{"query.metrics": {"METRIC_NPS"}, "query.variants": {"VARIANT_NPS_ANSWERED"}, "query.groupBy": {key}, "query.filter": {filter}}
		askREST(t, suite, http.MethodGet, "/v1/surveys/talk/scores?"+query.Encode(), "", &got)
		by := make(map[string]string)
		for _, s := range got.Scores {
			by[s.Slice.Keys[0].Value] = fmt.Sprintf("%s: %.0f", s.N, s.Estimate)
		}
		return by
	}
	shows := func(when, want string) {
		t.Helper()
		testkit.Eventually(t, patience, func() error {
			themes, blamed := npsBy("theme", ""), npsBy("sentiment", `theme_negative = "delivery"`)
			if themes["delivery"] != want || blamed["negative"] != want {
				return fmt.Errorf("%s: NPS by theme %v, by sentiment where the delivery is blamed %v; want %q", when, themes, blamed, want)
			}
			return nil
		})
	}
	answerTalk(t, suite, "courier", "Курьер опоздал на три часа, ужасная доставка", 1)
	awaitTalk(t, suite, len(written)+1)
	shows("after the comment", "1: -100")
	// What was corrected and analysed anew above counts as it is now.
	if got := npsBy("sentiment", `location = "store-latin"`); len(got) != 1 || got["neutral"] == "" {
		t.Errorf("the comment that was corrected: %v", got)
	}
	var job struct {
		Rebuild struct{ Name, State string }
	}
	askREST(t, suite, http.MethodPost, "/v1/rebuilds", "{}", &job)
	testkit.Eventually(t, patience, func() error {
		askREST(t, suite, http.MethodGet, "/v1/"+job.Rebuild.Name, "", &job)
		if job.Rebuild.State != "STATE_SUCCEEDED" {
			return fmt.Errorf("the rebuild is %s", job.Rebuild.State)
		}
		return nil
	})
	shows("after a rebuild", "1: -100")
	erase(t, suite, "who-courier")
	shows("after the erasure", "")
	awaitTalk(t, suite, len(written))
}

// correctsComments corrects a comment, which holds, counts, and survives a new analysis.
func correctsComments(t *testing.T, suite *harness.Suite) {
	t.Helper()
	var corrected struct{ Comment comment }
	askREST(t, suite, http.MethodPost, "/v1/"+talkName("latin")+":correct", `{"correction": {"sentiment": "SENTIMENT_NEUTRAL"}}`, &corrected)
	if corrected.Comment.Analysis.Sentiment != "SENTIMENT_NEUTRAL" {
		t.Errorf("corrected: %+v", corrected.Comment)
	}
	var agreement struct {
		Models []struct {
			SentimentCount     string
			SentimentConfusion []struct{ Label, Predicted string }
		}
	}
	askREST(t, suite, http.MethodGet, "/v1/corrections:agreement", "", &agreement)
	if len(agreement.Models) != 1 || agreement.Models[0].SentimentCount != "1" || agreement.Models[0].SentimentConfusion[0].Label != "neutral" {
		t.Errorf("agreement: %+v", agreement)
	}
	reanalyse(t, suite)
	if got := list(t, suite, "sentiment=SENTIMENT_NEUTRAL"); len(got) != 1 || got[0].Name != talkName("latin") {
		t.Errorf("after a new analysis: %v", got)
	}
}

// reanalyse analyses all comments anew and waits for it.
func reanalyse(t *testing.T, suite *harness.Suite) {
	t.Helper()
	var job struct {
		Reanalysis struct{ Name, State string }
	}
	askREST(t, suite, http.MethodPost, "/v1/reanalyses", "{}", &job)
	testkit.Eventually(t, patience, func() error {
		askREST(t, suite, http.MethodGet, "/v1/"+job.Reanalysis.Name, "", &job)
		if job.Reanalysis.State != "STATE_SUCCEEDED" {
			return fmt.Errorf("the reanalysis is %s", job.Reanalysis.State)
		}
		return nil
	})
}

// ownAspects finds an organisation's own aspect in new comments at once, and in old ones after a reanalysis.
func ownAspects(t *testing.T, suite *harness.Suite) {
	t.Helper()
	askREST(t, suite, http.MethodPost, "/v1/aspects",
		`{"aspectId": "queue_board", "aspect": {"displayName": {"texts": {"ru": "Табло", "en": "Board"}}, "phrases": ["табло", "электронная очередь", "очередь"]}}`, nil)
	answerTalk(t, suite, "board", "Табло не работает, ничего не понятно", 2)
	awaitTalk(t, suite, len(written)+1)
	if got := list(t, suite, "aspect=aspects/queue_board"); len(got) != 1 || got[0].Name != talkName("board") {
		t.Errorf("the own aspect is found in %v", got)
	}
	reanalyse(t, suite)
	if got := list(t, suite, "aspect=aspects/queue_board"); len(got) != 2 {
		t.Errorf("after a new analysis the own aspect is found in %v", got)
	}
	askREST(t, suite, http.MethodDelete, "/v1/aspects/queue_board", "", nil)
	if got := list(t, suite, "aspect=aspects/queue_board"); len(got) != 0 {
		t.Errorf("after its deletion the own aspect is found in %v", got)
	}
}

// TestTestimonials publishes praise only while its writer agrees.
func TestTestimonials(t *testing.T) {
	t.Parallel()
	suite := openCommented(t, harness.AllInOne)
	admin := suite.REST(harness.KeyFor(harness.Organization, harness.Admin))
	create := `{"testimonialId": "praise", "testimonial": {"comment": "` + talkName("happy") + `", "uses": ["USE_ADVANTAGE"]}}`
	refused := func(body string) string {
		answer, err := admin.Do(t.Context(), harness.Request{Method: http.MethodPost, Path: "/v1/testimonials", Body: []byte(body)})
		if err != nil {
			t.Fatal(err)
		}
		return string(answer.Body)
	}
	if got := refused(create); !strings.Contains(got, "CONSENT_MISSING") {
		t.Errorf("without consent: %s", got)
	}
	if got := refused(strings.Replace(create, talkName("happy"), talkName("en"), 1)); !strings.Contains(got, "TESTIMONIAL_NOT_POSITIVE") {
		t.Errorf("of blame: %s", got)
	}
	consent := func(granted bool) {
		askREST(t, suite, http.MethodPost, "/v1/consents",
			fmt.Sprintf(`{"respondent": "who-happy", "given": {"purpose": "PURPOSE_PUBLICATION", "granted": %t, "evidence": "Text 3"}}`, granted), nil)
	}
	consent(true)
	var made struct {
		Testimonial struct{ Name, Text, State, Consent string }
	}
	askREST(t, suite, http.MethodPost, "/v1/testimonials", create, &made)
	if got := made.Testimonial; strings.Contains(got.Text, "Айгуль") || got.State != "STATE_DRAFT" || got.Consent == "" {
		t.Errorf("chosen: %+v", got)
	}
	askREST(t, suite, http.MethodPost, "/v1/testimonials/praise:publish", "{}", &made)
	if made.Testimonial.State != "STATE_PUBLISHED" {
		t.Errorf("published: %+v", made.Testimonial)
	}
	consent(false)
	askREST(t, suite, http.MethodPost, "/v1/testimonials/praise:withdraw", "{}", &made)
	answer, err := admin.Do(t.Context(), harness.Request{Method: http.MethodPost, Path: "/v1/testimonials/praise:publish", Body: []byte("{}")})
	if err != nil || answer.Status < 400 {
		t.Errorf("published after the consent ended: %d %s, %v", answer.Status, answer.Body, err)
	}
}

// TestPublishedPraiseEndsWithConsent takes published praise back by itself when its writer no longer agrees.
func TestPublishedPraiseEndsWithConsent(t *testing.T) {
	t.Parallel()
	suite := harness.Run(t, harness.Options{Layout: harness.AllInOne, Settings: map[string]any{"comment.consents": "200ms"}})
	askREST(t, suite, http.MethodPost, "/v1/surveys", `{"surveyId": "talk", "survey": {"displayName": "Talk", "draft": {"title": {"texts": {"ru": "Магазин"}},
		"defaultLanguage": "ru", "questions": [{"id": "recommend", "text": {"texts": {"ru": "Порекомендуете?"}}, "nps": {}},
		{"id": "why", "text": {"texts": {"ru": "Почему?"}}, "freeText": {}}]}}}`, nil)
	askREST(t, suite, http.MethodPost, "/v1/surveys/talk:publish", "{}", nil)
	answerTalk(t, suite, "happy", written["happy"], 10)
	awaitTalk(t, suite, 1)
	consent := `{"respondent": "who-happy", "given": {"purpose": "PURPOSE_PUBLICATION", "granted": true, "evidence": "Text 3"}}`
	askREST(t, suite, http.MethodPost, "/v1/consents", consent, nil)
	askREST(t, suite, http.MethodPost, "/v1/testimonials", `{"testimonialId": "praise", "testimonial": {"comment": "`+talkName("happy")+`", "uses": ["USE_ADVANTAGE"]}}`, nil)
	askREST(t, suite, http.MethodPost, "/v1/testimonials/praise:publish", "{}", nil)
	askREST(t, suite, http.MethodPost, "/v1/consents", strings.Replace(consent, "true", "false", 1), nil)
	testkit.Eventually(t, patience, func() error {
		var got struct{ Testimonial struct{ State string } }
		askREST(t, suite, http.MethodGet, "/v1/testimonials/praise", "", &got)
		if got.Testimonial.State != "STATE_WITHDRAWN" {
			return fmt.Errorf("the testimonial is %s", got.Testimonial.State)
		}
		return nil
	})
}

// TestRegisterOfRisks moves a risk from its entry to its end; each state asks for what it needs.
func TestRegisterOfRisks(t *testing.T) {
	t.Parallel()
	suite := harness.Run(t, harness.Options{Layout: harness.AllInOne})
	admin := suite.REST(harness.KeyFor(harness.Organization, harness.Admin))
	askREST(t, suite, http.MethodPost, "/v1/registerEntries", `{"registerEntryId": "queues", "registerEntry": {"kind": "KIND_RISK", "displayName": "Queues", "aspect": "aspects/wait"}}`, nil)
	patch := func(body string) harness.Answer {
		answer, err := admin.Do(t.Context(), harness.Request{Method: http.MethodPatch, Path: "/v1/registerEntries/queues", Body: []byte(body)})
		if err != nil {
			t.Fatal(err)
		}
		return *answer
	}
	if got := patch(`{"registerEntry": {"state": "STATE_ACCEPTED"}}`); got.Status < 400 || !strings.Contains(string(got.Body), "likelihood") {
		t.Errorf("accepted without assessment: %d %s", got.Status, got.Body)
	}
	for _, body := range []string{
		`{"registerEntry": {"state": "STATE_ACCEPTED", "likelihood": 4, "impact": 5}}`,
		`{"registerEntry": {"state": "STATE_IN_PROGRESS", "actions": [{"text": "Open a till", "owner": "store manager"}]}}`,
		`{"registerEntry": {"state": "STATE_DONE"}}`,
	} {
		if got := patch(body); got.Status != http.StatusOK {
			t.Errorf("%s: %d %s", body, got.Status, got.Body)
		}
	}
	var entry struct {
		RegisterEntry struct {
			State    string
			Severity int
			Changes  []struct{ State, Actor string }
		}
	}
	askREST(t, suite, http.MethodGet, "/v1/registerEntries/queues", "", &entry)
	if e := entry.RegisterEntry; e.Severity != 20 || e.State != "STATE_DONE" || len(e.Changes) != 4 || e.Changes[3].Actor == "" {
		t.Errorf("got %+v", e)
	}
	if got := patch(`{"registerEntry": {"aspect": "aspects/nothing"}}`); got.Status != http.StatusBadRequest || !strings.Contains(string(got.Body), "registerEntry.aspect") {
		t.Errorf("an aspect that there is not: %d %s", got.Status, got.Body)
	}
}
