package peers

import (
	"context"
	"errors"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// locationPrefix begins the name of a location.
const locationPrefix = "locations/"

// Reach returns the identifiers of the locations asked for that the caller sees and that lie in one of the regions; nil asks for all, and lets lie anywhere. It
// returns nil where that is all locations, and never nil where it is none.
func (s *Segmentation) Reach(ctx context.Context, asked []string, regions map[string]bool) ([]string, error) {
	if caller, _ := authn.FromContext(ctx); !caller.Restricted() && regions == nil {
		return asked, nil
	}
	units, err := s.Locations(ctx)
	if err != nil {
		return nil, err
	}
	seen := []string{}
	for _, u := range units {
		id := strings.TrimPrefix(u.GetName(), locationPrefix)
		if (asked == nil || slices.Contains(asked, id)) && (regions == nil || regions[u.GetParent()]) {
			seen = append(seen, id)
		}
	}
	return seen, nil
}

// Within are the names of a region and of the regions in it, at any depth, of those that there are.
func Within(regions []*segmentationv1.Unit, region string) map[string]bool {
	inside := map[string][]string{}
	for _, r := range regions {
		inside[r.GetParent()] = append(inside[r.GetParent()], r.GetName())
	}
	out := map[string]bool{region: true}
	for next := []string{region}; len(next) > 0; next = next[1:] {
		for _, name := range inside[next[0]] {
			// Pages that are read while regions move may show one in itself.
			if !out[name] {
				out[name], next = true, append(next, name)
			}
		}
	}
	return out
}

// Employees returns the employees of the directory that the caller sees, in order of their identifiers.
func (s *Segmentation) Employees(ctx context.Context) ([]*segmentationv1.Unit, error) {
	return s.units(ctx, segmentationv1.Unit_KIND_EMPLOYEE)
}

// WorkCalendar returns when the organisation works; without a time of change where none was set.
func (s *Segmentation) WorkCalendar(ctx context.Context) (*segmentationv1.WorkCalendar, error) {
	resp, err := s.rules.GetWorkCalendar(asCaller(ctx), &segmentationv1.GetWorkCalendarRequest{})
	return resp.GetWorkCalendar(), failure(ctx, "get work calendar", err)
}

// Unit returns a unit of the directory by its name; nil when there is none that the caller sees.
func (s *Segmentation) Unit(ctx context.Context, name string) (*segmentationv1.Unit, error) {
	resp, err := s.directory.GetUnit(asCaller(ctx), &segmentationv1.GetUnitRequest{Name: name})
	err = failure(ctx, "get unit", err)
	var said *Refusal
	if errors.As(err, &said) && said.Cause.Code == codes.NotFound {
		return nil, nil
	}
	return resp.GetUnit(), err
}
