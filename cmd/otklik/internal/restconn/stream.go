package restconn

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/otklik/otklik/libs/rpcerr"

	// The messages of error details must be known to be decoded.
	_ "google.golang.org/genproto/googleapis/rpc/errdetails"
)

// NewStream starts a call that answers with a stream. Options are ignored; streams of requests are not part of the REST API.
func (c *Conn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	if desc.ClientStreams {
		return nil, status.Error(codes.Unimplemented, "the REST API takes no streams")
	}
	return &stream{ctx: ctx, conn: c, method: method}, nil
}

// stream reads the lines of an answer.
type stream struct {
	ctx    context.Context
	conn   *Conn
	method string
	body   io.Closer
	lines  *bufio.Reader
}

func (*stream) Header() (metadata.MD, error) { return nil, nil }
func (*stream) Trailer() metadata.MD         { return nil }
func (*stream) CloseSend() error             { return nil }
func (s *stream) Context() context.Context   { return s.ctx }

// SendMsg makes the request.
func (s *stream) SendMsg(m any) error {
	in, ok := m.(proto.Message)
	if !ok {
		return status.Errorf(codes.Internal, "call with a %T", m)
	}
	response, err := s.conn.send(s.ctx, s.method, in) //nolint:bodyclose // RecvMsg closes it at the end of the stream, the end of the context otherwise.
	if err != nil {
		return err
	}
	s.body, s.lines = response.Body, bufio.NewReaderSize(response.Body, 64<<10)
	return nil
}

// RecvMsg reads a line: a message or the error that ends the stream.
func (s *stream) RecvMsg(m any) error {
	out, ok := m.(proto.Message)
	if !ok {
		return status.Errorf(codes.Internal, "call for a %T", m)
	}
	if s.lines == nil {
		return status.Error(codes.Internal, "the stream was not opened")
	}
	for {
		line, err := s.lines.ReadBytes('\n')
		switch {
		case errors.Is(err, io.EOF) && len(bytes.TrimSpace(line)) == 0:
			_ = s.body.Close()
			return io.EOF
		case errors.Is(err, io.EOF):
			return status.Error(codes.Unavailable, "the stream was cut off")
		case err != nil:
			return transportError(s.ctx, err)
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if err := streamError(line); err != nil {
			_ = s.body.Close()
			return err
		}
		return decode(line, out)
	}
}

// streamError returns the error that a line holds, or nil when it holds a message.
func streamError(line []byte) error {
	if !bytes.HasPrefix(line, []byte(`{"error"`)) {
		return nil
	}
	st, ok := parseError(line)
	if !ok {
		return nil
	}
	return st.Err()
}

// errorBody is the shape of errors over REST.
type errorBody struct {
	Error *struct {
		Status  string            `json:"status"`
		Message string            `json:"message"`
		Details []json.RawMessage `json:"details"`
	} `json:"error"`
}

// parseError reads an error in the shape of the API.
func parseError(raw []byte) (*status.Status, bool) {
	var body errorBody
	if err := json.Unmarshal(raw, &body); err != nil || body.Error == nil || body.Error.Status == "" {
		return nil, false
	}
	st := &spb.Status{Code: int32(codes.Unknown), Message: body.Error.Message}
	for code := codes.OK; code <= codes.Unauthenticated; code++ {
		if rpcerr.CodeName(code) == body.Error.Status {
			st.Code = int32(code)
		}
	}
	for _, raw := range body.Error.Details {
		detail := &anypb.Any{}
		// A detail of a type that this binary does not know is left out.
		if protojson.Unmarshal(raw, detail) == nil {
			st.Details = append(st.Details, detail)
		}
	}
	return status.FromProto(st), true
}

// responseError makes a status of an answer that is an error.
func responseError(response *http.Response, raw []byte) error {
	if st, ok := parseError(raw); ok && st.Code() != codes.OK {
		return st.Err()
	}
	code := codes.Unknown
	switch response.StatusCode {
	case http.StatusUnauthorized:
		code = codes.Unauthenticated
	case http.StatusForbidden:
		code = codes.PermissionDenied
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		code = codes.Unimplemented
	case http.StatusTooManyRequests:
		code = codes.ResourceExhausted
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		code = codes.Unavailable
	}
	text := strings.ToLower(http.StatusText(response.StatusCode))
	return status.Errorf(code, "the server answered %d %s without saying more: is it the address of an Otklik gateway?", response.StatusCode, text)
}
