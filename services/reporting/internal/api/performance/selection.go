package performance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const (
	// defaultLevel is the confidence level where a request names none.
	defaultLevel = 0.95
	// mostDays is how many days are looked at.
	mostDays = 1100
	// Prefixes of names of the directory.
	locationPrefix, regionPrefix = "locations/", "regions/"
)

// span are days that follow each other; both ends belong to it.
type span struct{ first, last operation.Day }

// days is how many there are.
func (s span) days() int { return int(s.last-s.first) + 1 }

// selection is which data is looked at.
type selection struct {
	span
	organization, currency string
	// locations are those asked for that the caller sees; nil means all.
	locations []string
	level     float64
}

// selectionOf finds what a query means.
func (s *Server) selectionOf(ctx context.Context, q *reportingv1.PerformanceQuery) (selection, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return selection{}, err
	}
	out := selection{organization: organization, currency: q.GetCurrency(), level: q.GetConfidenceLevel()}
	if out.level == 0 {
		out.level = defaultLevel
	}
	if out.span, err = spanOf("query.start_date", q.GetStartDate(), "query.end_date", q.GetEndDate()); err != nil {
		return selection{}, err
	}
	out.locations, err = s.reach(ctx, q)
	return out, err
}

// spanOf reads the bounds of days, of which the end does not belong to them.
func spanOf(startField, start, endField, end string) (span, error) {
	first, err := dayOf(startField, start)
	if err != nil {
		return span{}, err
	}
	after, err := dayOf(endField, end)
	if err != nil {
		return span{}, err
	}
	out := span{first, after - 1}
	if n := out.days(); n < 1 || n > mostDays {
		return span{}, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_DATE_INVALID, endField,
			fmt.Sprintf("there are %d days from %s to it: it must be after it, and at most %d days", n, startField, mostDays))
	}
	return out, nil
}

// dayOf reads a date.
func dayOf(field, text string) (operation.Day, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_DATE_INVALID, field, fmt.Sprintf("there is no day %q in the calendar", text))
	}
	return operation.DayOf(t), nil
}

// reach are the locations that the query asks for and the caller sees; nil means all.
func (s *Server) reach(ctx context.Context, q *reportingv1.PerformanceQuery) ([]string, error) {
	var asked []string
	for _, name := range q.GetLocations() {
		asked = append(asked, strings.TrimPrefix(name, locationPrefix))
	}
	within, err := s.within(ctx, q.GetRegion())
	if err != nil {
		return nil, err
	}
	seen, err := s.Segmentation.Reach(ctx, asked, within)
	return seen, fault.Segmentation(err)
}

// within are a region and those in it, by name; nil where none is named.
func (s *Server) within(ctx context.Context, region string) (map[string]bool, error) {
	if region == "" {
		return nil, nil
	}
	regions, err := s.Segmentation.Regions(ctx)
	if err != nil {
		return nil, fault.Segmentation(err)
	}
	if !slices.ContainsFunc(regions, func(r *segmentationv1.Unit) bool { return r.GetName() == region }) {
		return nil, fault.Field(codes.NotFound, reportingv1.ErrorReason_ERROR_REASON_REGION_NOT_FOUND, "query.region",
			fmt.Sprintf("the directory has no region %q that you see", strings.TrimPrefix(region, regionPrefix)))
	}
	return peers.Within(regions, region), nil
}
