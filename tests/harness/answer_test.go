package harness

import (
	"net/http"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
)

func TestErrorHasOneShape(t *testing.T) {
	t.Parallel()
	const info = `{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"R","domain":"d"}`
	for _, c := range []struct {
		name, body string
		status     int
		ok         bool
	}{
		{"as documented", `{"error":{"code":404,"status":"NOT_FOUND","message":"m","details":[` + info + `]}}`, 404, true},
		{"another HTTP status", `{"error":{"code":404,"status":"NOT_FOUND","message":"m","details":[` + info + `]}}`, 400, false},
		{"unknown member", `{"error":{"code":404,"status":"NOT_FOUND","message":"m","extra":1,"details":[` + info + `]}}`, 404, false},
		{"unknown code", `{"error":{"code":404,"status":"LOST","message":"m","details":[` + info + `]}}`, 404, false},
		{"no details", `{"error":{"code":404,"status":"NOT_FOUND","message":"m","details":[]}}`, 404, false},
		{"grpc-gateway's own shape", `{"code":5,"message":"m","details":[]}`, 404, false},
		{"text", `not found`, 404, false},
	} {
		a := &Answer{Status: c.status, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(c.body)}
		st, err := a.Error()
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if !c.ok {
			continue
		}
		if st.Code() != codes.NotFound || st.Message() != "m" || len(st.Details()) != 1 {
			t.Errorf("%s: %v", c.name, st)
		}
		if d, ok := st.Details()[0].(*errdetails.ErrorInfo); !ok || d.GetReason() != "R" {
			t.Errorf("%s: details %v", c.name, st.Details())
		}
	}
}
