package rpcserver_test

import (
	"context"
	"io"

	"net"
	"syscall"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/telemetry"
)

// benchService answers with generated messages, whose speed is that of the product's; the messages of package echo are dynamic and slow.
type benchService struct {
	testpb.UnimplementedTestServiceServer
}

func (benchService) UnaryCall(_ context.Context, req *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	return &testpb.SimpleResponse{Payload: req.GetPayload(), Username: "u"}, nil
}

func benchServer(b *testing.B, observer stats.Handler) (inproc, tcp grpc.ClientConnInterface) {
	b.Helper()
	d := deps(b, io.Discard)
	d.Stats = observer
	d.Rule = func(protoreflect.MethodDescriptor) (authz.Rule, error) {
		return authz.Rule{Permission: "echo.messages.send", Reach: authz.ReachAny, Audit: authz.AuditRefusals}, nil
	}
	s, err := rpcserver.New(rpcserver.DefaultConfig(), d)
	if err != nil {
		b.Fatal(err)
	}
	testpb.RegisterTestServiceServer(s, benchService{})
	if err := s.Start(); err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	conn, err := rpcclient.Dial(rpcclient.Peer{Target: l.Addr().String(), Key: appKey}, rpcclient.DefaultConfig(), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = conn.Close()
		if err := s.Drain(context.Background()); err != nil {
			b.Error(err)
		}
		if err := <-served; err != nil {
			b.Error(err)
		}
	})
	return rpcclient.WithKey(s.InProcess(), appKey, ""), conn
}

// BenchmarkUnary measures a small call through the whole chain. cpu-ns/op is the processor time of caller and server together; the figure
// that counts is the ratio of in process to TCP.
func BenchmarkUnary(b *testing.B) { benchmarkUnary(b, nil) }

// BenchmarkUnaryMeasured is BenchmarkUnary with the rates, errors and durations of calls, and without traces, as processes run by default.
func BenchmarkUnaryMeasured(b *testing.B) {
	tel, err := telemetry.New(b.Context(), telemetry.DefaultConfig(), telemetry.Identity{}, telemetry.WithLogWriter(io.Discard), telemetry.WithGetenv(func(string) string { return "" }))
	if err != nil {
		b.Fatal(err)
	}
	benchmarkUnary(b, tel.ServerStats())
}

func benchmarkUnary(b *testing.B, observer stats.Handler) {
	b.Helper()
	inproc, tcp := benchServer(b, observer)
	for _, bc := range []struct {
		name string
		conn grpc.ClientConnInterface
	}{{"inproc", inproc}, {"tcp", tcp}} {
		b.Run(bc.name, func(b *testing.B) {
			client := testpb.NewTestServiceClient(bc.conn)
			req := &testpb.SimpleRequest{Payload: &testpb.Payload{Body: make([]byte, 300)}, ResponseSize: 1}
			b.ReportAllocs()
			before := processorTime(b)
			b.RunParallel(func(pb *testing.PB) {
				ctx := context.Background()
				for pb.Next() {
					if _, err := client.UnaryCall(ctx, req); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// processorTime is what this process has used so far, in ns.
func processorTime(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// BenchmarkClone measures the ways to hand a message over in process: deep copies, sharing the parts, and encoding and decoding it.
func BenchmarkClone(b *testing.B) {
	in := &errdetails.BadRequest{}
	for range 6 {
		in.FieldViolations = append(in.FieldViolations, &errdetails.BadRequest_FieldViolation{
			Field: "answers[1].score", Description: "a comment of some length", Reason: "REASON",
			LocalizedMessage: &errdetails.LocalizedMessage{Locale: "en", Message: "text"},
		})
	}
	for name, hand := range map[string]func(out proto.Message) error{
		"deep": func(out proto.Message) error {
			proto.Merge(out, in)
			return nil
		},
		"shared": func(out proto.Message) error {
			in.ProtoReflect().Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
				out.ProtoReflect().Set(fd, v)
				return true
			})
			return nil
		},
		"encoded": func(out proto.Message) error {
			data, err := proto.Marshal(in)
			if err != nil {
				return err
			}
			return proto.Unmarshal(data, out)
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := hand(&errdetails.BadRequest{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
