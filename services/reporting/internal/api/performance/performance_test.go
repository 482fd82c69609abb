package performance_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/api/performance"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/store"
	"github.com/otklik/otklik/services/reporting/internal/store/sqlite"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const acme = "acme"

// directory is the directory that the service asks: the caller sees s0 to s4 in the district of the region north, and s9 in south.
type directory struct {
	segmentationv1.UnimplementedDirectoryServiceServer
}

// ListUnits lists them.
func (directory) ListUnits(_ context.Context, req *segmentationv1.ListUnitsRequest) (*segmentationv1.ListUnitsResponse, error) {
	out := &segmentationv1.ListUnitsResponse{}
	if req.GetKind() == segmentationv1.Unit_KIND_REGION {
		out.Units = []*segmentationv1.Unit{{Name: "regions/north"}, {Name: "regions/district", Parent: "regions/north"}, {Name: "regions/south"}}
		return out, nil
	}
	for i := range 5 {
		out.Units = append(out.Units, &segmentationv1.Unit{Name: fmt.Sprintf("locations/s%d", i), Parent: "regions/district"})
	}
	out.Units[4].Location = &segmentationv1.LocationDetails{OpeningDate: "2026-03-11"}
	out.Units = append(out.Units, &segmentationv1.Unit{Name: "locations/s9", Parent: "regions/south"})
	return out, nil
}

// calendars is the service that knows when the organisation works: at any time, as where nothing was set, or by the calendar.
type calendars struct {
	segmentationv1.UnimplementedCaseRuleServiceServer
	calendar *segmentationv1.WorkCalendar
}

// GetWorkCalendar tells it.
func (c *calendars) GetWorkCalendar(context.Context, *segmentationv1.GetWorkCalendarRequest) (*segmentationv1.GetWorkCalendarResponse, error) {
	return &segmentationv1.GetWorkCalendarResponse{WorkCalendar: c.calendar}, nil
}

// suite is a server over a store.
type suite struct {
	*performance.Server
	store store.Store
	*calendars
}

func newSuite(t *testing.T, records ...operation.Record) suite {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "reporting.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	var conn inprocgrpc.Channel
	segmentationv1.RegisterDirectoryServiceServer(&conn, directory{})
	calendar := &calendars{}
	segmentationv1.RegisterCaseRuleServiceServer(&conn, calendar)
	s := suite{&performance.Server{Operations: db, Segmentation: peers.NewSegmentation(&conn), Zone: time.UTC}, db, calendar}
	for part := range slices.Chunk(records, 500) {
		outcomes, err := db.PutOperations(t.Context(), acme, part, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), false)
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range outcomes {
			if o.Problem != nil {
				t.Fatalf("%+v: %+v", part[i], o.Problem)
			}
		}
	}
	return s
}

// as is the context of a caller who is restricted to units.
func as(ctx context.Context, units map[string][]string) context.Context {
	return authn.WithPrincipal(ctx, authn.Principal{Organization: acme, Units: units})
}

// day is a record of a whole day of a location.
func day(kind operation.Kind, location string, at operation.Day, numbers operation.Numbers) operation.Record {
	start := at.Date().Add(9 * time.Hour)
	r := operation.Record{Kind: kind, Location: location, Start: start, End: start.Add(8 * time.Hour), Numbers: numbers}
	if kind == operation.Sales {
		r.Currency = "KGS"
	}
	return r.Prepared(at)
}

func at(text string) operation.Day {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return operation.DayOf(t)
}

// trade is a day of a location that sold something.
func trade(location string, on operation.Day, visitors, receipts, revenue int64) []operation.Record {
	return []operation.Record{
		day(operation.Visitors, location, on, operation.Numbers{Visitors: visitors}),
		day(operation.Sales, location, on, operation.Numbers{Receipts: receipts, Revenue: revenue, Units: float64(2 * receipts)}),
	}
}

func march() *reportingv1.PerformanceQuery {
	return &reportingv1.PerformanceQuery{StartDate: "2026-03-02", EndDate: "2026-03-16"}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-9*max(1, math.Abs(want))) {
		t.Errorf("%s is %.15g, want %.15g", what, got, want)
	}
}

// refused tells the reason and the field of an error.
func refused(err error) string {
	var e *rpcerr.Error
	if !errors.As(err, &e) {
		return fmt.Sprint(err)
	}
	for _, f := range e.Fields {
		return e.Reason + " " + f.Field
	}
	return e.Reason
}

