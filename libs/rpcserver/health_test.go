package rpcserver_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/echo"
)

// healthOf asks for all that health knows; the names of what is SERVING are returned, sorted.
func healthOf(t *testing.T, client healthpb.HealthClient) []string {
	t.Helper()
	list, err := client.List(t.Context(), &healthpb.HealthListRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var serving []string
	for name, answer := range list.GetStatuses() {
		if answer.GetStatus() == healthpb.HealthCheckResponse_SERVING {
			serving = append(serving, name)
		}
	}
	if known := slices.Sorted(maps.Keys(list.GetStatuses())); !slices.Equal(known, []string{"", "liveness", "readiness", "startup", echo.Service}) {
		t.Errorf("health knows %q", known)
	}
	slices.Sort(serving)
	return serving
}

func TestHealthTellsProbesApart(t *testing.T) {
	h := start(t, testConfig(), actions())
	client := healthpb.NewHealthClient(h.connect(t, "", "")["tcp"])
	all := []string{"", "liveness", "readiness", "startup", echo.Service}
	if got := healthOf(t, client); !slices.Equal(got, all) {
		t.Errorf("after the start: %q", got)
	}
	// A store that is away: no calls should come, but neither would another start help.
	h.server.SetServing(false)
	if got := healthOf(t, client); !slices.Equal(got, []string{"liveness", "startup"}) {
		t.Errorf("not ready: %q", got)
	}
	h.server.SetServing(true)
	if got := healthOf(t, client); !slices.Equal(got, all) {
		t.Errorf("ready again: %q", got)
	}
	_, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{Service: "other.v1.Service"})
	if status.Code(err) != codes.NotFound {
		t.Errorf("another service: %v", err)
	}
}

func TestDrainTellsReadinessAloneAndFirst(t *testing.T) {
	config := testConfig()
	config.Linger = time.Hour
	h := start(t, config, actions())
	client := healthpb.NewHealthClient(h.connect(t, "", "")["tcp"])
	ctx, cancel := context.WithCancel(t.Context())
	drained := make(chan error, 1)
	go func() { drained <- h.server.Drain(ctx) }()
	testkit.Eventually(t, time.Minute, func() error {
		if got := healthOf(t, client); !slices.Equal(got, []string{"liveness", "startup"}) {
			return errors.New("still ready")
		}
		return nil
	})
	// What the readiness checks find meanwhile calls nobody back.
	h.server.SetServing(true)
	if got := healthOf(t, client); !slices.Equal(got, []string{"liveness", "startup"}) {
		t.Errorf("ready while draining: %q", got)
	}
	cancel()
	if err := errors.Join(<-drained, <-h.served); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestWatchersOfHealthDoNotHoldUpDrain: they would wait for ever for the next change.
func TestWatchersOfHealthDoNotHoldUpDrain(t *testing.T) {
	config := testConfig()
	config.StreamGrace, config.DrainTimeout = 100*time.Millisecond, time.Minute
	h := start(t, config, actions())
	watch, err := healthpb.NewHealthClient(h.connect(t, "", "")["tcp"]).Watch(t.Context(), &healthpb.HealthCheckRequest{Service: rpcserver.HealthReadiness})
	if err != nil {
		t.Fatal(err)
	}
	if first, err := watch.Recv(); err != nil || first.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Fatalf("got %v, %v", first, err)
	}
	begin := time.Now()
	drained := make(chan error, 1)
	go func() { drained <- h.server.Drain(context.Background()) }()
	if second, err := watch.Recv(); err != nil || second.GetStatus() != healthpb.HealthCheckResponse_NOT_SERVING {
		t.Errorf("got %v, %v", second, err)
	}
	if _, err := watch.Recv(); status.Code(err) != codes.Unavailable || errors.Is(err, io.EOF) {
		t.Errorf("the end of the watch: %v", err)
	}
	if err := errors.Join(<-drained, <-h.served); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("draining took %v", took)
	}
}
