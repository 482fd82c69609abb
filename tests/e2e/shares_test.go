package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/tests/harness"
)

// madeShare is the answer to who makes a link.
type madeShare struct {
	ReportShare struct {
		Name, Creator, SecretHint, State string
		ViewCount                        string
		ExpireTime                       time.Time
	}
	Secret, URL string
}

// sharedAnswer is what somebody without a login gets at a secret address.
type sharedAnswer struct {
	status int
	header http.Header
	body   []byte
	reason string
}

// visit reads an address without a credential; a cookie of a session is sent along, which must change nothing.
func visit(t *testing.T, suite *harness.Suite, path, accept string) sharedAnswer {
	t.Helper()
	var got *harness.Answer
	testkit.Eventually(t, patience, func() (err error) {
		got, err = harness.NewREST(suite.HTTP(), "").Do(t.Context(), harness.Request{
			Path: path, Header: map[string]string{"Authorization": "", "Accept": accept, "Cookie": "otklik_session=" + strings.Repeat("x", 43)},
		})
		if err == nil && got.Status == http.StatusTooManyRequests {
			err = fmt.Errorf("%s", got.Body)
		}
		return err
	})
	out := sharedAnswer{status: got.Status, header: got.Header, body: got.Body}
	var failed struct {
		Error struct{ Details []struct{ Reason string } }
	}
	if json.Unmarshal(got.Body, &failed) == nil && len(failed.Error.Details) > 0 {
		out.reason = failed.Error.Details[0].Reason
	}
	return out
}

