package e2e

import (
	"net/http"
	"regexp"
	"testing"
)

// A link in an e-mail shows the report until its recipient is taken out, or the schedule is deleted.
func TestMailedLinksEnd(t *testing.T) {
	t.Parallel()
	s := startMailed(t)
	s.answerAt(t, "shop", "osh", 3)
	const name = "reportSchedules/linked"
	askREST(t, s.Suite, http.MethodPost, "/v1/reportSchedules", `{"reportScheduleId": "linked", "reportSchedule": {"displayName": "Linked", "report": "reports/survey-report",
		"languageCode": "en", "formats": ["REPORT_FORMAT_CSV"], "delivery": "DELIVERY_EMAIL_LINK", "recurrence": {"frequency": "FREQUENCY_DAILY", "timeZone": "UTC"},
		"recipients": [{"address": "boss@example.com"}, {"address": "board@example.com"}]}}`, nil)
	askREST(t, s.Suite, http.MethodPost, "/v1/"+name+":run", `{"runId": "at-once"}`, nil)
	secrets := map[string]string{}
	for _, to := range []string{"boss@example.com", "board@example.com"} {
		text := s.await(t, to, 1)[0].text
		found := regexp.MustCompile(regexp.QuoteMeta(s.HTTP()) + `/r/(\S+)`).FindStringSubmatch(text)
		if found == nil {
			t.Fatalf("no link in %s", text)
		}
		secrets[to] = found[1]
		if got := visit(t, s.Suite, "/v1/sharedReports/"+found[1], "*/*"); got.status != http.StatusOK {
			t.Errorf("the link of %s: %d %s", to, got.status, got.body)
		}
	}
	askREST(t, s.Suite, http.MethodPatch, "/v1/"+name, `{"reportSchedule": {"recipients": [{"address": "board@example.com"}]}, "updateMask": "recipients"}`, nil)
	awaitEnded(t, s.Suite, secrets["boss@example.com"])
	if got := visit(t, s.Suite, "/v1/sharedReports/"+secrets["board@example.com"], "*/*"); got.status != http.StatusOK {
		t.Errorf("the link of a recipient who stays: %d %s", got.status, got.body)
	}
	askREST(t, s.Suite, http.MethodDelete, "/v1/"+name, "", nil)
	awaitEnded(t, s.Suite, secrets["board@example.com"])
}
