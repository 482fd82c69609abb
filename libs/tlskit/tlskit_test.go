package tlskit_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/certtest"
	"github.com/otklik/otklik/libs/tlskit"
)

const interval = 30 * time.Second

// side is the files of a server or a client.
type side struct {
	dir   string
	clock *testkit.Clock
	log   *bytes.Buffer
}

func newSide(t *testing.T) side {
	return side{dir: t.TempDir(), clock: testkit.NewClock(time.Now()), log: &bytes.Buffer{}}
}

func (s side) path(name string) string { return filepath.Join(s.dir, name) }

func (s side) put(t *testing.T, pair certtest.Pair, roots []byte) {
	t.Helper()
	certtest.Write(t, s.path("cert.pem"), pair.Cert)
	certtest.Write(t, s.path("key.pem"), pair.Key)
	if roots != nil {
		certtest.Write(t, s.path("ca.pem"), roots)
	}
}

func (s side) deps() tlskit.Deps {
	return tlskit.Deps{Now: s.clock.Now, Logger: slog.New(slog.NewTextHandler(s.log, nil))}
}

func (s side) server(t *testing.T, mode tlskit.ClientCertificates, services ...string) *tlskit.Server {
	t.Helper()
	config := tlskit.ServerConfig{
		CertFile: s.path("cert.pem"), KeyFile: s.path("key.pem"), ClientCertificates: mode, Services: services, RefreshInterval: interval,
	}
	if mode != tlskit.ClientCertificatesOff {
		config.ClientCAFile = s.path("ca.pem")
	}
	server, err := tlskit.NewServer(config, s.deps())
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func (s side) client(t *testing.T, identified bool) *tlskit.Client {
	t.Helper()
	config := tlskit.ClientConfig{CAFile: s.path("ca.pem"), ServerName: "survey.internal", RefreshInterval: interval}
	if identified {
		config.CertFile, config.KeyFile = s.path("cert.pem"), s.path("key.pem")
	}
	client, err := tlskit.NewClient(config, s.deps())
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// served is a running gRPC server that remembers whom the last call's certificate proved.
type served struct {
	address string
	last    authn.Principal
	proved  bool
}

func serve(t *testing.T, server *tlskit.Server) *served {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	out := &served{address: listener.Addr().String()}
	g := grpc.NewServer(grpc.Creds(server.Credentials()), grpc.UnaryInterceptor(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			out.last, out.proved = server.PeerIdentity(ctx)
			return handler(ctx, req)
		}))
	healthpb.RegisterHealthServer(g, health.NewServer())
	go func() { _ = g.Serve(listener) }()
	t.Cleanup(g.Stop)
	return out
}

// call makes one call over a connection of its own.
func (s *served) call(t *testing.T, creds credentials.TransportCredentials, opts ...grpc.DialOption) error {
	t.Helper()
	s.last, s.proved = authn.Principal{}, false
	conn, err := grpc.NewClient("dns:///"+s.address, append(opts, grpc.WithTransportCredentials(creds))...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err = healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
	return err
}

func TestACertificateOfAServiceStandsForIt(t *testing.T) {
	ca := certtest.NewAuthority(t, "ca")
	a, b := newSide(t), newSide(t)
	a.put(t, ca.Issue(t, "survey.internal"), ca.PEM)
	server := a.server(t, tlskit.ClientCertificatesOptional, "scoring.internal", "spiffe://otklik/gateway")
	s := serve(t, server)
	for name, c := range map[string]struct {
		names []string
		ask   bool
		want  string
	}{
		"DNS name":           {[]string{"scoring.internal"}, true, "scoring.internal"},
		"spiffe":             {[]string{"x.internal", "spiffe://otklik/gateway"}, true, "spiffe://otklik/gateway"},
		"not listed":         {[]string{"report.internal"}, true, ""},
		"another domain":     {[]string{"spiffe://evil/gateway"}, true, ""},
		"it does not ask to": {[]string{"scoring.internal"}, false, ""},
	} {
		b.put(t, ca.Issue(t, c.names...), ca.PEM)
		var opts []grpc.DialOption
		if c.ask {
			opts = append(opts, tlskit.ByCertificate())
		}
		if err := s.call(t, b.client(t, true).Credentials(), opts...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if s.proved != (c.want != "") || s.last.ID != c.want || s.last.HasRole(authn.RoleService) != s.proved {
			t.Errorf("%s: the certificate proves %+v", name, s.last)
		}
	}
	if err := s.call(t, b.client(t, false).Credentials(), tlskit.ByCertificate()); err != nil || s.proved {
		t.Errorf("without a certificate: %v, %+v", err, s.last)
	}
	if !b.client(t, true).Identified() || b.client(t, false).Identified() {
		t.Error("Identified tells something else than the settings")
	}
}

func TestWrongClientsAreRefused(t *testing.T) {
	ca, foreign := certtest.NewAuthority(t, "ca"), certtest.NewAuthority(t, "foreign")
	for _, mode := range []tlskit.ClientCertificates{tlskit.ClientCertificatesOptional, tlskit.ClientCertificatesRequired} {
		a, b := newSide(t), newSide(t)
		a.put(t, ca.Issue(t, "survey.internal"), ca.PEM)
		s := serve(t, a.server(t, mode, "scoring.internal"))
		refused := func(name string, creds credentials.TransportCredentials) {
			t.Helper()
			if err := s.call(t, creds); status.Code(err) != codes.Unavailable {
				t.Errorf("%s: %s: %v", mode, name, err)
			}
		}
		b.put(t, foreign.Issue(t, "scoring.internal"), ca.PEM)
		refused("foreign certificate", b.client(t, true).Credentials())
		b.put(t, ca.IssueUntil(t, time.Now().Add(-time.Minute), "scoring.internal"), ca.PEM)
		refused("expired certificate", b.client(t, true).Credentials())
		refused("plain text", insecure.NewCredentials())
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(ca.PEM)
		refused("TLS 1.2", credentials.NewTLS(&tls.Config{RootCAs: pool, ServerName: "survey.internal", MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12}))
		err := s.call(t, b.client(t, false).Credentials())
		if mode == tlskit.ClientCertificatesRequired && status.Code(err) != codes.Unavailable {
			t.Errorf("no certificate: %v", err)
		}
		// Probes of health bring none.
		if mode == tlskit.ClientCertificatesOptional && err != nil {
			t.Errorf("optional: no certificate: %v", err)
		}
	}
}

func TestWrongServersAreRefused(t *testing.T) {
	ca, foreign := certtest.NewAuthority(t, "ca"), certtest.NewAuthority(t, "foreign")
	for name, pair := range map[string]certtest.Pair{
		"foreign": foreign.Issue(t, "survey.internal"), "expired": ca.IssueUntil(t, time.Now().Add(-time.Minute), "survey.internal"), "another name": ca.Issue(t, "scoring.internal"),
	} {
		a, b := newSide(t), newSide(t)
		a.put(t, pair, ca.PEM)
		b.put(t, ca.Issue(t, "x"), ca.PEM)
		s := serve(t, a.server(t, tlskit.ClientCertificatesOff))
		if err := s.call(t, b.client(t, false).Credentials()); status.Code(err) != codes.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReplacedFilesAreUsedByNewConnections(t *testing.T) {
	old, renewed := certtest.NewAuthority(t, "old"), certtest.NewAuthority(t, "new")
	a, b := newSide(t), newSide(t)
	a.put(t, old.Issue(t, "survey.internal"), old.PEM)
	b.put(t, old.Issue(t, "scoring.internal"), old.PEM)
	s := serve(t, a.server(t, tlskit.ClientCertificatesRequired, "scoring.internal", "report.internal"))
	client := b.client(t, true)
	works := func(when string, want bool) {
		t.Helper()
		if err := s.call(t, client.Credentials(), tlskit.ByCertificate()); (err == nil) != want {
			t.Errorf("%s: %v", when, err)
		}
	}
	works("at first", true)

	// The server's certificate comes from an authority that the client does not know.
	a.put(t, renewed.Issue(t, "survey.internal"), nil)
	works("before the files are looked at", true)
	a.clock.Advance(interval)
	works("another authority for the server", false)
	// The client learns to know it.
	b.put(t, old.Issue(t, "scoring.internal"), append(bytes.Clone(old.PEM), renewed.PEM...))
	b.clock.Advance(interval)
	works("the client knows both", true)
	// The server trusts the new one only; then the client gets a certificate of it, with another name.
	certtest.Write(t, a.path("ca.pem"), renewed.PEM)
	a.clock.Advance(interval)
	works("the server forgot the old authority", false)
	b.put(t, renewed.Issue(t, "report.internal"), renewed.PEM)
	b.clock.Advance(interval)
	works("everything is new", true)
	if s.last.ID != "report.internal" {
		t.Errorf("the certificate proves %+v", s.last)
	}
	if !strings.Contains(a.log.String(), "certificates were read anew") {
		t.Errorf("the log says %s", a.log)
	}
}

func TestFilesThatCannotBeUsedChangeNothing(t *testing.T) {
	ca := certtest.NewAuthority(t, "ca")
	a, b := newSide(t), newSide(t)
	good := ca.Issue(t, "survey.internal")
	a.put(t, good, ca.PEM)
	b.put(t, ca.Issue(t, "scoring.internal"), ca.PEM)
	s := serve(t, a.server(t, tlskit.ClientCertificatesRequired))
	client := b.client(t, true)
	next := ca.Issue(t, "survey.internal")
	chain := append(bytes.Clone(next.Cert), ca.PEM...)
	for name, write := range map[string]func(){
		"certificate without its key": func() { a.put(t, certtest.Pair{Cert: next.Cert, Key: good.Key}, ca.PEM) },
		"half a certificate":          func() { a.put(t, certtest.Pair{Cert: next.Cert[:len(next.Cert)/2], Key: next.Key}, ca.PEM) },
		"half a chain":                func() { a.put(t, certtest.Pair{Cert: chain[:len(chain)-40], Key: next.Key}, ca.PEM) },
		"half a key":                  func() { a.put(t, certtest.Pair{Cert: next.Cert, Key: next.Key[:len(next.Key)/2]}, ca.PEM) },
		"empty files":                 func() { a.put(t, certtest.Pair{}, []byte{}) },
		"half of the authorities":     func() { a.put(t, good, append(bytes.Clone(ca.PEM), ca.PEM[:len(ca.PEM)/2]...)) },
		"a key among the authorities": func() { a.put(t, good, append(bytes.Clone(ca.PEM), next.Key...)) },
		"no files": func() {
			for _, file := range []string{"cert.pem", "key.pem", "ca.pem"} {
				if err := os.Remove(a.path(file)); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		a.put(t, good, ca.PEM)
		a.clock.Advance(interval)
		if err := s.call(t, client.Credentials()); err != nil {
			t.Fatalf("before %s: %v", name, err)
		}
		a.log.Reset()
		write()
		for range 3 {
			a.clock.Advance(interval)
			if err := s.call(t, client.Credentials()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := strings.Count(a.log.String(), "the old ones stay"); n != 1 {
			t.Errorf("%s: the log complains %d times: %s", name, n, a.log)
		}
		for _, line := range bytes.Split(next.Key, []byte("\n"))[1:2] {
			if bytes.Contains(a.log.Bytes(), line[:16]) {
				t.Errorf("%s: the log holds the key", name)
			}
		}
	}
}

func TestHTTPS(t *testing.T) {
	ca := certtest.NewAuthority(t, "ca")
	a := newSide(t)
	a.put(t, ca.Issue(t, "127.0.0.1"), nil)
	config, err := tlskit.HTTPS(tlskit.HTTPSConfig{CertFile: a.path("cert.pem"), KeyFile: a.path("key.pem"), RefreshInterval: interval}, a.deps())
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), TLSConfig: config,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	go func() { _ = server.ServeTLS(listener, "", "") }()
	defer func() { _ = server.Close() }()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca.PEM)
	// get tells the major version of HTTP and the names of the certificate.
	get := func(minimum, maximum uint16) (int, []string, error) {
		client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: minimum, MaxVersion: maximum}}}
		response, err := client.Get("https://" + listener.Addr().String())
		client.CloseIdleConnections()
		if err != nil {
			return 0, nil, err
		}
		_ = response.Body.Close()
		return response.ProtoMajor, response.TLS.PeerCertificates[0].DNSNames, nil
	}
	if version, _, err := get(tls.VersionTLS12, tls.VersionTLS13); err != nil || version != 2 {
		t.Fatalf("HTTP %d, %v", version, err)
	}
	if _, _, err := get(tls.VersionTLS12, tls.VersionTLS12); err != nil {
		t.Errorf("TLS 1.2: %v", err)
	}
	if _, _, err := get(tls.VersionTLS10, tls.VersionTLS11); err == nil {
		t.Error("TLS 1.1 is taken")
	}
	a.put(t, ca.Issue(t, "127.0.0.1", "renewed.example"), nil)
	a.clock.Advance(interval)
	if _, names, err := get(tls.VersionTLS12, tls.VersionTLS13); err != nil || len(names) != 1 {
		t.Errorf("after the replacement: %v, %v", names, err)
	}
}
