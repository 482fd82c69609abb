package operations

import (
	"context"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	// mostDays is how many days are summed at once, mostHourDays by hours: 5 years and a month.
	mostDays, mostHourDays = 5*366 + 1, 31
	// mostGaps is how many gaps are told.
	mostGaps = 1000
)

// QueryOperations sums what was recorded.
func (s *Server) QueryOperations(ctx context.Context, req *reportingv1.QueryOperationsRequest) (*reportingv1.QueryOperationsResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	asked, err := s.span(req)
	if err != nil {
		return nil, err
	}
	binding := page.Binding(reportingv1.OperationsService_QueryOperations_FullMethodName, organization, req)
	cursor, err := s.Tokens.Decode(binding, req.GetPageToken())
	if err != nil {
		return nil, err
	}
	reach, err := s.reach(ctx, identifiers(locationPrefix, req.GetLocations()))
	if err != nil {
		return nil, err
	}
	size := int(req.GetPageSize())
	if size == 0 {
		size = defaultPage
	}
	locations, more, err := s.page(ctx, organization, asked, reach, len(req.GetLocations()) > 0, string(cursor), size)
	if err != nil {
		return nil, err
	}
	out := &reportingv1.QueryOperationsResponse{TimeZone: s.Zone.String()}
	if more {
		out.NextPageToken = s.Tokens.Encode(binding, []byte(locations[len(locations)-1]))
	}
	if locations == nil {
		locations = []string{}
	}
	days, err := s.Store.OperationTotals(ctx, organization, store.TotalsQuery{Locations: locations, First: asked.first, Last: asked.last})
	if err != nil {
		return nil, err
	}
	if req.GetGrain() == typev1.TimeGrain_TIME_GRAIN_HOUR {
		if out.Summaries, out.LongerCount, err = s.hours(ctx, organization, asked, locations); err != nil {
			return nil, err
		}
	} else {
		out.Summaries = asked.sum(days)
	}
	out.Gaps, out.MoreGaps = asked.gaps(locations, days)
	return out, nil
}

// page are the locations of a page, and whether there are more. Those that were named are told though they have nothing.
func (s *Server) page(ctx context.Context, organization string, asked span, reach []string, named bool, after string, size int) ([]string, bool, error) {
	if named {
		all := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(reach))), func(l string) bool { return l <= after })
		return all[:min(size, len(all))], len(all) > size, nil
	}
	return s.Store.OperationLocations(ctx, organization, store.TotalsQuery{Locations: reach, First: asked.first, Last: asked.last}, after, size)
}

// span is what is asked for: days, and the steps that they make.
type span struct {
	zone        *time.Location
	from, to    time.Time
	first, last operation.Day
	// until is the last of the days that has begun.
	until operation.Day
	grain calendar.Grain
	steps []step
}

// step is a step of days.
type step struct{ first, last operation.Day }

// span reads what is asked for.
func (s *Server) span(req *reportingv1.QueryOperationsRequest) (span, error) {
	out := span{zone: s.Zone, from: timeFrom(req.GetPeriod().GetStartTime()), to: timeFrom(req.GetPeriod().GetEndTime()), grain: calendar.Grain(req.GetGrain())} //nolint:gosec // the numbers are the API's
	refuse := func(why string) (span, error) {
		return span{}, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_OPERATIONS_PERIOD_INVALID, "period", why)
	}
	if out.from.IsZero() || out.to.IsZero() {
		return refuse("must have start_time and end_time")
	}
	out.first, out.last = operation.DayOf(out.from.In(s.Zone)), operation.DayOf(out.to.Add(-1).In(s.Zone))
	out.until = min(out.last, operation.DayOf(s.Now().In(s.Zone)))
	switch n := int(out.last-out.first) + 1; {
	case out.grain == calendar.Hour && n > mostHourDays:
		return refuse("must touch 31 days at most where steps are hours")
	case n > mostDays:
		return refuse("must be 5 years at most")
	}
	if out.grain == calendar.None || out.grain == calendar.Hour {
		out.steps = []step{{out.first, out.last}}
		return out, nil
	}
	period, err := calendar.PeriodOf(out.first.In(time.UTC), (out.last + 1).In(time.UTC))
	if err != nil {
		return span{}, err
	}
	// Days of the calendar are the same in each zone: they are cut as those of universal time.
	steps, err := calendar.Steps(period, out.grain, time.UTC, mostDays)
	if err != nil {
		return span{}, err
	}
	for _, c := range steps {
		out.steps = append(out.steps, step{max(out.first, operation.DayOf(c.Start)), min(out.last, operation.DayOf(c.Next)-1)})
	}
	return out, nil
}

