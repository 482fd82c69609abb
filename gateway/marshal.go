package gateway

import (
	"bytes"
	"errors"
	"io"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/api/httpbody"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// Media types of streams.
const (
	mimeLines  = "application/x-ndjson"
	mimeEvents = "text/event-stream"
)

// mimeGeoJSON is that of maps, which are GeoJSON as they stand (RFC 7946).
const mimeGeoJSON = "application/geo+json"

// marshaler writes messages as JSON and streams as one message a line. Fields without a value are written too (zero, empty list), but for those
// that are missing on purpose: an estimate without data, alternatives that were not chosen.
type marshaler struct {
	writer *jsonWriter
}

// newMarshaler makes a marshaler of messages and all that they consist of.
func newMarshaler(messages ...protoreflect.MessageDescriptor) *marshaler {
	return &marshaler{writer: newJSONWriter(messages...)}
}

// ContentType is that of answers that are not streams.
func (*marshaler) ContentType(v any) string {
	if _, ok := v.(*reportingv1.QueryMapResponse); ok {
		return mimeGeoJSON
	}
	return "application/json"
}

// StreamContentType is that of streams.
func (*marshaler) StreamContentType(any) string { return mimeLines }

// Delimiter ends each message of a stream.
func (*marshaler) Delimiter() []byte { return []byte("\n") }

// Marshal writes a message, or what grpc-gateway hands over for one message of a stream.
func (m *marshaler) Marshal(v any) ([]byte, error) {
	switch v := v.(type) {
	case *httpbody.HttpBody:
		return v.GetData(), nil
	case proto.Message:
		return m.write(v)
	case map[string]any:
		message, ok := v["result"].(proto.Message)
		if !ok {
			return nil, errors.New("marshal message of a stream: not a message")
		}
		return m.write(message)
	case map[string]proto.Message:
		return streamError(v)
	}
	return nil, errors.New("marshal answer: not a message")
}

func (m *marshaler) write(message proto.Message) ([]byte, error) {
	buffer := buffers.Get().(*[]byte)
	b, err := m.writer.append((*buffer)[:0], message)
	// grpc-gateway keeps what it is given until it has been sent: it gets a copy of the right size.
	out := bytes.Clone(b)
	if cap(b) <= largestKept {
		*buffer = b[:0]
		buffers.Put(buffer)
	}
	return out, err
}

// Unmarshal reads JSON as strictly as requests are read.
func (*marshaler) Unmarshal(data []byte, v any) error {
	message, ok := v.(proto.Message)
	if !ok {
		return errors.New("unmarshal: not a message")
	}
	return protojson.Unmarshal(data, message)
}

// NewDecoder reads a request's body.
func (m *marshaler) NewDecoder(r io.Reader) runtime.Decoder {
	if body, ok := r.(*requestBody); ok {
		return runtime.DecoderFunc(body.decode)
	}
	return runtime.DecoderFunc(func(v any) error {
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		return m.Unmarshal(data, v)
	})
}

// NewEncoder writes messages one by one.
func (m *marshaler) NewEncoder(w io.Writer) runtime.Encoder {
	return runtime.EncoderFunc(func(v any) error {
		data, err := m.Marshal(v)
		if err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	})
}

// streamError writes the error that ends a stream, in the shape of all errors.
func streamError(chunk map[string]proto.Message) ([]byte, error) {
	st, ok := chunk["error"].(*spb.Status)
	if !ok {
		return nil, errors.New("marshal error of a stream: not a status")
	}
	s := status.FromProto(st)
	return encodeError(runtime.HTTPStatusFromCode(s.Code()), s), nil
}
