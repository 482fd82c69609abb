package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/smtptest"
	"github.com/otklik/otklik/tests/harness"
)

// parcel is an e-mail with files as its recipient reads it.
type parcel struct {
	to, id, subject, text string
	// files are those attached, by media type.
	files map[string][]byte
}

// parcels are the e-mails to an address that a mail server took.
func parcels(t *testing.T, server *smtptest.Server, to string) (out []parcel) {
	t.Helper()
	for _, taken := range server.Taken() {
		if taken.To[0] != to {
			continue
		}
		m, err := mail.ReadMessage(strings.NewReader(taken.Raw))
		if err != nil {
			t.Fatal(err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if err != nil {
			t.Fatal(err)
		}
		p := parcel{to: to, id: m.Header.Get("Message-Id"), subject: subject, files: map[string][]byte{}}
		p.unpack(t, m.Header.Get("Content-Type"), m.Body)
		out = append(out, p)
	}
	return out
}

// unpack reads the parts of an e-mail.
func (p *parcel) unpack(t *testing.T, contentType string, body io.Reader) {
	t.Helper()
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	for parts := multipart.NewReader(body, parameters["boundary"]); ; {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(kind, "multipart/") {
			p.unpack(t, part.Header.Get("Content-Type"), part)
			continue
		}
		var plain io.Reader = part
		switch part.Header.Get("Content-Transfer-Encoding") {
		case "quoted-printable":
			plain = quotedprintable.NewReader(part)
		case "base64":
			plain = base64.NewDecoder(base64.StdEncoding, part)
		}
		content, err := io.ReadAll(plain)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case part.Header.Get("Content-Disposition") != "":
			p.files[kind] = content
		case kind == "text/plain":
			p.text = strings.ReplaceAll(string(content), "\r\n", "\n")
		}
	}
}

// largestN is the greatest number of responses that a report as CSV tells.
func largestN(t *testing.T, file []byte) (most string) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff")))).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%v: %s", err, file)
	}
	for at, column := range rows[0] {
		if column != "n" {
			continue
		}
		for _, row := range rows[1:] {
			if len(row[at]) > len(most) || len(row[at]) == len(most) && row[at] > most {
				most = row[at]
			}
		}
	}
	return most
}

// reportRun is a run of a schedule, reportDelivery what became of it for a recipient.
type reportRun struct {
	Name, State, Failure  string
	CaughtUp, Manual      bool
	OverdueSince, EndTime time.Time
}

type reportDelivery struct {
	Recipient                 struct{ Member, Address string }
	State, Failure, Rendition string
	Attempts                  int
}

// mailedSuite is a suite whose reports are handed to a mail server, and whose clock can be moved.
type mailedSuite struct {
	*harness.Suite
	server   *smtptest.Server
	settings map[string]any
	begun    time.Time
}

func startMailed(t *testing.T) *mailedSuite {
	t.Helper()
	return startMailedOn(t, harness.Options{})
}

func startMailedOn(t *testing.T, options harness.Options) *mailedSuite {
	t.Helper()
	server := smtptest.New(t, smtptest.StartTLS)
	authority := filepath.Join(t.TempDir(), "mail.pem")
	if err := os.WriteFile(authority, server.CA, 0o600); err != nil {
		t.Fatal(err)
	}
	settings := map[string]any{
		"reporting.smtp.host": server.Host, "reporting.smtp.port": server.Port, "reporting.smtp.ca_file": authority, "reporting.smtp.username": smtptest.Username,
		"reporting.smtp.password": smtptest.Password, "reporting.smtp.from": "Otklik <otklik@example.org>", "reporting.smtp.interval": "100ms",
	}
	options.Settings = settings
	s := &mailedSuite{Suite: harness.Run(t, options), server: server, settings: settings, begun: time.Now()}
	askREST(t, s.Suite, http.MethodPost, "/v1/surveys", `{"surveyId": "shop", "survey": {"displayName": "Shop", "draft": {"title": {"texts": {"en": "Shop"}},
		"defaultLanguage": "en", "questions": [{"id": "nps", "text": {"texts": {"en": "Recommend?"}}, "nps": {}}]}}}`, nil)
	askREST(t, s.Suite, http.MethodPost, "/v1/surveys/shop:publish", "{}", nil)
	return s
}

