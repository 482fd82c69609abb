package gateway_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/gateway"
	"github.com/otklik/otklik/libs/testkit/certtest"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// A client that sends its request slowly is dropped in time, whether it dawdles with the head or the body, and others are served meanwhile.
func TestSlowClientsAreDroppedWhileOthersAreServed(t *testing.T) {
	head := func(path string) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", path, len(submitBody))
	}
	// What is not under test is long, so that it cannot be what drops the client.
	const long, short = time.Minute, 300 * time.Millisecond
	for name, c := range map[string]struct {
		header, idle, whole time.Duration
		text                string
		// at is how much is sent at once; the rest follows a byte at a time with pauses.
		at     int
		pause  time.Duration
		status string
	}{
		"head byte by byte":             {short, long, long, head(submitPath), 4, 50 * time.Millisecond, ""},
		"body that stops":               {long, short, long, head(submitPath) + submitBody, len(head(submitPath)) + 3, time.Hour, "408"},
		"body byte by byte":             {long, long, short, head(submitPath) + submitBody, len(head(submitPath)) + 3, 50 * time.Millisecond, "408"},
		"body that nobody wants":        {long, short, long, head("/v1/nothing") + submitBody, len(head("/v1/nothing")) + 3, time.Hour, "404"},
		"body of what takes none":       {long, short, long, strings.Replace(head("/v1/surveys"), "POST", "GET", 1) + submitBody, len(head("/v1/surveys")) + 3, time.Hour, "400"},
		"body of a page":                {long, short, long, head("/docs") + submitBody, len(head("/docs")) + 3, time.Hour, "405"},
		"body of the wrong media type":  {long, short, long, strings.Replace(head(submitPath), "json", "xml", 1) + submitBody, len(head(submitPath)) + 3, time.Hour, "415"},
		"body of a log-out that stalls": {long, short, long, head("/auth/logout") + submitBody, len(head("/auth/logout")) + 3, time.Hour, "204"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, withConfig(func(g *gateway.Config) {
				g.ReadHeaderTimeout, g.BodyIdleTimeout, g.ReadTimeout = c.header, c.idle, c.whole
			}))
			b.survey.submit = echo
			conn, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			go func() {
				_, err := io.WriteString(conn, c.text[:c.at])
				for i := c.at; err == nil && i < len(c.text); i++ {
					time.Sleep(min(c.pause, 20*time.Second))
					_, err = conn.Write([]byte{c.text[i]})
				}
			}()
			for range 3 {
				if a := b.submitWith(nil); a.status != 200 {
					t.Errorf("somebody else: %d", a.status)
				}
			}
			if err := conn.SetReadDeadline(time.Now().Add(15 * time.Second)); err != nil {
				t.Fatal(err)
			}
			reader := bufio.NewReader(conn)
			resp, err := http.ReadResponse(reader, nil)
			switch {
			case c.status == "":
				if err == nil {
					resp.Body.Close()
				}
			case err != nil || !strings.HasPrefix(resp.Status, c.status):
				t.Fatalf("%v, %v", resp, err)
			default:
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			if _, err := io.Copy(io.Discard, reader); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the connection was kept open")
			}
		})
	}
}

// A client that is slow but keeps sending is served, as long as the whole arrives in time.
func TestSteadyClientsAreServed(t *testing.T) {
	b := newBench(t, withConfig(func(c *gateway.Config) { c.BodyIdleTimeout = 2 * time.Second }))
	b.survey.submit = echo
	read, write := io.Pipe()
	go func() {
		for part := range slices.Chunk([]byte(submitBody), 40) {
			time.Sleep(20 * time.Millisecond)
			if _, err := write.Write(part); err != nil {
				return
			}
		}
		write.Close()
	}()
	r, err := http.NewRequestWithContext(t.Context(), "POST", b.url+submitPath, read)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("%s", resp.Status)
	}
}

// A call that takes longer than a client may pause within a body is not taken for a client that has gone.
func TestThePauseWithinABodyDoesNotBoundTheCall(t *testing.T) {
	b := newBench(t, withConfig(func(c *gateway.Config) { c.BodyIdleTimeout = 50 * time.Millisecond }))
	b.survey.submit = func(ctx context.Context, r *surveyv1.SubmitResponseRequest) (*surveyv1.SubmitResponseResponse, error) {
		select {
		case <-time.After(400 * time.Millisecond):
			return echo(ctx, r)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if a := b.submitWith(nil); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestConnectionsAreLimited(t *testing.T) {
	b := newBench(t, withConfig(func(c *gateway.Config) {
		c.MaxConnections, c.ReadHeaderTimeout, c.IdleTimeout = 2, 400*time.Millisecond, 400*time.Millisecond
	}))
	address := strings.TrimPrefix(b.url, "http://")
	for range 2 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	begun := time.Now()
	// It waits for one of the others to be dropped, and is served then.
	if a := b.get("/healthz"); a.status != 200 {
		t.Errorf("%d", a.status)
	}
	if waited := time.Since(begun); waited < 100*time.Millisecond {
		t.Errorf("a third connection was taken after %v", waited)
	}
}

func TestHugeHeadsAreRefused(t *testing.T) {
	b := newBench(t, withConfig(func(c *gateway.Config) { c.MaxHeaderBytes = 8 << 10 }))
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// The server closes without reading the rest, so that only the status is sure to arrive.
	go func() {
		_, _ = io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Big: "+strings.Repeat("x", 64<<10))
	}()
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.Contains(line, "431") {
		t.Errorf("%q, %v", line, err)
	}
}

func TestHTTPSIsServedByACertificateOfTheOperator(t *testing.T) {
	authority := certtest.NewAuthority(t, "test")
	pair := authority.Issue(t, "127.0.0.1", "localhost")
	certFile, keyFile := filepath.Join(t.TempDir(), "tls.crt"), filepath.Join(t.TempDir(), "tls.key")
	certtest.Write(t, certFile, pair.Cert)
	certtest.Write(t, keyFile, pair.Key)
	b := newBench(t, withConfig(func(c *gateway.Config) { c.TLS.CertFile, c.TLS.KeyFile = certFile, keyFile }))
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority.PEM) {
		t.Fatal("no authority")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), "GET", strings.Replace(b.url, "http://", "https://", 1)+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 || resp.ProtoMajor != 2 || resp.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%s %s %v", resp.Proto, resp.Status, resp.Header)
	}
	config := gateway.DefaultConfig()
	config.TLS.CertFile = certFile
	if _, err := gateway.New(config, b.deps); err == nil || !strings.Contains(err.Error(), "tls") {
		t.Errorf("without a key: %v", err)
	}
}
