// Package requestid gives every call an id: the caller's, if it sent a sound one, else a new one. Logs carry it, and calls that fail return
// it in the trailer, so that a user's complaint leads to the log.
package requestid

import (
	"context"
	"encoding/hex"
	"math/rand/v2"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/otklik/otklik/libs/interceptor"
)

// Name is the step's name in interceptor.Order.
const Name = "request-id"

// Metadata is the metadata key of the id, in requests and in the trailer of failed calls.
const Metadata = "x-request-id"

// maxLength is the longest id that is taken over from a caller, in bytes.
const maxLength = 64

type key struct{}

// FromContext returns the id of the call, or "" outside of one.
func FromContext(ctx context.Context) string {
	id, _ := ctx.Value(key{}).(string)
	return id
}

// WithID returns a context that carries an id; for tests and for work outside of calls.
func WithID(ctx context.Context, id string) context.Context { return context.WithValue(ctx, key{}, id) }

// Interceptor is the step.
type Interceptor struct{}

// New makes the step.
func New() Interceptor { return Interceptor{} }

// Name is the step's name.
func (Interceptor) Name() string { return Name }

// Unary intercepts unary calls.
func (Interceptor) Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		id := idOf(ctx)
		resp, err := handler(WithID(ctx, id), req)
		if err != nil {
			// Fails only when the call is over, and then nobody can read a trailer.
			_ = grpc.SetTrailer(ctx, metadata.MD{Metadata: {id}})
		}
		return resp, err
	}
}

// Stream intercepts streams.
func (Interceptor) Stream() grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		id := idOf(ss.Context())
		err := handler(srv, interceptor.WithContext(WithID(ss.Context(), id), ss))
		if err != nil {
			ss.SetTrailer(metadata.MD{Metadata: {id}})
		}
		return err
	}
}

func idOf(ctx context.Context) string {
	if values := metadata.ValueFromIncomingContext(ctx, Metadata); len(values) == 1 && Sound(values[0]) {
		return values[0]
	}
	return NewID()
}

// NewID makes a random id of 128 bits in hexadecimal. It needs to be unique, not secret.
func NewID() string {
	var b [16]byte
	hi, lo := rand.Uint64(), rand.Uint64() //nolint:gosec // as said above
	for i := range 8 {
		b[i], b[8+i] = byte(hi>>(8*i)), byte(lo>>(8*i))
	}
	return hex.EncodeToString(b[:])
}

// Sound tells whether a caller's id is taken over: what goes into logs, headers and trailers is short and free of control characters and quotes.
func Sound(id string) bool {
	if id == "" || len(id) > maxLength {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}
