package recovery_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/interceptor/recovery"
)

func TestPanicsBecomeErrors(t *testing.T) {
	_, unary := recovery.New().Unary()(t.Context(), nil, nil, func(context.Context, any) (any, error) { panic("boom") })
	stream := recovery.New().Stream()(nil, nil, nil, func(any, grpc.ServerStream) error { panic("boom") })
	for kind, err := range map[string]error{"unary": unary, "stream": stream} {
		var p *recovery.PanicError
		if !errors.As(err, &p) || p.Value != "boom" || !strings.Contains(string(p.Stack), "TestPanicsBecomeErrors") || p.Error() != "panic: boom" {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestOtherOutcomesPass(t *testing.T) {
	fail := errors.New("own")
	resp, err := recovery.New().Unary()(t.Context(), "r", nil, func(_ context.Context, req any) (any, error) { return req, fail })
	if resp != "r" || !errors.Is(err, fail) {
		t.Errorf("got %v, %v", resp, err)
	}
	if err := recovery.New().Stream()(nil, nil, nil, func(any, grpc.ServerStream) error { return fail }); !errors.Is(err, fail) {
		t.Errorf("got %v", err)
	}
}
