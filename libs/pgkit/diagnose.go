package pgkit

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"regexp"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// setting is the full name of a field of a component's Config.
func setting(component, field string) string { return component + ".postgres." + field }

// parse reads the DSN. Its errors name the setting and never hold the password.
func parse(c Config, component string) (*pgxpool.Config, error) {
	parsed, err := pgxpool.ParseConfig(c.DSN)
	if err == nil && parsed.ConnConfig.Host == "" {
		err = errors.New("there is no host")
	}
	if err == nil {
		return parsed, nil
	}
	return nil, fmt.Errorf("read %s: it is no PostgreSQL DSN%s: want postgres://user:password@host:5432/database?sslmode=verify-full, "+
		"with special characters of the password percent-encoded", setting(component, "dsn"), parseDetail(c.DSN, err))
}

// quotedDetail is the end of a driver's text, which tells what is wrong after the DSN itself.
var quotedDetail = regexp.MustCompile("(?s)^cannot parse `.*`: (.*)$")

// parseDetail is what may be told of an error about a DSN: nothing, unless it surely does not hold the password.
func parseDetail(dsn string, err error) string {
	u, urlErr := url.Parse(dsn)
	if urlErr != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Host == "" {
		return ""
	}
	detail := err.Error()
	if m := quotedDetail.FindStringSubmatch(detail); m != nil {
		detail = m[1]
	}
	secrets := []string{u.Query().Get("password"), u.Query().Get("sslpassword")}
	if password, ok := u.User.Password(); ok {
		secrets = append(secrets, password)
	}
	for _, secret := range secrets {
		if secret != "" && (strings.Contains(detail, secret) || strings.Contains(detail, url.QueryEscape(secret))) {
			return ""
		}
	}
	return " (" + detail + ")"
}

// place says where a database is, without the password.
func place(c *pgxpool.Config) string {
	hosts := []string{fmt.Sprintf("%s:%d", c.ConnConfig.Host, c.ConnConfig.Port)}
	for _, f := range c.ConnConfig.Fallbacks {
		if host := fmt.Sprintf("%s:%d", f.Host, f.Port); host != hosts[len(hosts)-1] {
			hosts = append(hosts, host)
		}
	}
	return fmt.Sprintf("%s, database %q, user %q", strings.Join(hosts, ", "), c.ConnConfig.Database, c.ConnConfig.User)
}

// diagnosis is what is wrong with a connection, and how to mend it.
type diagnosis struct {
	text string
	// passes tells that it may mend itself: a server that starts, a network that comes back.
	passes bool
}

// diagnose explains why no connection could be made.
func diagnose(err error, component string) diagnosis {
	dsn := setting(component, "dsn")
	if code := Code(err); code != "" {
		return diagnoseCode(err, code, component)
	}
	if text := diagnoseTLS(err, dsn); text != "" {
		return diagnosis{text: text}
	}
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return diagnosis{text: fmt.Sprintf("the host %q is not known (%s): correct the host in %s, or the name service", dns.Name, dns.Err, dsn), passes: true}
	case errors.Is(err, syscall.ECONNREFUSED):
		return diagnosis{text: "nothing listens there: start PostgreSQL, or correct host and port in " + dsn, passes: true}
	case errors.Is(err, context.DeadlineExceeded) || isTimeout(err):
		return diagnosis{
			text: fmt.Sprintf("no answer in time: check host and port in %s, firewalls and network policies, or raise %s", dsn, setting(component, "connect_timeout")), passes: true,
		}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), isLostConnection(err):
		return diagnosis{text: "the connection is closed by the other side: PostgreSQL is stopping, or something else listens at host and port of " + dsn, passes: true}
	case isForeign(err):
		return diagnosis{text: "what answers does not speak PostgreSQL: correct host and port in " + dsn}
	}
	return diagnosis{text: fmt.Sprintf("%v: check %s", detail(err), dsn), passes: true}
}

func diagnoseCode(err error, code, component string) diagnosis {
	dsn := setting(component, "dsn")
	switch code {
	case codeInvalidPassword:
		return diagnosis{text: fmt.Sprintf("user or password is refused: correct them in %s, or set the user's password in PostgreSQL", dsn)}
	case codeInvalidAuthorization:
		return diagnosis{text: fmt.Sprintf("the server refuses the user (%v): correct user and sslmode in %s, or allow it in pg_hba.conf", detail(err), dsn)}
	case codeNoDatabase:
		return diagnosis{text: fmt.Sprintf("there is no such database: create it by CREATE DATABASE, or correct its name in %s", dsn)}
	case codeInsufficientPrivilege:
		return diagnosis{text: fmt.Sprintf("the user lacks a privilege (%v): grant it, or name another user in %s", detail(err), dsn)}
	case codeTooManyConnections:
		return diagnosis{text: fmt.Sprintf("the server takes no more connections: lower %s, or raise max_connections of PostgreSQL", setting(component, "max_connections")), passes: true}
	case codeCannotConnectNow:
		return diagnosis{text: fmt.Sprintf("the server is starting or stopping (%v): wait, or look at its log", detail(err)), passes: true}
	case codeDiskFull:
		return diagnosis{text: "the server's disk is full: make room", passes: true}
	}
	return diagnosis{text: fmt.Sprintf("the server answers %v: look at its log and at %s", detail(err), dsn), passes: classifyCode(code) != nil}
}

func diagnoseTLS(err error, dsn string) string {
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case strings.Contains(err.Error(), "refused TLS"):
		return "the server does not offer TLS: switch it on there, or set sslmode=disable in " + dsn
	case errors.As(err, &unknown):
		return "the server's certificate is by an authority that is not trusted: name the authority's file by sslrootcert in " + dsn
	case errors.As(err, &hostname):
		return fmt.Sprintf("the server's certificate is for another host (%v): use the name that it is made for, or sslmode=verify-ca, in %s", hostname.Error(), dsn)
	case errors.As(err, &invalid), errors.As(err, &verification):
		return fmt.Sprintf("the server's certificate is refused (%v): renew it, or correct sslmode and sslrootcert in %s", errors.Unwrap(err), dsn)
	case errors.As(err, &record), errors.As(err, &alert):
		return fmt.Sprintf("TLS fails (%v): check sslmode, sslcert, sslkey and sslrootcert in %s", detail(err), dsn)
	}
	return ""
}

// isForeign tells whether the other side is something else than PostgreSQL.
func isForeign(err error) bool {
	for _, text := range []string{"unknown message type", "unexpected message", "invalid message", "received unexpected", "unexpected response", "message size", "body length"} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

// detail is the innermost text of an error: the outer ones repeat the address.
func detail(err error) error {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return fmt.Errorf("%s: %s", server.Severity, server.Message)
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
