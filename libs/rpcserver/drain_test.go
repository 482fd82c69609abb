package rpcserver_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/echo"
)

// holding adds an action that says when it has started and waits to be released.
func holding() (acts map[string]func(context.Context, echo.Message) error, started, release chan struct{}) {
	started, release = make(chan struct{}, 10), make(chan struct{})
	acts = actions()
	acts["hold"] = func(context.Context, echo.Message) error {
		started <- struct{}{}
		<-release
		return nil
	}
	return acts, started, release
}

func TestDrainFinishesCallsInFlight(t *testing.T) {
	acts, started, release := holding()
	h := start(t, testConfig(), acts)
	calls := make(chan error, 2)
	for _, conn := range h.conns {
		go func() {
			_, err := echo.Call(t.Context(), conn, echo.New("a").WithAction("hold"))
			calls <- err
		}()
		<-started
	}
	drained := make(chan error, 1)
	go func() { drained <- h.server.Drain(context.Background()) }()
	// New calls are refused in process as soon as draining has begun, and over TCP, where the listener is closed.
	testkit.Eventually(t, time.Minute, func() error {
		if _, err := echo.Call(t.Context(), h.conns["inproc"], echo.New("b")); rpcerr.Reason(err) != "SHUTTING_DOWN" {
			return errors.New("a new call was not refused")
		}
		return nil
	})
	_, err := echo.CallSplit(t.Context(), h.conns["inproc"], echo.New("b", 1))
	checkError(t, err, codes.Unavailable, "SHUTTING_DOWN", nil)
	select {
	case err := <-drained:
		t.Fatalf("drained with calls in flight: %v", err)
	default:
	}
	close(release)
	for range 2 {
		if err := <-calls; err != nil {
			t.Errorf("a call in flight failed: %v", err)
		}
	}
	if err := errors.Join(<-drained, <-h.served); err != nil {
		t.Error(err)
	}
	if _, err := echo.Call(t.Context(), h.connect(t, appKey, "")["tcp"], echo.New("b")); rpcerr.Code(err) != codes.Unavailable {
		t.Errorf("after draining: %v", err)
	}
}

func TestDrainReportsNotServingDuringLinger(t *testing.T) {
	config := testConfig()
	config.Linger = time.Hour
	h := start(t, config, actions())
	health := healthpb.NewHealthClient(h.conns["tcp"])
	ctx, cancel := context.WithCancel(t.Context())
	drained := make(chan error, 1)
	go func() { drained <- h.server.Drain(ctx) }()
	testkit.Eventually(t, time.Minute, func() error {
		res, err := health.Check(t.Context(), &healthpb.HealthCheckRequest{Service: echo.Service})
		if err == nil && res.GetStatus() != healthpb.HealthCheckResponse_NOT_SERVING {
			err = errors.New("still serving")
		}
		return err
	})
	h.both(t, func(t *testing.T, conn grpc.ClientConnInterface) {
		if _, err := echo.Call(t.Context(), conn, echo.New("a")); err != nil {
			t.Errorf("a call was refused while lingering: %v", err)
		}
	})
	cancel()
	// Nothing is in flight any more: there may be nothing left to cut off when draining is given up.
	if err := <-drained; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("draining that was given up: %v", err)
	}
	if err := <-h.served; err != nil {
		t.Error(err)
	}
}

func TestDrainEndsStreams(t *testing.T) {
	acts := actions()
	started := make(chan struct{}, 2)
	acts["wait"] = func(ctx context.Context, m echo.Message) error {
		started <- struct{}{}
		return echo.WaitForEnd(ctx, m)
	}
	h := start(t, testConfig(), acts)
	streams := make(chan error, 2)
	for _, conn := range h.conns {
		go func() {
			_, err := echo.CallSplit(t.Context(), conn, echo.New("a", 1).WithAction("wait"))
			streams <- err
		}()
		<-started
	}
	if err := h.server.Drain(t.Context()); err != nil {
		t.Errorf("streams that end when told to were cut off: %v", err)
	}
	for range 2 {
		checkError(t, <-streams, codes.Unavailable, "SHUTTING_DOWN", nil)
	}
	if err := <-h.served; err != nil {
		t.Error(err)
	}
}

func TestDrainCutsOffAtItsDeadline(t *testing.T) {
	config := testConfig()
	config.DrainTimeout = 50 * time.Millisecond
	acts, started, release := holding()
	h := start(t, config, acts)
	calls := make(chan error, 2)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, conn := range h.conns {
		go func() {
			_, err := echo.Call(ctx, conn, echo.New("a").WithAction("hold"))
			calls <- err
		}()
		<-started
	}
	begin := time.Now()
	err := h.server.Drain(t.Context())
	if err == nil || !strings.Contains(err.Error(), "2 calls") || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("draining took %v", took)
	}
	close(release)
	cancel()
	for range 2 {
		// Which end a call that is cut off sees is a race; that it ends is what counts.
		if err := <-calls; err != nil {
			t.Logf("a call that was cut off: %v", err)
		}
	}
}

func TestDrainTwice(t *testing.T) {
	h := start(t, testConfig(), actions())
	for range 2 {
		if err := h.server.Drain(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
