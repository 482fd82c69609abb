// Package errmap turns every error that leaves a handler into a status that may be shown: errors made for callers as they are, a called
// service's status passed on, anything else masked behind an id that the log holds. Every status that leaves carries google.rpc.ErrorInfo,
// and UNAVAILABLE and RESOURCE_EXHAUSTED carry RetryInfo.
package errmap

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"math/rand/v2"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/interceptor/recovery"
	"github.com/otklik/otklik/libs/interceptor/requestid"
	"github.com/otklik/otklik/libs/rpcerr"
)

// Name is the step's name in interceptor.Order.
const Name = "error-mapping"

// ReasonInternal is the reason of masked errors.
const ReasonInternal = "INTERNAL"

// MetadataErrorID is the key in ErrorInfo.metadata of the id that leads to the log.
const MetadataErrorID = "error_id"

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
		resp, err := handler(ctx, req)
		if err != nil {
			err = i.Map(ctx, info.FullMethod, err)
			if trailer := pushback(err); trailer != nil {
				// Fails only when the call is over, and then nobody can read a trailer.
				_ = grpc.SetTrailer(ctx, trailer)
			}
			// No response beside an error: grpc would drop it, and so does the in-process channel.
			return nil, err
		}
		return resp, nil
	}
}

// Stream intercepts streams.
func (i *Interceptor) Stream() grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if err := handler(srv, ss); err != nil {
			err = i.Map(ss.Context(), info.FullMethod, err)
			if trailer := pushback(err); trailer != nil {
				ss.SetTrailer(trailer)
			}
			return err
		}
		return nil
	}
}

// Map returns the error that the caller of method is told; it is always a gRPC status. err is not nil.
func (i *Interceptor) Map(ctx context.Context, method string, err error) error {
	var own *rpcerr.Error
	if errors.As(err, &own) {
		if own.Reason != rpcerr.ReasonShuttingDown {
			i.logFault(ctx, method, own.Code, err)
		}
		return own.GRPCStatus().Err()
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return rpcerr.New(codes.DeadlineExceeded, "DEADLINE_EXCEEDED", "the deadline of the call has passed").GRPCStatus().Err()
	case errors.Is(err, context.Canceled):
		return rpcerr.New(codes.Canceled, "CANCELLED", "the call was cancelled").GRPCStatus().Err()
	}
	var carrier interface{ GRPCStatus() *status.Status }
	if errors.As(err, &carrier) {
		if st := carrier.GRPCStatus(); st != nil && st.Code() != codes.OK {
			return i.passOn(ctx, method, st, err)
		}
	}
	return i.mask(ctx, method, err)
}

// passOn completes the status of a called service, or of grpc itself. A status without ErrorInfo was not made for callers: what grpc says
// about connections holds addresses, so that its text stays here unless the code says that the caller is at fault.
func (i *Interceptor) passOn(ctx context.Context, method string, st *status.Status, err error) error {
	e := rpcerr.FromStatus(st)
	if e.Reason != "" {
		if rpcerr.NeedsRetryInfo(e.Code) && e.RetryAfter == 0 {
			return e.GRPCStatus().Err()
		}
		return st.Err()
	}
	switch st.Code() {
	case codes.Unknown, codes.Internal, codes.DataLoss:
		return i.mask(ctx, method, err)
	case codes.Unavailable:
		i.logFault(ctx, method, st.Code(), err)
		e.Message = "a service that is needed for this call cannot be reached"
	}
	return e.GRPCStatus().Err()
}

func (i *Interceptor) mask(ctx context.Context, method string, err error) error {
	id := newErrorID()
	attrs := []slog.Attr{
		slog.String("error_id", id),
		slog.String("method", method),
		slog.String("request_id", requestid.FromContext(ctx)),
		slog.String("error", err.Error()),
	}
	var p *recovery.PanicError
	if errors.As(err, &p) {
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	i.logger.LogAttrs(ctx, slog.LevelError, "internal error", attrs...)
	return rpcerr.New(codes.Internal, ReasonInternal, "internal error, id "+id, rpcerr.WithMetadata(MetadataErrorID, id)).GRPCStatus().Err()
}

// logFault keeps the cause of a fault of the server, which the caller is not told. Refusals have no cause worth a line.
func (i *Interceptor) logFault(ctx context.Context, method string, code codes.Code, err error) {
	switch code {
	case codes.Internal, codes.Unknown, codes.DataLoss, codes.Unavailable:
		i.logger.LogAttrs(ctx, slog.LevelError, "fault",
			slog.String("method", method),
			slog.String("request_id", requestid.FromContext(ctx)),
			slog.String("error", err.Error()))
	}
}

func newErrorID() string {
	v := rand.Uint64() //nolint:gosec // it needs to be unique, not secret
	var b [8]byte
	for i := range b {
		b[i] = byte(v >> (8 * i))
	}
	return hex.EncodeToString(b[:])
}
