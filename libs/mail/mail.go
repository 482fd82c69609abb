// Package mail hands e-mails to a mail server: how it is reached, and what a refusal means.
package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Encryption is how the connection to a mail server is kept secret.
type Encryption string

// The ways.
const (
	// StartTLS begins in the clear and refuses to go on so.
	StartTLS Encryption = "starttls"
	// TLS is encrypted from the start.
	TLS Encryption = "tls"
	// Clear is not encrypted: for a server on the same machine.
	Clear Encryption = "none"
)

// Server is a mail server that takes e-mails.
type Server struct {
	Host       string
	Port       int
	Encryption Encryption
	// Username and Password are how to log in; an empty name logs nobody in.
	Username, Password string
	// From is who sends: an address, with a name or without.
	From    string
	Timeout time.Duration
	// Trust is what certificates are judged by; nil means those of the system.
	Trust *tls.Config
}

// Message is an e-mail's words.
type Message struct{ Subject, Text, HTML string }

// Attachment is a file that comes with an e-mail.
type Attachment struct {
	Name, ContentType string
	Body              []byte
}

// Mail is an e-mail to one address.
type Mail struct {
	Message
	Attachments []Attachment
	// ID is what the e-mail is known by, without angle brackets. The same e-mail sent again has the same, by which mail programs recognise it.
	ID, To string
	// Unsubscribe is the address at which a POST unsubscribes; empty for none.
	Unsubscribe string
	Time        time.Time
}

// RefusedError is that an e-mail was not taken.
type RefusedError struct {
	// Permanent tells that trying again will not help.
	Permanent bool
	// Reason is what the server or the connection said, without addresses.
	Reason string

	cause error
}

// Error says why.
func (e *RefusedError) Error() string { return "send e-mail: " + e.Reason }

// Unwrap is the error of the connection.
func (e *RefusedError) Unwrap() error { return e.cause }

// Sender hands e-mails to a mail server.
type Sender struct {
	server  Server
	options []gomail.Option
}

// NewSender checks the server and makes a sender; it does not connect.
func NewSender(s Server) (*Sender, error) {
	out := &Sender{server: s, options: []gomail.Option{gomail.WithPort(s.Port), gomail.WithTimeout(s.Timeout)}}
	switch s.Encryption {
	case StartTLS:
		out.options = append(out.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case TLS:
		out.options = append(out.options, gomail.WithSSL())
	case Clear:
		out.options = append(out.options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return nil, fmt.Errorf("check encryption: %q is none of starttls, tls, none", s.Encryption)
	}
	if s.Trust != nil {
		out.options = append(out.options, gomail.WithTLSConfig(s.Trust))
	}
	if s.Username != "" {
		auth := gomail.SMTPAuthAutoDiscover
		if s.Encryption == Clear {
			auth = gomail.SMTPAuthPlainNoEnc
		}
		out.options = append(out.options, gomail.WithSMTPAuth(auth), gomail.WithUsername(s.Username), gomail.WithPassword(s.Password))
	}
	if _, err := gomail.NewClient(s.Host, out.options...); err != nil {
		return nil, fmt.Errorf("check mail server: %w", err)
	}
	if err := gomail.NewMsg().From(s.From); err != nil {
		return nil, fmt.Errorf("check sender's address: %w", err)
	}
	return out, nil
}

// Send hands an e-mail to the server. Errors: *RefusedError; ctx's.
func (s *Sender) Send(ctx context.Context, m Mail) error {
	message, err := s.message(m)
	if err != nil {
		return &RefusedError{Permanent: true, Reason: s.anonymous(err, m.To), cause: err}
	}
	client, err := gomail.NewClient(s.server.Host, s.options...)
	if err != nil {
		return fmt.Errorf("prepare mail server: %w", err)
	}
	if err := client.DialAndSendWithContext(ctx, message); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("send e-mail: %w", ctx.Err())
		}
		var refused *gomail.SendError
		permanent := errors.As(err, &refused) && !refused.IsTemp() && refused.ErrorCode() >= 500
		// Once the server has taken the message, an error in saying goodbye changes nothing.
		if message.IsDelivered() {
			return nil
		}
		return &RefusedError{Permanent: permanent, Reason: s.anonymous(err, m.To), cause: err}
	}
	return nil
}

func (s *Sender) message(m Mail) (*gomail.Msg, error) {
	out := gomail.NewMsg()
	if err := out.From(s.server.From); err != nil {
		return nil, err
	}
	if err := out.To(m.To); err != nil {
		return nil, err
	}
	out.Subject(m.Subject)
	out.SetDateWithValue(m.Time)
	out.SetMessageIDWithValue(m.ID)
	out.SetGenHeader("Auto-Submitted", "auto-generated")
	if strings.HasPrefix(m.Unsubscribe, "https://") {
		if err := out.SetListUnsubscribeOneClick(m.Unsubscribe); err != nil {
			return nil, err
		}
	}
	out.SetBodyString(gomail.TypeTextPlain, m.Text)
	out.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	for _, a := range m.Attachments {
		if err := out.AttachReader(a.Name, bytes.NewReader(a.Body), gomail.WithFileContentType(gomail.ContentType(a.ContentType))); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// addresses finds what looks like an e-mail address.
var addresses = regexp.MustCompile(`[^\s<>"(),:;]+@[^\s<>"(),:;]+`)

// longestReason is how much is kept of what a server says, in characters.
const longestReason = 500

// anonymous is what an error says, without addresses.
func (*Sender) anonymous(err error, to string) string {
	said := strings.ReplaceAll(strings.ToValidUTF8(err.Error(), "?"), to, "…")
	said = addresses.ReplaceAllString(said, "…")
	said = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, said)
	if runes := []rune(said); len(runes) > longestReason {
		said = string(runes[:longestReason])
	}
	return said
}
