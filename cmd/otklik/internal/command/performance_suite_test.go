package command

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// recordTrade enters five stores and what they did in 28 days, by the API.
func recordTrade(t *testing.T, address, key string) {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+key)
	units := []*segmentationv1.Unit{{Name: "employees/anna"}}
	var records []*reportingv1.OperationRecord
	first := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for store := range 5 {
		name := fmt.Sprintf("locations/store-%d", store)
		units = append(units, &segmentationv1.Unit{Name: name})
		for day := range 28 {
			start := first.AddDate(0, 0, day)
			add := func(r *reportingv1.OperationRecord) {
				r.Location, r.StartTime, r.EndTime = name, timestamppb.New(start), timestamppb.New(start.Add(8*time.Hour))
				records = append(records, r)
			}
			visitors := int64(100 + 10*store + (day*3)%7 + 20*(day/14))
			add(&reportingv1.OperationRecord{Data: &reportingv1.OperationRecord_Visitors{Visitors: &reportingv1.VisitorCount{Visitors: visitors}}})
			add(&reportingv1.OperationRecord{Data: &reportingv1.OperationRecord_Sales{Sales: &reportingv1.SalesTotal{
				Receipts: visitors / 5, RevenueMinor: visitors * 1000, Currency: "KGS", Units: float64(visitors / 4),
			}}})
			add(&reportingv1.OperationRecord{Employee: "employees/anna", Data: &reportingv1.OperationRecord_Presses{Presses: &reportingv1.ButtonPresses{
				Consultations: visitors * int64(2+store) / 20, Likes: 3, Dislikes: 1,
			}}})
		}
		visit := &reportingv1.MysteryVisit{}
		for criterion, passed := range map[string]bool{"greeting": store%2 == 0, "tidy": true} {
			outcome := reportingv1.MysteryVisit_OUTCOME_FAIL
			if passed {
				outcome = reportingv1.MysteryVisit_OUTCOME_PASS
			}
			visit.Criteria = append(visit.Criteria, &reportingv1.MysteryVisit_Criterion{Name: criterion, Weight: 1, Outcome: outcome})
		}
		records = append(records, &reportingv1.OperationRecord{Location: name, StartTime: timestamppb.New(first), Data: &reportingv1.OperationRecord_MysteryVisit{MysteryVisit: visit}})
	}
	records = append(records, &reportingv1.OperationRecord{Id: "spring", StartTime: timestamppb.New(first.AddDate(0, 0, 14)), Data: &reportingv1.OperationRecord_PolicyChange{
		PolicyChange: &reportingv1.PolicyChange{Policy: reportingv1.PolicyChange_POLICY_PRICES, Description: "Lower prices"},
	}})
	for _, u := range units {
		if _, err := segmentationv1.NewDirectoryServiceClient(conn).UpdateUnit(ctx, &segmentationv1.UpdateUnitRequest{Unit: u, AllowMissing: true}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := reportingv1.NewOperationsServiceClient(conn).BatchUpsertOperations(ctx, &reportingv1.BatchUpsertOperationsRequest{Records: records})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range got.GetResults() {
		if len(r.GetRefusals()) > 0 {
			t.Fatalf("%v: %v", records[i], r)
		}
	}
	if _, err := reportingv1.NewKpiServiceClient(conn).CreateKpiDefinition(ctx, &reportingv1.CreateKpiDefinitionRequest{
		KpiDefinitionId: "sellers", KpiDefinition: &reportingv1.KpiDefinition{DisplayName: "Sellers", Components: []*reportingv1.KpiComponent{
			{Id: "likes", Source: reportingv1.KpiSource_KPI_SOURCE_LIKE_SHARE, Weight: 1, High: 1},
		}},
	}); err != nil {
		t.Fatal(err)
	}
}

// What stores do can be had for people and for scripts, over gRPC and REST.
func TestStoresFromTheCommandLine(t *testing.T) {
	ready := startSuite(t)
	recordTrade(t, ready.GRPC, ready.Key)
	for name, server := range map[string]string{"grpc": ready.GRPC, "rest": ready.HTTP} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t, server, ready.Key)
			for command, want := range map[string][]string{
				"revenue --from 2026-03-16 --to 2026-03-30 --baseline-from 2026-03-02": {"BY TRAFFIC", "store-4", "together", "revenue_decomposition, version 1: 5 locations", "in KGS", "lmdi"},
				"quality --from 2026-03-02 --to 2026-03-30":                            {"visitors and units", "typical", "COVERAGE", "store-0"},
				"standards --from 2026-03 --to 2026-04 --outcome visitors":             {"COMPLIANCE", "greeting", "to nothing that could be told", "visitors of locations"},
				"seasonality --from 2026-03 --to 2026-04 --by weekday":                 {"saturday", "reference", "the mean revenue of a location and day in KGS is 1330.00;", "of the variance within locations"},
				"policies --from 2026-03 --to 2026-04 --weeks 2 --outcome visitors":    {"spring", "prices: Lower prices", "no_control", "short_period", "2+2", "mean visitors of a location and day;", "not what caused it"},
				"policies --from 2026-03 --to 2026-04 --weeks 2":                       {"200.00", "mean revenue of a location and day in KGS"},
				"policies --from 2026-03 --to 2026-04 --weeks 2 --outcome conversion":  {"0.00037 [0.00026, 0.00048]", "mean conversion of a location and day;"},
				"reserve --from 2026-03 --to 2026-04":                                  {"a model says", "GAINED", "store-0"},
				"staff --kpi sellers --from 2026-03 --to 2026-04":                      {"anna", "likes", "0.75 [", "kpiDefinitions/sellers@1"},
			} {
				args := append([]string{"report"}, strings.Fields(command)...)
				out := s.ok(args...)
				for _, w := range want {
					if !strings.Contains(out, w) {
						t.Errorf("%s: no %q in\n%s", command, w, out)
					}
				}
				if out := s.ok(append(args, "--json")...); !strings.HasPrefix(out, "{") {
					t.Errorf("%s: %s", command, out)
				}
			}
		})
	}
	s := newShell(t, ready.GRPC, ready.Key)
	importLargeTable(t, s, newShell(t, ready.HTTP, ready.Key))
	for command, want := range map[string]string{
		"revenue --from 2026-03-16 --to 2026-03-30": "--baseline-from is needed", "quality --to 2026-03-30": "--from is needed", "staff --from 2026-03 --to 2026-04": "--kpi is needed",
		"reserve --from 2026-02-31 --to 2026-04": "is no day",
	} {
		if got := s.run(append([]string{"report"}, strings.Fields(command)...)...); got.code != exit.Usage || !strings.Contains(got.err, want) {
			t.Errorf("%s: %+v", command, got)
		}
	}
}

// importLargeTable imports a table that takes longer than calls may: over gRPC it goes as a stream, which --timeout does not bound, and again it changes nothing.
func importLargeTable(t *testing.T, s, rest *shell) {
	t.Helper()
	var table strings.Builder
	table.WriteString("location,start_time,end_time,visitors\n")
	first := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for hour := range 3000 {
		start := first.Add(time.Duration(hour) * time.Hour)
		fmt.Fprintf(&table, "store-1,%s,%s,%d\n", start.Format(time.RFC3339), start.Add(time.Hour).Format(time.RFC3339), hour%50)
	}
	path := filepath.Join(t.TempDir(), "visitors.csv")
	if err := os.WriteFile(path, []byte(table.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := s.ok("operations", "import", "visitors", path, "--timeout", "50ms"); !strings.Contains(got, "3000 rows: 3000 records created") {
		t.Error(got)
	}
	if got := rest.ok("operations", "import", "visitors", path); !strings.Contains(got, "3000 rows: 0 records created, 0 corrected, 3000 there already") {
		t.Error(got)
	}
}
