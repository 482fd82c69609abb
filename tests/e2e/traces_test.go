package e2e

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/tests/harness"
)

// collector takes traces as an OTLP collector does.
type collector struct {
	collectorpb.UnimplementedTraceServiceServer

	mu sync.Mutex
	// spans by the service that made them.
	spans map[string][]*tracepb.Span
}

// Export keeps spans.
func (c *collector) Export(_ context.Context, request *collectorpb.ExportTraceServiceRequest) (*collectorpb.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, from := range request.GetResourceSpans() {
		var service string
		for _, a := range from.GetResource().GetAttributes() {
			if a.GetKey() == "service.name" {
				service = a.GetValue().GetStringValue()
			}
		}
		for _, scope := range from.GetScopeSpans() {
			c.spans[service] = append(c.spans[service], scope.GetSpans()...)
		}
	}
	return &collectorpb.ExportTraceServiceResponse{}, nil
}

// startCollector returns a collector and the environment that has a process send to it.
func startCollector(t *testing.T) (*collector, []string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{spans: make(map[string][]*tracepb.Span)}
	server := grpc.NewServer()
	collectorpb.RegisterTraceServiceServer(server, c)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Error(err)
		}
	})
	return c, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + listener.Addr().String(), "OTEL_BSP_SCHEDULE_DELAY=50"}
}

// follows tells which of the services have not continued a trace: made a span in it, or one that is linked to it.
func (c *collector) follows(trace []byte, services ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, service := range services {
		if !slices.ContainsFunc(c.spans[service], func(s *tracepb.Span) bool {
			return bytes.Equal(s.GetTraceId(), trace) ||
				slices.ContainsFunc(s.GetLinks(), func(l *tracepb.Span_Link) bool { return bytes.Equal(l.GetTraceId(), trace) })
		}) {
			return fmt.Errorf("%s has no span of the trace; it made %d", service, len(c.spans[service]))
		}
	}
	return nil
}

// orphans are the spans of a trace whose parent is neither in the trace nor the caller.
func (c *collector) orphans(trace, caller []byte) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := map[string]bool{string(caller): true}
	var of []*tracepb.Span
	for _, spans := range c.spans {
		for _, s := range spans {
			if bytes.Equal(s.GetTraceId(), trace) {
				known[string(s.GetSpanId())] = true
				of = append(of, s)
			}
		}
	}
	var names []string
	for _, s := range of {
		if !known[string(s.GetParentSpanId())] {
			names = append(names, s.GetName())
		}
	}
	return names
}

// TestTraceFollowsAnAnswer submits with the trace of a caller and looks for it in every process that the answer goes through, the one that counts
// it among them.
func TestTraceFollowsAnAnswer(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		c, environment := startCollector(t)
		s := openShop(t, harness.Options{Layout: layout, Environment: environment})
		trace, caller := bytes.Repeat([]byte{0xa1}, 16), bytes.Repeat([]byte{0xb2}, 8)
		answer, err := s.rest.Do(t.Context(), harness.Request{
			Method: http.MethodPost, Path: "/v1/surveys/shop/responses",
			Header: map[string]string{"traceparent": "00-" + hex.EncodeToString(trace) + "-" + hex.EncodeToString(caller) + "-01"},
			Body:   []byte(`{"responseId": "traced", "response": {"answers": [{"question": "recommend", "score": 9}]}}`),
		})
		if err != nil || answer.Status != http.StatusOK {
			t.Fatalf("%v, %v", answer, err)
		}
		services := []string{"otklik"}
		if layout != harness.AllInOne {
			services = []string{"otklik-gateway", "otklik-survey", "otklik-scoring"}
		}
		testkit.Eventually(t, patience, func() error {
			if err := c.follows(trace, services...); err != nil {
				return err
			}
			// A span may come after its children.
			if lost := c.orphans(trace, caller); len(lost) > 0 {
				return fmt.Errorf("spans %v have a parent that nobody knows", lost)
			}
			return nil
		})
	})
}
