package gateway

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/libs/rpcerr"
)

// requestBody is the body of a request on its way to the decoder. What is wrong with it is kept here, since grpc-gateway hands on only text.
type requestBody struct {
	exchange *exchange
	reader   io.ReadCloser
	// length is that of the header, -1 when unknown; limit is the most that is read.
	length, limit int64
	// params are the fields that the path sets.
	params map[string]string
	// lastEventID is where a reader of events was; empty when it has not said so.
	lastEventID string

	fault       *rpcerr.Error
	faultStatus int
}

// Read gives nothing: the decoder takes the body whole.
func (*requestBody) Read([]byte) (int, error) { return 0, io.EOF }

// WriteTo gives nothing; with it io.Copy needs no buffer.
func (*requestBody) WriteTo(io.Writer) (int64, error) { return 0, nil }

// Close closes the connection's side of the body.
func (b *requestBody) Close() error { return b.reader.Close() }

// buffers holds buffers of bodies between requests. Large ones are left to the garbage collector.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

const largestKept = 1 << 20

// decode reads the body into a message. An empty body leaves the message empty.
func (b *requestBody) decode(v any) error {
	message, ok := v.(proto.Message)
	if !ok {
		return errors.New("decode body: not a message")
	}
	buffer := buffers.Get().(*[]byte)
	data, err := b.readAll((*buffer)[:0])
	defer func() {
		if cap(data) <= largestKept {
			*buffer = data[:0]
			buffers.Put(buffer)
		}
	}()
	if err != nil {
		return err
	}
	if len(data) > 0 {
		if err := protojson.Unmarshal(data, message); err != nil {
			return b.refuse(0, explainBody(data, message.ProtoReflect().Descriptor(), err))
		}
		if e := b.checkPath(message.ProtoReflect()); e != nil {
			return b.refuse(0, e)
		}
	}
	if b.lastEventID != "" {
		if err := runtime.PopulateFieldFromPath(message, string(b.exchange.route.from.Name()), b.lastEventID); err != nil {
			return err
		}
	}
	if b.exchange.route.stream {
		b.exchange.endReadTimeout()
	}
	return nil
}

func (b *requestBody) readAll(data []byte) ([]byte, error) {
	if b.length > 0 && int64(cap(data)) < b.length {
		data = make([]byte, 0, b.length)
	}
	for {
		if len(data) == cap(data) {
			if b.length >= 0 && int64(len(data)) == b.length {
				return data, nil
			}
			data = append(data, 0)[:len(data)]
		}
		n, err := b.reader.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if int64(len(data)) > b.limit {
			_, _ = io.CopyN(io.Discard, b.reader, 4*b.limit)
			return data, b.refuse(http.StatusRequestEntityTooLarge, bodyTooLarge(b.limit))
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return data, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return data, b.refuse(http.StatusRequestTimeout, fault(codes.DeadlineExceeded, reasonBodyIncomplete, "the body did not arrive in time"))
		default:
			return data, b.refuse(0, fault(codes.InvalidArgument, reasonBodyIncomplete, "the body broke off"))
		}
	}
}

// refuse keeps the fault for the answer.
func (b *requestBody) refuse(httpStatus int, e *rpcerr.Error) error {
	b.fault, b.faultStatus = e, httpStatus
	return e
}

// checkPath refuses a body that contradicts the path; grpc-gateway would let the path win without a word.
func (b *requestBody) checkPath(message protoreflect.Message) *rpcerr.Error {
	for path, value := range b.params {
		m, names := message, strings.Split(path, ".")
		for i, name := range names {
			field := m.Descriptor().Fields().ByName(protoreflect.Name(name))
			if field == nil || !m.Has(field) {
				break
			}
			if i < len(names)-1 {
				m = m.Get(field).Message()
				continue
			}
			if given := m.Get(field).String(); given != value {
				return fault(codes.InvalidArgument, reasonBodyInvalid, "the body contradicts the path of the URL",
					rpcerr.WithField(jsonPath(path), "CONTRADICTS_PATH", "must be left out or equal to "+value+", which the path of the URL states"))
			}
		}
	}
	return nil
}
