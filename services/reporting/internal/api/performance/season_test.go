package performance_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/reporting/internal/operation"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// effect is a level of a factor.
func effect(t *testing.T, got *reportingv1.QuerySeasonalityResponse, factor reportingv1.SeasonFactor, level string) *reportingv1.SeasonEffect {
	t.Helper()
	for _, f := range got.GetFactors() {
		for _, e := range f.GetEffects() {
			if f.GetFactor() == factor && e.GetLevel() == level {
				return e
			}
		}
	}
	t.Fatalf("no %s of %s in %v", level, factor, got)
	return nil
}

// TestHours: receipts at six stores: two at ten, none at eleven, three at noon; a counter by hours; and a record of the whole day, which is in no hour.
func TestHours(t *testing.T) {
	var records []operation.Record
	for store := range 6 {
		location := fmt.Sprint("s", store)
		for i := range operation.Day(7) {
			on := at("2026-03-02") + i
			for n, hour := range []int{10, 10, 12, 12, 12} {
				start := on.Date().Add(time.Duration(hour)*time.Hour + time.Duration(n)*time.Minute)
				records = append(records, operation.Record{
					Kind: operation.Receipt, Key: fmt.Sprint(location, on, n), Location: location, Start: start, End: start, Currency: "KGS",
					Numbers: operation.Numbers{Receipts: 1, Revenue: 1000 + int64(100*store)},
				}.Prepared(on))
			}
			for hour := 10; hour < 13; hour++ {
				start := on.Date().Add(time.Duration(hour) * time.Hour)
				records = append(records, operation.Record{
					Kind: operation.Visitors, Location: location, Start: start, End: start.Add(time.Hour), Numbers: operation.Numbers{Visitors: int64(10 * hour)},
				}.Prepared(on))
			}
		}
	}
	for i := range operation.Day(7) {
		records = append(records, trade("s9", at("2026-03-02")+i, 100, 10, 5000)...)
	}
	s, hour := newSuite(t, records...), reportingv1.SeasonFactor_SEASON_FACTOR_HOUR
	got, err := s.QuerySeasonality(as(t.Context(), nil), &reportingv1.QuerySeasonalityRequest{Query: march(), Factors: []reportingv1.SeasonFactor{hour}})
	if err != nil {
		t.Fatal(err)
	}
	// Stores differ in what a receipt is worth, 1,250 on average: 2,500 at ten, nothing at eleven, 3,750 at noon.
	near(t, "noon", effect(t, got, hour, "12").GetDifference().GetValue(), 1250)
	near(t, "eleven", effect(t, got, hour, "11").GetDifference().GetValue(), -2500)
	if b := got.GetBasis(); got.GetN() != 6*7*3 || b.GetLocations() != 6 || len(b.GetLeftOut()) != 1 || b.GetLeftOut()[0].GetLocation() != "locations/s9" ||
		!slices.Contains(b.GetConventions(), "HOURS_WITHOUT_RECEIPTS_ARE_ZERO") || !slices.Contains(b.GetConventions(), "MONDAY_TO_FRIDAY") {
		t.Errorf("%v", got)
	}
	got, err = s.QuerySeasonality(as(t.Context(), nil), &reportingv1.QuerySeasonalityRequest{
		Query: march(), Outcome: reportingv1.PerformanceOutcome_PERFORMANCE_OUTCOME_CONVERSION, Factors: []reportingv1.SeasonFactor{reportingv1.SeasonFactor_SEASON_FACTOR_WEEKDAY, hour},
	})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "conversion at noon", effect(t, got, hour, "12").GetDifference().GetValue(), 3.0/120-2.0/100)
	_, err = s.QuerySeasonality(as(t.Context(), nil), &reportingv1.QuerySeasonalityRequest{
		Query: &reportingv1.PerformanceQuery{StartDate: "2026-03-02", EndDate: "2026-03-16", Locations: []string{"locations/s9"}}, Factors: []reportingv1.SeasonFactor{hour},
	})
	if refused(err) != "NO_HOURS" {
		t.Errorf("days only: %v", err)
	}
}

// TestWorkCalendar: without holidays of the request the organisation's calendar says which days are worked on: Saturdays are, the Wednesday is none.
func TestWorkCalendar(t *testing.T) {
	var records []operation.Record
	for store := range 6 {
		for i := range operation.Day(14) {
			on := at("2026-03-02") + i
			revenue := int64(1000 + 10*store + int(on)%3)
			if i == 2 {
				revenue -= 500
			}
			records = append(records, trade(fmt.Sprint("s", store), on, 100, 10, revenue)...)
		}
	}
	s, working := newSuite(t, records...), reportingv1.SeasonFactor_SEASON_FACTOR_WORKING_DAY
	ask := func(holidays ...string) *reportingv1.QuerySeasonalityResponse {
		t.Helper()
		got, err := s.QuerySeasonality(as(t.Context(), nil), &reportingv1.QuerySeasonalityRequest{Query: march(), Holidays: holidays})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := ask(); len(got.GetFactors()) != 1 || !slices.Contains(got.GetBasis().GetConventions(), "MONDAY_TO_FRIDAY") {
		t.Errorf("without a calendar: %v", got)
	}
	hours := []*segmentationv1.WorkHours{{Start: "09:00", End: "18:00"}}
	s.calendar = &segmentationv1.WorkCalendar{UpdateTime: timestamppb.Now(), Holidays: []*segmentationv1.Holiday{{Date: "2026-03-04"}, {Date: "2026-03-08", Hours: hours}}}
	for d := segmentationv1.WorkDay_DAY_MONDAY; d <= segmentationv1.WorkDay_DAY_SATURDAY; d++ {
		s.calendar.Days = append(s.calendar.Days, &segmentationv1.WorkDay{Day: d, Hours: hours})
	}
	got := ask()
	// Of fourteen days one Sunday and the Wednesday are free.
	if e := effect(t, got, working, "free"); e.GetN() != 2*6 || !slices.Contains(got.GetBasis().GetConventions(), "WORK_CALENDAR") {
		t.Errorf("by the calendar: %v", got)
	}
	got = ask("2026-03-04")
	if e := effect(t, got, working, "free"); e.GetN() != 5*6 || !slices.Contains(got.GetBasis().GetConventions(), "HOLIDAYS_OF_THE_REQUEST") {
		t.Errorf("by the request: %v", got)
	}
}
