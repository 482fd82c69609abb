package ingest_test

import (
	"context"
	"fmt"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// TestBatchesContinueTheTracesOfTheirEvents applies events of several traces.
func TestBatchesContinueTheTracesOfTheirEvents(t *testing.T) {
	t.Parallel()
	st := openStore(t, t.TempDir())
	defer st.Close()
	a, _ := newApplier(t, st, &shopCatalog{})
	spans := tracetest.NewSpanRecorder()
	a.Tracers = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans), sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())))
	traced := func(position int64, traceparent string) *surveyv1.Event {
		e := responseEvent("acme", fmt.Sprint("r", position), position, noon, "", 1, 9, 3)
		e.Traceparent = traceparent
		return e
	}
	parent := func(n int, sampled string) string { return fmt.Sprintf("00-%032x-%016x-%s", n, n, sampled) }
	apply := func(events ...*surveyv1.Event) {
		t.Helper()
		if _, err := a.Sink(0).Apply(context.Background(), events); err != nil {
			t.Fatal(err)
		}
	}
	// What is not recorded, or no trace, makes no span.
	apply(traced(1, ""), traced(2, parent(1, "00")), traced(3, "nonsense"))
	if n := len(spans.Ended()); n != 0 {
		t.Errorf("%d spans of events without traces", n)
	}
	apply(traced(4, ""), traced(5, parent(1, "01")), traced(6, parent(2, "01")), traced(7, parent(1, "01")), traced(8, parent(3, "01")))
	ended := spans.Ended()
	if len(ended) != 1 {
		t.Fatalf("%d spans, want 1", len(ended))
	}
	span := ended[0]
	if span.Name() != "process survey" || span.SpanKind() != trace.SpanKindConsumer {
		t.Errorf("span %s of kind %v", span.Name(), span.SpanKind())
	}
	if got := span.Parent().TraceID().String(); got != fmt.Sprintf("%032x", 1) {
		t.Errorf("the parent is of trace %s", got)
	}
	var linked []string
	for _, l := range span.Links() {
		linked = append(linked, l.SpanContext.TraceID().String())
	}
	if want := []string{fmt.Sprintf("%032x", 2), fmt.Sprintf("%032x", 3)}; fmt.Sprint(linked) != fmt.Sprint(want) {
		t.Errorf("linked to %v, want %v", linked, want)
	}
}
