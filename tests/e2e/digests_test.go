package e2e

import (
	"encoding/base64"
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

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/smtptest"
	"github.com/otklik/otklik/tests/harness"
)

// letter is a digest as its recipient reads it.
type letter struct{ to, subject, text string }

// letters are the e-mails that a mail server took.
func letters(t *testing.T, server *smtptest.Server) (out []letter) {
	t.Helper()
	for _, taken := range server.Taken() {
		m, err := mail.ReadMessage(strings.NewReader(taken.Raw))
		if err != nil {
			t.Fatal(err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if err != nil {
			t.Fatal(err)
		}
		kind, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
		if err != nil || kind != "multipart/alternative" {
			t.Fatal(kind, err)
		}
		part, err := multipart.NewReader(m.Body, parameters["boundary"]).NextRawPart()
		if err != nil || !strings.HasPrefix(part.Header.Get("Content-Type"), "text/plain") {
			t.Fatal(part, err)
		}
		var body io.Reader = part
		switch part.Header.Get("Content-Transfer-Encoding") {
		case "quoted-printable":
			body = quotedprintable.NewReader(part)
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, part)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, letter{taken.To[0], subject, strings.ReplaceAll(string(text), "\r\n", "\n")})
	}
	return out
}

// A subscription's digest comes once a day to each address, however often the suite starts again, in its language and with what happened since the one before;
// one click ends it for an address.
func TestDigests(t *testing.T) {
	t.Parallel()
	server := smtptest.New(t, smtptest.StartTLS)
	authority := filepath.Join(t.TempDir(), "mail.pem")
	if err := os.WriteFile(authority, server.CA, 0o600); err != nil {
		t.Fatal(err)
	}
	settings := map[string]any{
		"segmentation.smtp.host": server.Host, "segmentation.smtp.port": server.Port, "segmentation.smtp.ca_file": authority,
		"segmentation.smtp.username": smtptest.Username, "segmentation.smtp.password": smtptest.Password, "segmentation.smtp.from": "Otklik <otklik@example.org>",
		"segmentation.smtp.interval": "100ms",
	}
	suite := harness.Run(t, harness.Options{Settings: settings})
	begun := time.Now()
	// days begins the suite again that many days after it was begun first.
	days := func(n int) {
		t.Helper()
		if err := suite.Stop(patience); err != nil {
			t.Fatal(err)
		}
		settings["clock.offset"] = (time.Duration(n)*24*time.Hour - time.Since(begun)).String()
		if err := suite.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// await waits until an address has got so many digests.
	await := func(to string, n int) (all []letter) {
		t.Helper()
		testkit.Eventually(t, patience, func() error {
			all = nil
			for _, l := range letters(t, server) {
				if l.to == to {
					all = append(all, l)
				}
			}
			if len(all) < n {
				return fmt.Errorf("%s has got %d digests, not %d", to, len(all), n)
			}
			return nil
		})
		return all
	}
	askREST(t, suite, http.MethodPost, "/v1/digestSubscriptions", fmt.Sprintf(`{"digestSubscription": {"displayName": "Team", "languageCode": "ky",
		"recipients": ["aida@example.org", "bek@example.org"], "minuteOfDay": %d, "timeZone": "UTC", "topics": ["TOPIC_CASES"]}}`,
		begun.UTC().Hour()*60+begun.UTC().Minute()), nil)
	open := func(contact string) {
		t.Helper()
		askREST(t, suite, http.MethodPatch, "/v1/contacts/"+contact, `{"contact": {}, "allowMissing": true}`, nil)
		askREST(t, suite, http.MethodPost, "/v1/cases", `{"case": {"displayName": "about `+contact+`", "contact": "contacts/`+contact+`", "severity": "SEVERITY_LOW"}}`, nil)
	}
	open("ann")
	open("ben")

	days(1)
	first := await("aida@example.org", 1)[0]
	if !strings.Contains(first.subject, "Отклик: Team") || !strings.Contains(first.text, "Ачылды: 2\n") || !strings.Contains(first.text, "Жабылды: 0\n") {
		t.Errorf("the first day: %q\n%s", first.subject, first.text)
	}
	if strings.Contains(first.text, "ann") {
		t.Errorf("it names somebody: %s", first.text)
	}
	await("bek@example.org", 1)
	open("cem")
	days(1)
	// Whatever there was to be sent of the first day is before what is sent of the second one.
	days(2)
	aida := await("aida@example.org", 2)
	if len(aida) != 2 || aida[0].subject == aida[1].subject || !strings.Contains(aida[1].text, "Ачылды: 1\n") {
		t.Fatalf("the second day: %+v", aida)
	}
	await("bek@example.org", 2)

	link := regexp.MustCompile(regexp.QuoteMeta(suite.HTTP()) + `/digests/unsubscribe/\S+`).FindString(aida[1].text)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, link, strings.NewReader("List-Unsubscribe=One-Click"))
	if err != nil {
		t.Fatal(link, err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("unsubscribed: %d", answer.StatusCode)
	}
	days(3)
	if bek := await("bek@example.org", 3); len(bek) != 3 || !strings.Contains(bek[2].text, "Эч нерсе болгон жок") {
		t.Errorf("the third day: %+v", bek)
	}
	if got := await("aida@example.org", 2); len(got) != 2 {
		t.Errorf("who unsubscribed got %d digests", len(got))
	}
}
