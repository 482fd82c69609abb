package rpcclient_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit/echo"
)

// failing is a replica whose first calls fail with UNAVAILABLE and the advice given; calls counts all.
func failing(t *testing.T, first int64, advice time.Duration) (r *replica, calls *atomic.Int64) {
	t.Helper()
	calls = &atomic.Int64{}
	return newReplica(t, func(context.Context, echo.Message) error {
		if calls.Add(1) <= first {
			return rpcerr.New(codes.Unavailable, "BUSY", "come again", rpcerr.WithRetryAfter(advice))
		}
		return nil
	}), calls
}

func act() echo.Message { return echo.New("a").WithAction("act") }

func TestShortAdviceIsWaitedOut(t *testing.T) {
	t.Parallel()
	r, calls := failing(t, 2, 200*time.Millisecond)
	begin := time.Now()
	if _, err := echo.CallRepeat(t.Context(), dialReplicas(t, r), act()); err != nil {
		t.Errorf("after retries: %v", err)
	}
	if took := time.Since(begin); took < 400*time.Millisecond || calls.Load() != 3 {
		t.Errorf("%d calls in %v, though each was to wait for 200 ms", calls.Load(), took)
	}
}

func TestLongAdviceIsPassedOn(t *testing.T) {
	t.Parallel()
	r, calls := failing(t, 100, 5*time.Second)
	begin := time.Now()
	_, err := echo.CallRepeat(t.Context(), dialReplicas(t, r), act())
	if e, ok := rpcerr.FromError(err); !ok || e.Code != codes.Unavailable || e.Reason != "BUSY" || e.RetryAfter != 5*time.Second || e.Message != "come again" {
		t.Errorf("got %v", err)
	}
	if took := time.Since(begin); took > 4*time.Second || calls.Load() != 1 {
		t.Errorf("%d calls in %v", calls.Load(), took)
	}
}

func TestWhatMayNotBeRepeatedIsSentOnce(t *testing.T) {
	t.Parallel()
	r, calls := failing(t, 1, time.Millisecond)
	if _, err := echo.Call(t.Context(), dialReplicas(t, r), act()); rpcerr.Code(err) != codes.Unavailable || calls.Load() != 1 {
		t.Errorf("%d calls, %v", calls.Load(), err)
	}
}

func TestOtherFailuresAreNotRepeated(t *testing.T) {
	t.Parallel()
	calls := 0
	r := newReplica(t, func(context.Context, echo.Message) error {
		calls++
		return rpcerr.New(codes.ResourceExhausted, "RATE_LIMITED", "slow down", rpcerr.WithRetryAfter(time.Millisecond))
	})
	if _, err := echo.CallRepeat(t.Context(), dialReplicas(t, r), act()); rpcerr.Code(err) != codes.ResourceExhausted || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

// TestStreamsBeginAgainUntilTheirFirstMessage: what has been read cannot be taken back.
func TestStreamsBeginAgainUntilTheirFirstMessage(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		messages []int32
		calls    int64
	}{{"nothing read", nil, 3}, {"a message read", []int32{1}, 1}} {
		r, calls := failing(t, 2, time.Millisecond)
		got, err := echo.CallSplit(t.Context(), dialReplicas(t, r), echo.New("a", tc.messages...).WithAction("act"))
		if calls.Load() != tc.calls || (err == nil) != (tc.calls == 3) || len(got) != len(tc.messages) {
			t.Errorf("%s: %d calls, %d messages, %v", tc.name, calls.Load(), len(got), err)
		}
	}
}

// TestLargeRequestsAreRepeated: gRPC by itself keeps no more than 256 KiB for a retry.
func TestLargeRequestsAreRepeated(t *testing.T) {
	t.Parallel()
	r, calls := failing(t, 1, time.Millisecond)
	m := act()
	for range 20_000 {
		m.AddItem(1, "a note of twenty char")
	}
	m.AddItem(1, "")
	if _, err := echo.CallRepeat(t.Context(), dialReplicas(t, r), m); rpcerr.Code(err) == codes.Unavailable || calls.Load() == 1 {
		t.Errorf("%d calls, %v", calls.Load(), err)
	}
}

// TestRetriesEndWhereTheyDoHarm overwhelms a server that fails whatever is asked.
func TestRetriesEndWhereTheyDoHarm(t *testing.T) {
	t.Parallel()
	r, calls := failing(t, 1<<40, time.Millisecond)
	conn := dialReplicas(t, r)
	const asked = 1000
	for range asked {
		if _, err := echo.CallRepeat(t.Context(), conn, act()); rpcerr.Code(err) != codes.Unavailable {
			t.Fatal(err)
		}
	}
	if got := calls.Load(); got < asked+300 || got > asked+550 {
		t.Errorf("%d calls became %d attempts; retries are for about 500", asked, got)
	}
}

func TestNobodyThereIsSaidSoonAndPlainly(t *testing.T) {
	t.Parallel()
	r := newReplica(t, func(context.Context, echo.Message) error { return nil })
	conn := dialReplicas(t, r)
	r.kill()
	begin := time.Now()
	_, err := echo.CallRepeat(t.Context(), conn, act())
	if rpcerr.Code(err) != codes.Unavailable || strings.Contains(err.Error(), "retries") {
		t.Errorf("got %v", err)
	}
	if took := time.Since(begin); took > 6*time.Second {
		t.Errorf("it took %v", took)
	}
	if _, err := echo.CallSplit(t.Context(), conn, act()); rpcerr.Code(err) != codes.Unavailable || strings.Contains(err.Error(), "retries") {
		t.Errorf("stream: %v", err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	for name, change := range map[string]func(*rpcclient.Config){
		"deadline":          func(c *rpcclient.Config) { c.Deadline = -1 },
		"max_receive_bytes": func(c *rpcclient.Config) { c.MaxReceiveBytes = -1 },
		"keepalive_time":    func(c *rpcclient.Config) { c.KeepaliveTime = time.Second },
		"keepalive_timeout": func(c *rpcclient.Config) { c.KeepaliveTimeout = 0 },
		"resolve_interval":  func(c *rpcclient.Config) { c.ResolveInterval = time.Millisecond },
	} {
		config := rpcclient.DefaultConfig()
		change(&config)
		if _, err := rpcclient.Dial(rpcclient.Peer{Target: "127.0.0.1:1"}, config, nil); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if conn, err := rpcclient.Dial(rpcclient.Peer{Target: "127.0.0.1:1"}, rpcclient.Config{}, nil); err != nil {
		t.Errorf("nothing set: %v", err)
	} else if err := conn.Close(); err != nil {
		t.Error(err)
	}
}
