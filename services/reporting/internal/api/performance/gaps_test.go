package performance_test

import (
	"strings"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/operation"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// TestGapsAreNoZeros: a location that sells the same each day has the same revenue, whatever days of it are known; by weeks, too, where a week of which nothing is
// known counts on neither side.
func TestGapsAreNoZeros(t *testing.T) {
	var records []operation.Record
	for i := range operation.Day(28) {
		if i != 3 && i != 5 && i != 26 && (i < 14 || i >= 21) {
			records = append(records, trade("s0", at("2026-03-02")+i, 70, 7, 7000)...)
		}
	}
	s := newSuite(t, records...)
	req := &reportingv1.QueryRevenueRequest{
		Query: &reportingv1.PerformanceQuery{StartDate: "2026-03-16", EndDate: "2026-03-30"}, BaselineStartDate: "2026-03-02", BaselineEndDate: "2026-03-16",
		Gaps: reportingv1.GapTreatment_GAP_TREATMENT_KNOWN_DAYS,
	}
	for byWeek, want := range map[bool]int64{false: 14 * 7000, true: 7 * 7000} {
		req.ByWeek = byWeek
		got, err := s.QueryRevenue(as(t.Context(), nil), req)
		if err != nil {
			t.Fatal(err)
		}
		if c := got.GetTotal(); c.GetChangeMinor() != 0 || c.GetTrafficEffectMinor() != 0 || c.GetBefore().GetRevenueMinor() != want || c.GetAfter().GetRevenueMinor() != want {
			t.Errorf("by week %v: %v", byWeek, got)
		}
		if told := strings.Contains(strings.Join(got.GetBasis().GetNotes(), "\n"), "1 weeks of locations are left out"); told != byWeek {
			t.Errorf("by week %v: %v", byWeek, got.GetBasis().GetNotes())
		}
	}
}

// TestAStoreThatOpens: s4 opened on Wednesday 11 March by the directory; the days before are no gap, and it moves revenue by traffic alone. A day that is missing
// after the opening is one.
func TestAStoreThatOpens(t *testing.T) {
	var records []operation.Record
	for i := range operation.Day(5) {
		records = append(records, trade("s4", at("2026-03-11")+i, 100, 10, 4000)...)
	}
	req := &reportingv1.QueryRevenueRequest{
		Query: &reportingv1.PerformanceQuery{StartDate: "2026-03-09", EndDate: "2026-03-16"}, BaselineStartDate: "2026-03-02", BaselineEndDate: "2026-03-09",
	}
	got, err := newSuite(t, records...).QueryRevenue(as(t.Context(), nil), req)
	if err != nil {
		t.Fatal(err)
	}
	if c := got.GetTotal(); c.GetChangeMinor() != 20000 || c.GetTrafficEffectMinor() != 20000 || c.GetAfter().GetDays() != 7 {
		t.Errorf("%v", got)
	}
	if !strings.Contains(strings.Join(got.GetBasis().GetNotes(), "\n"), "opened within the periods, and had no visitors and no sales before: s4") {
		t.Errorf("nobody is told that it opened: %v", got.GetBasis().GetNotes())
	}
	s := newSuite(t, records[:8]...)
	if _, err := s.QueryRevenue(as(t.Context(), nil), req); refused(err) != "NO_DATA" {
		t.Errorf("its last day is a gap: %v", err)
	}
	req.Gaps = reportingv1.GapTreatment_GAP_TREATMENT_KNOWN_DAYS
	if got, err = s.QueryRevenue(as(t.Context(), nil), req); err != nil || got.GetTotal().GetChangeMinor() != 20000 {
		t.Errorf("four of five days of it are known: %v %v", got, err)
	}
}