// share makes a link by a key.
func share(t *testing.T, suite *harness.Suite, key, body string) (madeShare, sharedAnswer) {
	t.Helper()
	got, err := harness.NewREST(suite.HTTP(), key).Do(t.Context(), harness.Request{Method: http.MethodPost, Path: "/v1/reportShares", Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	var out madeShare
	if err := json.Unmarshal(got.Body, &out); err != nil {
		t.Fatalf("%v: %s", err, got.Body)
	}
	failed := sharedAnswer{status: got.Status, body: got.Body}
	var said struct {
		Error struct{ Details []struct{ Reason string } }
	}
	if json.Unmarshal(got.Body, &said) == nil && len(said.Error.Details) > 0 {
		failed.reason = said.Error.Details[0].Reason
	}
	return out, failed
}

// awaitEnded waits until a link leads to nothing.
func awaitEnded(t *testing.T, suite *harness.Suite, secret string) {
	t.Helper()
	testkit.Eventually(t, patience, func() error {
		if got := visit(t, suite, "/v1/sharedReports/"+secret, "*/*"); got.status != http.StatusNotFound || got.reason != "SHARE_ENDED" {
			return fmt.Errorf("the link answers %d %s", got.status, got.reason)
		}
		return nil
	})
}

// Whoever has a link reads the report with what its maker may see at that moment, without logging in, until it is ended or its maker may no more; of persons it tells
// nothing.
func TestReportShares(t *testing.T) {
	t.Parallel()
	s := &mailedSuite{Suite: harness.Run(t, harness.Options{})}
	askREST(t, s.Suite, http.MethodPost, "/v1/surveys", `{"surveyId": "shop", "survey": {"displayName": "Shop", "draft": {"title": {"texts": {"en": "Shop"}},
		"defaultLanguage": "en", "questions": [{"id": "nps", "text": {"texts": {"en": "Recommend?"}}, "nps": {}}]}}}`, nil)
	askREST(t, s.Suite, http.MethodPost, "/v1/surveys/shop:publish", "{}", nil)
	s.answerAt(t, "shop", "osh", 3)
	s.answerAt(t, "shop", "naryn", 2)
	var key struct {
		APIKey struct{ Name string }
		Secret string
	}
	askREST(t, s.Suite, http.MethodPost, "/v1/apiKeys", `{"apiKey": {"displayName": "Manager of Osh", "kind": "KIND_SECRET", "roles": ["manager"], "units": {"locations": ["osh"]}}}`, &key)
	admin := harness.KeyFor(harness.Organization, harness.Admin)
	tomorrow := time.Now().UTC().Add(24 * time.Hour).Truncate(time.Hour)
	period := fmt.Sprintf(`{"startTime": %q, "endTime": %q}`, tomorrow.AddDate(0, 0, -3).Format(time.RFC3339), tomorrow.Format(time.RFC3339))

	of := func(id, more string) string {
		return fmt.Sprintf(`{"reportShareId": %q, "reportShare": {"report": "reports/survey-report", "languageCode": "en", "period": %s, "formats": ["REPORT_FORMAT_CSV"]%s}}`, id, period, more)
	}
	all, failed := share(t, s.Suite, admin, of("all", ""))
	if all.Secret == "" || !strings.HasSuffix(all.URL, "/r/"+all.Secret) || !strings.HasSuffix(all.Secret, all.ReportShare.SecretHint) || all.ReportShare.State != "STATE_ACTIVE" {
		t.Fatalf("%+v %s", all, failed.body)
	}
	osh, failed := share(t, s.Suite, key.Secret, of("osh", ""))
	if osh.ReportShare.Creator != key.APIKey.Name {
		t.Fatalf("%+v %s", osh, failed.body)
	}

	for secret, want := range map[string]string{all.Secret: "5", osh.Secret: "3"} {
		testkit.Eventually(t, patience, func() error {
			file := visit(t, s.Suite, "/v1/sharedReports/"+secret+":download?format=REPORT_FORMAT_CSV", "text/csv")
			if file.status != http.StatusOK || !strings.HasPrefix(file.header.Get("Content-Type"), "text/csv") {
				return fmt.Errorf("%d %s", file.status, file.body)
			}
			if n := largestN(t, file.body); n != want {
				return fmt.Errorf("n is %s, want %s", n, want)
			}
			return nil
		})
	}
	read := visit(t, s.Suite, "/v1/sharedReports/"+all.Secret+"?languageCode=ky", "application/json")
	for header, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "X-Content-Type-Options": "nosniff"} {
		if got := read.header.Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
	if read.status != http.StatusOK || !bytes.Contains(read.body, []byte(`"languageCode":"ky"`)) || bytes.Contains(read.body, []byte(all.Secret)) {
		t.Errorf("%d %.600s", read.status, read.body)
	}
	if page := visit(t, s.Suite, "/r/"+all.Secret, "text/html"); page.header.Get("X-Robots-Tag") != "noindex, nofollow" || page.header.Get("Referrer-Policy") != "no-referrer" || bytes.Contains(page.body, []byte(all.Secret)) {
		t.Errorf("%d %v", page.status, page.header)
	}

	refused := func(what string, got sharedAnswer, status int, reason string) {
		t.Helper()
		if got.status != status || got.reason != reason {
			t.Errorf("%s: %d %s %s", what, got.status, got.reason, got.body)
		}
	}
	shared := "/v1/sharedReports/"
	refused("a form that is not offered", visit(t, s.Suite, shared+all.Secret+":download?format=REPORT_FORMAT_PDF", "*/*"), http.StatusBadRequest, "SHARE_FORMAT_NOT_OFFERED")
	refused("a guess", visit(t, s.Suite, shared+"ots_"+strings.Repeat("A", 43), "*/*"), http.StatusNotFound, "SHARE_ENDED")
	refused("a key that is no link", visit(t, s.Suite, shared+key.Secret, "*/*"), http.StatusNotFound, "SHARE_ENDED")
	refused("no secret", visit(t, s.Suite, shared+"x", "*/*"), http.StatusNotFound, "ROUTE_NOT_FOUND")
	// The secret of a link opens nothing else.
	if got, err := harness.NewREST(s.HTTP(), all.Secret).Do(t.Context(), harness.Request{Path: "/v1/surveys"}); err != nil || got.Status != http.StatusForbidden {
		t.Errorf("the secret of a link lists surveys: %v %v", got, err)
	}
	for what, c := range map[string]struct {
		body, reason string
		status       int
	}{
		"staff":         {`{"reportShare": {"report": "reports/staff-review"}}`, "SHARE_OF_PERSONS", http.StatusBadRequest},
		"the red":       {`{"reportShare": {"report": "reports/daily-events"}}`, "SHARE_OF_PERSONS", http.StatusBadRequest},
		"an employee":   {`{"reportShare": {"report": "reports/survey-report", "filter": "employee = \"7\""}}`, "SHARE_OF_PERSONS", http.StatusBadRequest},
		"nothing":       {`{"reportShare": {}}`, "SHARE_CONTENT_INVALID", http.StatusBadRequest},
		"no report":     {`{"reportShare": {"report": "reports/none"}}`, "REPORT_NOT_FOUND", http.StatusNotFound},
		"too long":      {of("long", fmt.Sprintf(`, "expireTime": %q`, time.Now().AddDate(0, 0, 91).UTC().Format(time.RFC3339))), "SHARE_EXPIRE_TIME_INVALID", http.StatusBadRequest},
		"taken":         {of("all", ""), "SHARE_EXISTS", http.StatusConflict},
		"two contents":  {`{"reportShare": {"report": "reports/survey-report", "rendition": "reportRenditions/abcdefghijklmnopqrstuvwxyz"}}`, "SHARE_CONTENT_INVALID", http.StatusBadRequest},
		"no rendition":  {`{"reportShare": {"rendition": "reportRenditions/abcdefghijklmnopqrstuvwxyz"}}`, "RENDITION_NOT_FOUND", http.StatusNotFound},
		"a named store": {`{"reportShare": {"report": "reports/store-scorecard", "subject": "companies/acme"}}`, "SHARE_OF_PERSONS", http.StatusBadRequest},
	} {
		_, got := share(t, s.Suite, admin, c.body)
		refused(what, got, c.status, c.reason)
	}

	// Its maker sees how often it was read, and only his.
	var list struct {
		ReportShares []struct{ Name, ViewCount string }
	}
	got, err := harness.NewREST(s.HTTP(), key.Secret).Do(t.Context(), harness.Request{Path: "/v1/reportShares"})
	if err != nil || json.Unmarshal(got.Body, &list) != nil || len(list.ReportShares) != 1 || list.ReportShares[0].Name != "reportShares/osh" || list.ReportShares[0].ViewCount == "0" {
		t.Errorf("%v %s", err, got.Body)
	}
	if bytes.Contains(got.Body, []byte(osh.Secret)) {
		t.Error("the list tells a secret")
	}
	for _, secret := range []string{all.Secret, osh.Secret} {
		if strings.Contains(s.Log(), secret) {
			t.Error("the log tells a secret")
		}
	}
	// Ended links, and those whose makers are gone, lead to nothing.
	askREST(t, s.Suite, http.MethodDelete, "/v1/reportShares/all", "", nil)
	awaitEnded(t, s.Suite, all.Secret)
	askREST(t, s.Suite, http.MethodPost, "/v1/"+key.APIKey.Name+":revoke", "{}", nil)
	awaitEnded(t, s.Suite, osh.Secret)

	// A link whose time has not come, of somebody who is gone, answers as one that never was.
	gone, never := visit(t, s.Suite, shared+osh.Secret, "*/*"), visit(t, s.Suite, shared+"ots_"+strings.Repeat("A", 43), "*/*")
	if !bytes.Equal(gone.body, never.body) || gone.status != never.status {
		t.Errorf("a link whose maker is gone: %d %s; none: %d %s", gone.status, gone.body, never.status, never.body)
	}
}
