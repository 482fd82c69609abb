package api

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/rpcclient"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	"github.com/otklik/otklik/services/access/internal/territory"
)

// regions is the segmentation service as the one that knows what lies in regions.
type regions struct {
	client segmentationv1.DirectoryServiceClient
}

// Regions is the segmentation service as the one that knows what lies in regions. conn has a credential of the role service.
func Regions(conn grpc.ClientConnInterface) territory.Directory {
	return regions{segmentationv1.NewDirectoryServiceClient(conn)}
}

// Inside implements territory.Directory.
func (r regions) Inside(ctx context.Context, organization string, of []string) (territory.Territory, error) {
	answer, err := r.client.ResolveRegions(rpcclient.WithOrganization(ctx, organization), &segmentationv1.ResolveRegionsRequest{Regions: of})
	if status.Code(err) == codes.Unavailable {
		return territory.Territory{}, fmt.Errorf("ask segmentation: %w: %s", territory.ErrUnavailable, err.Error())
	}
	if err != nil {
		return territory.Territory{}, explain("segmentation", err)
	}
	return territory.Territory{Regions: answer.GetRegions(), Locations: answer.GetLocations()}, nil
}

// territoryOf is what lies in the regions that a principal is restricted to; nil when there are none.
func (s *Server) territoryOf(ctx context.Context, p *accessv1.Principal) *accessv1.Territory {
	of := p.GetUnits().GetRegions()
	if len(of) == 0 || s.territories == nil {
		return nil
	}
	in := s.territories.Of(ctx, p.GetOrganization(), of)
	return &accessv1.Territory{Regions: in.Regions, Locations: in.Locations}
}
