// Package smtptest serves mail servers for tests, by a library that others keep.
package smtptest

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/otklik/otklik/libs/testkit/certtest"
)

// How who sends logs in.
const (
	Username = "otklik"
	Password = "secret"
)

// Encryption is how connections are kept secret.
type Encryption uint8

// The ways: by STARTTLS, from the start, not at all.
const (
	StartTLS Encryption = iota
	TLS
	Clear
)

// Message is an e-mail as it came.
type Message struct {
	From string
	To   []string
	Raw  string
}

// Server takes e-mails from who logs in. Safe for concurrent use.
type Server struct {
	// Host and Port are where it listens.
	Host string
	Port int
	// Trust is what its certificate is judged by, CA the authority of the certificate as PEM.
	Trust *tls.Config
	CA    []byte

	mu     sync.Mutex
	taken  []Message
	asked  int
	refuse func(to string) error
}

// New serves a mail server until the test ends.
func New(t testing.TB, encryption Encryption) *Server {
	t.Helper()
	authority := certtest.NewAuthority(t, "mail")
	pair := authority.Issue(t, "localhost", "127.0.0.1")
	certificate, err := tls.X509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.PEM)
	out := &Server{Host: "localhost", CA: authority.PEM, Trust: &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS12}}
	own := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	out.Port = l.Addr().(*net.TCPAddr).Port
	server := smtp.NewServer(out)
	server.Domain, server.ReadTimeout, server.WriteTimeout, server.ErrorLog = "localhost", 30*time.Second, 30*time.Second, silence{}
	switch encryption {
	case StartTLS:
		server.TLSConfig = own
	case TLS:
		l = tls.NewListener(l, own)
	case Clear:
		server.AllowInsecureAuth = true
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return out
}

// Refuse makes the server answer recipients so from now on; nil takes all.
func (s *Server) Refuse(answer func(to string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = answer
}

// Taken are the e-mails that came, in order.
func (s *Server) Taken() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken)
}

// Asked is how often somebody began to send an e-mail.
func (s *Server) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// NewSession implements smtp.Backend.
func (s *Server) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{server: s}, nil }

// session is a connection.
type session struct {
	server *Server
	known  bool
	now    Message
}

// AuthMechanisms implements smtp.AuthSession.
func (*session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth implements smtp.AuthSession.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != Username || password != Password {
			return smtp.ErrAuthFailed
		}
		s.known = true
		return nil
	}), nil
}

// Mail implements smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.known {
		return smtp.ErrAuthRequired
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.asked++
	s.now = Message{From: from}
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.server.refuse != nil {
		if err := s.server.refuse(to); err != nil {
			return err
		}
	}
	s.now.To = append(s.now.To, to)
	return nil
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.now.Raw = string(body)
	s.server.taken = append(s.server.taken, s.now)
	return nil
}

// Reset implements smtp.Session.
func (s *session) Reset() { s.now = Message{} }

// Logout implements smtp.Session.
func (*session) Logout() error { return nil }

// Busy and Unknown are answers to recipients: for now, and for good.
var (
	Busy    error = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try again later"}
	Unknown error = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
)

type silence struct{}

// Printf logs nothing.
func (silence) Printf(string, ...any) {}

// Println logs nothing.
func (silence) Println(...any) {}
