package telemetry

import (
	"context"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/otklik/otklik/libs/interceptor"
	"github.com/otklik/otklik/libs/rpcerr"
)

// scope names the instruments and spans of this package.
const scope = "github.com/otklik/otklik/libs/telemetry"

// otherMethod stands for every method that this binary does not know: what callers make up must not become the name of a time series.
const otherMethod = "_OTHER"

// callStats counts, times and traces calls, in the names of OpenTelemetry's semantic conventions. It does what otelgrpc does, at half of its
// cost, which matters in process, where a whole call takes a few microseconds; and neither methods that callers make up nor the addresses of
// peers become labels, so that the number of time series is that of the methods times that of the codes.
type callStats struct {
	kind     trace.SpanKind
	tracer   trace.Tracer // nil while nobody collects traces
	duration metric.Float64Histogram
	// methods holds the names of known methods by their paths, outcomes the attributes of each kind of outcome.
	methods  sync.Map // of string to string
	outcomes sync.Map // of outcome to []metric.RecordOption
}

type outcome struct {
	method string
	code   codes.Code
}

// call is what is known of one call under way.
type call struct {
	method string
	// span is nil for calls that are not traced.
	span trace.Span
}

type callKey struct{}

var _ stats.Handler = (*callStats)(nil)

func newCallStats(kind trace.SpanKind, meters metric.MeterProvider, tracers trace.TracerProvider) *callStats {
	name, description := "rpc.server.call.duration", "Duration of gRPC calls served; of streams, until they end."
	if kind == trace.SpanKindClient {
		name, description = "rpc.client.call.duration", "Duration of gRPC calls made, each attempt by itself; of streams, until they end."
	}
	s := &callStats{kind: kind, tracer: Tracer(tracers, scope)}
	// The name and the unit are sound, which is all that can be wrong.
	s.duration, _ = meters.Meter(scope).Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description),
		metric.WithExplicitBucketBoundaries(DurationBuckets()...))
	return s
}

// DurationBuckets are the bounds, in seconds, of all histograms of durations of requests and calls.
func DurationBuckets() []float64 {
	return []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
}

// TagRPC begins a call.
func (s *callStats) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	c := &call{method: s.nameOf(info.FullMethodName)}
	if s.kind == trace.SpanKindServer {
		ctx = withCallersTrace(ctx)
	}
	if s.tracer != nil && !interceptor.Public(info.FullMethodName) {
		ctx, c.span = s.tracer.Start(ctx, c.method, trace.WithSpanKind(s.kind),
			trace.WithAttributes(attribute.String("rpc.system.name", "grpc"), attribute.String("rpc.method", c.method)))
	}
	if s.kind == trace.SpanKindClient {
		ctx = withTraceForServer(ctx)
	}
	return context.WithValue(ctx, callKey{}, c)
}

// HandleRPC takes note of what happens to a call.
func (s *callStats) HandleRPC(ctx context.Context, event stats.RPCStats) {
	switch event := event.(type) {
	case *stats.End:
		if c, ok := ctx.Value(callKey{}).(*call); ok {
			s.end(ctx, c, event)
		}
	case *stats.OutHeader:
		// Only here it is known which of the servers behind a name is asked.
		if c, ok := ctx.Value(callKey{}).(*call); ok && c.span != nil && event.Client && event.RemoteAddr != nil {
			c.span.SetAttributes(attribute.String("network.peer.address", event.RemoteAddr.String()))
		}
	}
}

func (s *callStats) end(ctx context.Context, c *call, end *stats.End) {
	code := codes.OK
	if end.Error != nil {
		code = status.Code(end.Error)
	}
	if c.span != nil {
		c.span.SetAttributes(attribute.String("rpc.response.status_code", rpcerr.CodeName(code)))
		if s.isError(code) {
			c.span.SetStatus(otelcodes.Error, rpcerr.Reason(end.Error))
		}
		c.span.End()
	}
	s.duration.Record(ctx, end.EndTime.Sub(end.BeginTime).Seconds(), s.attributesOf(outcome{c.method, code})...)
}

// isError tells whether a code is an error in the sense of the conventions: to a client all are, to a server those that are its own fault.
func (s *callStats) isError(code codes.Code) bool {
	switch code {
	case codes.OK:
		return false
	case codes.Unknown, codes.DeadlineExceeded, codes.Unimplemented, codes.Internal, codes.Unavailable, codes.DataLoss:
		return true
	}
	return s.kind == trace.SpanKindClient
}

// attributesOf returns the attributes of an outcome. Making them costs more than using them; methods and codes are few, so that keeping them
// does not grow without end.
func (s *callStats) attributesOf(o outcome) []metric.RecordOption {
	if found, ok := s.outcomes.Load(o); ok {
		return found.([]metric.RecordOption)
	}
	attrs := []attribute.KeyValue{
		attribute.String("rpc.system.name", "grpc"),
		attribute.String("rpc.method", o.method),
		attribute.String("rpc.response.status_code", rpcerr.CodeName(o.code)),
	}
	if s.isError(o.code) {
		attrs = append(attrs, attribute.String("error.type", rpcerr.CodeName(o.code)))
	}
	found, _ := s.outcomes.LoadOrStore(o, []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attrs...))})
	return found.([]metric.RecordOption)
}

// nameOf returns the name of a method for labels and spans, such as otklik.survey.v1.SurveyService/GetSurvey.
func (s *callStats) nameOf(path string) string {
	if name, ok := s.methods.Load(path); ok {
		return name.(string)
	}
	name := strings.TrimPrefix(path, "/")
	service, method, _ := strings.Cut(name, "/")
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	sd, ok := d.(protoreflect.ServiceDescriptor)
	if err != nil || !ok || sd.Methods().ByName(protoreflect.Name(method)) == nil {
		return otherMethod
	}
	s.methods.Store(path, name)
	return name
}

// TagConn has nothing to say of a connection.
func (*callStats) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn has nothing to say of a connection.
func (*callStats) HandleConn(context.Context, stats.ConnStats) {}
