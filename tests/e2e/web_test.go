package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"

	"github.com/otklik/otklik/tests/e2e/cases"
	"github.com/otklik/otklik/tests/harness"
)

// get reads a page without a key.
func get(t *testing.T, suite *harness.Suite, path string) *harness.Answer {
	t.Helper()
	answer, err := suite.REST("").Do(t.Context(), harness.Request{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// TestOpenAPIDescribesEveryRoute checks the document against the HTTP rules of the protos.
func TestOpenAPIDescribesEveryRoute(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite := harness.Run(t, harness.Options{Layout: layout})
		answer := get(t, suite, "/openapi.json")
		if answer.Status != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "application/json") {
			t.Fatalf("HTTP status %d, content type %q", answer.Status, answer.Header.Get("Content-Type"))
		}
		var document struct {
			OpenAPI string `json:"openapi"`
			Paths   map[string]map[string]struct {
				Responses map[string]any `json:"responses"`
			} `json:"paths"`
			Components struct {
				Schemas map[string]any `json:"schemas"`
			} `json:"components"`
		}
		if err := json.Unmarshal(answer.Body, &document); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(document.OpenAPI, "3.1") {
			t.Errorf("OpenAPI %q, want 3.1", document.OpenAPI)
		}
		operations := 0
		for _, path := range document.Paths {
			operations += len(path)
		}
		rules := len(cases.Routes())
		if operations < rules-2 || operations > rules {
			// Additional bindings may be left out of the document.
			t.Errorf("%d operations for %d routes", operations, rules)
		}
		if strings.Contains(string(answer.Body), "EventFeed") {
			t.Error("the document shows the change log, which is no part of the REST API")
		}
	})
}

// TestPagesLoadNothingFromOutside reads the pages as text; the browser test looks at what is really requested.
func TestPagesLoadNothingFromOutside(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite := harness.Run(t, harness.Options{Layout: layout})
		for _, path := range []string{"/", "/docs"} {
			answer := get(t, suite, path)
			if answer.Status/100 == 3 {
				answer = get(t, suite, answer.Header.Get("Location"))
			}
			if answer.Status != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
				t.Errorf("%s: HTTP status %d, content type %q", path, answer.Status, answer.Header.Get("Content-Type"))
			}
			policy := answer.Header.Get("Content-Security-Policy")
			if !strings.Contains(policy, "default-src 'self'") || strings.Contains(policy, "unsafe-eval") {
				t.Errorf("%s: policy %q", path, policy)
			}
			for _, outside := range []string{"src=\"http", "href=\"http", "src=\"//", "href=\"//", "url(http"} {
				if strings.Contains(string(answer.Body), outside) {
					t.Errorf("%s holds %s", path, outside)
				}
			}
		}
	})
}

func TestHealth(t *testing.T) {
	onEachLayout(t, func(t *testing.T, layout harness.Layout) {
		suite := harness.Run(t, harness.Options{Layout: layout})
		for _, path := range []string{"/healthz", "/readyz"} {
			if answer := get(t, suite, path); answer.Status != http.StatusOK {
				t.Errorf("%s: HTTP status %d: %s", path, answer.Status, answer.Body)
			}
		}
		for _, part := range []harness.Part{harness.Survey, harness.Scoring} {
			conn := dialBare(t, suite.GRPC(part))
			health, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
			if err != nil || health.GetStatus() != healthpb.HealthCheckResponse_SERVING {
				t.Errorf("%s: %v, %v", part, health, err)
			}
		}
	})
}

// dialBare connects without a key, as probes and tools do.
func dialBare(t *testing.T, address string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// TestReflectionListsTheServices asks as tools like grpcurl do.
func TestReflectionListsTheServices(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite := harness.Run(t, harness.Options{Layout: layout})
		for i, part := range []harness.Part{harness.Survey, harness.Scoring} {
			names, want := reflected(t, dialBare(t, suite.GRPC(part))), string(cases.Services()[i].FullName())
			if !slices.Contains(names, want) {
				t.Errorf("reflection lists %q, not %s", names, want)
			}
		}
	})
}

func reflected(t *testing.T, conn grpc.ClientConnInterface) []string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := reflectionpb.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	if err != nil {
		t.Fatal(err)
	}
	err = stream.Send(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range answer.GetListServicesResponse().GetService() {
		names = append(names, s.GetName())
	}
	return names
}
