package gateway_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

	"github.com/otklik/otklik/gateway"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

func stubChannel() *inprocgrpc.Channel {
	channel := &inprocgrpc.Channel{}
	surveyv1.RegisterSurveyServiceServer(channel, &surveyStub{submit: echo})
	scoringv1.RegisterScoringServiceServer(channel, &scoringStub{})
	return channel
}

func newInProcess(b *testing.B) *gateway.Gateway {
	b.Helper()
	channel := stubChannel()
	g, err := gateway.New(gateway.DefaultConfig(), gateway.Deps{
		Survey: channel, Scoring: channel, Access: channel, Comment: channel, Segmentation: channel, Reporting: channel, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	return g
}

// BenchmarkSubmit is the gateway's share of a submission: JSON, checks, grpc-gateway, an in-process call to a stub; without HTTP and sockets.
func BenchmarkSubmit(b *testing.B) {
	benchmarkHandler(b, newInProcess(b))
}

// BenchmarkSubmitPlain is the floor of BenchmarkSubmit: grpc-gateway as it comes, before the same stub.
func BenchmarkSubmitPlain(b *testing.B) {
	mux := runtime.NewServeMux()
	if err := surveyv1.RegisterSurveyServiceHandlerClient(context.Background(), mux, surveyv1.NewSurveyServiceClient(stubChannel())); err != nil {
		b.Fatal(err)
	}
	benchmarkHandler(b, mux)
}

func benchmarkHandler(b *testing.B, handler http.Handler) {
	b.Helper()
	body := []byte(submitBody)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, submitPath, bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer key")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body.String())
		}
	}
}

// BenchmarkSubmitOverHTTP is a submission over a loopback connection that is kept alive. cpu-µs/op is the processor time of client and server
// together, since they share the process; the client is a bare socket that writes a fixed request and reads the answer.
func BenchmarkSubmitOverHTTP(b *testing.B) {
	g := newInProcess(b)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- g.Serve(l) }()
	defer func() {
		if err := g.Close(); err != nil {
			b.Error(err)
		}
		if err := <-served; err != nil {
			b.Error(err)
		}
	}()
	benchmarkRaw(b, l.Addr().String())
}

// BenchmarkBareHTTP is the floor of BenchmarkSubmitOverHTTP: net/http with a handler that reads the body and answers with as many bytes.
func BenchmarkBareHTTP(b *testing.B) {
	answer := make([]byte, 500)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			panic(err)
		}
		if _, err := w.Write(answer); err != nil {
			panic(err)
		}
	}))
	defer server.Close()
	benchmarkRaw(b, server.Listener.Addr().String())
}

func benchmarkRaw(b *testing.B, addr string) {
	b.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialContext(context.Background(), "tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	var request bytes.Buffer
	r, err := http.NewRequest(http.MethodPost, "http://"+addr+submitPath, bytes.NewReader([]byte(submitBody)))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer key")
	if err := r.Write(&request); err != nil {
		b.Fatal(err)
	}
	buffer := make([]byte, 16<<10)
	before := processorTime(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := conn.Write(request.Bytes()); err != nil {
			b.Fatal(err)
		}
		// Answers are small and sent at once, so that one read gets the whole.
		n, err := conn.Read(buffer)
		if err != nil || !bytes.HasPrefix(buffer[:n], []byte("HTTP/1.1 200")) {
			b.Fatalf("%v %s", err, buffer[:n])
		}
	}
	b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
