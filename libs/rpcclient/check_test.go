package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/testkit/echo"
)

// expected is who should answer in these tests.
var expected = rpcclient.Expected{Name: "echo", Service: echo.Service, Setting: "peers.echo", Target: "here"}

func check(t *testing.T, target string) error {
	t.Helper()
	conn, err := rpcclient.Dial(rpcclient.Peer{Target: target}, rpcclient.DefaultConfig(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	return rpcclient.Check(ctx, conn, expected)
}

// speaking answers every connection with some bytes, and none at all with "".
func speaking(t *testing.T, bytes string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			// That the client has gone away is no concern.
			_, _ = conn.Write([]byte(bytes))
		}
	}()
	return l.Addr().String()
}

// serving is a gRPC server that tells of the health of one service.
func serving(t *testing.T, service string, register bool) string {
	t.Helper()
	server := grpc.NewServer()
	if register {
		h := health.NewServer()
		h.SetServingStatus(service, healthpb.HealthCheckResponse_SERVING)
		healthpb.RegisterHealthServer(server, h)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l) //nolint:errcheck // ends with Stop
	t.Cleanup(server.Stop)
	return l.Addr().String()
}

// over2 is an HTTP/2 server without TLS that is no gRPC server.
func over2(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.Protocols = &http.Protocols{}
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestCheckSaysWhatIsWrongWithAPeer(t *testing.T) {
	echo.Descriptor()
	plain, tls := httptest.NewServer(http.NotFoundHandler()), httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	t.Cleanup(tls.Close)
	quiet, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = quiet.Close() })
	for _, tc := range []struct{ name, target, want string }{
		{"nobody", "127.0.0.1:1", "nothing listens"},
		{"nothing comes back", quiet.Addr().String(), "does not answer in time"},
		{"a web server", plain.Listener.Addr().String(), "no gRPC server"},
		{"a web server with TLS", tls.Listener.Addr().String(), "closes connections"},
		{"another protocol", speaking(t, "220 mail.example ESMTP ready\r\n"), "no gRPC server"},
		{"binary garbage", speaking(t, strings.Repeat("\x00\xff\x17", 100)), "no gRPC server"},
		{"HTTP/2 but not gRPC", over2(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") }), "no gRPC server"},
		{"a page that is not there", over2(t, http.NotFound), "no gRPC server"},
		{"a proxy that wants a password", over2(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }), "no gRPC server"},
		{"another gRPC service", serving(t, "other.v1.Service", true), "not the echo service"},
		{"gRPC without health", serving(t, "", false), "not the echo service"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := check(t, tc.target)
			var e *rpcclient.PeerError
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			t.Logf("%s | %v", e.Public(), e)
			if !strings.Contains(e.Public(), tc.want) || !strings.Contains(e.Public(), "peers.echo") {
				t.Errorf("said %q, want %q", e.Public(), tc.want)
			}
			if strings.Contains(e.Public(), "here") || strings.Contains(e.Public(), "127.0.0.1") {
				t.Errorf("the address is shown: %q", e.Public())
			}
			if !strings.Contains(e.Error(), "here (peers.echo)") {
				t.Errorf("the log does not tell the address: %v", e)
			}
		})
	}
}

func TestCheckOfAPeerThatIsThere(t *testing.T) {
	r := newReplica(t, func(context.Context, echo.Message) error { return nil })
	if err := check(t, r.address); err != nil {
		t.Errorf("ready: %v", err)
	}
	r.server.SetServing(false)
	var e *rpcclient.PeerError
	if err := check(t, r.address); !errors.As(err, &e) || !strings.Contains(e.Public(), "NOT_SERVING") {
		t.Errorf("not ready: %v", err)
	}
}
