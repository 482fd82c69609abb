package api

import (
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// wgs84 is how the only coordinate system is called.
const wgs84 = "WGS84"

// unitFromProto reads the details of a unit and where it lies.
func unitFromProto(in *segmentationv1.Unit) (d directory.Details, parent directory.Ref, err error) {
	if parent, err = parseRef("unit.parent", in.GetParent()); err != nil {
		return d, parent, err
	}
	l, e, t := in.GetLocation(), in.GetEmployee(), in.GetTouchpoint()
	d = directory.Details{
		DisplayName: in.GetDisplayName(),
		Address:     l.GetAddress(), Format: l.GetFormat(), OpeningDate: l.GetOpeningDate(),
		Role: e.GetRole(), StartDate: e.GetStartDate(), EndDate: e.GetEndDate(),
		Stage: t.GetStage(), Position: int(t.GetPosition()),
	}
	if c := l.GetCoordinates(); c != nil {
		d.Point = &directory.Point{Latitude: c.GetLatitude(), Longitude: c.GetLongitude()}
		err = directoryError("unit", directory.CheckSystem("location.coordinates.system", c.GetSystem()))
	}
	return d, parent, err
}

// overlayUnit puts a field of an update over that of a unit.
func overlayUnit(u *directory.Unit, field string, d directory.Details, parent directory.Ref) {
	switch field {
	case "display_name":
		u.DisplayName = d.DisplayName
	case "parent":
		u.Parent = parent
	case "location":
		u.Address, u.Format, u.OpeningDate, u.Point = d.Address, d.Format, d.OpeningDate, d.Point
	case "employee":
		u.Role, u.StartDate, u.EndDate = d.Role, d.StartDate, d.EndDate
	case "touchpoint":
		u.Stage, u.Position = d.Stage, d.Position
	}
}

// unitWithheld are the fields of an employee that are personal.
var unitWithheld = []string{"display_name", "employee"}

// unitToProto is a unit as a caller sees it who sees who persons are, or does not.
func unitToProto(declared attribute.Set, u directory.Unit, sees bool) *segmentationv1.Unit {
	out := &segmentationv1.Unit{
		Name: nameOf(u.Ref), DisplayName: u.DisplayName, Parent: nameOf(u.Parent), Attributes: attributesToProto(declared, u.Attributes),
		CreateTime: timeToProto(u.CreateTime), UpdateTime: timeToProto(u.UpdateTime), Etag: etag(u.CreateTime, u.Version),
	}
	for kind, own := range kindsOfUnits {
		if own == u.Kind {
			out.Kind = kind
		}
	}
	switch u.Kind {
	case attribute.Location:
		out.Location = &segmentationv1.LocationDetails{Address: u.Address, Format: u.Format, OpeningDate: u.OpeningDate}
		if p := u.Point; p != nil {
			out.Location.Coordinates = &segmentationv1.Coordinates{System: wgs84, Latitude: p.Latitude, Longitude: p.Longitude}
		}
	case attribute.Employee:
		if !sees {
			out.DisplayName, out.WithheldFields = "", unitWithheld
			break
		}
		out.Employee = &segmentationv1.EmployeeDetails{Role: u.Role, StartDate: u.StartDate, EndDate: u.EndDate}
	case attribute.Touchpoint:
		out.Touchpoint = &segmentationv1.TouchpointDetails{Stage: u.Stage, Position: int32(u.Position)} //nolint:gosec // at most a million
	}
	return out
}
