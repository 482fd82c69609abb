package deadline_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/interceptor/deadline"
)

func TestUnary(t *testing.T) {
	for _, tc := range []struct {
		name              string
		standard, longest time.Duration
		caller            time.Duration
		want              time.Duration // 0: none
	}{
		{"none at all", 0, 0, 0, 0},
		{"the standard", time.Minute, 0, 0, time.Minute},
		{"the standard under the longest", time.Minute, time.Hour, 0, time.Minute},
		{"the longest under the standard", time.Hour, time.Minute, 0, time.Minute},
		{"only a longest", 0, time.Minute, 0, time.Minute},
		{"the caller's", time.Minute, time.Hour, time.Second, time.Second},
		{"the caller's over the standard", time.Minute, time.Hour, 30 * time.Minute, 30 * time.Minute},
		{"the caller's over the longest", time.Minute, time.Hour, 2 * time.Hour, time.Hour},
		{"the caller's without limits", 0, 0, 2 * time.Hour, 2 * time.Hour},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if tc.caller > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tc.caller)
					defer cancel()
				}
				_, err := deadline.New(tc.standard, tc.longest).Unary()(ctx, nil, &grpc.UnaryServerInfo{}, func(ctx context.Context, _ any) (any, error) {
					at, ok := ctx.Deadline()
					if ok != (tc.want > 0) || (ok && time.Until(at) != tc.want) {
						t.Errorf("deadline in %v (%v), want %v", time.Until(at), ok, tc.want)
					}
					return nil, nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		})
	}
}

type stream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s stream) Context() context.Context { return s.ctx }

func TestEndedCallsDoNoWork(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	i := deadline.New(time.Minute, time.Hour)
	_, err := i.Unary()(ctx, nil, &grpc.UnaryServerInfo{}, func(context.Context, any) (any, error) {
		t.Error("the handler ran")
		return nil, nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("unary: %v", err)
	}
	err = i.Stream()(nil, stream{ctx: ctx}, &grpc.StreamServerInfo{}, func(any, grpc.ServerStream) error {
		t.Error("the handler ran")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("stream: %v", err)
	}
}

func TestStreamsKeepTheirTime(t *testing.T) {
	err := deadline.New(time.Minute, time.Hour).Stream()(nil, stream{ctx: t.Context()}, &grpc.StreamServerInfo{}, func(_ any, ss grpc.ServerStream) error {
		if _, ok := ss.Context().Deadline(); ok {
			t.Error("a stream got a deadline")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
