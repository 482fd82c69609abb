// Package restconn speaks to the REST API by the generated gRPC stubs: a connection that turns each call into the HTTP request of the call's
// google.api.http rule. With it the command line works through the gateway, which is all that is public where services run apart.
package restconn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// maxAnswerBytes bounds an answer that is not a stream.
const maxAnswerBytes = 64 << 20

// Conn is a connection to a REST API. Safe for concurrent use.
type Conn struct {
	base    *url.URL
	key     string
	timeout time.Duration
	client  *http.Client
}

var _ grpc.ClientConnInterface = (*Conn)(nil)

// New makes a connection to the API at base, `http://host:port` or `https://host[:port][/prefix]`, with a bearer key. Unary calls without a deadline
// get timeout. transport nil means a transport like Go's default.
func New(base, key string, timeout time.Duration, transport http.RoundTripper) (*Conn, error) {
	u, err := url.Parse(strings.TrimRight(base, "/"))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("%q is not the address of a REST API such as http://127.0.0.1:8080", base)
	}
	if transport == nil {
		t := &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true}
		t.DialContext = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
		transport = t
	}
	return &Conn{base: u, key: key, timeout: timeout, client: &http.Client{Transport: transport, CheckRedirect: noRedirect}}, nil
}

// noRedirect keeps the key from going anywhere but to the server that it is for.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Close ends idle connections.
func (c *Conn) Close() error {
	c.client.CloseIdleConnections()
	return nil
}

// Invoke makes a unary call. Options are ignored.
func (c *Conn) Invoke(ctx context.Context, method string, args, reply any, _ ...grpc.CallOption) error {
	if _, ok := ctx.Deadline(); !ok && c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	in, out, err := messages(args, reply)
	if err != nil {
		return err
	}
	response, err := c.send(ctx, method, in)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes+1))
	switch {
	case err != nil:
		return transportError(ctx, err)
	case len(raw) > maxAnswerBytes:
		return status.Errorf(codes.ResourceExhausted, "the answer is larger than %d MiB", maxAnswerBytes>>20)
	}
	return decode(raw, out)
}

func messages(args, reply any) (in, out proto.Message, err error) {
	in, ok := args.(proto.Message)
	if !ok {
		return nil, nil, status.Errorf(codes.Internal, "call with a %T", args)
	}
	if out, ok = reply.(proto.Message); !ok {
		return nil, nil, status.Errorf(codes.Internal, "call for a %T", reply)
	}
	return in, out, nil
}

func decode(raw []byte, out proto.Message) error {
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(raw, out); err != nil {
		return status.Errorf(codes.Internal, "the server's answer is not what the API says: %v", err)
	}
	return nil
}

// send makes the request of a call and returns the answer when it is not an error.
func (c *Conn) send(ctx context.Context, method string, in proto.Message) (*http.Response, error) {
	rule, err := ruleOf(method)
	if err != nil {
		return nil, status.Error(codes.Unimplemented, err.Error())
	}
	call, err := rule.request(in)
	if errors.Is(err, errNotNamed) {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	request, err := http.NewRequestWithContext(ctx, call.verb, c.base.String()+call.path, bytes.NewReader(call.body))
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	request.Header.Set("Authorization", "Bearer "+c.key)
	request.Header.Set("Accept", "application/json")
	if call.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.client.Do(request)
	if err != nil {
		return nil, transportError(ctx, err)
	}
	if response.StatusCode < 300 {
		return response, nil
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, transportError(ctx, err)
	}
	return nil, responseError(response, raw)
}

func transportError(ctx context.Context, err error) error {
	switch {
	case errors.Is(context.Cause(ctx), context.Canceled):
		return status.Error(codes.Canceled, "the call was cancelled")
	case errors.Is(err, context.DeadlineExceeded), ctx.Err() != nil:
		return status.Error(codes.DeadlineExceeded, "the server did not answer in time")
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return status.Errorf(codes.Unavailable, "the server cannot be reached: %v", err)
}
