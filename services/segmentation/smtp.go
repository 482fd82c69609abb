package segmentation

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otklik/otklik/services/segmentation/internal/digest"
)

// SMTP is the mail server that digests are handed to. Without a host nothing is sent.
type SMTP struct {
	Host       string        `koanf:"host" doc:"Mail server that takes digests; empty: none are sent."`
	Port       int           `koanf:"port" doc:"Port of the mail server."`
	Encryption string        `koanf:"encryption" doc:"How the connection is kept secret: starttls (which refuses to go on in the clear), tls from the start, or none, for a server on the same machine."`
	CAFile     string        `koanf:"ca_file" doc:"Authorities that the certificate of the mail server must come from, PEM; empty: those of the system."`
	Username   string        `koanf:"username" doc:"Name to log in by; empty logs nobody in."`
	Password   string        `koanf:"password" secret:"true" doc:"Password to log in by."`
	From       string        `koanf:"from" doc:"Who sends: an address, with a name or without, such as Otklik <otklik@example.org>."`
	Timeout    time.Duration `koanf:"timeout" doc:"Time that the mail server has for each step."`
	Interval   time.Duration `koanf:"interval" doc:"How often is looked for digests that are to be sent."`
}

const (
	defaultSMTPPort     = 587
	defaultSMTPTimeout  = 15 * time.Second
	defaultSMTPInterval = 20 * time.Second
	greatestPort        = 65535
)

// defaultSMTP sends nothing.
func defaultSMTP() SMTP {
	return SMTP{Port: defaultSMTPPort, Encryption: string(digest.StartTLS), Timeout: defaultSMTPTimeout, Interval: defaultSMTPInterval}
}

func (c SMTP) check() error {
	if c.Host == "" {
		return nil
	}
	switch {
	case c.Port <= 0 || c.Port > greatestPort:
		return fmt.Errorf("check smtp.port: %d is no port", c.Port)
	case c.Timeout <= 0:
		return fmt.Errorf("check smtp.timeout: %v is not positive", c.Timeout)
	case c.Interval <= 0:
		return fmt.Errorf("check smtp.interval: %v is not positive", c.Interval)
	case c.Username == "" && c.Password != "":
		return errors.New("check smtp.username: it is empty, while there is a password")
	}
	if _, err := mail.ParseAddress(c.From); err != nil {
		return fmt.Errorf("check smtp.from: %w", err)
	}
	return nil
}

// checkPublicURL refuses an address of the app that is none.
func checkPublicURL(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.HasSuffix(address, "/") {
		return fmt.Errorf("check public_url: %q is not an address such as https://otklik.example", address)
	}
	return nil
}

// sender makes what hands e-mails to the mail server; nil where there is none.
func (c SMTP) sender() (*digest.Sender, error) {
	if c.Host == "" {
		return nil, nil
	}
	s := digest.Server{
		Host: c.Host, Port: c.Port, Encryption: digest.Encryption(c.Encryption), Username: c.Username, Password: c.Password, From: c.From, Timeout: c.Timeout,
	}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read smtp.ca_file: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read smtp.ca_file: %s holds no certificate", c.CAFile)
		}
		s.Trust = &tls.Config{RootCAs: roots, ServerName: c.Host, MinVersion: tls.VersionTLS12}
	}
	sender, err := digest.NewSender(s)
	if err != nil {
		return nil, fmt.Errorf("check smtp: %w", err)
	}
	return sender, nil
}

// domain is that of who sends.
func (c SMTP) domain() string {
	if a, err := mail.ParseAddress(c.From); err == nil {
		return a.Address[strings.LastIndexByte(a.Address, '@')+1:]
	}
	return "localhost"
}

// countDigests counts what becomes of attempts to send digests; nil meters count nothing.
func countDigests(meters metric.MeterProvider) (func(context.Context, digest.State), error) {
	if meters == nil {
		return nil, nil
	}
	counter, err := meters.Meter(component).Int64Counter("otklik.digests.deliveries", metric.WithUnit("{message}"),
		metric.WithDescription("Attempts to send digests by e-mail, by outcome: sent, retried (to be sent again) or failed (given up)."))
	if err != nil {
		return nil, fmt.Errorf("make instrument: %w", err)
	}
	outcomes := map[digest.State]string{digest.Sent: "sent", digest.Pending: "retried", digest.Failed: "failed"}
	// Shown from the start.
	for _, outcome := range outcomes {
		counter.Add(context.Background(), 0, metric.WithAttributes(attribute.String("outcome", outcome)))
	}
	return func(ctx context.Context, state digest.State) {
		counter.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcomes[state])))
	}, nil
}
