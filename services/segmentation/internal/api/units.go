package api

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/mask"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// directoryServer serves DirectoryService.
type directoryServer struct {
	segmentationv1.UnimplementedDirectoryServiceServer
	*Server
}

const unitMissing = segmentationv1.ErrorReason_ERROR_REASON_UNIT_NOT_FOUND

// GetUnit returns a unit.
func (s *directoryServer) GetUnit(ctx context.Context, req *segmentationv1.GetUnitRequest) (*segmentationv1.GetUnitResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	ref, err := parseRef("name", req.GetName())
	if err != nil {
		return nil, err
	}
	u, err := s.Store.SeeUnit(ctx, org, unitsOf(ctx), ref)
	if err != nil {
		return nil, orNotFound(err, unitMissing, "unit", req.GetName())
	}
	declared, err := s.attributesOf(ctx, org, ref.Kind)
	if err != nil {
		return nil, err
	}
	return &segmentationv1.GetUnitResponse{Unit: unitToProto(declared, u, seesPersons(ctx))}, nil
}

// kindsOfUnits are the kinds of units by those of the API.
var kindsOfUnits = map[segmentationv1.Unit_Kind]attribute.Kind{
	segmentationv1.Unit_KIND_COMPANY: attribute.Company, segmentationv1.Unit_KIND_LOCATION: attribute.Location, segmentationv1.Unit_KIND_EMPLOYEE: attribute.Employee,
	segmentationv1.Unit_KIND_TOUCHPOINT: attribute.Touchpoint, segmentationv1.Unit_KIND_REGION: attribute.Region,
}

