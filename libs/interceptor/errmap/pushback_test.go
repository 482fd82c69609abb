package errmap_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/otklik/otklik/libs/interceptor/errmap"
	"github.com/otklik/otklik/libs/rpcerr"
)

// transport notes the trailer of a unary call.
type transport struct {
	grpc.ServerTransportStream
	trailer metadata.MD
}

func (t *transport) SetTrailer(md metadata.MD) error {
	t.trailer = metadata.Join(t.trailer, md)
	return nil
}

// TestRetryAdviceInTheWordsOfGRPC: advice that is short is for the caller's own retries; longer advice is to be passed on, not waited for.
func TestRetryAdviceInTheWordsOfGRPC(t *testing.T) {
	i := errmap.New(slog.New(slog.DiscardHandler))
	for _, tc := range []struct {
		name string
		err  error
		want []string
	}{
		{"short", rpcerr.New(codes.Unavailable, "BUSY", "m", rpcerr.WithRetryAfter(200*time.Millisecond+1)), []string{"201"}},
		{"long", rpcerr.New(codes.Unavailable, "STORAGE_FULL", "m", rpcerr.WithRetryAfter(5*time.Second)), []string{"-1"}},
		{"the usual second", rpcerr.New(codes.Unavailable, "STORE_AWAY", "m"), []string{"-1"}},
		{"another server can be asked at once", rpcerr.New(codes.Unavailable, rpcerr.ReasonShuttingDown, "m"), nil},
		{"a code that is not retried", rpcerr.New(codes.ResourceExhausted, "RATE_LIMITED", "m", rpcerr.WithRetryAfter(time.Second)), nil},
		{"a refusal", rpcerr.New(codes.NotFound, "NONE", "m"), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			unary, streamed := &transport{}, metadata.MD{}
			ctx := grpc.NewContextWithServerTransportStream(t.Context(), unary)
			_, err := i.Unary()(ctx, nil, &grpc.UnaryServerInfo{}, func(context.Context, any) (any, error) { return nil, tc.err })
			streamErr := i.Stream()(nil, stream{ctx: t.Context(), trailer: &streamed}, &grpc.StreamServerInfo{}, func(any, grpc.ServerStream) error { return tc.err })
			if err == nil || streamErr == nil {
				t.Fatal("no error")
			}
			for kind, trailer := range map[string]metadata.MD{"unary": unary.trailer, "stream": streamed} {
				if got := trailer[errmap.MetadataPushback]; !slices.Equal(got, tc.want) {
					t.Errorf("%s: %v, want %v", kind, got, tc.want)
				}
			}
		})
	}
}
