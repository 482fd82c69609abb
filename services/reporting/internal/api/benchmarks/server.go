// Package benchmarks answers the calls of BenchmarkService: it keeps numbers of others, and compares own scores with them.
package benchmarks

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/api/listing"
	"github.com/otklik/otklik/services/reporting/internal/benchmark"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// Server answers the calls of BenchmarkService.
type Server struct {
	reportingv1.UnimplementedBenchmarkServiceServer
	// Store keeps benchmarks.
	Store store.Benchmarks
	// Measures are asked for own scores.
	Measures *peers.Measures
	// Segmentation is asked what lies in regions.
	Segmentation *peers.Segmentation
	Tokens       page.Codec
	// Zone is that in which days of own scores begin.
	Zone *time.Location
	Now  func() time.Time
}

// Register registers the service's RPCs.
func (s *Server) Register(r grpc.ServiceRegistrar) { reportingv1.RegisterBenchmarkServiceServer(r, s) }

// ListBenchmarks lists values.
func (s *Server) ListBenchmarks(ctx context.Context, req *reportingv1.ListBenchmarksRequest) (*reportingv1.ListBenchmarksResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	q := store.BenchmarkQuery{Metric: metricOf(req.GetMetric()), Series: one(req.GetSeries()), Subjects: one(req.GetSubject())}
	list, next, err := listing.After(s.Tokens, reportingv1.BenchmarkService_ListBenchmarks_FullMethodName, organization, req,
		func(after string, limit int) ([]benchmark.Value, error) {
			return s.Store.ListBenchmarks(ctx, organization, q, after, limit)
		}, func(v benchmark.Value) string { return v.ID })
	if err != nil {
		return nil, err
	}
	out := &reportingv1.ListBenchmarksResponse{NextPageToken: next}
	for _, v := range list {
		out.Benchmarks = append(out.Benchmarks, valueToProto(v))
	}
	return out, nil
}

// one is a list of a text that was stated; nil where it was not.
func one(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// DeleteBenchmarks removes values.
func (s *Server) DeleteBenchmarks(ctx context.Context, req *reportingv1.DeleteBenchmarksRequest) (*reportingv1.DeleteBenchmarksResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	q := store.BenchmarkQuery{IDs: req.GetIds(), Series: one(req.GetSeries()), Subjects: one(req.GetSubject())}
	if q.IDs == nil && q.Series == nil && q.Subjects == nil {
		return nil, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_BENCHMARK_SELECTION_REQUIRED, "series",
			"say which benchmarks are meant, by ids, series or subject")
	}
	n, err := s.Store.DeleteBenchmarks(ctx, organization, q)
	return &reportingv1.DeleteBenchmarksResponse{DeletedCount: n}, err
}

// limit refuses more benchmarks than an organisation may have.
func limit() error {
	return fault.Refuse(codes.ResourceExhausted, reportingv1.ErrorReason_ERROR_REASON_BENCHMARK_LIMIT,
		fmt.Sprintf("there may be %d benchmarks: delete those that are not needed any more", store.MostBenchmarks))
}
