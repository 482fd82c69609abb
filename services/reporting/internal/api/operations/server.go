// Package operations answers the calls of OperationsService: it takes in what was recorded of stores beside answers, checks it, and tells what it adds up to.
// Restricted callers are told of the locations that are theirs.
package operations

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// Server answers the calls of OperationsService.
type Server struct {
	reportingv1.UnimplementedOperationsServiceServer
	// Store keeps the records.
	Store store.Operations
	// Segmentation knows locations and employees.
	Segmentation *peers.Segmentation
	Tokens       page.Codec
	// Pages seals where pages of records end, for who may not see whose they are.
	Pages Pages
	// Zone is that of the service: days begin in it where nothing else is stated.
	Zone *time.Location
	Now  func() time.Time
}

// Register registers the service's RPCs.
func (s *Server) Register(r grpc.ServiceRegistrar) { reportingv1.RegisterOperationsServiceServer(r, s) }

// Prefixes of names.
const (
	locationPrefix = "locations/"
	employeePrefix = "employees/"
)

// defaultPage is the size of a page that states none.
const defaultPage = 50

// identifiers are names without their prefix.
func identifiers(prefix string, names []string) []string {
	var out []string
	for _, n := range names {
		out = append(out, strings.TrimPrefix(n, prefix))
	}
	return out
}

// reach are the locations asked for that the caller sees; nil means all.
func (s *Server) reach(ctx context.Context, asked []string) ([]string, error) {
	seen, err := s.Segmentation.Reach(ctx, asked, nil)
	return seen, fault.Segmentation(err)
}

// zone is a time zone by its name; empty is that of the service.
func (s *Server) zone(field, name string) (*time.Location, error) {
	if name == "" {
		return s.Zone, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_OPERATIONS_TIME_ZONE_UNKNOWN, field,
			fmt.Sprintf("there is no time zone %q: state one of the IANA database, such as Asia/Bishkek", name))
	}
	return zone, nil
}
