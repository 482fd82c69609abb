package rpcserver_test

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/interceptor/requestid"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit/echo"
)

// TestRefusals plays calls that fail over both transports: the outcome must be the same.
func TestRefusals(t *testing.T) {
	h := start(t, testConfig(), actions())
	item := func(note string) echo.Message {
		m := echo.New("a", 1, 2)
		m.AddItem(11, note)
		return m
	}
	for _, tc := range []struct {
		name    string
		message echo.Message
		key     string
		org     string
		header  []string
		code    codes.Code
		reason  string
		fields  []string
		not     string
	}{
		{name: "no key", message: echo.New("a"), key: "-", code: codes.Unauthenticated, reason: "CREDENTIALS_MISSING"},
		{name: "wrong key", message: echo.New("a"), key: "wrong", code: codes.Unauthenticated, reason: "CREDENTIALS_INVALID"},
		{name: "another scheme", message: echo.New("a"), key: "-", header: []string{"authorization", "Basic " + appKey}, code: codes.Unauthenticated, reason: "CREDENTIALS_INVALID"},
		{name: "two keys", message: echo.New("a"), key: "-", header: []string{"authorization", "Bearer a", "authorization", "Bearer b"}, code: codes.Unauthenticated, reason: "CREDENTIALS_INVALID"},
		{name: "no permission", message: echo.New("a"), key: readerKey, code: codes.PermissionDenied, reason: "PERMISSION_DENIED"},
		{name: "another organisation", message: echo.New("a"), org: "org2", code: codes.PermissionDenied, reason: "ORGANIZATION_DENIED"},
		{name: "no organisation", message: echo.New("a").WithAction("org"), key: serviceKey, code: codes.InvalidArgument, reason: "ORGANIZATION_REQUIRED"},
		{name: "a broken rule", message: echo.New(""), code: codes.InvalidArgument, reason: "VALIDATION_FAILED", fields: []string{"text"}},
		{name: "broken rules deep inside", message: item(strings.Repeat("x", 21)), code: codes.InvalidArgument, reason: "VALIDATION_FAILED", fields: []string{"items[2].score", "items[2].note"}},
		{name: "authorisation before validation", message: echo.New(""), key: readerKey, code: codes.PermissionDenied, reason: "PERMISSION_DENIED"},
		{name: "invalid UTF-8", message: item("\xff"), code: codes.InvalidArgument, reason: "MALFORMED_REQUEST", fields: []string{"items[2].note"}},
		{name: "too large", message: echo.New(strings.Repeat("x", 20001)), code: codes.InvalidArgument, reason: "MESSAGE_TOO_LARGE"},
		{name: "own error", message: echo.New("a").WithAction("notfound"), code: codes.NotFound, reason: "SURVEY_UNKNOWN"},
		{name: "full storage", message: echo.New("a").WithAction("full"), code: codes.Unavailable, reason: "STORAGE_FULL"},
		{name: "panic", message: echo.New("a").WithAction("panic"), code: codes.Internal, reason: "INTERNAL", not: "secret"},
		{name: "unknown error", message: echo.New("a").WithAction("unknown"), code: codes.Internal, reason: "INTERNAL", not: "secret"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			key := tc.key
			switch key {
			case "":
				key = appKey
			case "-":
				key = ""
			}
			for transport, conn := range h.connect(t, key, tc.org) {
				t.Run(transport, func(t *testing.T) {
					var trailer metadata.MD
					ctx := metadata.AppendToOutgoingContext(t.Context(), append(tc.header, requestid.Metadata, "id-of-test")...)
					_, err := echo.Call(ctx, conn, tc.message, grpc.Trailer(&trailer))
					if tc.name == "invalid UTF-8" && transport == "tcp" {
						// A Go client refuses to encode it; TestMalformedBytes sends it as it is.
						if err == nil {
							t.Error("accepted")
						}
						return
					}
					checkError(t, err, tc.code, tc.reason, tc.fields)
					if tc.not != "" && strings.Contains(err.Error(), tc.not) {
						t.Errorf("the error tells a secret: %v", err)
					}
					beforeServer := tc.reason == "MESSAGE_TOO_LARGE" || tc.reason == "MALFORMED_REQUEST"
					if got := trailer[requestid.Metadata]; !beforeServer && !slices.Equal(got, []string{"id-of-test"}) {
						t.Errorf("request id in the trailer: %v", got)
					}
				})
			}
		})
	}
}

// checkError checks an error as a caller sees it.
func checkError(t *testing.T, err error, code codes.Code, reason string, fields []string) {
	t.Helper()
	e, ok := rpcerr.FromError(err)
	if !ok {
		t.Fatalf("no status: %v", err)
	}
	if e.Code != code || e.Reason != reason || e.Domain == "" {
		t.Errorf("got %v %q of %q (%s), want %v %q", e.Code, e.Reason, e.Domain, e.Message, code, reason)
	}
	got := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		got[i] = f.Field
		if f.Description == "" || f.Reason == "" {
			t.Errorf("the violation of %s says nothing", f.Field)
		}
	}
	if !slices.Equal(got, fields) && len(got)+len(fields) > 0 {
		t.Errorf("fields %v, want %v", got, fields)
	}
	if has := e.RetryAfter > 0; has != rpcerr.NeedsRetryInfo(code) {
		t.Errorf("retry advice %v with %v", e.RetryAfter, code)
	}
}

func TestMaskedErrorsLeadToTheLog(t *testing.T) {
	h := start(t, testConfig(), actions())
	h.both(t, func(t *testing.T, conn grpc.ClientConnInterface) {
		for action, want := range map[string]string{"panic": "panic with a secret", "unknown": "error with a secret"} {
			_, err := echo.Call(t.Context(), conn, echo.New("a").WithAction(action))
			e, _ := rpcerr.FromError(err)
			id := e.Metadata["error_id"]
			if id == "" || !strings.Contains(e.Message, id) {
				t.Errorf("%s: no id in %v", action, e)
			}
			found := false
			for line := range strings.SplitSeq(h.log.String(), "\n") {
				found = found || (strings.Contains(line, id) && strings.Contains(line, want))
			}
			if !found {
				t.Errorf("%s: the log does not tell of %s", action, id)
			}
		}
	})
	if !strings.Contains(h.log.String(), "harness_test.go") {
		t.Error("no stack of the panic in the log")
	}
}

// TestRefusedStreamTakesItsRequest refuses streams of one request, mostly before the request is sent: sending tells nothing, receiving tells why.
func TestRefusedStreamTakesItsRequest(t *testing.T) {
	h := start(t, testConfig(), actions())
	for transport, conn := range h.connect(t, readerKey, "") {
		for range 100 {
			stream, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true}, echo.Split)
			if err != nil {
				t.Fatal(err)
			}
			// The refusal may come first.
			runtime.Gosched()
			if err := stream.SendMsg(echo.New("a")); err != nil {
				t.Fatalf("%s: sending: %v", transport, err)
			}
			if err := stream.RecvMsg(echo.New("")); status.Code(err) != codes.PermissionDenied {
				t.Fatalf("%s: receiving: %v", transport, err)
			}
		}
	}
}
