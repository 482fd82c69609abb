package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc/metadata"
)

// The metadata keys, and in other spelling the HTTP headers, that carry a trace (W3C Trace Context).
const (
	metadataTraceparent = "traceparent"
	metadataTracestate  = "tracestate"
)

// Tracer returns a tracer, or nil when the provider records nothing: then even the making of a span would be wasted.
func Tracer(provider trace.TracerProvider, name string) trace.Tracer {
	if provider == nil {
		return nil
	}
	if _, off := provider.(tracenoop.TracerProvider); off {
		return nil
	}
	return provider.Tracer(name)
}

// OutgoingTrace adds the trace of ctx, if there is one, to the metadata of calls made with it.
func OutgoingTrace(ctx context.Context) context.Context { return withTraceForServer(ctx) }

func withTraceForServer(ctx context.Context) context.Context {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	// A copy, so that writing to it is safe.
	md, ok := metadata.FromOutgoingContext(ctx)
	if !ok {
		md = make(metadata.MD, 2)
	}
	propagation.TraceContext{}.Inject(ctx, metadataCarrier(md))
	return metadata.NewOutgoingContext(ctx, md)
}

// withCallersTrace makes the trace that the caller sent, if it did, the one of ctx, unless there is one already (calls in process).
func withCallersTrace(ctx context.Context) context.Context {
	parents := metadata.ValueFromIncomingContext(ctx, metadataTraceparent)
	if len(parents) != 1 || trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	carrier := metadataCarrier{metadataTraceparent: parents}
	if states := metadata.ValueFromIncomingContext(ctx, metadataTracestate); len(states) > 0 {
		carrier[metadataTracestate] = states
	}
	return propagation.TraceContext{}.Extract(ctx, carrier)
}

// metadataCarrier lets a propagator read and write metadata.
type metadataCarrier metadata.MD

// Get returns the first value of a key.
func (c metadataCarrier) Get(key string) string {
	if values := c[key]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Set replaces the values of a key.
func (c metadataCarrier) Set(key, value string) { c[key] = []string{value} }

// Keys lists the keys.
func (c metadataCarrier) Keys() []string {
	keys := make([]string, 0, len(c))
	for key := range c {
		keys = append(keys, key)
	}
	return keys
}
