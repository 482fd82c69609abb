package api

import (
	"context"
	"errors"
	"slices"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// LightFollower keeps lights current; *ingest.Lights is one.
type LightFollower interface {
	// AsOf is the time up to which answers are counted; zero when that is not known.
	AsOf() time.Time
}

// lightServer serves LightService.
type lightServer struct {
	segmentationv1.UnimplementedLightServiceServer
	*Server
}

// GetLight returns a light.
func (s *lightServer) GetLight(ctx context.Context, req *segmentationv1.GetLightRequest) (*segmentationv1.GetLightResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	unit, ok := light.ParseName(req.GetName())
	if !ok {
		return nil, validation.Malformed("name", "NAME_MALFORMED", "must have the form companies/{company}/light, or contacts, locations or employees")
	}
	if seesStaff(ctx, unit.Kind, unit.ID) != nil {
		// Whether anything was said of the employee is not for the caller to know.
		return nil, notFound(segmentationv1.ErrorReason_ERROR_REASON_LIGHT_NOT_FOUND, "light", req.GetName())
	}
	l, err := s.Store.GetLight(ctx, org, unitsOf(ctx), unit)
	if errors.Is(err, store.ErrNotFound) || err == nil && l.Colour == light.NoColour {
		return nil, notFound(segmentationv1.ErrorReason_ERROR_REASON_LIGHT_NOT_FOUND, "light", req.GetName())
	}
	if err != nil {
		return nil, storeError(err)
	}
	return &segmentationv1.GetLightResponse{Light: lightToProto(l)}, nil
}

// seesStaff refuses lights of employees to callers who may not see who persons are, unless they ask for some who are all their own: what was said of one
// employee is no matter for everybody.
func seesStaff(ctx context.Context, of light.Kind, asked ...string) error {
	own := unitsOf(ctx)["employee"]
	isOther := func(id string) bool { return !slices.Contains(own, id) }
	if of != light.Staff || seesPersons(ctx) || len(asked) > 0 && !slices.ContainsFunc(asked, isOther) {
		return nil
	}
	return rpcerr.New(codes.PermissionDenied, authz.ReasonDenied, "the caller lacks the permission "+permissionPersons+", without which lights of employees are not seen",
		rpcerr.WithMetadata("permission", permissionPersons))
}

// ListLights lists lights.
func (s *lightServer) ListLights(ctx context.Context, req *segmentationv1.ListLightsRequest) (*segmentationv1.ListLightsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	q := store.LightQuery{
		Organization: org, Kind: light.Kind(req.GetKind()), Colour: light.Colour(req.GetColour()), Units: unitsOf(ctx), //nolint:gosec // checked by the rules
		Company: bare(companiesCollection, req.GetCompany()), Region: bare(regionsCollection, req.GetRegion()),
	}
	if err := seesStaff(ctx, q.Kind, q.Units["employee"]...); err != nil {
		return nil, err
	}
	if q.Company != "" && q.Kind != light.Contact {
		return nil, refuseField(codes.InvalidArgument, segmentationv1.ErrorReason_ERROR_REASON_LIGHT_FILTER_INVALID, "company", "narrows contacts only")
	}
	if q.Region != "" && q.Kind != light.Location {
		return nil, refuseField(codes.InvalidArgument, segmentationv1.ErrorReason_ERROR_REASON_LIGHT_FILTER_INVALID, "region", "narrows locations only")
	}
	p, err := openPage[*store.LightKey](s.Server, "ListLights", org, req)
	if err != nil {
		return nil, err
	}
	q.After, q.Limit = p.cursor, p.size
	out := &segmentationv1.ListLightsResponse{}
	if s.Lights != nil {
		out.Watermark = timeToProto(s.Lights.AsOf())
	}
	found, more, err := s.Store.ListLights(ctx, q)
	if err != nil {
		return nil, storeError(err)
	}
	for _, l := range found {
		out.Lights = append(out.Lights, lightToProto(l))
	}
	out.NextPageToken = p.next(more, lastKey(found))
	if p.cursor != nil {
		return out, nil
	}
	q.Colour = light.NoColour
	counts, err := s.Store.CountLightColours(ctx, q)
	if err != nil {
		return nil, storeError(err)
	}
	for colour := light.Red; colour <= light.Green; colour++ {
		out.Counts = append(out.Counts, &segmentationv1.LightCount{Colour: segmentationv1.LightColour(colour), Count: counts[colour]})
	}
	return out, nil
}

// lastKey is where a page ends.
func lastKey(page []store.Light) *store.LightKey {
	if len(page) == 0 {
		return nil
	}
	k := page[len(page)-1].Key()
	return &k
}

// defaultRedContacts is how many red contacts of a company are returned unless asked.
const defaultRedContacts = 10

// ListWorkOrder lists red companies with their red contacts.
func (s *lightServer) ListWorkOrder(ctx context.Context, req *segmentationv1.ListWorkOrderRequest) (*segmentationv1.ListWorkOrderResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := openPage[*store.LightKey](s.Server, "ListWorkOrder", org, req)
	if err != nil {
		return nil, err
	}
	contacts := int(req.GetContactLimit())
	if contacts == 0 {
		contacts = defaultRedContacts
	}
	entries, more, err := s.Store.WorkOrder(ctx, store.LightQuery{Organization: org, Units: unitsOf(ctx), After: p.cursor, Limit: p.size}, contacts)
	if err != nil {
		return nil, storeError(err)
	}
	out := &segmentationv1.ListWorkOrderResponse{}
	for _, e := range entries {
		m := &segmentationv1.WorkOrderEntry{Company: lightToProto(e.Company), RedContactCount: e.RedContacts}
		for _, c := range e.Contacts {
			m.Contacts = append(m.Contacts, lightToProto(c))
		}
		out.Entries = append(out.Entries, m)
	}
	if more {
		key := entries[len(entries)-1].Company.Key()
		out.NextPageToken = p.next(true, &key)
	}
	return out, nil
}
