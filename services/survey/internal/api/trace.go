package api

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

// traceparent is the call's trace as a W3C traceparent, to be kept with what the call stores so that its consequences in other processes join
// the trace; empty when the call is not recorded.
func traceparent(ctx context.Context) string {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() || !span.IsSampled() {
		return ""
	}
	return "00-" + span.TraceID().String() + "-" + span.SpanID().String() + "-" + span.TraceFlags().String()
}
