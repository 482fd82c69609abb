package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/echo"
)

// load calls without pause until it is stopped, and keeps what failed.
type load struct {
	wg      sync.WaitGroup
	stopped atomic.Bool
	calls   atomic.Int64
	mu      sync.Mutex
	failed  []error
}

// callers is how many calls are under way at any time.
const callers = 8

type method func(context.Context, grpc.ClientConnInterface, echo.Message, ...grpc.CallOption) (echo.Message, error)

func start(ctx context.Context, conn *grpc.ClientConn, name string, call method) *load {
	l := &load{}
	for c := range callers {
		l.wg.Go(func() {
			for i := 0; !l.stopped.Load(); i++ {
				if _, err := call(ctx, conn, echo.New(fmt.Sprintf("%s %d of caller %d", name, i, c)).WithAction("act")); err != nil {
					l.mu.Lock()
					l.failed = append(l.failed, err)
					l.mu.Unlock()
				}
				l.calls.Add(1)
			}
		})
	}
	return l
}

// stop ends the load and returns what failed.
func (l *load) stop() []error {
	l.stopped.Store(true)
	l.wg.Wait()
	return l.failed
}

// untilServing waits until a replica has done some work since it was started.
func untilServing(t *testing.T, l *ledger) {
	t.Helper()
	before := l.total()
	testkit.Eventually(t, 20*time.Second, func() error {
		if l.total() < before+20 {
			return errors.New("the replica is not used")
		}
		return nil
	})
}

// TestRollingRestart replaces two replicas one after the other, again and again, under load. No call that may be repeated fails, and none that
// may not be is worked on twice.
func TestRollingRestart(t *testing.T) {
	for name, leave := range map[string]func(*replica){"in good order": (*replica).stop, "killed": (*replica).kill} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			works := []*ledger{newLedger(), newLedger()}
			all := newLedger()
			replicas := make([]*replica, len(works))
			for i, own := range works {
				replicas[i] = newReplica(t, func(ctx context.Context, m echo.Message) error {
					return errors.Join(all.work(ctx, m), own.work(ctx, m))
				})
			}
			conn := dialReplicas(t, replicas...)
			repeatable, single := start(t.Context(), conn, "repeatable", echo.CallRepeat), start(t.Context(), conn, "single", echo.Call)
			for range 3 {
				for i, r := range replicas {
					leave(r)
					time.Sleep(50 * time.Millisecond)
					r.start()
					untilServing(t, works[i])
				}
			}
			for _, err := range repeatable.stop() {
				t.Errorf("a call that may be repeated failed: %v", err)
			}
			failed := single.stop()
			t.Logf("%d calls that may be repeated, %d others of which %d failed", repeatable.calls.Load(), single.calls.Load(), len(failed))
			if name == "in good order" && len(failed) > 0 {
				t.Errorf("%d calls failed though no server was lost: %v", len(failed), failed[0])
			}
			for _, text := range all.twice() {
				if text[0] == 's' {
					t.Errorf("%q was worked on twice", text)
				}
			}
		})
	}
}

// TestLastReplicaLeavesAsTheOtherComesBack kills the second replica in the moment in which the first is started again, when the client has not
// found it yet.
func TestLastReplicaLeavesAsTheOtherComesBack(t *testing.T) {
	t.Parallel()
	work := newLedger()
	a, b := newReplica(t, work.work), newReplica(t, work.work)
	conn := dialReplicas(t, a, b)
	repeatable := start(t.Context(), conn, "repeatable", echo.CallRepeat)
	untilServing(t, work)
	for range 2 {
		a.kill()
		// Long enough for the pauses between attempts to connect to have grown to their longest.
		time.Sleep(3 * time.Second)
		a.start()
		b.kill()
		untilServing(t, work)
		a, b = b, a
		a.start()
	}
	for _, err := range repeatable.stop() {
		t.Errorf("a call that may be repeated failed: %v", err)
	}
}

// TestConnectionsThatGrowOldCostNobodyACall: servers close old connections, so that clients find new servers.
func TestConnectionsThatGrowOldCostNobodyACall(t *testing.T) {
	t.Parallel()
	work := newLedger()
	young := func(c *rpcserver.Config) { c.MaxConnectionAge = 50 * time.Millisecond }
	a, b := newReplica(t, work.work, young), newReplica(t, work.work, young)
	conn := dialReplicas(t, a, b)
	repeatable, single := start(t.Context(), conn, "repeatable", echo.CallRepeat), start(t.Context(), conn, "single", echo.Call)
	testkit.Eventually(t, 20*time.Second, func() error {
		if a.conns.accepted()+b.conns.accepted() < 20 {
			return errors.New("connections do not change")
		}
		return nil
	})
	for _, err := range append(repeatable.stop(), single.stop()...) {
		t.Errorf("a call failed: %v", err)
	}
	if twice := work.twice(); len(twice) > 0 {
		t.Errorf("worked on twice: %q", twice)
	}
}
