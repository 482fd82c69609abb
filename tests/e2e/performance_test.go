package e2e

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/rpcerr"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	"github.com/otklik/otklik/tests/harness"
)

const (
	trading      = 8
	tradingWeeks = 8
	tradingDays  = 7 * tradingWeeks
)

// tradingFirst is the first day of the tables, a Monday.
var tradingFirst = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// tradeOf is what a store did on a day, in whole numbers, so that it can be recomputed.
func tradeOf(store, day int) (visitors, receipts, tyiyn, consultations int64) {
	visitors = int64(300 + 25*store + (day*7+store*5)%23)
	if day%7 == 5 {
		visitors += 150
	}
	receipts = visitors / int64(5+store%3)
	check := int64(90000 + 1500*store + 300*(day%7))
	// Prices change at four of the stores in the middle.
	if store < trading/2 && day >= tradingDays/2 {
		check += 8000
	}
	return visitors, receipts, receipts * check, visitors * int64(10+2*store+day%2) / 100
}

// tables are the files that are imported, by kind.
func tables() map[reportingv1.OperationKind]string {
	var visitors, sales, presses, visits, shifts strings.Builder
	visitors.WriteString("location,start_time,visitors\n")
	sales.WriteString("location,start_time,receipts,revenue\n")
	presses.WriteString("location,start_time,employee,consultations,likes,dislikes\n")
	visits.WriteString("id,location,start_time,criterion,outcome,weight\n")
	shifts.WriteString("location,start_time,end_time,employee\n")
	for store := range trading {
		name := fmt.Sprintf("shop-%d", store)
		for day := range tradingDays {
			date := tradingFirst.AddDate(0, 0, day).Format(time.DateOnly)
			v, r, m, c := tradeOf(store, day)
			fmt.Fprintf(&visitors, "%s,%s,%d\n", name, date, v)
			// The till of the last shop was down for a day: a gap, and no 0.
			if store != trading-1 || day != 40 {
				fmt.Fprintf(&sales, "%s,%s,%d,%d.%02d\n", name, date, r, m/100, m%100)
			}
			fmt.Fprintf(&presses, "%s,%s,seller-%d,%d,%d,%d\n", name, date, store, c, 3, day%2)
			fmt.Fprintf(&shifts, "%s,%s 09:00,%s 17:00,seller-%d\n", name, date, date, store)
		}
		for criterion, outcome := range map[string]string{"greeting": []string{"pass", "fail"}[store%2], "tidy": "pass", "till": "not_applicable"} {
			fmt.Fprintf(&visits, "visit-%d,%s,2026-03-11 10:00,%s,%s,%d\n", store, name, criterion, outcome, len(criterion))
		}
	}
	return map[reportingv1.OperationKind]string{
		reportingv1.OperationKind_OPERATION_KIND_VISITORS: visitors.String(), reportingv1.OperationKind_OPERATION_KIND_SALES: sales.String(),
		reportingv1.OperationKind_OPERATION_KIND_PRESSES: presses.String(), reportingv1.OperationKind_OPERATION_KIND_MYSTERY_VISITS: visits.String(),
		reportingv1.OperationKind_OPERATION_KIND_SHIFTS: shifts.String(),
		reportingv1.OperationKind_OPERATION_KIND_POLICY_CHANGES: "id,location,start_time,policy,description\n" +
			fmt.Sprintf("prices-spring,\"shop-0;shop-1;shop-2;shop-3\",%s,prices,Higher prices\n", tradingFirst.AddDate(0, 0, tradingDays/2).Format(time.DateOnly)),
	}
}