// TestRevenueOfTwoLocations: the worked example at one location over days that sum to it; another that lacks a day is left out and named, or counted as asked.
func TestRevenueOfTwoLocations(t *testing.T) {
	var records []operation.Record
	for i := range operation.Day(7) {
		// 1000 visitors, 200 receipts, 500,000 before; 1100, 198, 534,600 after.
		before, after := [3]int64{140, 28, 71000}, [3]int64{150, 28, 76000}
		if i == 6 {
			before, after = [3]int64{160, 32, 74000}, [3]int64{200, 30, 78600}
		}
		records = append(records, trade("s0", at("2026-03-02")+i, before[0], before[1], before[2])...)
		records = append(records, trade("s0", at("2026-03-09")+i, after[0], after[1], after[2])...)
		records = append(records, trade("s1", at("2026-03-02")+i, 50, 10, 9000)...)
		if i != 3 {
			records = append(records, trade("s1", at("2026-03-09")+i, 50, 10, 9000)...)
		}
	}
	s := newSuite(t, records...)
	req := &reportingv1.QueryRevenueRequest{
		Query: &reportingv1.PerformanceQuery{StartDate: "2026-03-09", EndDate: "2026-03-16"}, BaselineStartDate: "2026-03-02", BaselineEndDate: "2026-03-09",
	}
	got, err := s.QueryRevenue(as(t.Context(), nil), req)
	if err != nil {
		t.Fatal(err)
	}
	total := got.GetTotal()
	if total.GetChangeMinor() != 34600 || len(got.GetLocations()) != 1 || got.GetBasis().GetCurrency() != "KGS" || total.GetBefore().GetDays() != 7 {
		t.Errorf("%v", got)
	}
	near(t, "traffic", total.GetTrafficEffectMinor(), 49285.5695856174)
	near(t, "conversion", total.GetConversionEffectMinor(), -54482.669497542)
	near(t, "check", total.GetAverageCheckEffectMinor(), 39797.0999119246)
	if l := got.GetBasis().GetLeftOut(); len(l) != 1 || l[0].GetLocation() != "locations/s1" || l[0].GetReason() != "GAP" || l[0].GetMissingDays() != 1 {
		t.Errorf("left out: %v", l)
	}
	req.Gaps = reportingv1.GapTreatment_GAP_TREATMENT_KNOWN_DAYS
	if got, err = s.QueryRevenue(as(t.Context(), nil), req); err != nil {
		t.Fatal(err)
	}
	near(t, "sum of effects", got.GetTotal().GetTrafficEffectMinor()+got.GetTotal().GetConversionEffectMinor()+got.GetTotal().GetAverageCheckEffectMinor(), 34600)
	for _, l := range got.GetLocations() {
		if c := l.GetChange(); l.GetLocation() == "locations/s1" && (c.GetChangeMinor() != 0 || c.GetTrafficEffectMinor() != 0 || c.GetAfter().GetDays() != 6) {
			t.Errorf("a gap was taken for a day without sales: %v", c)
		}
	}
	if !strings.Contains(strings.Join(got.GetBasis().GetNotes(), "\n"), "1 days of locations are not known") {
		t.Errorf("an incomplete period is compared silently: %v", got.GetBasis().GetNotes())
	}
	if !slices.Contains(got.GetBasis().GetConventions(), "MEAN_OF_KNOWN_DAYS") {
		t.Errorf("the rule is not named: %v", got.GetBasis().GetConventions())
	}
	req.ByWeek, req.Gaps = true, 0
	weeks, err := s.QueryRevenue(as(t.Context(), nil), req)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "one week is the whole", weeks.GetTotal().GetTrafficEffectMinor(), 49285.5695856174)
}

// TestRevenueOfReturns: a location that gave back more than it sold has no logarithm; it is left out and named, others are compared, and Shapley takes it.
func TestRevenueOfReturns(t *testing.T) {
	var records []operation.Record
	for i, revenue := range []int64{5000, 6000} {
		on := at("2026-03-02") + operation.Day(i)
		records = append(records, trade("s0", on, 100, 20, revenue)...)
		records = append(records, trade("s1", on, 50, 10, 1000-1500*int64(i))...)
	}
	s := newSuite(t, records...)
	req := &reportingv1.QueryRevenueRequest{
		Query: &reportingv1.PerformanceQuery{StartDate: "2026-03-03", EndDate: "2026-03-04"}, BaselineStartDate: "2026-03-02", BaselineEndDate: "2026-03-03",
	}
	got, err := s.QueryRevenue(as(t.Context(), nil), req)
	if err != nil {
		t.Fatal(err)
	}
	if l := got.GetBasis().GetLeftOut(); got.GetTotal().GetChangeMinor() != 1000 || len(l) != 1 || l[0].GetLocation() != "locations/s1" || l[0].GetReason() != "NEGATIVE" {
		t.Errorf("%v", got)
	}
	req.Method = reportingv1.DecompositionMethod_DECOMPOSITION_METHOD_SHAPLEY
	if got, err = s.QueryRevenue(as(t.Context(), nil), req); err != nil || got.GetTotal().GetChangeMinor() != -500 || len(got.GetBasis().GetLeftOut()) != 0 {
		t.Errorf("Shapley: %v %v", got, err)
	}
}

