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

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/otklik/otklik/gateway"
	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit/certtest"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// heard answers submissions and keeps the metadata of the last.
func (b *bench) heard() *metadata.MD {
	got := new(metadata.MD)
	b.survey.submit = func(ctx context.Context, r *surveyv1.SubmitResponseRequest) (*surveyv1.SubmitResponseResponse, error) {
		*got, _ = metadata.FromIncomingContext(ctx)
		return echo(ctx, r)
	}
	return got
}

func (b *bench) submitWith(header map[string]string) answer {
	b.t.Helper()
	return b.do(request{method: "POST", path: submitPath, body: submitBody, header: header})
}

func TestServicesLearnFromWhereACallComes(t *testing.T) {
	overBothChannels(t, func(t *testing.T, b *bench) {
		got := b.heard()
		for _, c := range []struct {
			header                  map[string]string
			origin, device, address []string
		}{
			{nil, nil, nil, []string{"127.0.0.1"}},
			{map[string]string{"Origin": b.url, "Otklik-Device": "till 7"}, nil, []string{"till 7"}, []string{"127.0.0.1"}},
			{map[string]string{"Origin": "https://shop.example"}, []string{"https://shop.example"}, nil, []string{"127.0.0.1"}},
			{map[string]string{"X-Forwarded-For": "6.6.6.6", "Otklik-Client-Address": "6.6.6.6", "Otklik-Origin": "https://a", "Grpc-Metadata-Otklik-Origin": "https://a", "Grpc-Metadata-Otklik-Client-Address": "6.6.6.6"},
				nil, nil, []string{"127.0.0.1"}},
		} {
			if a := b.submitWith(c.header); a.status != 200 {
				t.Fatalf("%v: %d %s", c.header, a.status, a.body)
			}
			if !slices.Equal(got.Get("otklik-origin"), c.origin) || !slices.Equal(got.Get("otklik-device"), c.device) || !slices.Equal(got.Get("otklik-client-address"), c.address) {
				t.Errorf("%v: %v", c.header, *got)
			}
			if slices.Contains(got.Get("x-forwarded-for"), "6.6.6.6") {
				t.Errorf("the client's claim went on: %v", *got)
			}
		}
		for _, device := range []string{"", strings.Repeat("d", 129), "Касса"} {
			if a := b.submitWith(map[string]string{"Otklik-Device": device}); a.status != 400 || a.err.reason() != "gateway.otklik/HEADER_INVALID" {
				t.Errorf("device %q: %d %s", device, a.status, a.body)
			}
		}
	}, withConfig(func(c *gateway.Config) { c.MaxStreams = 10 }))
}

func TestProxiesAreBelievedWhereTheOperatorSaysSo(t *testing.T) {
	b := newBench(t, withConfig(func(c *gateway.Config) { c.TrustedProxies = []string{"127.0.0.0/8", "10.0.0.0/8"} }))
	got := b.heard()
	b.submitWith(map[string]string{"X-Forwarded-For": "6.6.6.6, 203.0.113.9, 10.1.2.3"})
	if v := got.Get("otklik-client-address"); !slices.Equal(v, []string{"203.0.113.9"}) {
		t.Errorf("%q", v)
	}
}

func TestPreflightsAreAnsweredForPublishableKeysOnly(t *testing.T) {
	b := newBench(t)
	ask := func(path, method, origin string) answer {
		return b.do(request{method: http.MethodOptions, path: path, header: map[string]string{"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization,content-type"}})
	}
	for path, method := range map[string]string{
		submitPath: "POST", submitPath + ":batchSubmit": "POST", "/v1/surveys/checkout/refusals": "POST",
		"/v1/surveys/checkout/revisions/1": "GET", "/v1/consents": "POST", "/v1/caller": "GET",
	} {
		a := ask(path, method, "https://shop.example")
		h := a.header
		if a.status != 204 || a.body != "" || h.Get("Access-Control-Allow-Origin") != "https://shop.example" || !strings.Contains(h.Get("Access-Control-Allow-Methods"), method) ||
			!strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "Otklik-Device") || h.Get("Vary") != "Origin" {
			t.Errorf("%s %s: %d %v", method, path, a.status, h)
		}
		if h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s allows cookies", path)
		}
	}
	for path, method := range map[string]string{
		submitPath: "GET", "/v1/surveys": "POST", "/v1/apiKeys": "POST", "/v1/scores:query": "POST", "/v1/nothing": "GET", "/auth/session": "GET", "/": "GET",
	} {
		if a := ask(path, method, "https://shop.example"); a.status < 400 || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %s: %d %v", method, path, a.status, a.header)
		}
	}
}

