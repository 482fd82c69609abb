package directory_test

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
)

func refusal(t *testing.T, err error) *directory.Refusal {
	t.Helper()
	var r *directory.Refusal
	if err != nil && !errors.As(err, &r) {
		t.Fatal(err)
	}
	return r
}

func TestUnitsThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind   attribute.Kind
		change func(*directory.Unit)
		field  string
		reason directory.Reason
	}{
		"a region that lies in itself": {attribute.Region, func(u *directory.Unit) { u.Parent = u.Ref }, "parent", directory.Circular},
		"a location in a location":     {attribute.Location, func(u *directory.Unit) { u.Parent = directory.Ref{Kind: attribute.Location, ID: "x"} }, "parent", directory.Invalid},
		"a company in a region":        {attribute.Company, func(u *directory.Unit) { u.Parent = directory.Ref{Kind: attribute.Region, ID: "x"} }, "parent", directory.Invalid},
		"an identifier with a slash":   {attribute.Company, func(u *directory.Unit) { u.ID = "a/b" }, "name", directory.Invalid},
		"a company with an address":    {attribute.Company, func(u *directory.Unit) { u.Address = "1 High Street" }, "location.address", directory.Invalid},
		"a pole beyond the pole":       {attribute.Location, func(u *directory.Unit) { u.Point = &directory.Point{Latitude: 90.5} }, "location.coordinates.latitude", directory.Invalid},
		"no longitude":                 {attribute.Location, func(u *directory.Unit) { u.Point = &directory.Point{Longitude: math.NaN()} }, "location.coordinates.longitude", directory.Invalid},
		"no day of the calendar":       {attribute.Location, func(u *directory.Unit) { u.OpeningDate = "2026-02-30" }, "location.opening_date", directory.Invalid},
		"who left before they came":    {attribute.Employee, func(u *directory.Unit) { u.StartDate, u.EndDate = "2026-03-02", "2026-03-01" }, "employee.end_date", directory.Invalid},
		"a name that is too long":      {attribute.Touchpoint, func(u *directory.Unit) { u.DisplayName = strings.Repeat("ү", 201) }, "display_name", directory.Invalid},
		"a stage of two lines":         {attribute.Touchpoint, func(u *directory.Unit) { u.Stage = "a\x07" }, "touchpoint.stage", directory.Invalid},
	} {
		u := directory.Unit{Ref: directory.Ref{Kind: c.kind, ID: "u"}}
		c.change(&u)
		if r := refusal(t, u.Check()); r == nil || r.Field != c.field || r.Reason != c.reason {
			t.Errorf("%s: %v", name, r)
		}
	}
}

func TestUnitsThatAreSound(t *testing.T) {
	t.Parallel()
	for _, u := range []directory.Unit{
		{Ref: directory.Ref{Kind: attribute.Company, ID: "ОсОО «Ала-Тоо»"}},
		{Ref: directory.Ref{Kind: attribute.Location, ID: "s 1"}, Parent: directory.Ref{Kind: attribute.Region, ID: "north"}, Details: directory.Details{
			Point: &directory.Point{Latitude: -90, Longitude: 180}, Address: "line\nline", OpeningDate: "2024-02-29",
		}},
		{Ref: directory.Ref{Kind: attribute.Employee, ID: "e"}, Parent: directory.Ref{Kind: attribute.Location, ID: "s"}, Details: directory.Details{StartDate: "2026-03-01", EndDate: "2026-03-01"}},
	} {
		if err := u.Check(); err != nil {
			t.Errorf("%s %s: %v", u.Kind, u.ID, err)
		}
	}
}

func TestCoordinateSystems(t *testing.T) {
	t.Parallel()
	for _, known := range []string{"", "WGS84", "wgs 84", "EPSG:4326"} {
		if err := directory.CheckSystem("system", known); err != nil {
			t.Errorf("%q: %v", known, err)
		}
	}
	for _, unknown := range []string{"SK-42", "EPSG:3857", "GCJ-02"} {
		if r := refusal(t, directory.CheckSystem("system", unknown)); r == nil || r.Reason != directory.SystemUnknown || !strings.Contains(r.Description, unknown) {
			t.Errorf("%q: %v", unknown, r)
		}
	}
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	for _, p := range []directory.Profile{{}, {Email: "name@example.org", Phone: "+996 (555) 12-34-56", DisplayName: "Some Name"}, {Phone: "112"}} {
		if err := p.Check(); err != nil {
			t.Errorf("%+v: %v", p, err)
		}
	}
	for field, p := range map[string]directory.Profile{"email": {Email: "Some Name <name@example.org>"}, "phone": {Phone: "call me"}, "display_name": {DisplayName: "\x00"}} {
		if r := refusal(t, p.Check()); r == nil || r.Field != field {
			t.Errorf("%+v: %v", p, r)
		}
	}
}

// Regions come after those that they lie in; those left out are the ones from which no way leads out, and no others.
func TestTreeProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "n")
		tree, ids := directory.Tree{}, []string(nil)
		for i := range n {
			id := strconv.Itoa(i)
			ids = append(ids, id)
			if p := rapid.IntRange(-3, n-1).Draw(t, "parent"); p >= 0 {
				tree[id] = strconv.Itoa(p)
			}
		}
		ordered, circular := tree.Order(ids)
		for _, id := range ids {
			at, steps := id, 0
			for at != "" && steps <= n {
				at, steps = tree[at], steps+1
			}
			if out := at == ""; out != slices.Contains(ordered, id) || out == slices.Contains(circular, id) {
				t.Fatalf("%s in %v: ordered %v, circular %v", id, tree, ordered, circular)
			}
			if p := tree[id]; p != "" && slices.Contains(ordered, id) && slices.Index(ordered, p) > slices.Index(ordered, id) {
				t.Fatalf("%s before %s: %v", id, p, ordered)
			}
		}
	})
}