// TestWhoSeesWhat: regions hold what lies in the regions within them, and restricted callers see what the directory shows them.
func TestWhoSeesWhat(t *testing.T) {
	var records []operation.Record
	for i := range operation.Day(14) {
		for _, l := range []string{"s0", "s9", "elsewhere"} {
			records = append(records, trade(l, at("2026-03-02")+i, 100+int64(i%5), 20, 5000)...)
		}
	}
	s := newSuite(t, records...)
	ask := func(units map[string][]string, q *reportingv1.PerformanceQuery) int32 {
		t.Helper()
		got, err := s.QueryQuality(as(t.Context(), units), &reportingv1.QueryQualityRequest{Query: q})
		if err != nil {
			t.Fatal(err)
		}
		return got.GetBasis().GetLocations()
	}
	restricted := map[string][]string{"region": {"north"}}
	if n := ask(nil, march()); n != 3 {
		t.Errorf("all see %d locations", n)
	}
	if n := ask(restricted, march()); n != 2 {
		t.Errorf("who is restricted sees %d locations", n)
	}
	q := march()
	q.Region = "regions/north"
	if n := ask(nil, q); n != 1 {
		t.Errorf("north has %d locations", n)
	}
	q = march()
	q.Locations = []string{"locations/elsewhere"}
	if _, err := s.QueryQuality(as(t.Context(), restricted), &reportingv1.QueryQualityRequest{Query: q}); refused(err) != "NO_DATA" {
		t.Errorf("a location of others: %v", err)
	}
	q = march()
	q.Region = "regions/nowhere"
	if _, err := s.QueryQuality(as(t.Context(), nil), &reportingv1.QueryQualityRequest{Query: q}); refused(err) != "REGION_NOT_FOUND query.region" {
		t.Errorf("%v", err)
	}
}

