package redislog

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/otklik/otklik/libs/rediskit"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/redistest"
)

// failFirst fails some pipelines.
type failFirst struct{ left atomic.Int32 }

// DialHook changes nothing.
func (*failFirst) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		return next(ctx, network, address)
	}
}

// ProcessHook changes nothing.
func (*failFirst) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { return next(ctx, cmd) }
}

// ProcessPipelineHook fails.
func (f *failFirst) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if f.left.Add(-1) < 0 {
			return next(ctx, cmds)
		}
		err := errors.New("broken for now")
		for _, c := range cmds {
			c.SetErr(err)
		}
		return err
	}
}

// TestAcknowledgementsAreSaidUntilTheyAreHeard: an entry whose acknowledgement is lost would stay in Redis for as long as its reader lives.
func TestAcknowledgementsAreSaidUntilTheyAreHeard(t *testing.T) {
	client, err := rediskit.New(rediskit.Config{Addresses: []string{redistest.Address(t)}, Prefix: redistest.Prefix(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close() //nolint:errcheck // the test is over
	k := keys{prefix: client.Prefix(), log: "l"}
	const entries = 2500
	var positions []int64
	for i := range int64(entries) {
		positions = append(positions, i+1)
		if err := client.XAdd(t.Context(), &redis.XAddArgs{Stream: k.stream(0), ID: entryID(i + 1), Values: []any{"e", "x"}}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.XGroupCreate(t.Context(), k.stream(0), "g", "0").Err(); err != nil {
		t.Fatal(err)
	}
	read := &redis.XReadGroupArgs{Group: "g", Consumer: "c", Streams: []string{k.stream(0), ">"}, Count: entries, Block: -1}
	if err := client.XReadGroup(t.Context(), read).Err(); err != nil {
		t.Fatal(err)
	}
	flaky := &failFirst{}
	flaky.left.Store(3)
	client.AddHook(flaky)
	a := newAcker(client, k, "g", slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.run(ctx)
	}()
	a.add(0, positions[:1700])
	a.add(0, positions[1700:])
	testkit.Eventually(t, 10*time.Second, func() error {
		if p := client.XPending(t.Context(), k.stream(0), "g").Val(); p == nil || p.Count != 0 {
			return errors.New("entries are pending")
		}
		return nil
	})
	cancel()
	<-done
}
