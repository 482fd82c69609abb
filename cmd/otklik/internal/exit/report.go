package exit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/otklik/otklik/libs/rpcerr"
)

// Report tells w why a command failed: in words, or in the shape in which the REST API tells errors when the error asks for JSON. Nothing for
// a nil error.
func Report(w io.Writer, err error) {
	if err == nil {
		return
	}
	var e *Error
	var text string
	if errors.As(err, &e) && e.JSON {
		text = inJSON(err)
	} else {
		text = inWords(err)
	}
	// When the place for errors cannot be written to, the exit code has to do.
	_, _ = io.WriteString(w, text+"\n")
}

func inWords(err error) string {
	var b strings.Builder
	advice := adviceOf(err)
	server, ok := rpcerr.FromError(err)
	if !ok {
		fmt.Fprintf(&b, "otklik: %v", err)
	} else {
		fmt.Fprintf(&b, "otklik: %s", server.Message)
		if server.Reason != "" {
			fmt.Fprintf(&b, " (%s)", server.Reason)
		} else {
			fmt.Fprintf(&b, " (%s)", rpcerr.CodeName(server.Code))
		}
		for _, f := range server.Fields {
			if strings.Contains(server.Message, f.Description) {
				// Some errors say all in the message already.
				continue
			}
			fmt.Fprintf(&b, "\n  %s: %s", f.Field, f.Description)
		}
		if id := server.Metadata["error_id"]; id != "" {
			fmt.Fprintf(&b, "\n  the server's log has more under error_id %s", id)
		}
		if advice == "" {
			advice = serverAdvice(server)
		}
	}
	if advice != "" {
		fmt.Fprintf(&b, "\n  %s", advice)
	}
	return b.String()
}

func adviceOf(err error) string {
	for inner := err; ; {
		var e *Error
		if !errors.As(inner, &e) {
			return ""
		}
		if e.Advice != "" {
			return e.Advice
		}
		inner = e.Err
	}
}

// serverAdvice says what to do about an error of the server.
func serverAdvice(e *rpcerr.Error) string {
	switch e.Code {
	case codes.Unauthenticated:
		return "state a key that the server knows: --key, --key-file, OTKLIK_KEY or a profile"
	case codes.PermissionDenied:
		return "this needs a key with another role"
	case codes.Unavailable:
		return "is the server running at the address of --server, OTKLIK_SERVER or the profile? If it is, try again later"
	case codes.ResourceExhausted, codes.DeadlineExceeded:
		return "try again later"
	}
	switch e.Reason {
	case "SURVEY_NOT_FOUND":
		return "`otklik survey list` shows the surveys of this key's organisation"
	case "QUESTION_NOT_FOUND", "METRIC_MISMATCH":
		return "`otklik survey show SURVEY` shows the questions and their types"
	}
	return ""
}

// errorBody is the shape of errors over REST.
type errorBody struct {
	Error struct {
		Code    int               `json:"code"`
		Status  string            `json:"status"`
		Message string            `json:"message"`
		Details []json.RawMessage `json:"details"`
	} `json:"error"`
}

func inJSON(err error) string {
	st := asStatus(err)
	var body errorBody
	body.Error.Code = runtime.HTTPStatusFromCode(st.Code())
	body.Error.Status = rpcerr.CodeName(st.Code())
	body.Error.Message = st.Message()
	body.Error.Details = []json.RawMessage{}
	for _, detail := range st.Proto().GetDetails() {
		if raw, err := protojson.Marshal(detail); err == nil {
			body.Error.Details = append(body.Error.Details, raw)
		}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		// Every detail is JSON already.
		return `{"error":{"code":500,"status":"INTERNAL","message":"","details":[]}}`
	}
	return string(raw)
}

// asStatus gives errors of this side the code that the API would have used.
func asStatus(err error) *status.Status {
	if e, ok := rpcerr.FromError(err); ok {
		return e.GRPCStatus()
	}
	code := codes.Internal
	switch Code(err) {
	case Usage:
		code = codes.InvalidArgument
	case Unreachable:
		code = codes.Unavailable
	case Interrupted:
		code = codes.Canceled
	}
	return rpcerr.New(code, "CLIENT_"+rpcerr.CodeName(code), err.Error(), rpcerr.WithDomain("cli.otklik")).GRPCStatus()
}