func TestRefusesWhatCannotBeAsked(t *testing.T) {
	foreign := trade("s0", at("2026-03-03"), 10, 2, 100)
	foreign[1].Currency = "USD"
	s := newSuite(t, append(trade("s0", at("2026-03-02"), 10, 2, 100), foreign...)...)
	ctx := as(t.Context(), nil)
	revenue := func(start, end, before, after string) error {
		_, err := s.QueryRevenue(ctx, &reportingv1.QueryRevenueRequest{
			Query: &reportingv1.PerformanceQuery{StartDate: start, EndDate: end}, BaselineStartDate: before, BaselineEndDate: after, ByWeek: true,
		})
		return err
	}
	for want, err := range map[string]error{
		"DATE_INVALID query.end_date":       revenue("2026-02-01", "2026-02-31", "2026-01-01", "2026-02-01"),
		"DATE_INVALID baseline_end_date":    revenue("2026-02-01", "2026-02-08", "2026-01-08", "2026-01-01"),
		"PERIODS_OVERLAP baseline_end_date": revenue("2026-02-01", "2026-02-08", "2026-01-26", "2026-02-02"),
		"DATE_INVALID by_week":              revenue("2026-02-01", "2026-02-08", "2026-01-01", "2026-01-15"),
		"CURRENCIES_MIXED query.currency":   revenue("2026-03-03", "2026-03-10", "2026-02-24", "2026-03-03"),
	} {
		if refused(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	_, err := s.QueryReserve(ctx, &reportingv1.QueryReserveRequest{Query: march()})
	if refused(err) != "TOO_FEW_ANSWERS" {
		t.Errorf("%v", err)
	}
	_, err = s.QueryPolicyEffects(ctx, &reportingv1.QueryPolicyEffectsRequest{Query: march(), PolicyChange: "none"})
	if refused(err) != "POLICY_CHANGE_NOT_FOUND policy_change" {
		t.Errorf("%v", err)
	}
	_, err = s.QuerySeasonality(ctx, &reportingv1.QuerySeasonalityRequest{Query: march(), Holidays: []string{"2026-02-30"}})
	if refused(err) != "DATE_INVALID holidays[0]" {
		t.Errorf("%v", err)
	}
}

// TestAYearOfStores: six stores for half a year. Saturdays are better, a policy lifts three of them, and presses follow visitors.
func TestAYearOfStores(t *testing.T) {
	first := at("2026-01-05")
	var records []operation.Record
	for store := range 6 {
		name := fmt.Sprintf("s%d", store)
		for i := range operation.Day(112) {
			on := first + i
			wave := int64(10 * math.Sin(float64(i)*1.3+float64(store*store)))
			visitors := 200 + 20*int64(store) + wave
			if on.Date().Weekday() == time.Saturday {
				visitors += 100
			}
			revenue := visitors * 1000
			if store < 3 && i >= 56 {
				revenue += 30000
			}
			records = append(records, trade(name, on, visitors, visitors/5, revenue)...)
			records = append(records, day(operation.Presses, name, on, operation.Numbers{Consultations: visitors * int64(store+3) / 20, Likes: visitors / 30}))
		}
		visit := day(operation.MysteryVisit, name, first+20, operation.Numbers{})
		visit.Criteria = []operation.Criterion{
			{Name: "greeting", Weight: 2, Outcome: operation.Outcome(1 + store%2)}, {Name: "tidy", Weight: 1, Outcome: operation.Pass}, {Name: "till", Weight: 5, Outcome: operation.NotApplicable},
		}
		records = append(records, visit.Prepared(visit.Day))
	}
	change := operation.Record{Kind: operation.PolicyChange, Start: (first + 56).Date(), End: (first + 56).Date(), Details: operation.Details{
		Policy: operation.Prices, Description: "Lower prices", Locations: []string{"s0", "s1", "s2"},
	}, Key: "prices-spring"}
	records = append(records, change.Prepared(first+56))
	s := newSuite(t, records...)
	ctx := as(t.Context(), nil)
	q := &reportingv1.PerformanceQuery{StartDate: first.String(), EndDate: (first + 112).String()}

	season, err := s.QuerySeasonality(ctx, &reportingv1.QuerySeasonalityRequest{Query: q, Outcome: reportingv1.PerformanceOutcome_PERFORMANCE_OUTCOME_VISITORS})
	if err != nil {
		t.Fatal(err)
	}
	if season.GetN() != 6*112 || season.GetClusters() != 6 || len(season.GetFactors()) != 2 || len(season.GetBasis().GetNotes()) != 1 {
		t.Errorf("%v", season)
	}
	for _, e := range season.GetFactors()[1].GetEffects() {
		saturday := e.GetLevel() == "saturday"
		if v := e.GetDifference().GetValue(); saturday && (v < 95 || v > 105 || e.GetTest().GetAdjustedPValue() > 0.01) || !saturday && math.Abs(v) > 5 {
			t.Errorf("%v", e)
		}
	}
	_, err = s.QuerySeasonality(ctx, &reportingv1.QuerySeasonalityRequest{Query: q, Factors: []reportingv1.SeasonFactor{
		reportingv1.SeasonFactor_SEASON_FACTOR_WEEKDAY, reportingv1.SeasonFactor_SEASON_FACTOR_WORKING_DAY,
	}})
	if refused(err) != "ITEMS_SINGULAR" {
		t.Errorf("working days without a holiday are days of the week: %v", err)
	}

	effects, err := s.QueryPolicyEffects(ctx, &reportingv1.QueryPolicyEffectsRequest{Query: q})
	if err != nil {
		t.Fatal(err)
	}
	e := effects.GetEffects()[0]
	if e.GetPolicyChange() != "prices-spring" || e.GetHeld().GetLocations() != 3 || e.GetControl().GetLocations() != 3 || len(e.GetTrend()) != 16 || e.GetPolicy() != "prices" {
		t.Errorf("%v", e)
	}
	if net := e.GetNet(); net.GetInterval().GetLower() > 30000 || net.GetInterval().GetUpper() < 30000 || e.GetTest().GetPValue() > 0.01 {
		t.Errorf("the policy brought 300.00 a day: %v", e)
	}

	quality, err := s.QueryQuality(ctx, &reportingv1.QueryQualityRequest{Query: q})
	if err != nil {
		t.Fatal(err)
	}
	if r := quality.GetSellerEngagement().GetTypical().GetValue(); r < 0.9 {
		t.Errorf("consultations follow visitors: %v", r)
	}
	reserve, err := s.QueryReserve(ctx, &reportingv1.QueryReserveRequest{Query: q})
	if err != nil {
		t.Fatal(err)
	}
	if !reserve.GetModelOutput() || math.Abs(reserve.GetTargetCoverage()-0.3375) > 0.002 || reserve.GetLocations()[0].GetCoverage().GetLocation() != "locations/s0" {
		t.Errorf("%v", reserve)
	}

	standards, err := s.QueryStandards(ctx, &reportingv1.QueryStandardsRequest{Query: q, Outcome: reportingv1.PerformanceOutcome_PERFORMANCE_OUTCOME_CONVERSION})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "compliance", standards.GetTotal().GetCompliance().GetValue(), (3*2+6)/(6*3.0))
	if c := standards.GetCriteria(); len(c) != 2 || c[0].GetCriterion() != "greeting" || c[0].GetVerdict() == reportingv1.StandardsCriterion_VERDICT_UNTESTED ||
		c[1].GetVerdict() != reportingv1.StandardsCriterion_VERDICT_UNTESTED {
		t.Errorf("%v", c)
	}
}
