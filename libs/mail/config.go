package mail

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	netmail "net/mail"
	"os"
	"strings"
	"time"
)

// Config says which mail server takes e-mails. Without a host nothing is sent.
type Config struct {
	Host       string        `koanf:"host" doc:"Mail server that takes e-mails; empty: none are sent."`
	Port       int           `koanf:"port" doc:"Port of the mail server."`
	Encryption string        `koanf:"encryption" doc:"How the connection is kept secret: starttls (which refuses to go on in the clear), tls from the start, or none, for a server on the same machine."`
	CAFile     string        `koanf:"ca_file" doc:"Authorities that the certificate of the mail server must come from, PEM; empty: those of the system."`
	Username   string        `koanf:"username" doc:"Name to log in by; empty logs nobody in."`
	Password   string        `koanf:"password" secret:"true" doc:"Password to log in by."`
	From       string        `koanf:"from" doc:"Who sends: an address, with a name or without, such as Otklik <otklik@example.org>."`
	Timeout    time.Duration `koanf:"timeout" doc:"Time that the mail server has for each step."`
	Interval   time.Duration `koanf:"interval" doc:"How often is looked for what is to be sent."`
}

const (
	defaultPort     = 587
	defaultTimeout  = 15 * time.Second
	defaultInterval = 20 * time.Second
	greatestPort    = 65535
)

// DefaultConfig sends nothing.
func DefaultConfig() Config {
	return Config{Port: defaultPort, Encryption: string(StartTLS), Timeout: defaultTimeout, Interval: defaultInterval}
}

// Check says what is wrong, by the name of the setting.
func (c Config) Check() error {
	if c.Interval <= 0 {
		return fmt.Errorf("check smtp.interval: %v is not positive", c.Interval)
	}
	if c.Host == "" {
		return nil
	}
	switch {
	case c.Port <= 0 || c.Port > greatestPort:
		return fmt.Errorf("check smtp.port: %d is no port", c.Port)
	case c.Timeout <= 0:
		return fmt.Errorf("check smtp.timeout: %v is not positive", c.Timeout)
	case c.Username == "" && c.Password != "":
		return errors.New("check smtp.username: it is empty, while there is a password")
	}
	if _, err := netmail.ParseAddress(c.From); err != nil {
		return fmt.Errorf("check smtp.from: %w", err)
	}
	return nil
}

// Sender makes what hands e-mails to the mail server; nil where there is none.
func (c Config) Sender() (*Sender, error) {
	if c.Host == "" {
		return nil, nil
	}
	s := Server{
		Host: c.Host, Port: c.Port, Encryption: Encryption(c.Encryption), Username: c.Username, Password: c.Password, From: c.From, Timeout: c.Timeout,
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
	sender, err := NewSender(s)
	if err != nil {
		return nil, fmt.Errorf("check smtp: %w", err)
	}
	return sender, nil
}

// Domain is that of who sends.
func (c Config) Domain() string {
	if a, err := netmail.ParseAddress(c.From); err == nil {
		return a.Address[strings.LastIndexByte(a.Address, '@')+1:]
	}
	return "localhost"
}