// move begins the suite again at a time after it was begun first.
func (s *mailedSuite) move(t *testing.T, later time.Duration) {
	t.Helper()
	if err := s.Stop(patience); err != nil {
		t.Fatal(err)
	}
	s.settings["clock.offset"] = (later - time.Since(s.begun)).String()
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// await waits until an address has got so many reports.
func (s *mailedSuite) await(t *testing.T, to string, n int) (all []parcel) {
	t.Helper()
	testkit.Eventually(t, patience, func() error {
		if all = parcels(t, s.server, to); len(all) < n {
			return fmt.Errorf("%s has got %d reports, not %d", to, len(all), n)
		}
		return nil
	})
	return all
}

// reportSchedule is a schedule.
type reportSchedule struct {
	Paused             bool
	PauseReason, Owner string
	OverdueSince       time.Time
}

func (s *mailedSuite) schedule(t *testing.T, name string) reportSchedule {
	t.Helper()
	var out struct{ ReportSchedule reportSchedule }
	askREST(t, s.Suite, http.MethodGet, "/v1/"+name, "", &out)
	return out.ReportSchedule
}

// runs are the runs of a schedule, the latest first, once the latest has a state.
func (s *mailedSuite) runs(t *testing.T, name, state string) (runs []reportRun) {
	t.Helper()
	testkit.Eventually(t, patience, func() error {
		var out struct{ Runs []reportRun }
		askREST(t, s.Suite, http.MethodGet, "/v1/"+name+"/runs", "", &out)
		if runs = out.Runs; len(runs) == 0 || runs[0].State != state {
			return fmt.Errorf("the runs are %+v", runs)
		}
		return nil
	})
	return runs
}

func (s *mailedSuite) deliveries(t *testing.T, run string) []reportDelivery {
	t.Helper()
	var out struct{ Deliveries []reportDelivery }
	askREST(t, s.Suite, http.MethodGet, "/v1/"+run+"/deliveries", "", &out)
	return out.Deliveries
}

// answerAt has customers answer a survey at a location.
func (s *mailedSuite) answerAt(t *testing.T, survey, location string, count int) {
	t.Helper()
	for n := range count {
		askREST(t, s.Suite, http.MethodPost, "/v1/surveys/"+survey+"/responses", fmt.Sprintf(
			`{"responseId": "%s-%d", "response": {"revision": "surveys/%s/revisions/1", "context": {"location": "%s"}, "answers": [{"question": "nps", "score": %d}]}}`,
			location, n, survey, location, 5+n), nil)
	}
}

// Each recipient gets the report once for each occurrence, with what this recipient may see, however often the suite starts again; what was missed is noted, a mail
// server that refuses is tried again, and one click ends it.
func TestReportSchedules(t *testing.T) {
	t.Parallel()
	s := startMailed(t)
	const day = 24 * time.Hour
	s.answerAt(t, "shop", "osh", 3)
	s.answerAt(t, "shop", "naryn", 2)
	askREST(t, s.Suite, http.MethodPost, "/v1/members", `{"memberId": "aida", "member": {"email": "aida@example.org", "roles": ["manager"], "units": {"locations": ["osh"]}}}`, nil)
	const name = "reportSchedules/daily"
	body := fmt.Sprintf(`{"reportScheduleId": "daily", "reportSchedule": {"displayName": "Daily", "report": "reports/daily-events", "languageCode": "en",
		"formats": ["REPORT_FORMAT_CSV", "REPORT_FORMAT_PDF"], "recurrence": {"frequency": "FREQUENCY_DAILY", "minuteOfDay": %d, "timeZone": "UTC"},
		"recipients": [{"member": "members/aida"}, {"address": "boss@example.com"}]}}`, s.begun.UTC().Hour()*60+s.begun.UTC().Minute())
	askREST(t, s.Suite, http.MethodPost, "/v1/reportSchedules", body, nil)
	// Again it is the same.
	askREST(t, s.Suite, http.MethodPost, "/v1/reportSchedules", body, nil)

	s.move(t, day)
	aida, boss := s.await(t, "aida@example.org", 1)[0], s.await(t, "boss@example.com", 1)[0]
	s.runs(t, name, "STATE_DELIVERED")
	if n := largestN(t, boss.files["text/csv"]); n != "5" {
		t.Errorf("an address gets what the owner sees: n is %s\n%s", n, boss.files["text/csv"])
	}
	if n := largestN(t, aida.files["text/csv"]); n != "3" {
		t.Errorf("a member gets what the member sees: n is %s\n%s", n, aida.files["text/csv"])
	}
	if !bytes.HasPrefix(boss.files["application/pdf"], []byte("%PDF-")) || !strings.Contains(boss.text, "Fingerprint of the report: ") || !strings.Contains(boss.subject, "Shop") || !strings.Contains(boss.text, "Shop") {
		t.Errorf("%q\n%s", boss.subject, boss.text)
	}
	// Nothing is sent twice, whatever starts again.
	s.move(t, day)

	// A mail server that is busy is asked again, and people are told why nothing comes.
	s.server.Refuse(func(string) error {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "busy, boss@example.com"}
	})
	s.move(t, 2*day)
	run := s.runs(t, name, "STATE_RUNNING")[0]
	if !strings.Contains(run.Failure, "busy") || strings.Contains(run.Failure, "@") || len(s.await(t, "boss@example.com", 1)) != 1 {
		t.Errorf("%+v", run)
	}
	s.move(t, 2*day+30*time.Minute)
	if since := s.schedule(t, name).OverdueSince; !since.IsZero() {
		t.Errorf("overdue after half an hour since %v", since)
	}
	s.move(t, 2*day+3*time.Hour)
	if s.schedule(t, name).OverdueSince.IsZero() {
		t.Error("what was not delivered for three hours is not overdue")
	}
	s.server.Refuse(nil)
	s.move(t, 2*day+5*time.Hour)
	again := s.await(t, "boss@example.com", 2)
	if s.runs(t, name, "STATE_DELIVERED"); again[0].id == again[1].id || len(s.await(t, "aida@example.org", 2)) != 2 {
		t.Errorf("%s is %s", again[0].id, again[1].id)
	}

	// Of what was missed the latest is made, and the others are noted.
	s.move(t, 6*day)
	s.await(t, "boss@example.com", 3)
	runs := s.runs(t, name, "STATE_DELIVERED")
	var states []string
	for _, r := range runs {
		states = append(states, strings.TrimPrefix(r.State, "STATE_"))
	}
	if got := strings.Join(states, " "); got != "DELIVERED MISSED MISSED MISSED DELIVERED DELIVERED" {
		t.Errorf("the runs are %s", got)
	}

	// Who unsubscribes and who is removed gets no more.
	link := regexp.MustCompile(regexp.QuoteMeta(s.HTTP()) + `/reports/unsubscribe/\S+`).FindString(boss.text)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, link, strings.NewReader("List-Unsubscribe=One-Click"))
	if err != nil {
		t.Fatal(link, err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if page, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(page), "The report will not come") {
		t.Errorf("%d %v: %s", answer.StatusCode, err, page)
	}
	_ = answer.Body.Close()
	askREST(t, s.Suite, http.MethodDelete, "/v1/members/aida", "", nil)
	var started struct{ Run reportRun }
	askREST(t, s.Suite, http.MethodPost, "/v1/"+name+":run", `{"runId": "at-once"}`, &started)
	if started.Run.Name != name+"/runs/at-once" || !started.Run.Manual {
		t.Errorf("%+v", started)
	}
	failed := s.deliveries(t, s.runs(t, name, "STATE_FAILED")[0].Name)
	if len(failed) != 1 || failed[0].State != "STATE_FAILED" || failed[0].Recipient.Member != "members/aida" || !strings.Contains(failed[0].Failure, "removed") {
		t.Errorf("%+v", failed)
	}
	if len(parcels(t, s.server, "boss@example.com")) != 3 {
		t.Error("who unsubscribed got another one")
	}
}

