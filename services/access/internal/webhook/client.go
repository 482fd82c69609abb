package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"code.dny.dev/ssrf"
)

const (
	// DefaultTimeout bounds an attempt.
	DefaultTimeout = 15 * time.Second
	// greatestAnswer bounds what is read of an answer, in bytes: it only lets the connection be used again.
	greatestAnswer = 4 << 10
	// greatestHeader bounds the header of an answer, in bytes.
	greatestHeader = 16 << 10
	// userAgent is what messages come from.
	userAgent = "Otklik-Webhooks/1.0"
)

// newClient makes the client by which messages are sent. It follows no redirects, uses no proxy of the environment, which would connect to what it
// likes, and connects to no address that is not allowed. roots are the trusted authorities, and resolver finds addresses of names; nil means the machine's.
func newClient(a Addresses, timeout time.Duration, roots *x509.CertPool, resolver *net.Resolver) *http.Client {
	dialer := &net.Dialer{Timeout: timeout, Control: a.Control, Resolver: resolver}
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
			TLSHandshakeTimeout: timeout, ResponseHeaderTimeout: timeout, MaxResponseHeaderBytes: greatestHeader,
			MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is what came of an attempt.
type answer struct {
	taken, gone bool
	// result is for people. It holds nothing of what the address answered but its status: whoever may see it need not be who may call it.
	result string
	// wait is how long the address asked to be left alone.
	wait time.Duration
}

// post sends a message once.
func post(ctx context.Context, client *http.Client, address, id string, body []byte, secrets []string, now time.Time) answer {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return answer{result: "the address cannot be called"}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", userAgent)
	if err := sign(request.Header, id, now, body, secrets); err != nil {
		return answer{result: "the message could not be signed"}
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{result: explain(err)}
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, greatestAnswer)
	out := answer{result: fmt.Sprintf("status %d", response.StatusCode)}
	switch code := response.StatusCode; {
	case code >= 200 && code < 300:
		out.taken = true
	case code >= 300 && code < 400:
		out.result += ": redirects are not followed"
	case code == http.StatusGone:
		out.gone = true
	case code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable:
		out.wait = retryAfter(response.Header.Get("Retry-After"), now)
	}
	return out
}

// retryAfter reads how long an address asks to be left alone; 0 when it does not.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, greatestPause)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(now), 0), greatestPause)
	}
	return 0
}

// explain tells people what was in the way, and nothing of the network around this process.
func explain(err error) string {
	var unknown *net.DNSError
	var untrusted *tls.CertificateVerificationError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork), errors.Is(err, ssrf.ErrProhibitedPort), errors.Is(err, ssrf.ErrInvalidHostPort):
		return "the host has no public address"
	case errors.As(err, &unknown) && unknown.IsNotFound:
		return "the host is not known"
	case errors.As(err, &untrusted):
		return "the certificate of the host is not trusted"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	}
	return "no connection"
}
