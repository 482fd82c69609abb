package gateway

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// pacedBody is the body of a request whose client must keep sending: each part of it has to arrive within the idle time, and the whole before the
// end. One that sends a byte now and then would otherwise hold a connection and a goroutine for as long as the whole may take.
type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	idle    time.Duration
	end     time.Time
	// fresh tells that the deadline was set for the part that is read next.
	fresh bool
}

// paceBody makes the client of a request keep sending. That begins at once: of a body that nobody reads the server itself reads a part before it
// answers.
func (x *exchange) paceBody(body io.ReadCloser) io.ReadCloser {
	c := x.gateway.config
	b := &pacedBody{ReadCloser: body, control: http.NewResponseController(x.ResponseWriter), idle: c.BodyIdleTimeout, end: x.start.Add(c.ReadTimeout)}
	b.allow(x.start)
	b.fresh = true
	return b
}

// allow gives the client the idle time from now on.
func (b *pacedBody) allow(now time.Time) {
	deadline := now.Add(b.idle)
	if deadline.After(b.end) {
		deadline = b.end
	}
	// Writers that know no deadlines, as in tests, have none to set.
	_ = b.control.SetReadDeadline(deadline)
}

// Read reads the next part.
func (b *pacedBody) Read(p []byte) (int, error) {
	if !b.fresh {
		b.allow(time.Now())
	}
	b.fresh = false
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		// The server goes on listening for the client's leaving, and would take the end of the idle time for that. After any other error the
		// deadline stays: the server would wait for the rest before it answers.
		_ = b.control.SetReadDeadline(b.end)
	}
	return n, err
}

// hsts is the header that keeps browsers from coming without TLS; nil where the gateway is not reached by it.
func hsts(secure bool, age time.Duration) []string {
	if !secure || age == 0 {
		return nil
	}
	return []string{"max-age=" + strconv.FormatInt(int64(age/time.Second), 10)}
}
