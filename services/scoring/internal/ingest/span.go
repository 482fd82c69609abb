package ingest

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// maxLinks bounds the links of a span.
const maxLinks = 64

// span begins the span of a batch if any of its events came with a trace that is recorded: a child of the first such trace, linked to the
// others. Call end with what became of the batch.
func (a *Applier) span(ctx context.Context, partition int, events []*surveyv1.Event) (spanned context.Context, end func(error)) {
	traces := tracesOf(a.Tracers, events)
	if len(traces) == 0 {
		return ctx, func(error) {}
	}
	links := make([]trace.Link, len(traces)-1)
	for i, t := range traces[1:] {
		links[i] = trace.Link{SpanContext: t}
	}
	ctx, span := a.Tracers.Tracer("github.com/otklik/otklik/services/scoring").Start(
		trace.ContextWithRemoteSpanContext(ctx, traces[0]), "process survey", trace.WithSpanKind(trace.SpanKindConsumer), trace.WithLinks(links...),
		trace.WithAttributes(
			attribute.String("messaging.operation.type", "process"), attribute.Int("messaging.destination.partition.id", partition),
			attribute.Int("messaging.batch.message_count", len(events)),
		))
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "the batch was not applied")
			span.RecordError(err)
		}
		span.End()
	}
}

// tracesOf lists the recorded traces that events came with, each once.
func tracesOf(tracers trace.TracerProvider, events []*surveyv1.Event) []trace.SpanContext {
	if tracers == nil {
		return nil
	}
	var traces []trace.SpanContext
	seen := make(map[trace.TraceID]bool)
	for _, e := range events {
		parent := e.GetTraceparent()
		if parent == "" || len(traces) > maxLinks {
			continue
		}
		carrier := propagation.MapCarrier{"traceparent": parent}
		c := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
		if c.IsSampled() && !seen[c.TraceID()] {
			seen[c.TraceID()] = true
			traces = append(traces, c)
		}
	}
	return traces
}
