package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	statuspb "google.golang.org/genproto/googleapis/rpc/status"
)

// REST is a client of the REST API.
type REST struct {
	base   string
	key    string
	client *http.Client
}

// NewREST returns a client of the API at a base address, for a server that the harness did not start.
func NewREST(base, key string) *REST {
	return &REST{base: base, key: key, client: http.DefaultClient}
}

// Request is an HTTP request to the API.
type Request struct {
	// Method is GET when empty.
	Method string
	// Path begins with a slash; it may hold a query.
	Path string
	// Header replaces headers of the same name; an empty value removes the header.
	Header map[string]string
	// Body is sent as application/json unless Header says otherwise.
	Body []byte
}

// Answer is what came back, read to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request and reads the whole answer.
func (r *REST) Do(ctx context.Context, request Request) (*Answer, error) {
	response, err := r.Open(ctx, request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("read answer of %s: %w", request.Path, err)
	}
	return &Answer{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}

// Open sends a request and returns the answer as soon as its head has come. The caller closes the body.
func (r *REST) Open(ctx context.Context, request Request) (*http.Response, error) {
	method := request.Method
	if method == "" {
		method = http.MethodGet
	}
	var body io.Reader
	if request.Body != nil {
		body = bytes.NewReader(request.Body)
	}
	h, err := http.NewRequestWithContext(ctx, method, r.base+request.Path, body)
	if err != nil {
		return nil, fmt.Errorf("make request %s %s: %w", method, request.Path, err)
	}
	if r.key != "" {
		h.Header.Set("Authorization", "Bearer "+r.key)
	}
	if request.Body != nil {
		h.Header.Set("Content-Type", "application/json")
	}
	for name, value := range request.Header {
		if value == "" {
			h.Header.Del(name)
		} else {
			h.Header.Set(name, value)
		}
	}
	response, err := r.client.Do(h)
	if err != nil {
		return nil, fmt.Errorf("send request %s %s: %w", method, request.Path, err)
	}
	return response, nil
}

// Error reads the documented shape of errors strictly: the document must repeat the HTTP status, hold nothing unknown, and carry details. An
// answer of another shape is an error of its own.
func (a *Answer) Error() (*status.Status, error) {
	if got := a.Header.Get("Content-Type"); mediaType(got) != "application/json" {
		return nil, fmt.Errorf("read error: content type %q of %s", got, a.Body)
	}
	st, code, err := a.document()
	if err != nil {
		return nil, err
	}
	if code != a.Status {
		return nil, fmt.Errorf("read error: HTTP status %d, but the document says %d", a.Status, code)
	}
	return st, nil
}

// StreamError reads the error document in the body where no HTTP status came with it: the last line or event of a stream.
func (a *Answer) StreamError() (*status.Status, error) {
	st, code, err := a.document()
	if err != nil {
		return nil, err
	}
	if want := HTTPStatus(st.Code()); code != want {
		return nil, fmt.Errorf("read error: HTTP status %d in the document, want %d for %s", code, want, st.Code())
	}
	return st, nil
}

// document reads the error document and the HTTP status that it states.
func (a *Answer) document() (*status.Status, int, error) {
	var document struct {
		Error *struct {
			Code    int               `json:"code"`
			Status  string            `json:"status"`
			Message string            `json:"message"`
			Details []json.RawMessage `json:"details"`
		} `json:"error"`
	}
	dec := json.NewDecoder(bytes.NewReader(a.Body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&document); err != nil || document.Error == nil {
		return nil, 0, fmt.Errorf("read error: %s: %w", a.Body, err)
	}
	code, ok := codeNames[document.Error.Status]
	if !ok {
		return nil, 0, fmt.Errorf("read error: status %q", document.Error.Status)
	}
	if len(document.Error.Details) == 0 {
		return nil, 0, fmt.Errorf("read error: %s has no details", a.Body)
	}
	st := &statuspb.Status{Code: int32(code), Message: document.Error.Message}
	for _, raw := range document.Error.Details {
		full := &statuspb.Status{}
		if err := protojson.Unmarshal([]byte(`{"details":[`+string(raw)+`]}`), full); err != nil {
			return nil, 0, fmt.Errorf("read error detail %s: %w", raw, err)
		}
		st.Details = append(st.Details, full.GetDetails()...)
	}
	return status.FromProto(st), document.Error.Code, nil
}

func mediaType(contentType string) string {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.TrimSpace(kind)
}

// Invoke makes a unary call through its HTTP rule. An error answer comes back as the *status.Status of its document.
func (r *REST) Invoke(ctx context.Context, method protoreflect.MethodDescriptor, request, response proto.Message) (*Answer, error) {
	h, err := Transcode(method, request)
	if err != nil {
		return nil, err
	}
	answer, err := r.Do(ctx, h)
	if err != nil {
		return nil, err
	}
	return answer, answer.decode(response)
}

func (a *Answer) decode(response proto.Message) error {
	if a.Status != http.StatusOK {
		st, err := a.Error()
		if err != nil {
			return err
		}
		return st.Err()
	}
	if got := mediaType(a.Header.Get("Content-Type")); got != "application/json" && got != "application/geo+json" {
		return fmt.Errorf("read answer: content type %q", got)
	}
	if err := protojson.Unmarshal(a.Body, response); err != nil {
		return fmt.Errorf("read answer %s: %w", a.Body, err)
	}
	return nil
}

// Collect makes a server-streaming call through its HTTP rule and reads it to its end: one message a line, and an error as a last line
// `{"error": …}`.
func (r *REST) Collect(ctx context.Context, method protoreflect.MethodDescriptor, request proto.Message, each func([]byte) error) (*Answer, error) {
	h, err := Transcode(method, request)
	if err != nil {
		return nil, err
	}
	answer, err := r.Do(ctx, h)
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusOK {
		st, err := answer.Error()
		if err != nil {
			return answer, err
		}
		return answer, st.Err()
	}
	for line := range bytes.Lines(answer.Body) {
		var failure struct {
			Error json.RawMessage `json:"error"`
		}
		if err := json.Unmarshal(line, &failure); err != nil {
			return answer, fmt.Errorf("read stream: %w", err)
		}
		if failure.Error != nil {
			return answer, streamError(failure.Error)
		}
		if err := each(line); err != nil {
			return answer, err
		}
	}
	return answer, nil
}

// streamError reads the error in the last line of a stream.
func streamError(raw json.RawMessage) error {
	a := Answer{Body: []byte(`{"error":` + string(raw) + `}`)}
	st, err := a.StreamError()
	if err != nil {
		return err
	}
	return st.Err()
}

// HTTPStatus is the HTTP status that belongs to a code, by google/rpc/code.proto.
func HTTPStatus(code codes.Code) int {
	switch code {
	case codes.OK:
		return http.StatusOK
	case codes.Canceled:
		return 499
	case codes.InvalidArgument, codes.FailedPrecondition, codes.OutOfRange:
		return http.StatusBadRequest
	case codes.DeadlineExceeded:
		return http.StatusGatewayTimeout
	case codes.NotFound:
		return http.StatusNotFound
	case codes.AlreadyExists, codes.Aborted:
		return http.StatusConflict
	case codes.PermissionDenied:
		return http.StatusForbidden
	case codes.ResourceExhausted:
		return http.StatusTooManyRequests
	case codes.Unimplemented:
		return http.StatusNotImplemented
	case codes.Unavailable:
		return http.StatusServiceUnavailable
	case codes.Unauthenticated:
		return http.StatusUnauthorized
	default:
		return http.StatusInternalServerError
	}
}

var codeNames = map[string]codes.Code{
	"CANCELLED": codes.Canceled, "UNKNOWN": codes.Unknown, "INVALID_ARGUMENT": codes.InvalidArgument,
	"DEADLINE_EXCEEDED": codes.DeadlineExceeded, "NOT_FOUND": codes.NotFound, "ALREADY_EXISTS": codes.AlreadyExists,
	"PERMISSION_DENIED": codes.PermissionDenied, "RESOURCE_EXHAUSTED": codes.ResourceExhausted,
	"FAILED_PRECONDITION": codes.FailedPrecondition, "ABORTED": codes.Aborted, "OUT_OF_RANGE": codes.OutOfRange,
	"UNIMPLEMENTED": codes.Unimplemented, "INTERNAL": codes.Internal, "UNAVAILABLE": codes.Unavailable,
	"DATA_LOSS": codes.DataLoss, "UNAUTHENTICATED": codes.Unauthenticated,
}

// ParseCode reads a code by its name in google/rpc/code.proto, for example INVALID_ARGUMENT; empty and OK are OK.
func ParseCode(name string) (codes.Code, error) {
	if name == "" || name == "OK" {
		return codes.OK, nil
	}
	code, ok := codeNames[name]
	if !ok {
		return 0, fmt.Errorf("parse code: %q is none", name)
	}
	return code, nil
}

// escapeSegments escapes a resource name for a path, leaving its slashes.
func escapeSegments(name string) string {
	segments := strings.Split(name, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	return strings.Join(segments, "/")
}
