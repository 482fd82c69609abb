package api

import (
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/otklik/otklik/libs/rpcclient"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// declare declares an attribute.
func declare(t *testing.T, f *fixture, name string, kind segmentationv1.Attribute_Type, options ...string) *segmentationv1.Attribute {
	t.Helper()
	out, err := segmentationv1.NewDirectoryServiceClient(f.as("admin")).CreateAttribute(t.Context(), &segmentationv1.CreateAttributeRequest{
		Attribute: &segmentationv1.Attribute{Name: "attributes/" + name, Type: kind, Options: options},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetAttribute()
}

// oshInTheSouth makes Osh a location of the south.
func oshInTheSouth(t *testing.T, f *fixture) {
	t.Helper()
	upsert(t, f, &segmentationv1.Unit{Name: "regions/south"}, &segmentationv1.Unit{Name: "locations/osh", Parent: "regions/south"})
}

// upsert makes units.
func upsert(t *testing.T, f *fixture, units ...*segmentationv1.Unit) []*segmentationv1.Unit {
	t.Helper()
	var out []*segmentationv1.Unit
	for _, u := range units {
		got, err := segmentationv1.NewDirectoryServiceClient(f.as("admin")).UpdateUnit(t.Context(), &segmentationv1.UpdateUnitRequest{Unit: u, AllowMissing: true})
		if err != nil {
			t.Fatalf("%s: %v", u.GetName(), err)
		}
		out = append(out, got.GetUnit())
	}
	return out
}

func TestAttributesAreDeclaredOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := segmentationv1.NewDirectoryServiceClient(f.as("admin"))
	first := declare(t, f, "contact.tier", segmentationv1.Attribute_TYPE_ENUM, "gold", "tin")
	if again := declare(t, f, "contact.tier", segmentationv1.Attribute_TYPE_ENUM, "gold", "tin"); again.GetEtag() != first.GetEtag() {
		t.Errorf("declared again: %v", again)
	}
	_, err := c.CreateAttribute(t.Context(), &segmentationv1.CreateAttributeRequest{Attribute: &segmentationv1.Attribute{Name: "attributes/contact.tier", Type: segmentationv1.Attribute_TYPE_STRING}})
	refused(t, "another type", err, codes.AlreadyExists, "ATTRIBUTE_EXISTS", "attribute.name")
	_, err = c.CreateAttribute(t.Context(), &segmentationv1.CreateAttributeRequest{Attribute: &segmentationv1.Attribute{Name: "attributes/contact.x", Type: segmentationv1.Attribute_TYPE_ENUM}})
	refused(t, "an enum without options", err, codes.InvalidArgument, "VALIDATION_FAILED", "attribute.options")
	_, err = c.UpdateAttribute(t.Context(), &segmentationv1.UpdateAttributeRequest{
		Attribute:  &segmentationv1.Attribute{Name: "attributes/contact.tier", Type: segmentationv1.Attribute_TYPE_STRING},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"type"}},
	})
	refused(t, "change the type", err, codes.InvalidArgument, "VALIDATION_FAILED", "update_mask.paths[0]")
	got, err := c.UpdateAttribute(t.Context(), &segmentationv1.UpdateAttributeRequest{Attribute: &segmentationv1.Attribute{Name: "attributes/contact.tier", Options: []string{"gold"}}})
	if err != nil || len(got.GetAttribute().GetOptions()) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	_, err = c.UpdateAttribute(t.Context(), &segmentationv1.UpdateAttributeRequest{
		Attribute: &segmentationv1.Attribute{Name: "attributes/contact.tier", DisplayName: "Tier", Etag: first.GetEtag()},
	})
	refused(t, "over another version", err, codes.Aborted, "ETAG_MISMATCH", "attribute.etag")
	declare(t, f, "company.sector", segmentationv1.Attribute_TYPE_STRING)
	page, err := c.ListAttributes(t.Context(), &segmentationv1.ListAttributesRequest{PageSize: 1})
	if err != nil || page.GetAttributes()[0].GetName() != "attributes/company.sector" || page.GetNextPageToken() == "" {
		t.Fatalf("%v, %v", page, err)
	}
	page, err = c.ListAttributes(t.Context(), &segmentationv1.ListAttributesRequest{PageSize: 1, PageToken: page.GetNextPageToken()})
	if err != nil || page.GetAttributes()[0].GetName() != "attributes/contact.tier" || page.GetNextPageToken() != "" {
		t.Fatalf("%v, %v", page, err)
	}
	if _, err := c.DeleteAttribute(t.Context(), &segmentationv1.DeleteAttributeRequest{Name: "attributes/contact.tier"}); err != nil {
		t.Fatal(err)
	}
	_, err = c.GetAttribute(t.Context(), &segmentationv1.GetAttributeRequest{Name: "attributes/contact.tier"})
	refused(t, "get what was deleted", err, codes.NotFound, "ATTRIBUTE_NOT_FOUND", "")
}

