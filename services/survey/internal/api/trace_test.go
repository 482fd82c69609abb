package api

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

func TestTraceparent(t *testing.T) {
	const sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for in, want := range map[string]string{
		sampled: sampled,
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00": "",
		"": "",
	} {
		// Any reader of W3C trace context must understand what is stored.
		ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": in})
		if got := traceparent(ctx); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
		if want == "" {
			continue
		}
		back := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": traceparent(ctx)})
		if !trace.SpanContextFromContext(back).Equal(trace.SpanContextFromContext(ctx)) {
			t.Errorf("%q is read as another span", in)
		}
	}
}
