// Package overview answers the calls of OverviewService: how things stand, in numbers and on a map. It asks the other services as its caller and computes next to
// nothing itself.
package overview

import (
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// defaultLevel is the confidence level where a request names none.
const defaultLevel = 0.95

// Server answers the calls of OverviewService.
type Server struct {
	reportingv1.UnimplementedOverviewServiceServer
	// Measures, Surveys, Segmentation and Comments are asked.
	Measures     *peers.Measures
	Surveys      *peers.Surveys
	Segmentation *peers.Segmentation
	Comments     *peers.Comments
	// Zone is the time zone in which steps begin unless a request names another.
	Zone *time.Location
	// Now is the clock.
	Now func() time.Time
}

// Register registers the service's RPCs.
func (s *Server) Register(r grpc.ServiceRegistrar) { reportingv1.RegisterOverviewServiceServer(r, s) }

// levelOf is the confidence level of a query.
func levelOf(q *reportingv1.AnalysisQuery) float64 {
	if q.GetConfidenceLevel() == 0 {
		return defaultLevel
	}
	return q.GetConfidenceLevel()
}
