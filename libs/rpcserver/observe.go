package rpcserver

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/otklik/otklik/libs/interceptor"
	"github.com/otklik/otklik/libs/telemetry"
)

// observeUnary shows calls in process to a handler of statistics, as grpc does with those over TCP. Without one it is next.
func observeUnary(h stats.Handler, next grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	if h == nil {
		return next
	}
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		ctx, begin := beginCall(ctx, h, info.FullMethod, &stats.Begin{})
		resp, err := next(ctx, req, info, handler)
		h.HandleRPC(ctx, &stats.End{BeginTime: begin, EndTime: time.Now(), Error: err})
		return resp, err
	}
}

// observeStream is observeUnary for streams.
func observeStream(h stats.Handler, next grpc.StreamServerInterceptor) grpc.StreamServerInterceptor {
	if h == nil {
		return next
	}
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		ctx, begin := beginCall(ss.Context(), h, info.FullMethod, &stats.Begin{IsClientStream: info.IsClientStream, IsServerStream: info.IsServerStream})
		err := next(srv, interceptor.WithContext(ctx, ss), info, handler)
		h.HandleRPC(ctx, &stats.End{BeginTime: begin, EndTime: time.Now(), Error: err})
		return err
	}
}

func beginCall(ctx context.Context, h stats.Handler, method string, event *stats.Begin) (context.Context, time.Time) {
	ctx = h.TagRPC(ctx, &stats.RPCTagInfo{FullMethodName: method})
	event.BeginTime = time.Now()
	h.HandleRPC(ctx, event)
	return ctx, event.BeginTime
}

// handTrace gives the trace of the caller to the context of the handler, which holds nothing else of the caller's.
func (p *inProcess) handTrace(caller, handler context.Context) context.Context {
	if p.stats == nil {
		return handler
	}
	if sc := trace.SpanContextFromContext(caller); sc.IsValid() {
		return trace.ContextWithRemoteSpanContext(handler, sc)
	}
	return handler
}

// sendTrace gives the trace of the caller to the handler in the metadata, for calls that go through the channel.
func (p *inProcess) sendTrace(ctx context.Context) context.Context {
	if p.stats == nil {
		return ctx
	}
	return telemetry.OutgoingTrace(ctx)
}
