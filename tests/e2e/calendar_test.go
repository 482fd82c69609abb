package e2e

import (
	"net/http"
	"strings"
	"testing"

	parser "github.com/emersion/go-ical"

	"github.com/otklik/otklik/tests/harness"
)

// A calendar program reads events at a secret address, without any other credential, until the address is revoked.
func TestCalendarAddress(t *testing.T) {
	t.Parallel()
	suite := harness.Run(t, harness.Options{})
	askREST(t, suite, http.MethodPatch, "/v1/contacts/anna", `{"contact": {}, "allowMissing": true}`, nil)
	askREST(t, suite, http.MethodPost, "/v1/interviews",
		`{"interviewId": "one", "interview": {"contact": "contacts/anna", "interviewer": "somebody", "scheduleTime": "2030-03-04T05:00:00Z"}}`, nil)
	var made struct {
		CalendarFeed struct{ Name string }
		Path         string
	}
	askREST(t, suite, http.MethodPost, "/v1/calendarFeeds", `{"calendarFeed": {"languageCode": "en", "timeZone": "Asia/Bishkek"}}`, &made)
	read := func(path, etag string) (*http.Response, *parser.Calendar) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, suite.HTTP()+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if etag != "" {
			request.Header.Set("If-None-Match", etag)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return answer, nil
		}
		calendar, err := parser.NewDecoder(answer.Body).Decode()
		if err != nil {
			t.Fatal(err)
		}
		return answer, calendar
	}
	answer, calendar := read(made.Path, "")
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/calendar; charset=utf-8" || len(calendar.Events()) != 1 {
		t.Fatalf("%d %v", answer.StatusCode, answer.Header)
	}
	if summary := calendar.Events()[0].Props.Get("SUMMARY").Value; summary != "Interview: interviews/one" {
		t.Errorf("summary %q", summary)
	}
	if again, _ := read(made.Path, answer.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("the same again: %d", again.StatusCode)
	}
	// The secret opens nothing else.
	secret := strings.TrimSuffix(strings.TrimPrefix(made.Path, "/calendars/"), ".ics")
	refused, err := suite.REST(secret).Do(t.Context(), harness.Request{Method: http.MethodGet, Path: "/v1/interviews"})
	if err != nil || refused.Status != http.StatusForbidden {
		t.Errorf("interviews by the secret: %v, %v", refused.Status, err)
	}
	askREST(t, suite, http.MethodDelete, "/v1/"+made.CalendarFeed.Name, "", nil)
	if gone, _ := read(made.Path, ""); gone.StatusCode != http.StatusNotFound && gone.StatusCode != http.StatusUnauthorized {
		t.Errorf("after it was revoked: %d", gone.StatusCode)
	}
}
