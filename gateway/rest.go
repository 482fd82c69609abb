package gateway

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/requestid"
)

// rest is the API over REST: grpc-gateway's translation with the strictness that it lacks around it.
type rest struct {
	gateway *Gateway
	mux     *runtime.ServeMux
	routes  map[string]*route
	// probe knows the same paths as mux and answers only whether one matches.
	probe *runtime.ServeMux
}

func newREST(g *Gateway) (*rest, error) {
	routes, err := routesOf(routedServices()...)
	if err != nil {
		return nil, err
	}
	re := &rest{gateway: g, routes: make(map[string]*route, len(routes)), probe: runtime.NewServeMux(runtime.WithDisablePathLengthFallback())}
	for _, r := range routes {
		re.routes[r.key()] = r
		if err := re.probe.HandlePath(r.method, r.template, probeMatch(r)); err != nil {
			return nil, fmt.Errorf("register %s %s: %w", r.method, r.template, err)
		}
	}
	answers := make([]protoreflect.MessageDescriptor, len(routes))
	for i, r := range routes {
		answers[i] = r.rpc.Output()
	}
	marshal := newMarshaler(answers...)
	none := func(string) (string, bool) { return "", false }
	re.mux = runtime.NewServeMux(
		runtime.WithMiddlewares(re.step),
		runtime.WithMarshalerOption(runtime.MIMEWildcard, marshal),
		runtime.WithMarshalerOption(mimeEvents, eventMarshaler{marshal}),
		runtime.WithIncomingHeaderMatcher(incomingHeader),
		runtime.WithOutgoingHeaderMatcher(none),
		runtime.WithOutgoingTrailerMatcher(none),
		runtime.WithErrorHandler(re.callFailed),
		runtime.WithStreamErrorHandler(re.streamFailed),
		runtime.WithRoutingErrorHandler(re.routingFailed),
		runtime.WithForwardResponseOption(forwardLimits),
		runtime.WithForwardResponseRewriter(rewriteResponse),
		// Both would let a request be another one than its method says.
		runtime.WithDisablePathLengthFallback(),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithWriteContentLength(),
	)
	return re, registerServices(re.mux, g.deps)
}

// incomingHeader names the only request headers that become metadata; serve has put the gateway's own words into those that a client has no say
// in. Authorization is passed on by grpc-gateway itself, the trace by the connections (beginTrace). Everything else stays out, above all
// Grpc-Metadata-*, by which a client could name an organisation.
func incomingHeader(name string) (string, bool) {
	switch name {
	case headerRequestID:
		return requestid.Metadata, true
	case headerOrigin:
		return authn.MetadataOrigin, true
	case headerDevice:
		return authn.MetadataDevice, true
	case headerClientAddress:
		return authn.MetadataClientAddress, true
	}
	return "", false
}

// serve answers a request to the API.
func (re *rest) serve(x *exchange, r *http.Request) {
	if !utf8.ValidString(r.URL.Path) {
		x.fail(0, fault(codes.InvalidArgument, reasonPathInvalid, "the path is not valid UTF-8"))
		return
	}
	re.gateway.identify(x, r)
	if re.preflight(x, r) {
		return
	}
	if e := re.gateway.takeSession(r); e != nil {
		x.fail(0, e)
		return
	}
	// The mux would choose encodings by Accept and metadata by the id: both are decided here.
	x.accept = r.Header.Get("Accept")
	r.Header.Del("Accept")
	r.Header[headerRequestID] = []string{x.id}
	re.mux.ServeHTTP(x, r)
}

// step runs between the choice of a route and grpc-gateway's handler: it checks what grpc-gateway lets pass.
func (re *rest) step(next runtime.HandlerFunc) runtime.HandlerFunc {
	// grpc-gateway wraps each route once and tells which one only in requests.
	var once sync.Once
	var found *route
	return func(w http.ResponseWriter, r *http.Request, params map[string]string) {
		x := w.(*exchange)
		once.Do(func() {
			pattern, _ := runtime.HTTPPattern(r.Context())
			found = re.routes[r.Method+" "+pattern.String()]
		})
		if found == nil {
			x.fail(0, fault(codes.Internal, reasonInternal, "internal error, id "+x.id))
			return
		}
		x.route, x.label = found, found.template
		if httpStatus, e := found.check(r, re.gateway.config.MaxBodyBytes); e != nil {
			drainBody(r, re.gateway.config.MaxBodyBytes)
			x.fail(httpStatus, e)
			return
		}
		if found.hasBody {
			x.body = requestBody{exchange: x, reader: r.Body, length: r.ContentLength, limit: re.gateway.config.MaxBodyBytes, params: params}
			r.Body = &x.body
		}
		if found.stream {
			re.serveStream(next, x, r, params)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), re.gateway.config.CallTimeout)
		defer cancel()
		if slices.Contains(fileAnswers, found.rpc.Output()) {
			ctx = withExchange(ctx, x)
		}
		next(x, r.WithContext(ctx), params)
	}
}

// callFailed answers a call that failed before anything was sent.
func (re *rest) callFailed(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, _ *http.Request, err error) {
	x := w.(*exchange)
	if x.body.fault != nil {
		x.fail(x.body.faultStatus, x.body.fault)
		return
	}
	if md, ok := runtime.ServerMetadataFromContext(ctx); ok {
		x.sayLimits(md.HeaderMD)
	}
	st := re.gateway.present(ctx, x.id, err)
	x.originRefused = refusedForOrigin(st)
	if x.shared {
		st = sharedFailed(st)
	}
	writeError(x, 0, st)
}

// streamFailed gives the status that ends a stream under way.
func (re *rest) streamFailed(ctx context.Context, err error) *status.Status {
	id := ""
	if md, ok := metadata.FromOutgoingContext(ctx); ok {
		id = strings.Join(md.Get(requestid.Metadata), "")
	}
	return re.gateway.present(ctx, id, err)
}

// routingFailed answers where no route matches.
func (re *rest) routingFailed(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, httpStatus int) {
	x := w.(*exchange)
	if allowed := re.allowed(r); httpStatus == http.StatusMethodNotAllowed || len(allowed) > 0 {
		x.Header().Set("Allow", strings.Join(allowed, ", "))
		x.fail(http.StatusMethodNotAllowed, methodNotAllowed(r.Method, r.URL.Path))
		return
	}
	x.fail(0, routeNotFound(r.URL.Path))
}

// allowed lists the methods that some route takes on the path of r.
func (re *rest) allowed(r *http.Request) []string {
	var methods []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if re.routeFor(method, r) != nil {
			methods = append(methods, method)
		}
	}
	slices.Sort(methods)
	return methods
}

// routeFor returns the route that a method has on the path of r, nil where there is none.
func (re *rest) routeFor(method string, r *http.Request) *route {
	answer := &probeAnswer{header: http.Header{}}
	question := r.Clone(r.Context())
	question.Method, question.Body = method, http.NoBody
	re.probe.ServeHTTP(answer, question)
	return answer.matched
}

// probeAnswer is a ResponseWriter that only takes note of a match.
type probeAnswer struct {
	header  http.Header
	matched *route
}

func (a *probeAnswer) Header() http.Header       { return a.header }
func (*probeAnswer) Write(p []byte) (int, error) { return len(p), nil }
func (*probeAnswer) WriteHeader(int)             {}

func probeMatch(r *route) runtime.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request, _ map[string]string) { w.(*probeAnswer).matched = r }
}