// A schedule whose owner is gone pauses and says so; whoever changes it takes it over.
func TestSchedulesOfOwnersWhoAreGone(t *testing.T) {
	t.Parallel()
	s := startMailed(t)
	var key struct {
		Secret string
		APIKey struct{ Name string } `json:"apiKey"`
	}
	askREST(t, s.Suite, http.MethodPost, "/v1/apiKeys", `{"apiKey": {"displayName": "Analyst", "kind": "KIND_SECRET", "roles": ["analyst"]}}`, &key)
	schedule := func(recipients string) string {
		return `{"reportScheduleId": "theirs", "reportSchedule": {"displayName": "Theirs", "report": "reports/closed-loop", "formats": ["REPORT_FORMAT_HTML"],
			"recurrence": {"frequency": "FREQUENCY_DAILY", "timeZone": "UTC"}, "recipients": ` + recipients + `}}`
	}
	theirs := s.REST(key.Secret)
	// To addresses of nobody who logs in an analyst sends nothing.
	if a, err := theirs.Do(t.Context(), harness.Request{Method: http.MethodPost, Path: "/v1/reportSchedules", Body: []byte(schedule(`[{"address": "friend@example.com"}]`))}); err != nil ||
		a.Status != http.StatusForbidden || !strings.Contains(string(a.Body), "ADDRESSES_FORBIDDEN") {
		t.Fatalf("%v: %+v", err, a)
	}
	if a, err := theirs.Do(t.Context(), harness.Request{Method: http.MethodPost, Path: "/v1/reportSchedules", Body: []byte(schedule(`[]`))}); err != nil || a.Status != http.StatusOK {
		t.Fatalf("%v: %+v", err, a)
	}
	const name = "reportSchedules/theirs"
	s.move(t, 24*time.Hour)
	run := s.runs(t, name, "STATE_DELIVERED")[0]
	if made := s.deliveries(t, run.Name); len(made) != 1 || made[0].Rendition == "" {
		t.Errorf("what is made for nobody: %+v", made)
	}
	if overdue := s.overdue(t); !overdue["reports/closed-loop"] {
		t.Errorf("what was made for nobody counts as delivered: %v", overdue)
	}
	askREST(t, s.Suite, http.MethodPost, "/v1/"+key.APIKey.Name+":revoke", "{}", nil)
	s.move(t, 48*time.Hour)
	testkit.Eventually(t, patience, func() error {
		found := s.schedule(t, name)
		if !found.Paused || !strings.Contains(found.PauseReason, "revoked") || found.Owner != key.APIKey.Name {
			return fmt.Errorf("%+v", found)
		}
		return nil
	})
	askREST(t, s.Suite, http.MethodPatch, "/v1/"+name, `{"reportSchedule": {"displayName": "Ours", "delivery": "DELIVERY_WEBHOOK", "paused": false}, "updateMask": "displayName,delivery,paused"}`, nil)
	s.move(t, 72*time.Hour)
	s.runs(t, name, "STATE_DELIVERED")
	testkit.Eventually(t, patience, func() error {
		if overdue := s.overdue(t); overdue["reports/closed-loop"] || !overdue["reports/daily-events"] || !overdue["reports/staff-review"] {
			return fmt.Errorf("overdue are %v", overdue)
		}
		return nil
	})
}

// overdue tells which reports that are meant to be made so often are overdue.
func (s *mailedSuite) overdue(t *testing.T) map[string]bool {
	t.Helper()
	var cadences struct {
		Cadences []struct {
			Report  string
			Overdue bool
		}
	}
	askREST(t, s.Suite, http.MethodGet, "/v1/reportCadences", "", &cadences)
	out := map[string]bool{}
	for _, c := range cadences.Cadences {
		out[c.Report] = c.Overdue
	}
	return out
}
