package audit

import (
	"context"
	"errors"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/interceptor"
	"github.com/otklik/otklik/libs/rpcerr"
)

// Steps returns the two steps, in their order.
func (r *Recorder) Steps() (refusals, begin interceptor.Interceptor) {
	return refusalStep{r}, beginStep{r}
}

// recordedError is an error of a call that is remembered already.
type recordedError struct{ error }

// Unwrap returns the error itself.
func (e recordedError) Unwrap() error { return e.error }

// refusalStep remembers refusals.
type refusalStep struct{ recorder *Recorder }

// Name is the step's name.
func (refusalStep) Name() string { return Name }

// Unary intercepts unary calls.
func (s refusalStep) Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		resp, err := handler(ctx, req)
		if err != nil {
			err = s.recorder.note(ctx, info.FullMethod, req, err)
		}
		return resp, err
	}
}

// Stream intercepts streams.
func (s refusalStep) Stream() grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if s.recorder.sink == nil {
			return handler(srv, ss)
		}
		seen := &firstRequest{ServerStream: ss}
		err := handler(srv, seen)
		if err != nil {
			err = s.recorder.note(ss.Context(), info.FullMethod, seen.request, err)
		}
		return err
	}
}

// firstRequest keeps the first request of a stream, which may be refused for what it names.
type firstRequest struct {
	grpc.ServerStream
	request proto.Message
}

// RecvMsg receives.
func (s *firstRequest) RecvMsg(m any) error {
	err := s.ServerStream.RecvMsg(m)
	if err == nil && s.request == nil {
		s.request, _ = m.(proto.Message)
	}
	return err
}

// Refused remembers a refusal of a caller whom the first step does not get to see.
func (r *Recorder) Refused(ctx context.Context, method string, request any, refusal error) {
	// The error is the caller's as it is.
	_ = r.note(ctx, method, request, refusal)
}

// note remembers a refusal in the background, unless that was done, and returns the error as it was.
func (r *Recorder) note(ctx context.Context, method string, request any, err error) error {
	var recorded recordedError
	if errors.As(err, &recorded) {
		return recorded.error
	}
	if r.sink == nil || rpcerr.Code(err) != codes.PermissionDenied {
		return err
	}
	m, _ := request.(proto.Message)
	if c, ok := r.callOf(ctx, method, m, authz.AuditRefusals); ok {
		c.conclude(err)
		r.waiting.deny(c.entry)
	}
	return err
}

// beginStep remembers calls that are let in.
type beginStep struct{ recorder *Recorder }

// Name is the step's name.
func (beginStep) Name() string { return NameBegin }

// Unary intercepts unary calls.
func (s beginStep) Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if s.recorder.sink == nil {
			return handler(ctx, req)
		}
		m, _ := req.(proto.Message)
		c, ok := s.recorder.callOf(ctx, info.FullMethod, m, authz.AuditChange)
		switch {
		case !ok:
			return handler(ctx, req)
		case c.kind == authz.AuditPersonal:
			return c.answer(ctx, req, handler)
		}
		return c.change(ctx, req, handler)
	}
}

// change calls a handler that changes something.
func (c *call) change(ctx context.Context, req any, handler grpc.UnaryHandler) (resp any, err error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	// Stays if the handler panics.
	outcome := errPanicked
	defer func() { c.end(ctx, outcome) }()
	resp, err = handler(ctx, req)
	outcome = err
	if err == nil && c.entry.Resource == "" {
		c.entry.Resource = short(nameMade(resp))
	}
	return resp, asRecorded(err)
}

var errPanicked = errors.New("the handler panicked")

// answer calls a handler whose answer is about persons: it goes out only when that is remembered.
func (c *call) answer(ctx context.Context, req any, handler grpc.UnaryHandler) (any, error) {
	resp, err := handler(ctx, req)
	if unrecorded := c.disclose(ctx, err); unrecorded != nil {
		return nil, unrecorded
	}
	return resp, asRecorded(err)
}

func asRecorded(err error) error {
	if err == nil {
		return nil
	}
	return recordedError{err}
}

// Stream intercepts streams. Whatever they are about, their start is remembered before the handler gets the first request, and before anything
// goes out; the outcome when they end.
func (s beginStep) Stream() grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if s.recorder.sink == nil {
			return handler(srv, ss)
		}
		c, ok := s.recorder.callOf(ss.Context(), info.FullMethod, nil, authz.AuditChange)
		if !ok {
			return handler(srv, ss)
		}
		return c.stream(srv, &recordedStream{ServerStream: ss, call: &c, method: info.FullMethod}, handler)
	}
}

func (c *call) stream(srv any, ss *recordedStream, handler grpc.StreamHandler) error {
	outcome := errPanicked
	defer func() {
		if c.entry.Start != 0 {
			c.end(ss.Context(), outcome)
		}
	}()
	err := handler(srv, ss)
	if err == nil {
		// A handler that has done something without a word to its caller is remembered too.
		err = ss.begin(nil)
	}
	switch {
	case ss.opened:
		outcome = err
		return asRecorded(err)
	case ss.err != nil:
		return ss.err
	}
	return err
}

// recordedStream remembers the start of a stream.
type recordedStream struct {
	grpc.ServerStream
	call   *call
	method string
	once   sync.Once
	err    error
	opened bool
}

func (s *recordedStream) begin(request any) error {
	s.once.Do(func() {
		if m, ok := request.(proto.Message); ok {
			s.call.entry.Resource = short(s.call.recorder.rules.Resource(s.method, m))
		}
		s.err = s.call.begin(s.Context())
		s.opened = s.err == nil
	})
	return s.err
}

// RecvMsg receives a request; the handler gets the first one when the start is remembered.
func (s *recordedStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	return s.begin(m)
}

// SendMsg sends an answer when the start is remembered.
func (s *recordedStream) SendMsg(m any) error {
	if err := s.begin(nil); err != nil {
		return err
	}
	return s.ServerStream.SendMsg(m)
}
