package exit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/rpcerr"
)

func TestCode(t *testing.T) {
	server := func(code codes.Code) error {
		return fmt.Errorf("call: %w", rpcerr.New(code, "REASON", "message").GRPCStatus().Err())
	}
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, OK},
		{errors.New("disk"), Failure},
		{Usagef("bad flag"), Usage},
		{fmt.Errorf("more: %w", Usagef("bad flag")), Usage},
		{&Error{Err: Usagef("bad flag"), JSON: true}, Usage},
		{server(codes.InvalidArgument), Refused},
		{server(codes.Unauthenticated), Refused},
		{server(codes.Internal), Refused},
		{server(codes.Unavailable), Unreachable},
		{server(codes.ResourceExhausted), Unreachable},
		{server(codes.DeadlineExceeded), Unreachable},
		{server(codes.Canceled), Interrupted},
		{&Error{Err: server(codes.NotFound), JSON: true}, Refused},
		{&Error{Code: Incomplete, Err: errors.New("rows")}, Incomplete},
		{fmt.Errorf("x: %w", context.Canceled), Interrupted},
		{context.DeadlineExceeded, Unreachable},
	} {
		if got := Code(c.err); got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
	}
}

func TestReport(t *testing.T) {
	refused := fmt.Errorf("submit: %w", rpcerr.New(codes.InvalidArgument, "RESPONSE_INVALID", "the response does not fit",
		rpcerr.WithField("response.answers[0].score", "OUT", "is too great"), rpcerr.WithField("x", "", "the response does not fit")).GRPCStatus().Err())
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{errors.New("disk full"), "otklik: disk full\n"},
		{Usagef("bad flag %q", "x"), "otklik: bad flag \"x\"\n"},
		{&Error{Err: errors.New("a"), Advice: "do b"}, "otklik: a\n  do b\n"},
		{refused, "otklik: the response does not fit (RESPONSE_INVALID)\n  response.answers[0].score: is too great\n"},
		{status.Error(codes.Unavailable, "connection refused"), "otklik: connection refused (UNAVAILABLE)\n  is the server running at the address of --server, OTKLIK_SERVER or the profile? If it is, try again later\n"},
		{rpcerr.New(codes.Internal, "INTERNAL", "internal error", rpcerr.WithMetadata("error_id", "e1")), "otklik: internal error (INTERNAL)\n  the server's log has more under error_id e1\n"},
		{&Error{Err: Usagef("bad"), JSON: true}, `{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"bad","details":[`},
		{&Error{Err: refused, JSON: true}, `{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"the response does not fit","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo",`},
	} {
		var b strings.Builder
		Report(&b, c.err)
		got := strings.ReplaceAll(b.String(), `", "`, `","`)
		if !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%v:\n%s\nwant\n%s", c.err, got, c.want)
		}
	}
}
