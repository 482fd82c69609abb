package mail_test

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/otklik/otklik/libs/mail"
	"github.com/otklik/otklik/libs/testkit/smtptest"
)

// at is how to send to a server.
func at(s *smtptest.Server, encryption mail.Encryption) mail.Server {
	return mail.Server{
		Host: s.Host, Port: s.Port, Encryption: encryption, Username: smtptest.Username, Password: smtptest.Password,
		From: "Otklik <otklik@example.org>", Timeout: 5 * time.Second, Trust: s.Trust,
	}
}

func letter() mail.Mail {
	return mail.Mail{
		Message: mail.Message{Subject: "Отклик за день", Text: "Открыто: 3\n", HTML: "<p>Открыто: 3</p>"}, ID: "day.1@otklik", To: "reader@example.com",
		Unsubscribe: "https://app.example/digests/unsubscribe/x", Time: time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC),
	}
}

func TestMailIsSent(t *testing.T) {
	for encryption, ours := range map[smtptest.Encryption]mail.Encryption{smtptest.StartTLS: mail.StartTLS, smtptest.TLS: mail.TLS, smtptest.Clear: mail.Clear} {
		t.Run(string(ours), func(t *testing.T) {
			server := smtptest.New(t, encryption)
			sender, err := mail.NewSender(at(server, ours))
			if err != nil {
				t.Fatal(err)
			}
			if err := sender.Send(t.Context(), letter()); err != nil {
				t.Fatal(err)
			}
			taken := server.Taken()
			if len(taken) != 1 || taken[0].From != "otklik@example.org" || !slices.Equal(taken[0].To, []string{"reader@example.com"}) {
				t.Fatalf("taken %+v", taken)
			}
			checkLetter(t, taken[0].Raw)
		})
	}
}

// checkLetter reads an e-mail by the standard library.
func checkLetter(t *testing.T, raw string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "Отклик за день" {
		t.Errorf("subject %q, %v", subject, err)
	}
	for name, want := range map[string]string{
		"Message-Id": "<day.1@otklik>", "List-Unsubscribe": "<https://app.example/digests/unsubscribe/x>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"Auto-Submitted": "auto-generated",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%q, %v", kind, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []string{"Открыто: 3", "<p>Открыто: 3</p>"} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil || strings.TrimSpace(string(text)) != want {
			t.Errorf("part %q, %v", text, err)
		}
	}
}

func TestRefusalsAreTold(t *testing.T) {
	for name, c := range map[string]struct {
		refuse    error
		permanent bool
	}{
		"for now":  {&smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "reader@example.com is busy"}, false},
		"for good": {&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no reader@example.com here"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := smtptest.New(t, smtptest.StartTLS)
			server.Refuse(func(string) error { return c.refuse })
			sender, err := mail.NewSender(at(server, mail.StartTLS))
			if err != nil {
				t.Fatal(err)
			}
			var refused *mail.RefusedError
			if err := sender.Send(t.Context(), letter()); !errors.As(err, &refused) || refused.Permanent != c.permanent {
				t.Fatalf("%v", err)
			}
			if strings.Contains(refused.Reason, "@") || refused.Reason == "" || len(server.Taken()) != 0 {
				t.Errorf("reason %q", refused.Reason)
			}
		})
	}
}

func TestAServerThatIsAwayIsAskedAgain(t *testing.T) {
	server := at(smtptest.New(t, smtptest.StartTLS), mail.StartTLS)
	server.Port = 1
	sender, err := mail.NewSender(server)
	if err != nil {
		t.Fatal(err)
	}
	var refused *mail.RefusedError
	if err := sender.Send(t.Context(), letter()); !errors.As(err, &refused) || refused.Permanent {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sender.Send(ctx, letter()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestPasswordsDoNotGoInTheClearByMistake(t *testing.T) {
	server := smtptest.New(t, smtptest.Clear)
	sender, err := mail.NewSender(at(server, mail.StartTLS))
	if err != nil {
		t.Fatal(err)
	}
	if err := sender.Send(t.Context(), letter()); err == nil || server.Asked() != 0 {
		t.Errorf("sent without encryption: %v", err)
	}
}

func TestServersAreChecked(t *testing.T) {
	for name, change := range map[string]func(*mail.Server){
		"encryption": func(s *mail.Server) { s.Encryption = "some" },
		"sender":     func(s *mail.Server) { s.From = "nobody" },
		"port":       func(s *mail.Server) { s.Port = 70000 },
	} {
		s := mail.Server{Host: "mail.example", Port: 587, Encryption: mail.StartTLS, From: "a@example.org", Timeout: time.Second}
		change(&s)
		if _, err := mail.NewSender(s); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
