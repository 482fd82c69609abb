package harness

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// maximumMessage is the greatest message that the harness takes: exports and batches are larger than gRPC's default of 4 MiB.
const maximumMessage = 64 << 20

// connections are the connections that a suite's tests share: one to each address, and one HTTP client.
type connections struct {
	mu        sync.Mutex
	byAddress map[string]*grpc.ClientConn
	web       *http.Client
}

func (c *connections) dial(address string) (*grpc.ClientConn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if conn := c.byAddress[address]; conn != nil {
		return conn, nil
	}
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maximumMessage), grpc.MaxCallSendMsgSize(maximumMessage)))
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", address, err)
	}
	if c.byAddress == nil {
		c.byAddress = make(map[string]*grpc.ClientConn)
	}
	c.byAddress[address] = conn
	return conn, nil
}

func (c *connections) http() *http.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.web == nil {
		c.web = &http.Client{
			Transport: &http.Transport{MaxIdleConnsPerHost: 256},
			// A redirect would be an answer that the API does not document.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return c.web
}

// drop closes the connection to an address.
func (c *connections) drop(address string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if conn := c.byAddress[address]; conn != nil {
		_ = conn.Close()
		delete(c.byAddress, address)
	}
}

func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for address, conn := range c.byAddress {
		_ = conn.Close()
		delete(c.byAddress, address)
	}
	if c.web != nil {
		c.web.CloseIdleConnections()
	}
}

// router sends each call to the process that serves it and has the number, with the key.
type router struct {
	suite  *Suite
	key    bearer
	number int
}

// Invoke is a unary call.
func (r *router) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	conn, err := r.route(method)
	if err != nil {
		return err
	}
	return conn.Invoke(ctx, method, args, reply, r.key.options(opts)...)
}

// NewStream opens a streaming call.
func (r *router) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	conn, err := r.route(method)
	if err != nil {
		return nil, err
	}
	return conn.NewStream(ctx, desc, method, r.key.options(opts)...)
}

func (r *router) route(method string) (*grpc.ClientConn, error) {
	part := Survey
	switch {
	case strings.HasPrefix(method, "/otklik.scoring."):
		part = Scoring
	case strings.HasPrefix(method, "/otklik.access."):
		part = Access
	case strings.HasPrefix(method, "/otklik.comment."):
		part = Comment
	case strings.HasPrefix(method, "/otklik.segmentation."):
		part = Segmentation
	case strings.HasPrefix(method, "/otklik.reporting."):
		part = Reporting
	}
	conn, err := r.suite.conns.dial(r.suite.GRPCOf(Replica{Part: r.suite.options.Layout.host(part), Number: r.number}))
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return conn, nil
}

// bearer is a key as credentials of a call.
type bearer string

func (b bearer) options(opts []grpc.CallOption) []grpc.CallOption {
	if b == "" {
		return opts
	}
	return append([]grpc.CallOption{grpc.PerRPCCredentials(b)}, opts...)
}

// GetRequestMetadata gives the header.
func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

// RequireTransportSecurity is false: the harness speaks over loopback.
func (b bearer) RequireTransportSecurity() bool { return false }
