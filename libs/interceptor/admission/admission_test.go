package admission_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/interceptor/admission"
	"github.com/otklik/otklik/libs/rpcerr"
)

const health = "/grpc.health.v1.Health/Check"

func call(i *admission.Interceptor, method string, handler func() error) error {
	_, err := i.Unary()(context.Background(), nil, &grpc.UnaryServerInfo{FullMethod: method}, func(context.Context, any) (any, error) { return nil, handler() })
	return err
}

type stream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s stream) Context() context.Context { return s.ctx }

func open(i *admission.Interceptor, method string, handler func(ctx context.Context) error) error {
	return i.Stream()(nil, stream{ctx: context.Background()}, &grpc.StreamServerInfo{FullMethod: method}, func(_ any, ss grpc.ServerStream) error {
		return handler(ss.Context())
	})
}

func TestLimitsAreSeparate(t *testing.T) {
	i := admission.New(2, 1)
	never := func() error { t.Error("a refused call ran"); return nil }
	err := call(i, "/s/a", func() error {
		return call(i, "/s/a", func() error {
			err := call(i, "/s/a", never)
			if rpcerr.Code(err) != codes.ResourceExhausted || rpcerr.RetryAfter(err) <= 0 {
				t.Errorf("the third call: %v", err)
			}
			if err := call(i, health, func() error { return nil }); err != nil {
				t.Errorf("health: %v", err)
			}
			return open(i, "/s/b", func(context.Context) error {
				if n := i.InFlight(); n != 3 {
					t.Errorf("%d calls in flight, want 3", n)
				}
				err := open(i, "/s/b", func(context.Context) error { return never() })
				if rpcerr.Code(err) != codes.ResourceExhausted {
					t.Errorf("the second stream: %v", err)
				}
				return open(i, health, func(context.Context) error { return nil })
			})
		})
	})
	if err != nil || i.InFlight() != 0 {
		t.Errorf("%v, %d calls in flight", err, i.InFlight())
	}
	if err := call(i, "/s/a", func() error { return nil }); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

func TestPanicsLeave(t *testing.T) {
	i := admission.New(1, 1)
	for range 3 {
		func() {
			defer func() { _ = recover() }()
			_ = call(i, "/s/a", func() error { panic("boom") })
		}()
	}
	if n := i.InFlight(); n != 0 {
		t.Errorf("%d calls in flight", n)
	}
}

func TestZeroIsUnlimited(t *testing.T) {
	i := admission.New(0, 0)
	var nest func(depth int) error
	nest = func(depth int) error {
		if depth == 0 {
			return nil
		}
		return call(i, "/s/a", func() error { return nest(depth - 1) })
	}
	if err := nest(1000); err != nil {
		t.Error(err)
	}
}

func TestWaitIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := admission.New(10, 10)
		if err := i.WaitIdle(t.Context()); err != nil {
			t.Errorf("idle: %v", err)
		}
		release := make(chan struct{})
		for range 3 {
			go func() { _ = call(i, "/s/a", func() error { <-release; return nil }) }()
		}
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		given := make(chan error, 1)
		go func() { given <- i.WaitIdle(ctx) }()
		waited := make(chan error, 1)
		go func() { waited <- i.WaitIdle(t.Context()) }()
		synctest.Wait()
		cancel()
		if err := <-given; !errors.Is(err, context.Canceled) {
			t.Errorf("given up: %v", err)
		}
		release <- struct{}{}
		synctest.Wait()
		select {
		case err := <-waited:
			t.Fatalf("idle with calls in flight: %v", err)
		default:
		}
		close(release)
		if err := <-waited; err != nil {
			t.Error(err)
		}
	})
}

func TestEndStreams(t *testing.T) {
	own := errors.New("own error")
	i := admission.New(1, 10)
	if err := open(i, "/s/a", func(context.Context) error { return own }); !errors.Is(err, own) {
		t.Errorf("before: %v", err)
	}
	err := open(i, "/s/a", func(ctx context.Context) error {
		i.EndStreams()
		<-ctx.Done()
		return ctx.Err()
	})
	if rpcerr.Code(err) != codes.Unavailable || rpcerr.Reason(err) != "SHUTTING_DOWN" {
		t.Errorf("a stream at the end: %v", err)
	}
	// Streams that start later end at once; unary calls are not touched.
	err = open(i, "/s/a", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	if rpcerr.Reason(err) != "SHUTTING_DOWN" {
		t.Errorf("a late stream: %v", err)
	}
	if err := open(i, "/s/a", func(context.Context) error { return nil }); err != nil {
		t.Errorf("a stream that had finished: %v", err)
	}
	if err := call(i, "/s/a", func() error { return nil }); err != nil {
		t.Errorf("a unary call: %v", err)
	}
}
