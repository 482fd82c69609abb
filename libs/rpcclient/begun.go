package rpcclient

import (
	"context"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// repeatBegun sends a call that may be repeated once more when its answer had begun and its connection was lost then: grpc's own retries end with the
// first byte of an answer, whatever becomes of the rest.
func repeatBegun(names []methodName) grpc.UnaryClientInterceptor {
	mayRepeat := make(map[string]bool, len(names))
	for _, n := range names {
		mayRepeat["/"+n.Service+"/"+n.Method] = true
	}
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if !mayRepeat[method] {
			return invoker(ctx, method, req, reply, cc, opts...)
		}
		var header metadata.MD
		err := invoker(ctx, method, req, reply, cc, append(slices.Clone(opts), grpc.Header(&header))...)
		// A server that says so itself says why.
		if st := status.Convert(err); len(header) == 0 || st.Code() != codes.Unavailable || len(st.Details()) > 0 {
			return err
		}
		return invoker(ctx, method, req, reply, cc, opts...)
	}
}
