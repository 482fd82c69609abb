// Package recovery turns a panic in a handler into an error, so that one bad request does not end the process. The error mapping step masks
// it and logs it with its stack.
package recovery

import (
	"context"
	"fmt"
	"runtime/debug"

	"google.golang.org/grpc"
)

// Name is the step's name in interceptor.Order.
const Name = "recovery"

// PanicError is a panic that was caught.
type PanicError struct {
	// Value is what the code panicked with.
	Value any
	// Stack is the stack of the goroutine at the panic.
	Stack []byte
}

// Error is for logs only.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Interceptor is the step.
type Interceptor struct{}

// New makes the step.
func New() Interceptor { return Interceptor{} }

// Name is the step's name.
func (Interceptor) Name() string { return Name }

// Unary intercepts unary calls.
func (Interceptor) Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
		defer catch(&err)
		return handler(ctx, req)
	}
}

// Stream intercepts streams.
func (Interceptor) Stream() grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
		defer catch(&err)
		return handler(srv, ss)
	}
}

func catch(err *error) {
	if p := recover(); p != nil {
		*err = &PanicError{Value: p, Stack: debug.Stack()}
	}
}
