package errmap_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/interceptor/errmap"
	"github.com/otklik/otklik/libs/interceptor/recovery"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/sqlkit"
)

var own = rpcerr.New(codes.AlreadyExists, "RESPONSE_EXISTS", "there is one", rpcerr.WithField("response.name", "EXISTS", "is taken"),
	rpcerr.WithCause(errors.New("hidden cause")))

func TestMap(t *testing.T) {
	for _, tc := range []struct {
		name    string
		err     error
		code    codes.Code
		reason  string
		message string
		retry   time.Duration
		logged  string
	}{
		{name: "own error", err: own, code: codes.AlreadyExists, reason: "RESPONSE_EXISTS", message: "there is one"},
		{name: "wrapped own error", err: fmt.Errorf("hidden text: %w", own), code: codes.AlreadyExists, reason: "RESPONSE_EXISTS", message: "there is one"},
		{name: "deadline", err: fmt.Errorf("hidden query: %w", context.DeadlineExceeded), code: codes.DeadlineExceeded, reason: "DEADLINE_EXCEEDED"},
		{name: "cancelled", err: context.Canceled, code: codes.Canceled, reason: "CANCELLED"},
		{name: "own error because of the deadline", err: rpcerr.New(codes.Aborted, "RACE", "m", rpcerr.WithCause(context.DeadlineExceeded)), code: codes.Aborted, reason: "RACE"},
		{name: "full disk", err: fmt.Errorf("hidden insert: %w", sqlkit.ErrFull), code: codes.Unavailable, reason: "STORAGE_FULL", retry: 5 * time.Second, logged: "hidden insert"},
		{name: "page token", err: fmt.Errorf("hidden: %w", page.ErrExpired), code: codes.InvalidArgument, reason: "PAGE_TOKEN_EXPIRED"},
		{name: "status of a called service", err: fmt.Errorf("hidden call: %w", own.GRPCStatus().Err()), code: codes.AlreadyExists, reason: "RESPONSE_EXISTS", message: "there is one"},
		{name: "plain status", err: status.Error(codes.NotFound, "no such thing"), code: codes.NotFound, reason: "NOT_FOUND", message: "no such thing"},
		{name: "connection lost", err: status.Error(codes.Unavailable, "dial tcp hidden:1234"), code: codes.Unavailable, reason: "UNAVAILABLE", retry: rpcerr.DefaultRetryAfter, logged: "dial tcp hidden"},
		{name: "exhausted without advice", err: status.Error(codes.ResourceExhausted, "too much"), code: codes.ResourceExhausted, reason: "RESOURCE_EXHAUSTED", message: "too much", retry: rpcerr.DefaultRetryAfter},
		{name: "unknown status", err: status.Error(codes.Unknown, "hidden"), code: codes.Internal, reason: "INTERNAL", logged: "hidden"},
		{name: "internal status of grpc", err: status.Error(codes.Internal, "hidden"), code: codes.Internal, reason: "INTERNAL", logged: "hidden"},
		{name: "status OK is no outcome", err: okError{}, code: codes.Internal, reason: "INTERNAL", logged: "hidden OK"},
		{name: "unknown error", err: errors.New("hidden"), code: codes.Internal, reason: "INTERNAL", logged: "hidden"},
		{name: "panic", err: &recovery.PanicError{Value: "hidden", Stack: []byte("stack of it")}, code: codes.Internal, reason: "INTERNAL", logged: "stack of it"},
		{name: "own internal error", err: rpcerr.New(codes.Internal, "BROKEN", "it is broken", rpcerr.WithCause(errors.New("hidden cause"))), code: codes.Internal, reason: "BROKEN", message: "it is broken", logged: "hidden cause"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var log bytes.Buffer
			i := errmap.New(slog.New(slog.NewJSONHandler(&log, nil)))
			for kind, err := range map[string]error{"unary": unary(t, i, tc.err), "stream": strm(t, i, tc.err)} {
				st, ok := status.FromError(err)
				if !ok {
					t.Fatalf("%s: no status: %v", kind, err)
				}
				e := rpcerr.FromStatus(st)
				if e.Code != tc.code || e.Reason != tc.reason || e.Domain == "" || e.RetryAfter != tc.retry {
					t.Errorf("%s: got %v %q of %q, retry %v", kind, e.Code, e.Reason, e.Domain, e.RetryAfter)
				}
				if tc.message != "" && e.Message != tc.message {
					t.Errorf("%s: message %q", kind, e.Message)
				}
				if strings.Contains(st.String(), "hidden") {
					t.Errorf("%s: the caller is told what must stay hidden: %v", kind, st)
				}
				if tc.reason == "INTERNAL" && (e.Metadata["error_id"] == "" || !strings.Contains(log.String(), e.Metadata["error_id"])) {
					t.Errorf("%s: the id in %v does not lead to the log", kind, e.Metadata)
				}
			}
			if tc.logged != "" && !strings.Contains(log.String(), tc.logged) {
				t.Errorf("the log does not hold %q: %s", tc.logged, log.String())
			}
			if tc.logged == "" && log.Len() > 0 {
				t.Errorf("logged without need: %s", log.String())
			}
		})
	}
}

// okError claims to be a status that is no error.
type okError struct{}

func (okError) Error() string { return "hidden OK" }

func (okError) GRPCStatus() *status.Status { return status.New(codes.OK, "") }

func unary(t *testing.T, i *errmap.Interceptor, fail error) error {
	t.Helper()
	resp, err := i.Unary()(t.Context(), nil, &grpc.UnaryServerInfo{FullMethod: "/s/m"}, func(context.Context, any) (any, error) { return "half a response", fail })
	if resp != nil {
		t.Errorf("a response beside an error: %v", resp)
	}
	return err
}

type stream struct {
	grpc.ServerStream
	ctx     context.Context
	trailer *metadata.MD
}

func (s stream) SetTrailer(md metadata.MD) {
	if s.trailer != nil {
		*s.trailer = md
	}
}

func (s stream) Context() context.Context { return s.ctx }

func strm(t *testing.T, i *errmap.Interceptor, fail error) error {
	t.Helper()
	return i.Stream()(nil, stream{ctx: t.Context()}, &grpc.StreamServerInfo{FullMethod: "/s/m"}, func(any, grpc.ServerStream) error { return fail })
}

func TestSuccessPasses(t *testing.T) {
	i := errmap.New(slog.New(slog.DiscardHandler))
	resp, err := i.Unary()(t.Context(), nil, &grpc.UnaryServerInfo{}, func(context.Context, any) (any, error) { return "response", nil })
	if resp != "response" || err != nil || strm(t, i, nil) != nil {
		t.Errorf("got %v, %v", resp, err)
	}
}
