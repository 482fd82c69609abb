// Package api answers the calls of the reporting service: it asks for what an analysis needs, has it computed, and converts.
package api

import (
	"context"
	"runtime"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// Server answers the calls of ReportingService.
type Server struct {
	reportingv1.UnimplementedReportingServiceServer
	surveys      *peers.Surveys
	scoring      *peers.Scoring
	measures     *peers.Measures
	segmentation *peers.Segmentation
	now          func() time.Time
	// rankResponses is the number of responses up to which rank correlations are computed without being asked for.
	rankResponses int64
	// slots are taken while something is computed: more at a time than there are processors would only make each wait longer.
	slots chan struct{}
}

// Deps is what a server needs. All are required.
type Deps struct {
	Surveys      *peers.Surveys
	Scoring      *peers.Scoring
	Measures     *peers.Measures
	Segmentation *peers.Segmentation
	// RankResponses is the number of responses up to which rank correlations are computed without being asked for.
	RankResponses int64
	// Now is the clock.
	Now func() time.Time
}

// New makes a server.
func New(d Deps) *Server {
	return &Server{
		surveys: d.Surveys, scoring: d.Scoring, measures: d.Measures, segmentation: d.Segmentation, rankResponses: d.RankResponses, now: d.Now,
		slots: make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
}

// Register registers the service's RPCs.
func (s *Server) Register(r grpc.ServiceRegistrar) { reportingv1.RegisterReportingServiceServer(r, s) }

// compute does the computing of a call when it is its turn.
func compute[T any](ctx context.Context, s *Server, do func() (T, error)) (T, error) {
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
	defer func() { <-s.slots }()
	return do()
}
