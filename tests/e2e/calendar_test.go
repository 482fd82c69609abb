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
	read := func(path, etag string) (int, http.Header, *parser.Calendar) {
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
			return answer.StatusCode, answer.Header, nil
		}
		calendar, err := parser.NewDecoder(answer.Body).Decode()
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, answer.Header, calendar
	}
	status, header, calendar := read(made.Path, "")
	if status != http.StatusOK || header.Get("Content-Type") != "text/calendar; charset=utf-8" || len(calendar.Events()) != 1 {
		t.Fatalf("%d %v", status, header)
	}
	if summary := calendar.Events()[0].Props.Get("SUMMARY").Value; summary != "Interview: interviews/one" {
		t.Errorf("summary %q", summary)
	}
	if again, _, _ := read(made.Path, header.Get("ETag")); again != http.StatusNotModified {
		t.Errorf("the same again: %d", again)
	}
	// The secret opens nothing else.
	secret := strings.TrimSuffix(strings.TrimPrefix(made.Path, "/calendars/"), ".ics")
	refused, err := suite.REST(secret).Do(t.Context(), harness.Request{Method: http.MethodGet, Path: "/v1/interviews"})
	if err != nil || refused.Status != http.StatusForbidden {
		t.Errorf("interviews by the secret: %v, %v", refused.Status, err)
	}
	askREST(t, suite, http.MethodDelete, "/v1/"+made.CalendarFeed.Name, "", nil)
	if gone, _, _ := read(made.Path, ""); gone != http.StatusNotFound && gone != http.StatusUnauthorized {
		t.Errorf("after it was revoked: %d", gone)
	}
}
