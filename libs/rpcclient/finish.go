package rpcclient

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// finishUnary gives calls that bring no deadline one of their own, and makes plain what they end with.
func finishUnary(deadline time.Duration) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if _, ok := ctx.Deadline(); !ok && deadline > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, deadline)
			defer cancel()
		}
		return plain(invoker(ctx, method, req, reply, cc, opts...))
	}
}

// finishStream makes plain what streams end with. They have no deadline.
func finishStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	cs, err := streamer(ctx, desc, cc, method, opts...)
	if err != nil {
		return nil, plain(err)
	}
	return plainStream{cs}, nil
}

type plainStream struct{ grpc.ClientStream }

// Header waits for the header of the response.
func (s plainStream) Header() (metadata.MD, error) {
	md, err := s.ClientStream.Header()
	return md, plain(err)
}

// SendMsg sends a request.
func (s plainStream) SendMsg(m any) error { return plain(s.ClientStream.SendMsg(m)) }

// RecvMsg receives a response.
func (s plainStream) RecvMsg(m any) error { return plain(s.ClientStream.RecvMsg(m)) }

// plain returns the status that the last attempt of a call ended with. gRPC wraps it in a sentence on how often it tried, which would end up in
// the messages that callers are shown. Other errors, as the end of a stream, are returned as they are.
func plain(err error) error {
	type carrier interface{ GRPCStatus() *status.Status }
	var inner carrier
	if err == nil {
		return nil
	}
	if _, ok := err.(carrier); ok || !errors.As(err, &inner) { //nolint:errorlint // asked is whether it is wrapped
		return err
	}
	return inner.GRPCStatus().Err()
}
