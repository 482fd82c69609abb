package suite

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// lateConn is a connection that is made after those who call over it: the steps of a server need one that leads back to the server itself where the
// access service runs in this process. Safe for concurrent use.
type lateConn struct {
	conn atomic.Pointer[grpc.ClientConnInterface]
}

var _ grpc.ClientConnInterface = (*lateConn)(nil)

// set makes the connection usable.
func (l *lateConn) set(conn grpc.ClientConnInterface) { l.conn.Store(&conn) }

// errNotConnected is the answer to calls that come too early.
var errNotConnected = status.Error(codes.Unavailable, "the access service is not connected yet")

// Invoke is a unary call.
func (l *lateConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	conn := l.conn.Load()
	if conn == nil {
		return errNotConnected
	}
	return (*conn).Invoke(ctx, method, args, reply, opts...)
}

// NewStream opens a streaming call.
func (l *lateConn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	conn := l.conn.Load()
	if conn == nil {
		return nil, errNotConnected
	}
	return (*conn).NewStream(ctx, desc, method, opts...)
}