func TestAnswersAreReadableByPagesWhoseOriginWasNotRefused(t *testing.T) {
	b := newBench(t)
	var outcome error
	b.survey.submit = func(ctx context.Context, r *surveyv1.SubmitResponseRequest) (*surveyv1.SubmitResponseResponse, error) {
		if outcome != nil {
			return nil, outcome
		}
		return echo(ctx, r)
	}
	for _, c := range []struct {
		outcome  error
		status   int
		readable bool
	}{
		{nil, 200, true},
		{rpcerr.New(codes.InvalidArgument, "VALIDATION_FAILED", "x"), 400, true},
		{rpcerr.New(codes.ResourceExhausted, "RATE_LIMITED", "x"), 429, true},
		{rpcerr.New(codes.Unauthenticated, "CREDENTIALS_INVALID", "x"), 401, true},
		{rpcerr.New(codes.PermissionDenied, authn.ReasonOrigin, "x"), 403, false},
	} {
		outcome = c.outcome
		a := b.submitWith(map[string]string{"Origin": "https://shop.example"})
		want := map[bool]string{true: "https://shop.example", false: ""}[c.readable]
		if a.status != c.status || a.header.Get("Access-Control-Allow-Origin") != want || a.header.Get("Vary") != "Origin" {
			t.Errorf("%v: %d %v", c.outcome, a.status, a.header)
		}
		for _, name := range []string{"RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"} {
			if c.readable && !strings.Contains(a.header.Get("Access-Control-Expose-Headers"), name) {
				t.Errorf("%s is not exposed", name)
			}
		}
	}
	outcome = nil
	if a := b.submitWith(map[string]string{"Origin": b.url}); a.header.Get("Access-Control-Allow-Origin") != "" || a.header.Get("Vary") != "Origin" {
		t.Errorf("of the own origin: %v", a.header)
	}
	if a := b.get("/v1/surveys", "Origin", "https://shop.example"); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a list was opened: %v", a.header)
	}
}

func TestSecurityHeadersOfPagesAndAnswers(t *testing.T) {
	b := newBench(t, withConfig(func(c *gateway.Config) { c.PublicURL, c.HSTSMaxAge = "https://otklik.example", 48*time.Hour }))
	for _, path := range []string{"/", "/docs", "/v1/surveys", "/auth/session", "/openapi.json"} {
		h := b.get(path).header
		if h.Get("Strict-Transport-Security") != "max-age=172800" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s: %v", path, h)
		}
		if strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/auth/") {
			if h.Get("Cache-Control") != "no-store" {
				t.Errorf("%s may be cached: %v", path, h)
			}
			continue
		}
		if !strings.Contains(h.Get("Permissions-Policy"), "camera=()") || h.Get("Cross-Origin-Opener-Policy") != "same-origin" {
			t.Errorf("%s: %v", path, h)
		}
	}
	if h := newBench(t).get("/").header; h.Get("Strict-Transport-Security") != "" {
		t.Errorf("over http: %v", h)
	}
}

func TestInDevelopmentOnlyThisMachineIsServed(t *testing.T) {
	b := newBench(t, withDeps(func(d *gateway.Deps) { d.Development = true }))
	got := b.heard()
	ask := func(host, origin string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "POST", b.url+submitPath, strings.NewReader(submitBody))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		if host != "" {
			r.Host = host
		}
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	if status := ask("", ""); status != 200 || len(got.Get("authorization")) != 0 {
		t.Errorf("%d %v", status, *got)
	}
	for _, host := range []string{"localhost:8080", "127.0.0.1", "[::1]:9", "otklik.localhost"} {
		if status := ask(host, ""); status != 200 {
			t.Errorf("%s: %d", host, status)
		}
	}
	for _, host := range []string{"evil.example", "localhost.evil.example:8080", "192.168.0.7:8080", "127.0.0.1.evil.example"} {
		if status := ask(host, ""); status != http.StatusMisdirectedRequest {
			t.Errorf("%s: %d", host, status)
		}
	}
	if status := ask("", "https://evil.example"); status != 403 {
		t.Errorf("a foreign page: %d", status)
	}
}

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