// ListUnits lists units of a kind.
func (s *directoryServer) ListUnits(ctx context.Context, req *segmentationv1.ListUnitsRequest) (*segmentationv1.ListUnitsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := openPage[string](s.Server, "ListUnits", org, req)
	if err != nil {
		return nil, err
	}
	kind := kindsOfUnits[req.GetKind()]
	declared, err := s.attributesOf(ctx, org, kind)
	if err != nil {
		return nil, err
	}
	wanted, err := wantedValues(declared, req.GetAttributes())
	if err != nil {
		return nil, err
	}
	parent, err := parseRef("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	q := store.UnitQuery{Organization: org, Units: unitsOf(ctx), Kind: kind, Parent: parent}
	found, token, err := walk(p, func(after string, limit int) ([]directory.Unit, bool, error) {
		q.After, q.Limit = after, limit
		return s.Store.ListUnits(ctx, q)
	}, func(u directory.Unit) (string, bool) { return u.ID, hasAll(u.Attributes, wanted) })
	if err != nil {
		return nil, err
	}
	out, sees := &segmentationv1.ListUnitsResponse{NextPageToken: token}, seesPersons(ctx)
	for _, u := range found {
		out.Units = append(out.Units, unitToProto(declared, u, sees))
	}
	return out, nil
}

// ResolveRegions tells what lies in regions.
func (s *directoryServer) ResolveRegions(ctx context.Context, req *segmentationv1.ResolveRegionsRequest) (*segmentationv1.ResolveRegionsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	regions, locations, err := s.Store.Inside(ctx, org, req.GetRegions())
	if err != nil {
		return nil, storeError(err)
	}
	return &segmentationv1.ResolveRegionsResponse{Regions: regions, Locations: locations}, nil
}

// unitFields are the fields of a unit that can be changed.
var unitFields = []string{"display_name", "parent", "attributes", "location", "employee", "touchpoint"}

// unitChange makes a change of an update.
func (s *directoryServer) unitChange(ctx context.Context, org string, in *segmentationv1.Unit, paths *fieldmaskpb.FieldMask, missing bool) (store.UnitChange, error) {
	ref, err := parseRef("unit.name", in.GetName())
	if err != nil {
		return store.UnitChange{}, err
	}
	if ref.Empty() {
		return store.UnitChange{}, validation.Malformed("unit.name", "REQUIRED", "is required")
	}
	named, keys := splitMask(paths.GetPaths())
	fields := []string(nil)
	if len(named) > 0 || len(keys) == 0 {
		if fields, err = mask.Changed(&fieldmaskpb.FieldMask{Paths: named}, in, unitFields); err != nil {
			return store.UnitChange{}, err
		}
	}
	// What is not to be changed is not looked at.
	changed := &segmentationv1.Unit{Name: in.GetName(), Etag: in.GetEtag()}
	mask.Overlay(changed, in, fields)
	for _, key := range keys {
		if v, there := in.GetAttributes()[key]; there {
			if changed.Attributes == nil {
				changed.Attributes = map[string]*structpb.Value{}
			}
			changed.Attributes[key] = v
		}
	}
	if err := s.rules.Check(changed); err != nil {
		return store.UnitChange{}, rpcerr.Under("unit", err)
	}
	return s.unitEdit(ctx, org, ref, changed, fields, keys, missing)
}

func (s *directoryServer) unitEdit(
	ctx context.Context, org string, ref directory.Ref, in *segmentationv1.Unit, fields, keys []string, missing bool,
) (store.UnitChange, error) {
	declared, err := s.attributesOf(ctx, org, ref.Kind)
	if err != nil {
		return store.UnitChange{}, err
	}
	values := attributeChanges{}
	if slices.Contains(fields, "attributes") {
		keys = nil
	}
	var wrong error
	if slices.Contains(fields, "attributes") || len(keys) > 0 {
		values, wrong = readAttributes(declared, "unit.attributes", in.GetAttributes(), keys)
	}
	details, parent, err := unitFromProto(in)
	// What is stated is looked at before what is there is known, so that all that is wrong is told at once.
	stated := directory.Unit{Ref: ref}
	for _, f := range fields {
		overlayUnit(&stated, f, details, parent)
	}
	if err := together(wrong, err, directoryError("unit", stated.Check())); err != nil {
		return store.UnitChange{}, err
	}
	return store.UnitChange{Ref: ref, AllowMissing: missing, Edit: func(u *directory.Unit) error {
		if in.GetEtag() != "" && (u.Version == 0 || in.GetEtag() != etag(u.CreateTime, u.Version)) {
			return store.ErrChanged
		}
		for _, f := range fields {
			overlayUnit(u, f, details, parent)
		}
		u.Attributes = values.apply(u.Attributes, declared)
		return nil
	}}, nil
}

// UpdateUnit changes or makes a unit.
func (s *directoryServer) UpdateUnit(ctx context.Context, req *segmentationv1.UpdateUnitRequest) (*segmentationv1.UpdateUnitResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	change, err := s.unitChange(ctx, org, req.GetUnit(), req.GetUpdateMask(), req.GetAllowMissing())
	if err != nil {
		return nil, err
	}
	out, err := s.Store.PutUnits(ctx, org, s.Now(), []store.UnitChange{change})
	if err != nil {
		return nil, storeError(err)
	}
	unit, err := s.unitOutcome(ctx, org, req.GetUnit().GetName(), out[0])
	if err != nil {
		return nil, err
	}
	return &segmentationv1.UpdateUnitResponse{Unit: unit}, nil
}

// unitOutcome is what became of a change.
func (s *directoryServer) unitOutcome(ctx context.Context, org, name string, o store.UnitOutcome) (*segmentationv1.Unit, error) {
	if o.Err != nil {
		return nil, outcomeError("unit", name, o.Err, unitMissing, "unit")
	}
	declared, err := s.attributesOf(ctx, org, o.Unit.Kind)
	if err != nil {
		return nil, err
	}
	return unitToProto(declared, o.Unit, seesPersons(ctx)), nil
}

// BatchUpdateUnits changes or makes units.
func (s *directoryServer) BatchUpdateUnits(ctx context.Context, req *segmentationv1.BatchUpdateUnitsRequest) (*segmentationv1.BatchUpdateUnitsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	refused, changes, order := map[int]error{}, []store.UnitChange(nil), []int(nil)
	seen := map[string]bool{}
	for i, r := range req.GetRequests() {
		name := r.GetUnit().GetName()
		if seen[name] {
			return nil, validation.Malformed(requestField(i, "unit.name"), "DUPLICATE", "is there twice")
		}
		seen[name] = true
		change, err := s.unitChange(ctx, org, r.GetUnit(), r.GetUpdateMask(), r.GetAllowMissing())
		if err != nil {
			refused[i] = err
			continue
		}
		changes, order = append(changes, change), append(order, i)
	}
	out := make([]*segmentationv1.UnitOutcome, len(req.GetRequests()))
	outcomes, err := s.Store.PutUnits(ctx, org, s.Now(), changes)
	if err != nil {
		return nil, storeError(err)
	}
	for n, o := range outcomes {
		i := order[n]
		unit, err := s.unitOutcome(ctx, org, req.GetRequests()[i].GetUnit().GetName(), o)
		if err != nil {
			refused[i] = err
		}
		out[i] = &segmentationv1.UnitOutcome{Outcome: &segmentationv1.UnitOutcome_Unit{Unit: unit}}
	}
	for i, err := range refused {
		st, ok := statusOf(err)
		if !ok {
			return nil, err
		}
		out[i] = &segmentationv1.UnitOutcome{Outcome: &segmentationv1.UnitOutcome_Error{Error: st}}
	}
	return &segmentationv1.BatchUpdateUnitsResponse{Outcomes: out}, nil
}

// requestField is a field of a request of a batch.
func requestField(i int, field string) string { return "requests[" + strconv.Itoa(i) + "]." + field }

// statusOf is an error as an outcome; false when it is one of the whole call.
func statusOf(err error) (*status.Status, bool) {
	known, ok := batchError(err)
	if !ok {
		return nil, false
	}
	return known.GRPCStatus().Proto(), true
}

// DeleteUnit deletes a unit that nothing refers to.
func (s *directoryServer) DeleteUnit(ctx context.Context, req *segmentationv1.DeleteUnitRequest) (*segmentationv1.DeleteUnitResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	ref, err := parseRef("name", req.GetName())
	if err != nil {
		return nil, err
	}
	err = s.Store.DeleteUnit(ctx, org, ref, s.Now())
	var used *store.InUseError
	if errors.As(err, &used) {
		by, opts := "a contact", []rpcerr.Option(nil)
		if !used.By.Empty() {
			by, opts = nameOf(used.By), []rpcerr.Option{rpcerr.WithMetadata("resource", nameOf(used.By))}
		}
		return nil, refuse(codes.FailedPrecondition, segmentationv1.ErrorReason_ERROR_REASON_UNIT_IN_USE, by+" refers to the unit, and maybe more does: change that first", opts...)
	}
	if err != nil {
		return nil, orNotFound(err, unitMissing, "unit", req.GetName())
	}
	return &segmentationv1.DeleteUnitResponse{}, nil
}
