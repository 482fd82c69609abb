package gateway

import (
	"net/http"
	"slices"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// The Fetch standard's protocol for pages of other origins: https://fetch.spec.whatwg.org/#http-cors-protocol

// appPermissions are those of the role of publishable keys, which stand in pages of other origins. What needs another permission is closed to them.
var appPermissions = []string{
	"survey.responses.submit", "survey.refusals.record", "survey.revisions.get", "access.caller.get",
}

// Values of headers that never change.
var (
	varyOrigin     = "Origin"
	exposedHeaders = []string{"RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"}
	askedHeaders   = []string{"Authorization, Content-Type, Otklik-Device, X-Request-Id, Grpc-Timeout, Traceparent, Tracestate"}
	// preflightAge is how long a browser remembers: two hours is the most that Chromium does.
	preflightAge = []string{"7200"}
)

// crossOriginMethod tells whether pages of other origins may call a method.
func crossOriginMethod(rpc protoreflect.MethodDescriptor) bool {
	access, ok := proto.GetExtension(rpc.Options(), typev1.E_Access).(*typev1.Access)
	return ok && slices.Contains(appPermissions, access.GetPermission())
}

// preflight answers a browser that asks whether a page of another origin may send a request; false when this is no such question or the
// answer is that of any unknown method. Every origin may ask: the credential comes with the call itself, and with it what origins it allows.
func (re *rest) preflight(x *exchange, r *http.Request) bool {
	method := r.Header.Get("Access-Control-Request-Method")
	if r.Method != http.MethodOptions || method == "" || x.origin == "" {
		return false
	}
	found := re.routeFor(method, r)
	if found == nil || !found.crossOrigin {
		return false
	}
	x.label = found.template
	h := x.Header()
	h.Add("Vary", varyOrigin)
	h["Access-Control-Allow-Origin"] = []string{x.origin}
	h["Access-Control-Allow-Methods"] = []string{method}
	h["Access-Control-Allow-Headers"] = askedHeaders
	h["Access-Control-Max-Age"] = preflightAge
	x.WriteHeader(http.StatusNoContent)
	return true
}

// allowOrigin lets the page that sent a request read the answer, unless the credential was refused for the page's origin.
func (x *exchange) allowOrigin() {
	if x.route == nil || !x.route.crossOrigin {
		return
	}
	h := x.Header()
	h.Add("Vary", varyOrigin)
	if x.origin == "" || x.originRefused {
		return
	}
	h["Access-Control-Allow-Origin"] = []string{x.origin}
	h["Access-Control-Expose-Headers"] = exposedHeaders
}

// refusedForOrigin tells whether a call failed because its credential is not for pages of the origin.
func refusedForOrigin(st *status.Status) bool {
	return rpcerr.FromStatus(st).Reason == authn.ReasonOrigin
}
