package gateway

import (
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// scopeName names the spans and instruments of this package.
const scopeName = "github.com/otklik/otklik/gateway"

// headerTraceparent is the header by which a client makes a request part of a trace of its own (W3C Trace Context), in canonical spelling.
const headerTraceparent = "Traceparent"

// beginTrace makes the request a part of the client's trace, if it brings one, and gives it a span, if anybody collects them. The request that is
// returned has the trace in its context; calls to services pass it on. Where there is neither, nothing is done.
func (g *Gateway) beginTrace(x *exchange, r *http.Request) *http.Request {
	if g.tracer == nil && r.Header[headerTraceparent] == nil {
		return r
	}
	ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	if g.tracer != nil {
		ctx, x.span = g.tracer.Start(ctx, knownMethod(r.Method), trace.WithSpanKind(trace.SpanKindServer),
			trace.WithAttributes(attribute.String("http.request.method", knownMethod(r.Method)), attribute.String("otklik.request_id", x.id)))
	}
	return r.WithContext(ctx)
}

// endTrace ends the span of a request. Its name is known only now: the route, since paths hold the names of single things.
func (x *exchange) endTrace(method string) {
	if x.span == nil {
		return
	}
	if x.label != "" {
		x.span.SetName(knownMethod(method) + " " + x.label)
		x.span.SetAttributes(attribute.String("http.route", x.label))
	}
	x.span.SetAttributes(attribute.Int("http.response.status_code", x.status))
	if x.status >= http.StatusInternalServerError {
		x.span.SetStatus(otelcodes.Error, "")
	}
	x.span.End()
}
