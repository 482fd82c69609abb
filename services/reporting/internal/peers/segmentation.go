package peers

import (
	"context"

	"google.golang.org/grpc"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// unitsPage is how many units or lights are asked for at a time: as many as a page may have.
const unitsPage = 1000

// Segmentation asks for the directory, lights and cases. Safe for concurrent use. Errors of its methods: *Refusal; ErrUnavailable; ctx's.
type Segmentation struct {
	directory segmentationv1.DirectoryServiceClient
	lights    segmentationv1.LightServiceClient
	cases     segmentationv1.CaseServiceClient
	rules     segmentationv1.CaseRuleServiceClient
}

// NewSegmentation asks the segmentation service over conn, which has no credential of its own.
func NewSegmentation(conn grpc.ClientConnInterface) *Segmentation {
	return &Segmentation{
		directory: segmentationv1.NewDirectoryServiceClient(conn), lights: segmentationv1.NewLightServiceClient(conn), cases: segmentationv1.NewCaseServiceClient(conn),
		rules: segmentationv1.NewCaseRuleServiceClient(conn),
	}
}

// Locations returns the locations of the directory that the caller sees, in order of their identifiers.
func (s *Segmentation) Locations(ctx context.Context) ([]*segmentationv1.Unit, error) {
	return s.units(ctx, segmentationv1.Unit_KIND_LOCATION)
}

// Regions returns the regions of the directory that the caller sees, in order of their identifiers.
func (s *Segmentation) Regions(ctx context.Context) ([]*segmentationv1.Unit, error) {
	return s.units(ctx, segmentationv1.Unit_KIND_REGION)
}

// Touchpoints returns the touchpoints of the directory, in order of their identifiers.
func (s *Segmentation) Touchpoints(ctx context.Context) ([]*segmentationv1.Unit, error) {
	return s.units(ctx, segmentationv1.Unit_KIND_TOUCHPOINT)
}

// units returns the units of a kind that the caller sees.
func (s *Segmentation) units(ctx context.Context, kind segmentationv1.Unit_Kind) (out []*segmentationv1.Unit, err error) {
	req := &segmentationv1.ListUnitsRequest{PageSize: unitsPage, Kind: kind}
	for {
		resp, err := s.directory.ListUnits(asCaller(ctx), req)
		if err != nil {
			return nil, failure(ctx, "list units", err)
		}
		out = append(out, resp.GetUnits()...)
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			return out, nil
		}
	}
}

// Lights returns the lights of a kind that the caller sees, the red ones first: the first ones, as many as one page has.
func (s *Segmentation) Lights(ctx context.Context, kind segmentationv1.LightKind) (*segmentationv1.ListLightsResponse, error) {
	resp, err := s.lights.ListLights(asCaller(ctx), &segmentationv1.ListLightsRequest{PageSize: unitsPage, Kind: kind})
	return resp, failure(ctx, "list lights", err)
}

// LocationLights returns all lights of locations that the caller sees, with the watermark of the first page.
func (s *Segmentation) LocationLights(ctx context.Context) (*segmentationv1.ListLightsResponse, error) {
	req := &segmentationv1.ListLightsRequest{PageSize: unitsPage, Kind: segmentationv1.LightKind_LIGHT_KIND_LOCATION}
	out := &segmentationv1.ListLightsResponse{}
	for {
		resp, err := s.lights.ListLights(asCaller(ctx), req)
		if err != nil {
			return nil, failure(ctx, "list lights", err)
		}
		if req.GetPageToken() == "" {
			out.Watermark = resp.GetWatermark()
		}
		out.Lights = append(out.Lights, resp.GetLights()...)
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			return out, nil
		}
	}
}

// OpenCases returns the cases that are not solved, those that are late first: the first ones, as many as one page has.
func (s *Segmentation) OpenCases(ctx context.Context) (*segmentationv1.ListCasesResponse, error) {
	return s.openCases(ctx, "")
}

// AllOpenCases returns the cases that are not solved, those that are late first, at most about as many as given; more tells whether there are more.
func (s *Segmentation) AllOpenCases(ctx context.Context, most int) (out []*segmentationv1.Case, more bool, err error) {
	for token := ""; ; {
		page, err := s.openCases(ctx, token)
		if err != nil {
			return nil, false, err
		}
		out = append(out, page.GetCases()...)
		if token = page.GetNextPageToken(); token == "" || len(out) >= most {
			return out, token != "", nil
		}
	}
}

func (s *Segmentation) openCases(ctx context.Context, token string) (*segmentationv1.ListCasesResponse, error) {
	resp, err := s.cases.ListCases(asCaller(ctx), &segmentationv1.ListCasesRequest{PageSize: unitsPage, PageToken: token, States: []segmentationv1.Case_State{
		segmentationv1.Case_STATE_NEW, segmentationv1.Case_STATE_ASSIGNED, segmentationv1.Case_STATE_IN_PROGRESS, segmentationv1.Case_STATE_WAITING_CUSTOMER,
	}})
	return resp, failure(ctx, "list cases", err)
}
