// Package directory holds the rules of the directory: what units and contacts are, what they may be, and in what they lie.
package directory

import (
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
)

// Ref names a unit.
type Ref struct {
	Kind attribute.Kind
	ID   string
}

// Empty tells whether it names none.
func (r Ref) Empty() bool { return r.ID == "" }

// Unit is a company, a location, an employee, a touchpoint or a region.
type Unit struct {
	Ref
	// Parent is the region of a region or a location, and the location or region of an employee; empty for none.
	Parent     Ref
	Attributes attribute.Packed
	Details
	CreateTime, UpdateTime time.Time
	Version                int64
}

// Details are what nothing is looked for by.
type Details struct {
	DisplayName string `json:"display_name,omitempty"`
	// Of locations.
	Address     string `json:"address,omitempty"`
	Format      string `json:"format,omitempty"`
	OpeningDate string `json:"opening_date,omitempty"`
	Point       *Point `json:"point,omitempty"`
	// Of employees.
	Role      string `json:"role,omitempty"`
	StartDate string `json:"start_date,omitempty"`
	EndDate   string `json:"end_date,omitempty"`
	// Of touchpoints.
	Stage    string `json:"stage,omitempty"`
	Position int    `json:"position,omitempty"`
}

// Point is a point of the Earth's surface by WGS 84, in degrees.
type Point struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

// Refusal is why something cannot be as it would be.
type Refusal struct {
	// Field is the field at fault; empty when it is the whole.
	Field string
	// Reason is for machines.
	Reason Reason
	// Description says what is wrong, and what to do.
	Description string
}

// Error says why.
func (r *Refusal) Error() string { return r.Field + ": " + r.Description }

// Refusals are the refusals of which an error is made.
func Refusals(err error) (out []*Refusal) {
	if several, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // what was joined here
		for _, one := range several.Unwrap() {
			out = append(out, Refusals(one)...)
		}
		return out
	}
	var one *Refusal
	if errors.As(err, &one) {
		out = append(out, one)
	}
	return out
}

// Reason says in one word why something is refused. Those of package attribute are reasons, too.
type Reason string

// The reasons.
const (
	// Invalid: it breaks a rule of its form.
	Invalid Reason = "UNIT_INVALID"
	// ParentUnknown: there is no such unit.
	ParentUnknown Reason = "PARENT_UNKNOWN"
	// Circular: a region would lie in itself.
	Circular Reason = "REGION_CIRCULAR"
	// SystemUnknown: coordinates are of another system than WGS 84.
	SystemUnknown Reason = "COORDINATE_SYSTEM_UNKNOWN"
	// IdentityTaken: the identity is another contact's.
	IdentityTaken Reason = "IDENTITY_TAKEN"
	// Merged: the contact was merged into another one.
	Merged Reason = "CONTACT_MERGED"
	// Erased: the person was erased since the import began that has a row of them.
	Erased Reason = "PERSON_ERASED"
	// MoveInvalid: a merge or split is impossible as it stands.
	MoveInvalid Reason = "MOVE_INVALID"
)

// Refuse makes a refusal.
func Refuse(field string, reason Reason, format string, args ...any) *Refusal {
	return &Refusal{Field: field, Reason: reason, Description: fmt.Sprintf(format, args...)}
}