// fillTrade enters the stores and imports the tables.
func fillTrade(t *testing.T, conn grpc.ClientConnInterface) {
	t.Helper()
	directory := segmentationv1.NewDirectoryServiceClient(conn)
	units := []*segmentationv1.Unit{{Name: "regions/north"}, {Name: "regions/district", Parent: "regions/north"}}
	for store := range trading {
		parent := "regions/district"
		if store >= trading/2 {
			parent = ""
		}
		units = append(units, &segmentationv1.Unit{Name: fmt.Sprintf("locations/shop-%d", store), Parent: parent})
		units = append(units, &segmentationv1.Unit{Name: fmt.Sprintf("employees/seller-%d", store), Parent: fmt.Sprintf("locations/shop-%d", store)})
	}
	for _, u := range units {
		if _, err := directory.UpdateUnit(t.Context(), &segmentationv1.UpdateUnitRequest{Unit: u, AllowMissing: true}); err != nil {
			t.Fatal(err)
		}
	}
	operations := reportingv1.NewOperationsServiceClient(conn)
	for kind, csv := range tables() {
		got, err := operations.ImportOperations(t.Context(), &reportingv1.ImportOperationsRequest{
			Table: &reportingv1.OperationTable{Kind: kind, TimeZone: "UTC", Currency: "KGS"}, Data: []byte(csv),
		})
		if err != nil {
			t.Fatal(err)
		}
		if i := got.GetImport(); i.GetRefusedCount() > 0 || i.GetCreatedCount() == 0 {
			t.Fatalf("%s: %v", kind, i)
		}
	}
}

// tradingQuery are the days from one on, of so many.
func tradingQuery(first, days int) *reportingv1.PerformanceQuery {
	return &reportingv1.PerformanceQuery{
		StartDate: tradingFirst.AddDate(0, 0, first).Format(time.DateOnly), EndDate: tradingFirst.AddDate(0, 0, first+days).Format(time.DateOnly),
	}
}

// recompute fails the test where a number is not what it was computed to be.
func recompute(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-9*max(1, math.Abs(want))) {
		t.Errorf("%s is %.12g, recomputed %.12g", what, got, want)
	}
}

// TestStoresAreExplained imports tables of stores and recomputes what is said of them.
func TestStoresAreExplained(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite := harness.Run(t, harness.Options{Layout: layout})
		conn := suite.Conn(harness.KeyFor(harness.Organization, harness.Admin))
		fillTrade(t, conn)
		client := reportingv1.NewPerformanceServiceClient(conn)
		t.Run("revenue", func(t *testing.T) { explainRevenue(t, client) })
		t.Run("policy", func(t *testing.T) { explainPolicy(t, client) })
		t.Run("reserve", func(t *testing.T) { explainReserve(t, client) })
		t.Run("calendar", func(t *testing.T) { explainCalendar(t, client) })
		t.Run("standards", func(t *testing.T) { explainStandards(t, client) })
		t.Run("staff", func(t *testing.T) { explainStaff(t, reportingv1.NewKpiServiceClient(conn)) })
		t.Run("manager of a store", func(t *testing.T) {
			own := suite.Conn(createKey(t, suite, `{"displayName": "M", "kind": "KIND_SECRET", "roles": ["manager"], "units": {"locations": ["shop-2"]}}`))
			got, err := reportingv1.NewPerformanceServiceClient(own).QueryQuality(t.Context(), &reportingv1.QueryQualityRequest{Query: tradingQuery(0, tradingDays)})
			if err != nil {
				t.Fatal(err)
			}
			if c := got.GetCoverages(); len(c) != 1 || c[0].GetLocation() != "locations/shop-2" || got.GetBasis().GetLocations() != 1 {
				t.Errorf("%v", got)
			}
			_, err = reportingv1.NewKpiServiceClient(own).CreateKpiDefinition(t.Context(), &reportingv1.CreateKpiDefinitionRequest{})
			if status.Code(err) != codes.PermissionDenied {
				t.Errorf("who is measured weighs: %v", err)
			}
		})
	})
}

