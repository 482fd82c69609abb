package suite

import (
	"context"
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
)

// TestPeersThatAreNoneAreTold: whatever listens at the address of a peer, or nobody, the text says so and names the setting.
func TestPeersThatAreNoneAreTold(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	for name, c := range map[string]struct{ target, want string }{
		"nobody":         {"127.0.0.1:1", "nothing listens"},
		"no such host":   {"no.such.host.invalid:80", "host of"},
		"web server":     {web.Listener.Addr().String(), "no gRPC server"},
		"mail server":    {talks(t, "220 mail ready\r\n"), "no gRPC server"},
		"closes at once": {talks(t, ""), "closes connections"},
		"silence":        {talks(t, "silence"), "in time"},
		"other gRPC":     {serveGRPC(t, func(*grpc.Server) {}), "not the survey service"},
		"other service": {serveGRPC(t, func(s *grpc.Server) {
			healthpb.RegisterHealthServer(s, health.NewServer())
		}), "not the survey service"},
		"not ready": {serveGRPC(t, func(s *grpc.Server) {
			h := health.NewServer()
			h.SetServingStatus("otklik.survey.v1.SurveyService", healthpb.HealthCheckResponse_NOT_SERVING)
			healthpb.RegisterHealthServer(s, h)
		}), "NOT_SERVING"},
		"ready": {serveGRPC(t, func(s *grpc.Server) {
			h := health.NewServer()
			h.SetServingStatus("otklik.survey.v1.SurveyService", healthpb.HealthCheckResponse_SERVING)
			healthpb.RegisterHealthServer(s, h)
		}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var config Config
			config.Peers.Survey = c.target
			to := config.surveyPeer()
			conn, err := rpcclient.Dial(rpcclient.Peer{Target: c.target}, rpcclient.DefaultConfig(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close() //nolint:errcheck // the test is over
			// The first tries find the connection still being made.
			var text string
			for range 3 {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				err := to.ask(ctx, conn)
				cancel()
				if text = ""; err != nil {
					text = err.Error()
				}
			}
			t.Log(text)
			if c.want == "" {
				if text != "" {
					t.Errorf("a good peer: %s", text)
				}
				return
			}
			for _, part := range []string{c.want, c.target, "peers.survey"} {
				if !strings.Contains(text, part) {
					t.Errorf("%q is not in: %s", part, text)
				}
			}
		})
	}
}

func TestAddressesOfPeersAreChecked(t *testing.T) {
	t.Parallel()
	for target, sound := range map[string]bool{
		"survey:9090": true, "dns:///survey:9090": true, "10.0.0.1:9090, 10.0.0.2:9090": true, "[::1]:9090": true, "unix:///run/survey": true,
		"dns://10.0.0.1/survey": true,
		"survey":                false, "dns:///survey": false, "survey:9090,": false, "survey:": false,
	} {
		var config Config
		config.Peers.Survey = target
		err := config.surveyPeer().check()
		if (err == nil) != sound || err != nil && !strings.Contains(err.Error(), "peers.survey") {
			t.Errorf("%q: %v", target, err)
		}
	}
}

// talks is the address of a server that says something to whoever connects, and closes the connection if that is nothing.
func talks(t *testing.T, text string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			switch text {
			case "":
				_ = conn.Close()
			case "silence":
				// Kept, so that the collector does not close it.
				t.Cleanup(func() { _ = conn.Close() })
			default:
				_, _ = conn.Write([]byte(text))
			}
		}
	}()
	return listener.Addr().String()
}

func serveGRPC(t *testing.T, register func(*grpc.Server)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	register(server)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}
