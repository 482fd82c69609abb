// Package interceptor fixes the chain that every call to a server passes, whether it comes over TCP or in process: the names and the order
// of the interceptors, how they are strung together, and which methods need no credentials. The interceptors are the packages below.
package interceptor

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc"
)

// Interceptor is one named step of the chain. Both kinds of calls pass it, so that no step can be forgotten for streams.
type Interceptor interface {
	// Name is the step's name in Order.
	Name() string
	// Unary intercepts calls of one request and one response. It calls its handler at most once.
	Unary() grpc.UnaryServerInterceptor
	// Stream intercepts all other calls. It calls its handler at most once.
	Stream() grpc.StreamServerInterceptor
}

// Order lists the names of the steps from the outermost inwards. Request id and access log come first so that every refusal is logged with
// its id; mapping before recovery so that a panic leaves masked; admission before any work is done for the caller; the audit
// where it is known who calls and not yet whether they may, so that it sees refusals; the rate limit as soon as it is known that they may; validation
// after it, since it costs the most and its messages are for callers who may call the method; the other half of the audit last, so that only calls
// that begin are remembered as begun.
func Order() []string {
	return []string{
		"request-id", "access-log", "error-mapping", "recovery", "deadline", "admission", "authn", "audit", "authz", "rate-limit", "validation", "audit-begin",
	}
}

// CheckOrder refuses a chain that is not exactly Order.
func CheckOrder(chain []Interceptor) error {
	names := make([]string, len(chain))
	for i, c := range chain {
		names[i] = c.Name()
	}
	if want := Order(); !slices.Equal(names, want) {
		return fmt.Errorf("check interceptors: the order is %v, want %v", names, want)
	}
	return nil
}

// ChainUnary strings the steps together; the first is the outermost. It allocates twice a call however many steps there are, where grpc's
// own chain allocates for every step.
func ChainUnary(chain []Interceptor) grpc.UnaryServerInterceptor {
	steps := make([]grpc.UnaryServerInterceptor, len(chain))
	for i, c := range chain {
		steps[i] = c.Unary()
	}
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		growStack(len(steps))
		c := &unaryCall{steps: steps, info: info, handler: handler}
		c.next = c.step
		return c.step(ctx, req)
	}
}

// stackRoom is the stack in bytes that a call through the chain to its handler needs, roughly.
const stackRoom = 6 << 10

// growStack makes the stack of the goroutine as large as the call will need, at once. Every call starts on a new goroutine with a small
// stack, which is doubled when it is full and then copied with all frames of the chain on it: a fifth of the processor time of a small call
// went there. The index keeps the compiler from leaving the array out.
//
//go:noinline
func growStack(i int) byte {
	var room [stackRoom]byte
	return room[i]
}

type unaryCall struct {
	steps   []grpc.UnaryServerInterceptor
	info    *grpc.UnaryServerInfo
	handler grpc.UnaryHandler
	next    grpc.UnaryHandler
	at      int
}

func (c *unaryCall) step(ctx context.Context, req any) (any, error) {
	if c.at == len(c.steps) {
		return c.handler(ctx, req)
	}
	step := c.steps[c.at]
	c.at++
	return step(ctx, req, c.info, c.next)
}

// ChainStream is ChainUnary for streams.
func ChainStream(chain []Interceptor) grpc.StreamServerInterceptor {
	steps := make([]grpc.StreamServerInterceptor, len(chain))
	for i, c := range chain {
		steps[i] = c.Stream()
	}
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		c := &streamCall{steps: steps, info: info, handler: handler}
		c.next = c.step
		return c.step(srv, ss)
	}
}

type streamCall struct {
	steps   []grpc.StreamServerInterceptor
	info    *grpc.StreamServerInfo
	handler grpc.StreamHandler
	next    grpc.StreamHandler
	at      int
}

func (c *streamCall) step(srv any, ss grpc.ServerStream) error {
	if c.at == len(c.steps) {
		return c.handler(srv, ss)
	}
	step := c.steps[c.at]
	c.at++
	return step(srv, ss, c.info, c.next)
}

// WithContext returns ss with another context, which must derive from that of ss.
func WithContext(ctx context.Context, ss grpc.ServerStream) grpc.ServerStream {
	if s, ok := ss.(*contextStream); ok {
		// Wrapped once already: one layer is enough, as the outer steps hold no reference to it that they read the context from.
		return &contextStream{ServerStream: s.ServerStream, ctx: ctx}
	}
	return &contextStream{ServerStream: ss, ctx: ctx}
}

type contextStream struct {
	grpc.ServerStream
	ctx context.Context
}

// Context is the context of the innermost step so far.
func (s *contextStream) Context() context.Context { return s.ctx }

// Public tells whether a method needs no credentials: the health of the server and the description of its API. The list is explicit, so
// that nothing becomes public by its name.
func Public(fullMethod string) bool {
	switch fullMethod {
	case "/grpc.health.v1.Health/Check",
		"/grpc.health.v1.Health/List",
		"/grpc.health.v1.Health/Watch",
		"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
		"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo":
		return true
	}
	return false
}