func TestUnitsAreUpserted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := segmentationv1.NewDirectoryServiceClient(f.as("admin"))
	declare(t, f, "location.size", segmentationv1.Attribute_TYPE_NUMBER)
	in := &segmentationv1.Unit{
		Name: "locations/Ош 1", DisplayName: "Ош", Attributes: map[string]*structpb.Value{"size": structpb.NewNumberValue(5)},
		Location: &segmentationv1.LocationDetails{Coordinates: &segmentationv1.Coordinates{Latitude: 40.5, Longitude: 72.8}, OpeningDate: "2024-02-29"},
	}
	_, err := c.UpdateUnit(t.Context(), &segmentationv1.UpdateUnitRequest{Unit: in})
	refused(t, "what is not there", err, codes.NotFound, "UNIT_NOT_FOUND", "")
	upsert(t, f, &segmentationv1.Unit{Name: "regions/south"}, in)
	got, err := c.UpdateUnit(t.Context(), &segmentationv1.UpdateUnitRequest{
		Unit:       &segmentationv1.Unit{Name: in.GetName(), Parent: "regions/south", DisplayName: "left alone"},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"parent", "attributes.size"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	u := got.GetUnit()
	if u.GetDisplayName() != "Ош" || u.GetParent() != "regions/south" || len(u.GetAttributes()) != 0 || u.GetLocation().GetCoordinates().GetSystem() != "WGS84" ||
		u.GetKind() != segmentationv1.Unit_KIND_LOCATION {
		t.Errorf("got %v", u)
	}
	for what, r := range map[string]struct {
		unit          *segmentationv1.Unit
		code          codes.Code
		reason, field string
	}{
		"wrong type":      {&segmentationv1.Unit{Name: "locations/x", Attributes: map[string]*structpb.Value{"size": structpb.NewStringValue("5")}}, codes.InvalidArgument, "ATTRIBUTE_TYPE", "unit.attributes.size"},
		"undeclared":      {&segmentationv1.Unit{Name: "locations/x", Attributes: map[string]*structpb.Value{"none": structpb.NewBoolValue(true)}}, codes.InvalidArgument, "ATTRIBUTE_UNDECLARED", "unit.attributes.none"},
		"another system":  {&segmentationv1.Unit{Name: "locations/x", Location: &segmentationv1.LocationDetails{Coordinates: &segmentationv1.Coordinates{System: "SK-42"}}}, codes.InvalidArgument, "COORDINATE_SYSTEM_UNKNOWN", "unit.location.coordinates.system"},
		"beyond the pole": {&segmentationv1.Unit{Name: "locations/x", Location: &segmentationv1.LocationDetails{Coordinates: &segmentationv1.Coordinates{Latitude: 91}}}, codes.InvalidArgument, "VALIDATION_FAILED", "unit.location.coordinates.latitude"},
		"unknown region":  {&segmentationv1.Unit{Name: "locations/x", Parent: "regions/none"}, codes.FailedPrecondition, "PARENT_UNKNOWN", "unit.parent"},
		"circular tree":   {&segmentationv1.Unit{Name: "regions/south", Parent: "regions/south"}, codes.FailedPrecondition, "REGION_CIRCULAR", "unit.parent"},
		"another kind's":  {&segmentationv1.Unit{Name: "companies/x", Employee: &segmentationv1.EmployeeDetails{Role: "cashier"}}, codes.InvalidArgument, "UNIT_INVALID", "unit.employee.role"},
		"an old etag":     {&segmentationv1.Unit{Name: "regions/south", DisplayName: "South", Etag: "old"}, codes.Aborted, "ETAG_MISMATCH", "unit.etag"},
		"no name":         {&segmentationv1.Unit{}, codes.InvalidArgument, "VALIDATION_FAILED", "unit.name"},
	} {
		_, err := c.UpdateUnit(t.Context(), &segmentationv1.UpdateUnitRequest{Unit: r.unit, AllowMissing: true})
		refused(t, what, err, r.code, r.reason, r.field)
	}
	_, err = c.DeleteUnit(t.Context(), &segmentationv1.DeleteUnitRequest{Name: "regions/south"})
	refused(t, "delete what is in use", err, codes.FailedPrecondition, "UNIT_IN_USE", "")
}

func TestUnitsInBatches(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := segmentationv1.NewDirectoryServiceClient(f.as("admin"))
	of := func(name, parent string) *segmentationv1.UpdateUnitRequest {
		return &segmentationv1.UpdateUnitRequest{Unit: &segmentationv1.Unit{Name: name, Parent: parent}, AllowMissing: true}
	}
	out, err := c.BatchUpdateUnits(t.Context(), &segmentationv1.BatchUpdateUnitsRequest{Requests: []*segmentationv1.UpdateUnitRequest{
		of("regions/top", ""), of("regions/bottom", "regions/top"), of("regions/lost", "regions/none"), of("companies/c", "regions/top"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i, sound := range []bool{true, true, false, false} {
		if o := out.GetOutcomes()[i]; (o.GetUnit() != nil) != sound || (o.GetError() != nil) == sound {
			t.Errorf("%d: %v", i, o)
		}
	}
	_, err = c.BatchUpdateUnits(t.Context(), &segmentationv1.BatchUpdateUnitsRequest{Requests: []*segmentationv1.UpdateUnitRequest{of("regions/a", ""), of("regions/a", "")}})
	refused(t, "one twice", err, codes.InvalidArgument, "VALIDATION_FAILED", "requests[1].unit.name")
}

func TestUnitsAreListedByWhatTheyHave(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	declare(t, f, "company.sector", segmentationv1.Attribute_TYPE_ENUM, "food", "shoes")
	sector := func(v string) map[string]*structpb.Value {
		return map[string]*structpb.Value{"sector": structpb.NewStringValue(v)}
	}
	upsert(t, f, &segmentationv1.Unit{Name: "companies/a", Attributes: sector("food")}, &segmentationv1.Unit{Name: "companies/b", Attributes: sector("shoes")},
		&segmentationv1.Unit{Name: "companies/c", Attributes: sector("food")}, &segmentationv1.Unit{Name: "locations/osh"}, &segmentationv1.Unit{Name: "locations/talas"})
	list := func(who string, req *segmentationv1.ListUnitsRequest) (names []string) {
		t.Helper()
		for {
			page, err := segmentationv1.NewDirectoryServiceClient(f.as(who)).ListUnits(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range page.GetUnits() {
				names = append(names, u.GetName())
			}
			if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
				return names
			}
		}
	}
	food := &segmentationv1.ListUnitsRequest{Kind: segmentationv1.Unit_KIND_COMPANY, PageSize: 1, Attributes: []string{"sector=food"}}
	if got := list("admin", food); len(got) != 2 || got[0] != "companies/a" || got[1] != "companies/c" {
		t.Errorf("food: %v", got)
	}
	if got := list("osh", &segmentationv1.ListUnitsRequest{Kind: segmentationv1.Unit_KIND_LOCATION}); len(got) != 1 || got[0] != "locations/osh" {
		t.Errorf("of one who sees Osh: %v", got)
	}
	_, err := segmentationv1.NewDirectoryServiceClient(f.as("osh")).GetUnit(t.Context(), &segmentationv1.GetUnitRequest{Name: "locations/talas"})
	refused(t, "what is another's", err, codes.NotFound, "UNIT_NOT_FOUND", "")
	_, err = segmentationv1.NewDirectoryServiceClient(f.as("other")).GetUnit(t.Context(), &segmentationv1.GetUnitRequest{Name: "companies/a"})
	refused(t, "another organisation's", err, codes.NotFound, "UNIT_NOT_FOUND", "")
	_, err = segmentationv1.NewDirectoryServiceClient(f.as("admin")).ListUnits(t.Context(), &segmentationv1.ListUnitsRequest{
		Kind: segmentationv1.Unit_KIND_COMPANY, Attributes: []string{"sector=wool"},
	})
	refused(t, "a filter by no option", err, codes.InvalidArgument, "ATTRIBUTE_OPTION", "attributes[0]")
}

// Of employees those see names and employment who see who persons are; the rest sees that there are some, and where.
func TestEmployeesAreWithheld(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	upsert(t, f, &segmentationv1.Unit{Name: "locations/osh", DisplayName: "Osh"},
		&segmentationv1.Unit{Name: "employees/7", DisplayName: "Cashier seven", Parent: "locations/osh", Employee: &segmentationv1.EmployeeDetails{Role: "cashier", StartDate: "2026-01-02"}})
	for who, sees := range map[string]bool{"admin": true, "blind": false} {
		c := segmentationv1.NewDirectoryServiceClient(f.as(who))
		got, err := c.GetUnit(t.Context(), &segmentationv1.GetUnitRequest{Name: "employees/7"})
		if err != nil {
			t.Fatal(err)
		}
		list, err := c.ListUnits(t.Context(), &segmentationv1.ListUnitsRequest{Kind: segmentationv1.Unit_KIND_EMPLOYEE})
		if err != nil || len(list.GetUnits()) != 1 {
			t.Fatal(list, err)
		}
		for _, u := range []*segmentationv1.Unit{got.GetUnit(), list.GetUnits()[0]} {
			shown := u.GetDisplayName() != "" && u.GetEmployee().GetRole() == "cashier"
			if shown != sees || u.GetParent() != "locations/osh" || !sees && (u.GetDisplayName() != "" || u.GetEmployee() != nil || len(u.GetWithheldFields()) != 2) {
				t.Errorf("%s sees %v", who, u)
			}
		}
		place, err := c.GetUnit(t.Context(), &segmentationv1.GetUnitRequest{Name: "locations/osh"})
		if err != nil || place.GetUnit().GetDisplayName() != "Osh" || len(place.GetUnit().GetWithheldFields()) != 0 {
			t.Errorf("%s sees %v, %v", who, place, err)
		}
	}
}

// Services ask what lies in regions, of the organisation that they name; nobody else does.
func TestResolveRegions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	oshInTheSouth(t, f)
	upsert(t, f, &segmentationv1.Unit{Name: "regions/alai", Parent: "regions/south"}, &segmentationv1.Unit{Name: "locations/gulcha", Parent: "regions/alai"})
	service := segmentationv1.NewDirectoryServiceClient(f.as("service"))
	req := &segmentationv1.ResolveRegionsRequest{Regions: []string{"south"}}
	for org, want := range map[string][]string{"acme": {"alai", "gulcha", "osh"}, "globex": nil} {
		got, err := service.ResolveRegions(rpcclient.WithOrganization(t.Context(), org), req)
		if all := slices.Concat(got.GetRegions(), got.GetLocations()); err != nil || !slices.Equal(all, want) {
			t.Errorf("%s: %v, %v", org, all, err)
		}
	}
	_, err := service.ResolveRegions(t.Context(), req)
	refused(t, "no organisation", err, codes.InvalidArgument, "ORGANIZATION_REQUIRED", "")
	_, err = service.ResolveRegions(rpcclient.WithOrganization(t.Context(), "acme"), &segmentationv1.ResolveRegionsRequest{})
	refused(t, "no region", err, codes.InvalidArgument, "VALIDATION_FAILED", "regions")
}
