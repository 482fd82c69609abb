package operations

import (
	"context"
	"strings"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// fewUnits is how many units are asked for one by one, before all of their kind are.
const fewUnits = 16

// places remembers, for one import, which locations and employees there are. It asks as the caller.
type places struct {
	segmentation *peers.Segmentation
	// locations and employees are those that were asked for, also those that there are not.
	locations, employees map[string]known
	// allLocations and allEmployees tell that what is not known is not there.
	allLocations, allEmployees bool
}

// known is what is known of a name.
type known struct {
	there bool
	// opened is the day on which a location opened; nil where that is not told.
	opened *operation.Day
}

func newPlaces(segmentation *peers.Segmentation) *places {
	return &places{segmentation: segmentation, locations: map[string]known{}, employees: map[string]known{}}
}

// learn asks for what records name and is not known yet.
func (p *places) learn(ctx context.Context, records []operation.Record) error {
	locations, employees := map[string]bool{}, map[string]bool{}
	for _, r := range records {
		for _, id := range append([]string{r.Location}, r.Locations...) {
			if _, ok := p.locations[id]; !ok && id != "" {
				locations[id] = true
			}
		}
		if _, ok := p.employees[r.Employee]; !ok && r.Employee != "" {
			employees[r.Employee] = true
		}
	}
	if err := learnOf(ctx, locations, p.locations, &p.allLocations, locationPrefix, p.segmentation.Unit, p.segmentation.Locations); err != nil {
		return err
	}
	return learnOf(ctx, employees, p.employees, &p.allEmployees, employeePrefix, p.segmentation.Unit, p.segmentation.Employees)
}

// learnOf asks for names of a kind: a few one by one, many all together.
func learnOf(
	ctx context.Context, wanted map[string]bool, into map[string]known, all *bool, prefix string, one func(context.Context, string) (*segmentationv1.Unit, error),
	list func(context.Context) ([]*segmentationv1.Unit, error),
) error {
	if len(wanted) > fewUnits && !*all {
		units, err := list(ctx)
		if err != nil {
			return fault.Segmentation(err)
		}
		for _, u := range units {
			into[strings.TrimPrefix(u.GetName(), prefix)] = knownOf(u)
		}
		*all = true
	}
	for id := range wanted {
		if _, ok := into[id]; ok {
			continue
		}
		if *all {
			into[id] = known{}
			continue
		}
		unit, err := one(ctx, prefix+id)
		if err != nil {
			return fault.Segmentation(err)
		}
		into[id] = knownOf(unit)
	}
	return nil
}

func knownOf(u *segmentationv1.Unit) known {
	if u == nil {
		return known{}
	}
	out := known{there: true}
	if t, err := time.Parse(time.DateOnly, u.GetLocation().GetOpeningDate()); err == nil {
		day := operation.DayOf(t)
		out.opened = &day
	}
	return out
}

// check tells which names of a record there are not, and whether it is of before the location opened.
func (p *places) check(r operation.Record) []operation.Problem {
	var out []operation.Problem
	for _, id := range append([]string{r.Location}, r.Locations...) {
		at := p.locations[id]
		switch {
		case id == "":
		case !at.there:
			out = append(out, operation.Problem{
				Field: "location", Reason: operation.UnknownLocation,
				Text: "the directory has no such location: correct it, or enter it first (otklik directory import)",
			})
		case at.opened != nil && r.Day < *at.opened && r.Kind != operation.PolicyChange && r.Kind != operation.Shift:
			out = append(out, operation.Problem{
				Field: "start_time", Reason: operation.BeforeOpening,
				Text: "lies before the location opened, on " + at.opened.String() + ": correct the time, or the opening date in the directory",
			})
		}
		if len(out) > 0 {
			break
		}
	}
	if r.Employee != "" && !p.employees[r.Employee].there {
		out = append(out, operation.Problem{
			Field: "employee", Reason: operation.UnknownEmployee,
			Text: "the directory has no such employee: correct it, or enter them first (otklik directory import)",
		})
	}
	return out
}