// sum adds up days into the steps that hold them.
func (a span) sum(days []operation.Total) (out []*reportingv1.OperationSummary) {
	at, in := 0, -1
	for i, d := range days {
		if n := len(out); n == 0 || out[n-1].GetLocation() != locationPrefix+d.Location {
			at, in = 0, -1
		}
		for a.steps[at].last < d.Day {
			at++
		}
		if at != in {
			s := a.steps[at]
			out = append(out, &reportingv1.OperationSummary{
				Location: locationPrefix + d.Location, Days: int32(max(0, min(s.last, a.until)-s.first+1)),
				StartTime: timestamppb.New(s.first.In(a.zone)), EndTime: timestamppb.New((s.last + 1).In(a.zone)),
			})
			in = at
		}
		add(out[len(out)-1], d)
		if i > 0 && d.SalesDays > 0 && days[i-1].SalesDays > 0 && days[i-1].Day == d.Day && days[i-1].Location == d.Location {
			// The same day, in another currency.
			out[len(out)-1].SalesDays--
		}
	}
	return out
}

// add adds what was recorded on a day.
func add(s *reportingv1.OperationSummary, d operation.Total) {
	if d.VisitorDays > 0 {
		s.VisitorDays++
		n := s.GetVisitors() + d.Visitors
		s.Visitors = &n
	}
	if d.PressDays > 0 {
		s.PressDays++
		consultations, likes, dislikes, helps := s.GetConsultations()+d.Consultations, s.GetLikes()+d.Likes, s.GetDislikes()+d.Dislikes, s.GetHelps()+d.Helps
		s.Consultations, s.Likes, s.Dislikes, s.Helps = &consultations, &likes, &dislikes, &helps
	}
	if d.SalesDays == 0 {
		return
	}
	s.SalesDays++
	at := slices.IndexFunc(s.GetSales(), func(x *reportingv1.OperationSummary_Sales) bool { return x.GetCurrency() == d.Currency })
	if at < 0 {
		at = len(s.GetSales())
		s.Sales = append(s.Sales, &reportingv1.OperationSummary_Sales{Currency: d.Currency})
	}
	sold := s.GetSales()[at]
	sold.Receipts += d.Receipts
	sold.RevenueMinor += d.Revenue
	sold.Units += d.Units
}

// measures are what gaps are told of.
var measures = []struct { //nolint:gochecknoglobals // a table
	measure reportingv1.OperationGap_Measure
	days    func(operation.Total) int64
}{
	{reportingv1.OperationGap_MEASURE_VISITORS, func(t operation.Total) int64 { return t.VisitorDays }},
	{reportingv1.OperationGap_MEASURE_SALES, func(t operation.Total) int64 { return t.SalesDays }},
	{reportingv1.OperationGap_MEASURE_PRESSES, func(t operation.Total) int64 { return t.PressDays }},
}

// gaps are the days of locations on which nothing of a measure was recorded, up to today, and whether there are more than are told.
func (a span) gaps(locations []string, days []operation.Total) (out []*reportingv1.OperationGap, more bool) {
	for _, location := range locations {
		n := slices.IndexFunc(days, func(t operation.Total) bool { return t.Location != location })
		if n < 0 {
			n = len(days)
		}
		own := days[:n]
		days = days[n:]
		for _, m := range measures {
			next := a.first
			tell := func(before operation.Day) {
				if next < before && len(out) < mostGaps {
					out = append(out, &reportingv1.OperationGap{
						Location: locationPrefix + location, Measure: m.measure, StartTime: timestamppb.New(next.In(a.zone)), EndTime: timestamppb.New(before.In(a.zone)),
					})
				} else if next < before {
					more = true
				}
			}
			for _, d := range own {
				if m.days(d) > 0 {
					tell(d.Day)
					next = d.Day + 1
				}
			}
			tell(a.until + 1)
		}
	}
	return out, more
}
