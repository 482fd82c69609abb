package gateway

import (
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
}

// paceBody makes the client of a request keep sending.
func (x *exchange) paceBody(body io.ReadCloser) io.ReadCloser {
	c := x.gateway.config
	return &pacedBody{ReadCloser: body, control: http.NewResponseController(x.ResponseWriter), idle: c.BodyIdleTimeout, end: x.start.Add(c.ReadTimeout)}
}

// Read reads the next part.
func (b *pacedBody) Read(p []byte) (int, error) {
	deadline := time.Now().Add(b.idle)
	if deadline.After(b.end) {
		deadline = b.end
	}
	// Writers that know no deadlines, as in tests, have none to set.
	_ = b.control.SetReadDeadline(deadline)
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		// The server goes on listening for the client's leaving, and would take the end of the idle time for that.
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
