package accesslog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/interceptor/accesslog"
	"github.com/otklik/otklik/libs/interceptor/requestid"
	"github.com/otklik/otklik/libs/rpcerr"
)

type stream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s stream) Context() context.Context { return s.ctx }

func TestLog(t *testing.T) {
	for _, tc := range []struct {
		name  string
		err   error
		level slog.Level
		want  string // level of the line, or "" for none
	}{
		{"success is not logged", nil, slog.LevelInfo, ""},
		{"success at debug level", nil, slog.LevelDebug, "DEBUG"},
		{"refusal", rpcerr.New(codes.NotFound, "SURVEY_UNKNOWN", "m"), slog.LevelInfo, "INFO"},
		{"overload", rpcerr.New(codes.ResourceExhausted, "TOO_MUCH", "m"), slog.LevelInfo, "WARN"},
		{"fault", rpcerr.New(codes.Internal, "INTERNAL", "m"), slog.LevelInfo, "ERROR"},
	} {
		for _, kind := range []string{"unary", "stream"} {
			t.Run(tc.name+"/"+kind, func(t *testing.T) {
				var out bytes.Buffer
				i := accesslog.New(slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: tc.level})))
				ctx := requestid.WithID(t.Context(), "id1")
				var err error
				if kind == "unary" {
					_, err = i.Unary()(ctx, nil, &grpc.UnaryServerInfo{FullMethod: "/s/m"}, func(ctx context.Context, _ any) (any, error) {
						accesslog.SetPrincipal(ctx, "key1", "org1")
						return nil, tc.err
					})
				} else {
					err = i.Stream()(nil, stream{ctx: ctx}, &grpc.StreamServerInfo{FullMethod: "/s/m"}, func(_ any, ss grpc.ServerStream) error {
						accesslog.SetPrincipal(ss.Context(), "key1", "org1")
						return tc.err
					})
				}
				if err != tc.err { //nolint:errorlint // must be the very same
					t.Errorf("the error was changed to %v", err)
				}
				if tc.want == "" {
					if out.Len() > 0 {
						t.Errorf("logged %s", out.String())
					}
					return
				}
				var line map[string]any
				if err := json.Unmarshal(out.Bytes(), &line); err != nil {
					t.Fatalf("%v: %s", err, out.String())
				}
				want := map[string]any{
					"level": tc.want, "method": "/s/m", "code": rpcerr.CodeName(rpcerr.Code(tc.err)), "request_id": "id1", "key": "key1", "organization": "org1",
				}
				for k, v := range want {
					if line[k] != v {
						t.Errorf("%s is %v, want %v", k, line[k], v)
					}
				}
				if tc.err != nil && line["reason"] != rpcerr.Reason(tc.err) {
					t.Errorf("reason %v", line["reason"])
				}
				if _, ok := line["duration"]; !ok || strings.Count(out.String(), "\n") != 1 {
					t.Errorf("line %s", out.String())
				}
			})
		}
	}
	// Outside of a call there is nothing to set, and no harm.
	accesslog.SetPrincipal(t.Context(), "a", "b")
}
