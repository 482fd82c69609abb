// Package accesslog writes a line for every call that fails, and for every other call at debug level. It logs no field of a request and no
// address of a person: method, code, reason, duration, request id, key id and organisation.
package accesslog

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/interceptor"
	"github.com/otklik/otklik/libs/interceptor/requestid"
	"github.com/otklik/otklik/libs/rpcerr"
)

// Name is the step's name in interceptor.Order.
const Name = "access-log"

// record is what inner steps tell the log. It is written by the goroutine of the call before the handler returns.
type record struct {
	principal, organization string
}

type key struct{}

// SetPrincipal tells the log who calls: the id of the key and the organisation.
func SetPrincipal(ctx context.Context, id, organization string) {
	if r, ok := ctx.Value(key{}).(*record); ok {
		r.principal, r.organization = id, organization
	}
}

// Interceptor is the step.
type Interceptor struct {
	logger *slog.Logger
}

// New makes the step.
func New(logger *slog.Logger) *Interceptor { return &Interceptor{logger: logger} }

// Name is the step's name.
func (*Interceptor) Name() string { return Name }

// Unary intercepts unary calls.
func (i *Interceptor) Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		start, r := time.Now(), &record{}
		resp, err := handler(context.WithValue(ctx, key{}, r), req)
		i.log(ctx, info.FullMethod, r, start, err)
		return resp, err
	}
}

// Stream intercepts streams; the line comes when the stream ends.
func (i *Interceptor) Stream() grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		start, r := time.Now(), &record{}
		err := handler(srv, interceptor.WithContext(context.WithValue(ss.Context(), key{}, r), ss))
		i.log(ss.Context(), info.FullMethod, r, start, err)
		return err
	}
}

func (i *Interceptor) log(ctx context.Context, method string, r *record, start time.Time, err error) {
	code := rpcerr.Code(err)
	level := levelOf(code)
	if err != nil && rpcerr.Reason(err) == rpcerr.ReasonShuttingDown {
		level = slog.LevelInfo
	}
	if !i.logger.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 8)
	attrs = append(attrs,
		slog.String("method", method),
		slog.String("code", rpcerr.CodeName(code)),
		slog.Duration("duration", time.Since(start)),
		slog.String("request_id", requestid.FromContext(ctx)),
		slog.String("key", r.principal),
		slog.String("organization", r.organization))
	if err != nil {
		attrs = append(attrs, slog.String("reason", rpcerr.Reason(err)))
	}
	i.logger.LogAttrs(ctx, level, "call", attrs...)
}

// levelOf: faults of the server are errors, what passes is a warning (a fault behind it is logged by the error mapping), refusals are
// information, what went well is for debugging.
func levelOf(code codes.Code) slog.Level {
	switch code {
	case codes.OK:
		return slog.LevelDebug
	case codes.Internal, codes.Unknown, codes.DataLoss:
		return slog.LevelError
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Unimplemented:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
