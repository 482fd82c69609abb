package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/tests/harness"
)

// rawClient writes requests byte by byte: no library mends them on the way.
type rawClient struct {
	address string
	conn    net.Conn
	reader  *bufio.Reader
}

func newRawClient(t *testing.T, base string) *rawClient {
	t.Helper()
	c := &rawClient{address: strings.TrimPrefix(base, "http://")}
	t.Cleanup(c.hangUp)
	return c
}

func (c *rawClient) hangUp() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// send sends a request and reads its answer, on a new connection when the server has closed the one before.
func (c *rawClient) send(t *testing.T, h hostile) *harness.Answer {
	t.Helper()
	var last error
	for range 3 {
		answer, err := c.try(t.Context(), h)
		if err == nil {
			return answer
		}
		last = err
		c.hangUp()
	}
	t.Fatalf("%s: %s %s: %v", clip(h.what), h.verb, clip(h.target), last)
	return nil
}

func (c *rawClient) try(ctx context.Context, h hostile) (*harness.Answer, error) {
	if c.conn == nil {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.address)
		if err != nil {
			return nil, err
		}
		c.conn, c.reader = conn, bufio.NewReader(conn)
	}
	if err := c.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %s HTTP/1.1\r\nHost: %s\r\n", h.verb, h.target, c.address)
	for _, f := range h.header {
		fmt.Fprintf(&out, "%s: %s\r\n", f[0], f[1])
	}
	if h.body != nil {
		fmt.Fprintf(&out, "Content-Length: %d\r\n", len(h.body))
	}
	out.WriteString("\r\n")
	out.Write(h.body)
	if _, err := c.conn.Write(out.Bytes()); err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(c.reader, &http.Request{Method: h.verb})
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	// A stream that was opened is left as it is.
	// What is watched has no end.
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") || response.StatusCode == http.StatusOK && strings.Contains(h.target, ":watch") {
		c.hangUp()
		return &harness.Answer{Status: response.StatusCode, Header: response.Header}, nil
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.Close || h.verb == "CONNECT" {
		c.hangUp()
	}
	return &harness.Answer{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}
