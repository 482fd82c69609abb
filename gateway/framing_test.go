package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestAmbiguousFramingIsRefused sends requests whose end a proxy could see elsewhere: none of them leads to a second request.
func TestAmbiguousFramingIsRefused(t *testing.T) {
	b := newBench(t)
	b.survey.submit = echo
	const hidden = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, framing := range map[string]string{
		"two lengths":           "Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
		"lengths in a list":     "Content-Length: 2, 40\r\n\r\n{}",
		"a sign":                "Content-Length: +2\r\n\r\n{}",
		"less than nothing":     "Content-Length: -1\r\n\r\n{}",
		"a blank before":        "Content-Length : 2\r\n\r\n{}",
		"an unknown encoding":   "Transfer-Encoding: xchunked\r\n\r\n{}",
		"two encodings":         "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"encoding after a list": "Transfer-Encoding: identity, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"a chunk of -2":         "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
		"a chunk of 0x2":        "Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(b.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%s%s", submitPath, framing, hidden); err != nil {
				t.Fatal(err)
			}
			answers := bufio.NewReader(conn)
			resp, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode < 400 || resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented {
				t.Errorf("status %d", resp.StatusCode)
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if again, err := http.ReadResponse(answers, nil); err == nil {
				_ = again.Body.Close()
				t.Errorf("a second request was found within: %d", again.StatusCode)
			}
		})
	}
}
