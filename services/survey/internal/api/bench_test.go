package api_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/store"
	"github.com/otklik/otklik/services/survey/internal/store/postgres"
)

// empty is a service that stores nothing: what a call costs by itself.
type empty struct {
	surveyv1.UnimplementedSurveyServiceServer
}

func (empty) SubmitResponse(_ context.Context, req *surveyv1.SubmitResponseRequest) (*surveyv1.SubmitResponseResponse, error) {
	return &surveyv1.SubmitResponseResponse{Response: req.GetResponse()}, nil
}

// BenchmarkSubmitResponse compares the service on either backend with a handler that stores nothing, all behind the same interceptors in process.
// The figures that count are the ratios within one run. cpu-ns/op is that of the whole process, the callers' share included, but not that of
// the PostgreSQL server.
func BenchmarkSubmitResponse(b *testing.B) {
	postgresServer := pgtest.New(b, pgtest.Durable())
	for _, callers := range []int{64, 512} {
		b.Run(fmt.Sprintf("handler=empty/callers=%d", callers), func(b *testing.B) {
			server := serve(b, func(r grpc.ServiceRegistrar) { surveyv1.RegisterSurveyServiceServer(r, empty{}) })
			benchSubmit(b, callers, surveyv1.NewSurveyServiceClient(rpcclient.WithKey(server.InProcess(), secretOf(acme), "")), "surveys/empty")
		})
		b.Run(fmt.Sprintf("handler=sqlite/callers=%d", callers), func(b *testing.B) {
			f := newFixture(b)
			benchSubmit(b, callers, f.surveys, f.published(b, visit()))
		})
		b.Run(fmt.Sprintf("handler=postgres/callers=%d", callers), func(b *testing.B) {
			f := newFixtureOn(b, onPostgres(b, postgresServer))
			benchSubmit(b, callers, f.surveys, f.published(b, visit()))
		})
	}
}

// onPostgres is a store with empty tables.
func onPostgres(b *testing.B, server *pgtest.Server) store.Store {
	b.Helper()
	config, options := pgkit.DefaultConfig("survey"), pgkit.Options{Component: "survey"}
	var err error
	if config.DSN, err = server.NewDatabase(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := pgkit.Migrate(b.Context(), config, options, postgres.Schema()); err != nil {
		b.Fatal(err)
	}
	db, err := postgres.Open(b.Context(), config, postgres.Options{Options: options})
	if err != nil {
		b.Fatal(err)
	}
	return db
}

func benchSubmit(b *testing.B, callers int, client surveyv1.SurveyServiceClient, survey string) {
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	template := good()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	cpu := processTime(b)
	for range callers {
		wg.Go(func() {
			for {
				i := next.Add(1)
				if i > int64(b.N) {
					return
				}
				// Spread as UUIDs are: neighbours in time are not neighbours in the index.
				id := fmt.Sprintf("%s-%016x", run, uint64(i)*0x9e3779b97f4a7c15)
				req := &surveyv1.SubmitResponseRequest{Parent: survey, ResponseId: id, Response: proto.CloneOf(template)}
				if _, err := client.SubmitResponse(context.Background(), req); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(processTime(b)-cpu)/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

// BenchmarkBatchSubmitResponses is the way of an import: batches of 500, two at a time. ns and CPU are those of one response.
func BenchmarkBatchSubmitResponses(b *testing.B) {
	const size, callers = 500, 2
	f := newFixture(b)
	survey := f.published(b, visit())
	template := good()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	cpu := processTime(b)
	for range callers {
		wg.Go(func() {
			for {
				first := next.Add(size) - size
				if first >= int64(b.N) {
					return
				}
				req := &surveyv1.BatchSubmitResponsesRequest{Parent: survey}
				for i := first; i < min(first+size, int64(b.N)); i++ {
					req.Requests = append(req.Requests, &surveyv1.SubmitResponseRequest{ResponseId: fmt.Sprintf("row-%d", i), Response: proto.CloneOf(template)})
				}
				if _, err := f.surveys.BatchSubmitResponses(context.Background(), req); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(processTime(b)-cpu)/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "responses/s")
}

// processTime is the CPU time of the process so far.
func processTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
