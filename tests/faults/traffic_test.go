package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/tests/harness"
)

const (
	// respondents is how many may be under way at the same time: enough to hold the rate while some wait for a process that does not answer.
	respondents = 96
	// callPatience is how long a client waits for an answer.
	callPatience = 3 * time.Second
	// retryPause is the wait before a call is repeated.
	retryPause = 100 * time.Millisecond
)

// traffic submits at a steady rate through every gateway and every survey process. What fails is repeated elsewhere until it is acknowledged, as
// phones do behind a load balancer.
type traffic struct {
	ledger *ledger
	rate   int
	doors  []door

	// gate is held for reading by everybody who is under way. While somebody else holds it nobody sets out.
	gate sync.RWMutex
	// visits counts the respondents of whom everything is acknowledged.
	visits atomic.Int64

	mu       sync.Mutex
	failures map[string]int
	// wrong are errors that no fault excuses.
	wrong []error
}

// door is one way into the suite.
type door func(ctx context.Context, name string, e *entry) error

// openTraffic prepares the ways in. The load begins with run.
func openTraffic(t *testing.T, suite *harness.Suite, l *ledger, rate int) *traffic {
	t.Helper()
	key := harness.KeyFor(harness.Organization, harness.App)
	tr := &traffic{ledger: l, rate: rate, failures: make(map[string]int)}
	for i, r := range suite.ReplicasOf(harness.Survey) {
		conn := dial(t, suite.GRPCOf(r))
		tr.doors = append(tr.doors,
			func(ctx context.Context, name string, e *entry) error {
				return overGRPC(metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+key), conn, name, e)
			},
			func(ctx context.Context, name string, e *entry) error {
				return overREST(ctx, suite.RESTTo(i, key), name, e)
			},
		)
	}
	return tr
}

// direct is the way in through one survey process.
func (tr *traffic) direct(number int) door { return tr.doors[2*number] }

// dial connects to a process that comes and goes.
func dial(t *testing.T, address string) *grpc.ClientConn {
	t.Helper()
	connect := grpc.ConnectParams{MinConnectTimeout: time.Second}
	connect.Backoff.BaseDelay, connect.Backoff.MaxDelay, connect.Backoff.Multiplier = 50*time.Millisecond, 300*time.Millisecond, 1.5
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithConnectParams(connect))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// run submits until ctx ends.
func (tr *traffic) run(ctx context.Context) {
	var group sync.WaitGroup
	due := make(chan int)
	for i := range respondents {
		group.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			for number := range due {
				tr.visit(ctx, random, number)
			}
		})
	}
	number, owed, last := 0, 0.0, time.Now()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for ctx.Err() == nil {
		elapsed := time.Since(last)
		last = last.Add(elapsed)
		if tr.gate.TryRLock() {
			owed += elapsed.Seconds() * float64(tr.rate)
			tr.gate.RUnlock()
		}
		for ; owed >= 1; owed-- {
			select {
			case due <- number:
				number++
			default: // everybody is under way: the rate is not held
			}
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	close(due)
	group.Wait()
}

// visit plays one respondent to the end.
func (tr *traffic) visit(ctx context.Context, random *rand.Rand, number int) {
	tr.gate.RLock()
	defer tr.gate.RUnlock()
	for _, sent := range compose(random, fmt.Sprintf("t-%d", number), "") {
		tr.ledger.send(sent.name, sent.entry)
		if !tr.submit(ctx, number, sent) {
			return
		}
	}
	tr.visits.Add(1)
}

// submit sends an entry until it is acknowledged; false when the load ended before.
func (tr *traffic) submit(ctx context.Context, first int, sent named) bool {
	for attempt := first; ; attempt++ {
		call, cancel := context.WithTimeout(ctx, callPatience)
		err := tr.doors[attempt%len(tr.doors)](call, sent.name, sent.entry)
		cancel()
		if err == nil {
			tr.ledger.settle(sent.name, acknowledged)
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		tr.note(err)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(retryPause):
		}
	}
}

// note counts a failed call.
func (tr *traffic) note(err error) {
	kind := "connection"
	if st, ok := status.FromError(err); ok {
		kind = st.Code().String()
		switch st.Code() {
		case codes.Unavailable:
			if len(st.Details()) == 0 {
				kind = "connection"
			}
		case codes.DeadlineExceeded, codes.ResourceExhausted, codes.Canceled:
		default:
			tr.mu.Lock()
			tr.wrong = append(tr.wrong, err)
			tr.mu.Unlock()
		}
	} else if errors.Is(err, context.DeadlineExceeded) {
		kind = codes.DeadlineExceeded.String()
	}
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.failures[kind]++
}

// takeFailures returns what failed since it was asked last: how much, what it was, and what should never be.
func (tr *traffic) takeFailures() (total int, kinds string, wrong []error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(tr.failures)) {
		total += tr.failures[kind]
		parts = append(parts, fmt.Sprintf("%d %s", tr.failures[kind], kind))
	}
	wrong = tr.wrong
	tr.failures, tr.wrong = make(map[string]int), nil
	return total, strings.Join(parts, ", "), wrong
}
