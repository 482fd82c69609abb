// Package performance answers the calls of PerformanceService: it sums up what was recorded of stores beside answers, has it analysed, and converts. Restricted
// callers are told of the locations that are theirs.
package performance

import (
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// Names of what analyses are.
const (
	definitionRevenue   = "revenue_decomposition"
	definitionQuality   = "contact_quality"
	definitionStandards = "standards_compliance"
	definitionSeason    = "seasonality"
	definitionPolicy    = "policy_effect"
	definitionReserve   = "hidden_reserve"
)

// Server answers the calls of PerformanceService.
type Server struct {
	reportingv1.UnimplementedPerformanceServiceServer
	// Operations is what was recorded.
	Operations store.Operations
	// Segmentation knows which locations a caller sees, and in which regions they are.
	Segmentation *peers.Segmentation
	// Zone is that on whose clock hours are told.
	Zone *time.Location
}

// Register registers the service's RPCs.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	reportingv1.RegisterPerformanceServiceServer(r, s)
}
