package gateway

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
)

// serveStream runs a route that sends messages one by one, until the service, the client or a drain ends it.
func (re *rest) serveStream(next runtime.HandlerFunc, x *exchange, r *http.Request, params map[string]string) {
	g := re.gateway
	leave, ok := g.streams.enter(r.Header.Get("Authorization"))
	if !ok {
		x.fail(0, fault(codes.ResourceExhausted, reasonTooManyStreams, "too many streams are open, of all or of this credential; try again"))
		return
	}
	defer leave()
	g.metrics.streams.Add(r.Context(), 1)
	defer g.metrics.streams.Add(context.WithoutCancel(r.Context()), -1)

	// The end of one stream must not end the others, so that each gets a context of its own.
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	defer context.AfterFunc(g.endOfStreams, func() { cancel(context.Cause(g.endOfStreams)) })()

	h := x.Header()
	delay := g.config.StreamFlushDelay
	h.Set("Content-Type", mimeLines)
	if x.route.events && acceptsEvents(x.accept) {
		delay = 0
		r.Header.Set("Accept", mimeEvents)
		h.Set("Content-Type", mimeEvents)
		x.resume(r)
	}
	// no-transform keeps proxies from compressing, which buffers; the other is nginx's own switch.
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")

	x.stream = newStream(x, delay, cancel)
	defer x.stream.close()
	if !x.route.hasBody {
		x.endReadTimeout()
	}
	next(x, r.WithContext(withExchange(ctx, x)), params)
}

// acceptsEvents tells whether an Accept header names server-sent events.
func acceptsEvents(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		if media, _, err := mime.ParseMediaType(part); err == nil && media == mimeEvents {
			return true
		}
	}
	return false
}

// endReadTimeout lifts the deadline for reading: once the request is there, only the client's leaving is waited for.
func (x *exchange) endReadTimeout() {
	// Writers that know no deadlines, as in tests, have none to lift.
	_ = http.NewResponseController(x.ResponseWriter).SetReadDeadline(time.Time{})
}

// stream is the sending side of a stream. The server's writer takes no calls at the same time, and late flushes come from a timer.
type stream struct {
	mu      sync.Mutex
	x       *exchange
	control *http.ResponseController
	delay   time.Duration
	timer   *time.Timer
	flushed time.Time
	allowed time.Time
	pending bool
	begun   bool
	// closed tells that nothing may be sent any more: the handler has returned, or the client is gone.
	closed bool
	// cancel ends the call to the service.
	cancel context.CancelCauseFunc
}

func newStream(x *exchange, delay time.Duration, cancel context.CancelCauseFunc) *stream {
	s := &stream{x: x, control: http.NewResponseController(x.ResponseWriter), delay: delay, cancel: cancel}
	s.timer = time.AfterFunc(time.Hour, s.flushLate)
	s.timer.Stop()
	return s
}

// write sends bytes to the server's buffer. A client that is gone or does not read ends the call instead of failing the write: grpc-gateway
// would log that and try to tell the client.
func (s *stream) write(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.allowTime()
	if !s.begun {
		s.begun = true
		if s.x.Header().Get("Content-Type") == mimeEvents {
			p = append(fmt.Appendf(nil, "retry: %d\n\n", s.x.gateway.config.EventRetry.Milliseconds()), p...)
		}
	}
	if _, err := s.x.ResponseWriter.Write(p); err != nil { //nolint:gosec // JSON lines or events, which the header says and nosniff insists on
		s.lose(err)
	}
}

// lose ends the stream because the client cannot be reached. Called with mu held.
func (s *stream) lose(err error) {
	s.closed = true
	s.timer.Stop()
	s.cancel(fmt.Errorf("send to client: %w", err))
}

// allowTime gives the client the configured time from now to take what is sent. Called with mu held.
func (s *stream) allowTime() {
	timeout := s.x.gateway.config.WriteTimeout
	// A coarse grain spares a call for each message.
	if now := time.Now(); now.Sub(s.allowed) >= timeout/8 {
		s.allowed = now
		// Writers that know no deadlines, as in tests, keep none.
		_ = s.control.SetWriteDeadline(now.Add(timeout))
	}
}

// flush sends what is buffered: at once, or, where lines may wait, when the last flush is long enough ago.
func (s *stream) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	wait := s.delay - time.Since(s.flushed)
	if wait <= 0 {
		s.flushNow()
		return
	}
	if !s.pending {
		s.pending = true
		s.timer.Reset(wait)
	}
}

// flushNow sends what is buffered. Called with mu held.
func (s *stream) flushNow() {
	s.pending, s.flushed = false, time.Now()
	if err := s.control.Flush(); err != nil {
		s.lose(err)
	}
}

func (s *stream) flushLate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending && !s.closed {
		s.flushNow()
	}
}

// close ends late flushes: after the handler has returned, the server's writer must not be touched.
func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	s.timer.Stop()
	s.allowed = time.Time{}
	s.allowTime()
}
