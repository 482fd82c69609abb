package eventlog_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/eventlog"
)

func TestWholeFollowsTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, sink := newLog(10, 3), &fakeSink{}
		whole := eventlog.Whole[event](log)
		if n := whole.Partitions(); n != 1 {
			t.Errorf("%d partitions", n)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- whole.Run(ctx, func(ctx context.Context, partition int, source eventlog.Source[event]) {
				if partition != 0 {
					t.Errorf("partition %d", partition)
				}
				_ = eventlog.New(eventlog.Config{}, source, sink, seqOf).Run(ctx)
			})
		}()
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if !slices.Equal(sink.applied, upTo(10)) {
			t.Errorf("applied %v", sink.applied)
		}
	})
}

func TestAhead(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{errBroken, false},
		{fmt.Errorf("open: %w", eventlog.ErrAhead), true},
		{fmt.Errorf("open: %w", status.Error(codes.OutOfRange, "x")), true},
		{status.Error(codes.Unavailable, "x"), false},
	} {
		if got := eventlog.Ahead(c.err); got != c.want {
			t.Errorf("%v: %v, want %v", c.err, got, c.want)
		}
	}
}
