package gateway

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/interceptor/requestid"
	"github.com/otklik/otklik/libs/rpcerr"
)

// headerRequestID carries the id of a request, in both directions. A sound id of the client's is taken over.
const headerRequestID = "X-Request-Id"

// Values of headers that never change; slices, since a header map takes them without another allocation.
var (
	nosniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	noStore    = []string{"no-store"}
	noFrames   = []string{"DENY"}
	sameOrigin = []string{"same-origin"}
	noDevices  = []string{"camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), serial=(), usb=()"}
	apiPolicy  = []string{"default-src 'none'; frame-ancestors 'none'"}
	// Charts are made into pictures by the browser, from a drawing of the page: a blob: image.
	pagePolicy = []string{"default-src 'self'; img-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"}
	// The style sheet of Swagger UI holds its few icons as data: images.
	docsPolicy    = []string{"default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"}
	typeJSON      = []string{"application/json"}
	typePlainText = []string{"text/plain; charset=utf-8"}
)

// ServeHTTP answers one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := newExchange(g, w, r)
	api := strings.HasPrefix(r.URL.Path, "/v1/")
	if api {
		r = g.beginTrace(x, r)
	}
	defer g.finish(x, r)

	if r.ContentLength != 0 {
		r.Body = x.paceBody(r.Body)
	}
	h := w.Header()
	h[headerRequestID] = []string{x.id}
	h["X-Content-Type-Options"] = nosniff
	h["Referrer-Policy"] = noReferrer
	h["Cross-Origin-Resource-Policy"] = sameOrigin
	if g.hsts != nil {
		h["Strict-Transport-Security"] = g.hsts
	}
	if g.deps.Development && !loopbackHost(r.Host) {
		// A foreign name that leads here would let its pages act without a credential.
		x.fail(http.StatusMisdirectedRequest, fault(codes.PermissionDenied, reasonHostNotServed, "in development mode only this machine is served: call it localhost or 127.0.0.1"))
		return
	}
	if api {
		h["Content-Security-Policy"] = apiPolicy
		h["Cache-Control"] = noStore
		if !strings.HasPrefix(r.URL.Path, sharedPrefix) || g.takeShared(x, r) {
			g.rest.serve(x, r)
		}
		return
	}
	h["X-Frame-Options"] = noFrames
	h["Cross-Origin-Opener-Policy"] = sameOrigin
	h["Permissions-Policy"] = noDevices
	h["Content-Security-Policy"] = pagePolicy
	if r.URL.Path == "/docs" || strings.HasPrefix(r.URL.Path, "/docs/") {
		h["Content-Security-Policy"] = docsPolicy
	}
	if strings.HasPrefix(r.URL.Path, "/auth/") {
		h["Content-Security-Policy"] = apiPolicy
		g.serveAuth(x, r)
		return
	}
	if !g.serveAddress(x, r) {
		g.servePage(x, r)
	}
}

// servePage answers everything but the API.
func (g *Gateway) servePage(x *exchange, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		x.Header().Set("Allow", "GET, HEAD")
		x.fail(http.StatusMethodNotAllowed, methodNotAllowed(r.Method, r.URL.Path))
		return
	}
	switch path := r.URL.Path; {
	case path == "/openapi.json":
		x.label = path
		g.docs.serve(x, r)
	case path == "/healthz":
		x.label = path
		g.serveLiveness(x)
	case path == "/readyz":
		x.label = path
		g.serveReadiness(x, r)
	case path == "/metrics" && g.deps.Metrics != nil:
		x.label = path
		g.deps.Metrics.ServeHTTP(x, r)
	default:
		g.static.serve(x, r)
	}
}

// finish measures the request. A panic becomes the documented error; its trace goes to the log.
func (g *Gateway) finish(x *exchange, r *http.Request) {
	v := recover()
	if err, ok := v.(error); v != nil && !(ok && errors.Is(err, http.ErrAbortHandler)) {
		v = g.answerPanic(x, r, v)
	}
	g.metrics.record(r.Context(), x, r.Method, x.start)
	x.endTrace(r.Method)
	if v != nil {
		panic(v)
	}
}

// answerPanic returns what has to be panicked with all the same, nil when the client has an answer.
func (g *Gateway) answerPanic(x *exchange, r *http.Request, v any) any {
	g.deps.Logger.LogAttrs(r.Context(), slog.LevelError, "panic",
		slog.String("request_id", x.id), slog.String("path", r.URL.Path), slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
	if x.status != 0 {
		// The answer has begun: only breaking it off tells the client that it is not whole.
		return http.ErrAbortHandler
	}
	x.fail(0, fault(codes.Internal, reasonInternal, "internal error, id "+x.id, rpcerr.WithMetadata("requestId", x.id)))
	return nil
}

// requestIDOf returns the client's id when it is sound, else a new one.
func requestIDOf(r *http.Request) string {
	if values := r.Header[headerRequestID]; len(values) == 1 && requestid.Sound(values[0]) {
		return values[0]
	}
	return requestid.NewID()
}
