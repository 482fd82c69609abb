package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
)

// Directory keeps companies, locations, regions, staff and touchpoints, and which attributes they and contacts have.
type Directory interface {
	// CreateAttribute stores a new declaration under version 1 and gives it a number. Errors: ErrExists; ErrTooMany beyond most of its kind.
	CreateAttribute(ctx context.Context, organization string, d attribute.Definition, most int) (attribute.Definition, error)
	// ListAttributes returns all declarations of an organisation in the order of kinds and keys.
	ListAttributes(ctx context.Context, organization string) ([]attribute.Definition, error)
	// UpdateAttribute stores a declaration over the version d.Version and returns it with the next one. Errors: ErrNotFound, ErrChanged.
	UpdateAttribute(ctx context.Context, organization string, d attribute.Definition) (attribute.Definition, error)
	// DeleteAttribute removes a declaration; its values are of nothing from then on. Errors: ErrNotFound.
	DeleteAttribute(ctx context.Context, organization string, kind attribute.Kind, key string, at time.Time) error

	// GetUnit returns a unit. Errors: ErrNotFound.
	GetUnit(ctx context.Context, organization string, ref directory.Ref) (directory.Unit, error)
	// Inside returns the regions that lie in those of some identifiers, at any depth, without these, and the locations that lie in any of them, both in order.
	Inside(ctx context.Context, organization string, of []string) (regions, locations []string, err error)
	// Reach returns what a caller is restricted to, with the regions and locations that lie in its regions, at any depth: what says its location alone belongs to
	// the regions, too.
	Reach(ctx context.Context, organization string, units Units) (Units, error)
	// SeeUnit returns a unit that a caller sees. Errors: ErrNotFound, also when it belongs to others.
	SeeUnit(ctx context.Context, organization string, units Units, ref directory.Ref) (directory.Unit, error)
	// ListUnits returns units of a kind that a caller sees in the order of their identifiers, and whether there are more.
	ListUnits(ctx context.Context, q UnitQuery) (units []directory.Unit, more bool, err error)
	// PutUnits changes or makes units, one after the other, all in one transaction. Each has an outcome of its own.
	PutUnits(ctx context.Context, organization string, at time.Time, changes []UnitChange) ([]UnitOutcome, error)
	// DeleteUnit removes a unit. Errors: ErrNotFound; *InUseError.
	DeleteUnit(ctx context.Context, organization string, ref directory.Ref, at time.Time) error
	// EachCompany calls fn with the companies of an organisation in the order of their identifiers, after one of them; an error of fn ends it.
	EachCompany(ctx context.Context, organization, after string, fn func(CompanyRow) error) error
	// EmployeeNames returns what the employees of an organisation are called.
	EmployeeNames(ctx context.Context, organization string) ([]EmployeeName, error)
}

// InUseError tells that something in the directory refers to a unit.
type InUseError struct {
	// By is one of the units that do; empty when contacts do.
	By directory.Ref
}

// Error says so.
func (e *InUseError) Error() string { return "something refers to the unit" }

// EmployeeName is what an employee is called; DisplayName may be empty.
type EmployeeName struct{ ID, DisplayName string }

// UnitQuery asks for a page of units.
type UnitQuery struct {
	Organization string
	// Units are what the caller is restricted to: it sees these, what lies in them, and touchpoints.
	Units Units
	Kind  attribute.Kind
	// Parent narrows to those that lie in a unit, directly.
	Parent directory.Ref
	After  string
	Limit  int
}

// UnitChange is a change of a unit.
type UnitChange struct {
	directory.Ref
	// AllowMissing makes it when it does not exist.
	AllowMissing bool
	// Edit changes it; Version is 0 for a new one. It may be called again. Its error is the outcome.
	Edit func(*directory.Unit) error
}

// UnitOutcome is what became of a UnitChange.
type UnitOutcome struct {
	Unit             directory.Unit
	Created, Changed bool
	// Err is why it was refused: ErrNotFound, *directory.Refusal, or what Edit returned.
	Err error
}

// CompanyRow is a company as rules see it.
type CompanyRow struct {
	ID, DisplayName string
	Attributes      attribute.Packed
}