func explainRevenue(t *testing.T, client reportingv1.PerformanceServiceClient) {
	const half = tradingDays / 2
	req := &reportingv1.QueryRevenueRequest{
		Query: tradingQuery(half, half), BaselineStartDate: tradingQuery(0, half).GetStartDate(), BaselineEndDate: tradingQuery(0, half).GetEndDate(),
	}
	got, err := client.QueryRevenue(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if l := got.GetBasis().GetLeftOut(); len(l) != 1 || l[0].GetLocation() != "locations/shop-7" || l[0].GetMissingDays() != 1 || got.GetBasis().GetCurrency() != "KGS" {
		t.Errorf("%v", got.GetBasis())
	}
	var traffic, conversion, check float64
	var change int64
	for store := range trading - 1 {
		var v, r, m [2]float64
		for day := range tradingDays {
			visitors, receipts, tyiyn, _ := tradeOf(store, day)
			v[day/half], r[day/half], m[day/half] = v[day/half]+float64(visitors), r[day/half]+float64(receipts), m[day/half]+float64(tyiyn)
		}
		weight := (m[1] - m[0]) / math.Log(m[1]/m[0])
		traffic += weight * math.Log(v[1]/v[0])
		conversion += weight * math.Log(r[1]/v[1]/(r[0]/v[0]))
		check += weight * math.Log(m[1]/r[1]/(m[0]/r[0]))
		change += int64(m[1] - m[0])
	}
	total := got.GetTotal()
	if total.GetChangeMinor() != change || len(got.GetLocations()) != trading-1 {
		t.Errorf("%d, recomputed %d", total.GetChangeMinor(), change)
	}
	recompute(t, "sum", total.GetTrafficEffectMinor()+total.GetConversionEffectMinor()+total.GetAverageCheckEffectMinor(), float64(change))
	size := math.Abs(float64(change))
	for what, pair := range map[string][2]float64{
		"traffic": {total.GetTrafficEffectMinor(), traffic}, "conversion": {total.GetConversionEffectMinor(), conversion}, "check": {total.GetAverageCheckEffectMinor(), check},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-9*size {
			t.Errorf("%s is %v, recomputed %v", what, pair[0], pair[1])
		}
	}
	req.Query.Region = "regions/north"
	if got, err = client.QueryRevenue(t.Context(), req); err != nil || len(got.GetLocations()) != trading/2 {
		t.Errorf("north: %v %v", got, err)
	}
}

func explainPolicy(t *testing.T, client reportingv1.PerformanceServiceClient) {
	got, err := client.QueryPolicyEffects(t.Context(), &reportingv1.QueryPolicyEffectsRequest{
		Query: tradingQuery(0, tradingDays), Outcome: reportingv1.PerformanceOutcome_PERFORMANCE_OUTCOME_AVERAGE_CHECK, Weeks: 4,
	})
	if err != nil {
		t.Fatal(err)
	}
	// The check rose by 80.00 where prices did, and nowhere else.
	if e := got.GetEffects(); len(e) != 1 || e[0].GetHeld().GetLocations() != 4 || e[0].GetControl().GetLocations() != 4 || e[0].GetPolicyChange() != "prices-spring" ||
		math.Abs(e[0].GetNet().GetValue()-8000) > 50 || len(e[0].GetTrend()) != tradingWeeks {
		t.Errorf("%v", e)
	}
}

func explainReserve(t *testing.T, client reportingv1.PerformanceServiceClient) {
	got, err := client.QueryReserve(t.Context(), &reportingv1.QueryReserveRequest{Query: tradingQuery(0, tradingDays)})
	if err != nil {
		t.Fatal(err)
	}
	var coverages, visitors []float64
	for store := range trading {
		var v, c float64
		for day := range tradingDays {
			a, _, _, b := tradeOf(store, day)
			v, c = v+float64(a), c+float64(b)
		}
		coverages, visitors = append(coverages, c/v), append(visitors, v)
	}
	sorted := slices.Sorted(slices.Values(coverages))
	target := sorted[5] + 0.25*(sorted[6]-sorted[5])
	gained := 0.0
	for i, c := range coverages {
		gained += max(0, target-c) * visitors[i]
	}
	recompute(t, "target", got.GetTargetCoverage(), target)
	recompute(t, "gained", got.GetGained().GetValue(), gained)
	if !got.GetModelOutput() || got.GetGained().GetInterval() == nil {
		t.Errorf("%v", got.GetGained())
	}
}

func explainCalendar(t *testing.T, client reportingv1.PerformanceServiceClient) {
	req := &reportingv1.QuerySeasonalityRequest{Query: tradingQuery(0, tradingDays), Outcome: reportingv1.PerformanceOutcome_PERFORMANCE_OUTCOME_VISITORS}
	got, err := client.QuerySeasonality(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if f := got.GetFactors(); got.GetN() != trading*tradingDays || len(f) != 2 || got.GetClusters() != trading {
		t.Errorf("%v", got)
	} else if e := f[1].GetEffects()[5]; e.GetLevel() != "saturday" || math.Abs(e.GetDifference().GetValue()-150) > 15 || e.GetTest().GetAdjustedPValue() > 1e-6 {
		t.Errorf("%v", e)
	}
	req.Factors = []reportingv1.SeasonFactor{reportingv1.SeasonFactor_SEASON_FACTOR_WORKING_DAY, reportingv1.SeasonFactor_SEASON_FACTOR_WEEKDAY}
	if _, err = client.QuerySeasonality(t.Context(), req); rpcerr.Reason(err) != "ITEMS_SINGULAR" {
		t.Errorf("working days without a holiday: %v", err)
	}
}

func explainStandards(t *testing.T, client reportingv1.PerformanceServiceClient) {
	got, err := client.QueryStandards(t.Context(), &reportingv1.QueryStandardsRequest{Query: tradingQuery(0, tradingDays)})
	if err != nil {
		t.Fatal(err)
	}
	// Greeting weighs 8 and half of the stores greet; tidy weighs 4, and all are.
	recompute(t, "compliance", got.GetTotal().GetCompliance().GetValue(), (4*8+8*4)/(8*12.0))
	if !slices.Equal(got.GetUnrelated(), []string{"greeting"}) || got.GetFamily() != 1 {
		t.Errorf("%v", got)
	}
}

func explainStaff(t *testing.T, client reportingv1.KpiServiceClient) {
	made, err := client.CreateKpiDefinition(t.Context(), &reportingv1.CreateKpiDefinitionRequest{KpiDefinitionId: "sellers", KpiDefinition: &reportingv1.KpiDefinition{
		DisplayName: "Sellers", Components: []*reportingv1.KpiComponent{
			{Id: "pace", Source: reportingv1.KpiSource_KPI_SOURCE_CONSULTATIONS_PER_HOUR, Weight: 3, Low: 2, High: 20},
			{Id: "likes", Source: reportingv1.KpiSource_KPI_SOURCE_LIKE_SHARE, Weight: 1, Low: 0, High: 1},
			{Id: "standards", Source: reportingv1.KpiSource_KPI_SOURCE_STANDARDS_COMPLIANCE, Weight: 1, Low: 0, High: 1},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.QueryStaffKpi(t.Context(), &reportingv1.QueryStaffKpiRequest{KpiDefinition: made.GetKpiDefinition().GetName(), Query: tradingQuery(0, tradingDays)})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.GetStaff()) != trading {
		t.Fatalf("%v", got)
	}
	for store, e := range got.GetStaff() {
		var consultations float64
		for day := range tradingDays {
			_, _, _, c := tradeOf(store, day)
			consultations += float64(c)
		}
		pace := consultations / (8 * tradingDays)
		// Three likes a day, a dislike every other.
		recompute(t, e.GetEmployee(), e.GetScore().GetValue(), (3*min(1, max(0, (pace-2)/18))+3/3.5)/4)
		if c := e.GetComponents()[2]; c.GetAbsentReason() != "NO_DATA" || len(c.GetLinks()) != 1 {
			t.Errorf("%v", c)
		}
	}
}
