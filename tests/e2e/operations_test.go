package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	"github.com/otklik/otklik/tests/harness"
)

// countedVisitors are visitors of three locations: of one that opened later, and of one that there is not. The last two rows are of the first one once more.
const countedVisitors = `location,time,end_time,visitors
osh,2026-09-01 09:00,2026-09-01 10:00,10
osh,2026-09-01 10:00,2026-09-01 11:00,0
osh,2026-09-01 11:00,2026-09-01 12:00,-4
naryn,2026-08-01 11:00,2026-08-01 12:00,4
talas,2026-09-01 11:00,2026-09-01 12:00,4
osh,2026-09-01 13:00,2026-09-01 12:00,4
osh,2026-09-01 09:00,2026-09-01 10:00,11
osh,2026-09-01 09:30,2026-09-01 10:30,11
`

// totalsOfDays are days of which traffic, conversion and check are stated; of the last one they contradict the revenue.
const totalsOfDays = `Магазин,Дата,receipts,revenue,visitors,conversion,average_check
naryn,2026-09-02,200,500000,1000,0.20,2500
naryn,2026-09-04,198,534600,1100,18 %,2700
naryn,2026-09-05,198,600000,1100,18 %,2700
`

// operated imports a table by the command line and returns what it said as JSON.
func operated(t *testing.T, suite *harness.Suite, server string, args ...string) *reportingv1.OperationImport {
	t.Helper()
	command := suite.Command(t.Context(), append(append([]string{"operations", "import"}, args...), "--json", "--server", server, "--key", harness.KeyFor(harness.Organization, harness.Admin))...)
	var complaints strings.Builder
	command.Stderr = &complaints
	// That rows were refused is the exit code, and told on standard output.
	out, _ := command.Output()
	got := &reportingv1.ImportOperationsResponse{}
	if err := protojson.Unmarshal(out, got); err != nil {
		t.Fatalf("%v: %s: %s", args, out, complaints.String())
	}
	return got.GetImport()
}

// refusedRows are the lines that were refused, with the field and the reason.
func refusedRows(done *reportingv1.OperationImport) (out []string) {
	for _, r := range done.GetRefusals() {
		out = append(out, fmt.Sprintf("%d %s %s", r.GetLine(), r.GetField(), r.GetReason()))
	}
	return out
}

// TestOperations brings operations data by the command line, by REST and by a stream, and reads back what it adds up to, on both stores, in one process and apart.
func TestOperations(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite := harness.Run(t, harness.Options{Layout: layout, Settings: map[string]any{"reporting.time_zone": "Asia/Bishkek"}})
		folder := t.TempDir()
		for _, name := range []string{"osh", "naryn"} {
			askREST(t, suite, "PATCH", "/v1/locations/"+name, `{"unit": {"displayName": "`+name+`", "location": {"openingDate": "2026-08-15"}}, "allowMissing": true}`, nil)
		}
		file := func(name, content string) string {
			path := filepath.Join(folder, name)
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		visitors := file("visitors.csv", countedVisitors)
		importsOperations(t, suite, visitors, file("days.csv", totalsOfDays))
		streamsOperations(t, suite)
		readsOperations(t, suite)
		managesOwnOperations(t, suite)
	})
}

func importsOperations(t *testing.T, suite *harness.Suite, visitors, days string) {
	t.Helper()
	http, tcp := suite.HTTP(), suite.GRPC(harness.Reporting)
	if none := operated(t, suite, http, "visitors", visitors); none.GetRefusedCount() != 8 || none.GetRefusals()[0].GetReason() != "TIME_ZONE_MISSING" {
		t.Errorf("times without a zone: %v", none)
	}
	want := []string{
		"4 visitors NEGATIVE", "5 start_time BEFORE_OPENING", "6 location LOCATION_UNKNOWN", "7 end_time CONTRADICTORY", "8 id REPEATED", "9 start_time OVERLAPPING",
	}
	for _, step := range []struct {
		server                      string
		dry                         bool
		created, unchanged, refused int64
	}{{http, true, 2, 0, 6}, {tcp, true, 2, 0, 6}, {http, false, 2, 0, 6}, {tcp, false, 0, 2, 6}} {
		args := []string{"visitors", visitors, "--time-zone", "organization", "--most-refused", "1"}
		if step.dry {
			args = append(args, "--dry-run")
		}
		done := operated(t, suite, step.server, args...)
		if done.GetCreatedCount() != step.created || done.GetUnchangedCount() != step.unchanged || done.GetRefusedCount() != step.refused || done.GetDryRun() != step.dry {
			t.Errorf("%+v: %v", step, done)
		}
		if diff := cmp.Diff(want, refusedRows(done)); diff != "" {
			t.Errorf("refused (-want +got):\n%s", diff)
		}
	}
	done := operated(t, suite, tcp, "sales", days, "--map", "Магазин=location", "--map", "Дата=start_time", "--currency", "KGS", "--time-zone", "Asia/Bishkek", "--most-refused", "1")
	if diff := cmp.Diff([]string{"4 revenue IDENTITY_VIOLATED"}, refusedRows(done)); diff != "" || done.GetCreatedCount() != 2 {
		t.Errorf("days: %v, %s", done, diff)
	}
}

// streamsOperations sends receipts and a correction over gRPC.
func streamsOperations(t *testing.T, suite *harness.Suite) {
	t.Helper()
	client := reportingv1.NewOperationsServiceClient(suite.Conn(harness.KeyFor(harness.Organization, harness.Admin)))
	send := func(receipts ...string) *reportingv1.OperationImport {
		t.Helper()
		stream, err := client.UploadOperations(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		messages := []*reportingv1.UploadOperationsRequest{{Start: &reportingv1.UploadOperationsRequest_Start{}}}
		for _, text := range receipts {
			r := &reportingv1.OperationRecord{}
			if err := protojson.Unmarshal([]byte(text), r); err != nil {
				t.Fatal(err)
			}
			messages = append(messages, &reportingv1.UploadOperationsRequest{Records: []*reportingv1.OperationRecord{r}})
		}
		for _, m := range messages {
			if err := stream.Send(m); err != nil {
				t.Fatal(err)
			}
		}
		got, err := stream.CloseAndRecv()
		if err != nil {
			t.Fatal(err)
		}
		return got.GetImport()
	}
	const receipt = `{"id": %q, "location": "locations/osh", "startTime": "2026-09-01T10:30:00+06:00", "receipt": {"amountMinor": "%d", "currency": "KGS", "units": 1}}`
	first := send(fmt.Sprintf(receipt, "r1", 1250), fmt.Sprintf(receipt, "r2", 1000), fmt.Sprintf(receipt, "r3", -250), fmt.Sprintf(receipt, "r4", 1))
	if first.GetCreatedCount() != 4 {
		t.Errorf("receipts: %v", first)
	}
	if again := send(fmt.Sprintf(receipt, "r1", 1250), fmt.Sprintf(receipt, "r2", 1100)); again.GetUnchangedCount() != 1 || again.GetUpdatedCount() != 1 {
		t.Errorf("a replay and a correction: %v", again)
	}
	if sums := send(`{"location": "locations/osh", "startTime": "2026-09-01T00:00:00+06:00", "endTime": "2026-09-02T00:00:00+06:00", "sales": {"receipts": "9", "currency": "KGS"}}`); sums.GetRefusedCount() != 1 || sums.GetRefusals()[0].GetReason() != "COUNTED_TWICE" {
		t.Errorf("sums beside receipts: %v", sums)
	}
	askREST(t, suite, "POST", "/v1/operations:delete", `{"kind": "OPERATION_KIND_RECEIPTS", "ids": ["r4"]}`, nil)
}

func readsOperations(t *testing.T, suite *harness.Suite) {
	t.Helper()
	summed := summarise(t, suite, harness.KeyFor(harness.Organization, harness.Admin), `{"period": {"startTime": "2026-09-01T00:00:00+06:00", "endTime": "2026-09-06T00:00:00+06:00"}, "grain": "TIME_GRAIN_DAY"}`)
	var got []string
	for _, s := range summed.GetSummaries() {
		line := fmt.Sprintf("%s %s", strings.TrimPrefix(s.GetLocation(), "locations/"), s.GetStartTime().AsTime().Format("01-02T15"))
		if s.Visitors != nil {
			line += fmt.Sprintf(" %d visitors", s.GetVisitors())
		}
		for _, sold := range s.GetSales() {
			line += fmt.Sprintf(" %d receipts %d %s", sold.GetReceipts(), sold.GetRevenueMinor(), sold.GetCurrency())
		}
		got = append(got, line)
	}
	want := []string{
		"naryn 09-01T18 1000 visitors 200 receipts 50000000 KGS", "naryn 09-03T18 1100 visitors 198 receipts 53460000 KGS", "osh 08-31T18 10 visitors 2 receipts 2100 KGS",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("days (-want +got):\n%s", diff)
	}
	gaps := 0
	for _, g := range summed.GetGaps() {
		if g.GetLocation() == "locations/naryn" && g.GetMeasure() == reportingv1.OperationGap_MEASURE_SALES {
			gaps++
		}
	}
	if gaps != 3 {
		t.Errorf("%d gaps in the sales of naryn, want those before, between and after two days: %v", gaps, summed.GetGaps())
	}
	hours := summarise(t, suite, harness.KeyFor(harness.Organization, harness.Analyst), `{"period": {"startTime": "2026-09-01T00:00:00+06:00", "endTime": "2026-09-02T00:00:00+06:00"}, "grain": "TIME_GRAIN_HOUR"}`)
	if list := hours.GetSummaries(); len(list) != 2 || list[1].Visitors == nil || list[1].GetVisitors() != 0 || list[1].GetSales()[0].GetReceipts() != 2 || list[0].Consultations != nil {
		t.Errorf("hours: %v", list)
	}
}

// managesOwnOperations tells the manager of a location of that one alone, and lets nobody import who sees some locations only, or none.
func managesOwnOperations(t *testing.T, suite *harness.Suite) {
	t.Helper()
	own := createKey(t, suite, `{"displayName": "M", "kind": "KIND_SECRET", "roles": ["manager"], "units": {"locations": ["osh"]}}`)
	summed := summarise(t, suite, own, `{"period": {"startTime": "2026-09-01T00:00:00+06:00", "endTime": "2026-09-06T00:00:00+06:00"}}`)
	if list := summed.GetSummaries(); len(list) != 1 || list[0].GetLocation() != "locations/osh" || list[0].GetVisitorDays() != 1 || list[0].GetDays() != 5 {
		t.Errorf("the manager of osh is told of %v", list)
	}
	client := reportingv1.NewOperationsServiceClient(suite.Conn(own))
	listed, err := client.ListOperations(t.Context(), &reportingv1.ListOperationsRequest{Kind: reportingv1.OperationKind_OPERATION_KIND_SALES})
	if err != nil || len(listed.GetRecords()) != 0 {
		t.Errorf("the manager of osh is told of the sales of naryn: %v, %v", listed, err)
	}
	for what, key := range map[string]string{"a manager of a location": own, "an analyst": harness.KeyFor(harness.Organization, harness.Analyst)} {
		_, err := reportingv1.NewOperationsServiceClient(suite.Conn(key)).BatchUpsertOperations(t.Context(), &reportingv1.BatchUpsertOperationsRequest{Records: []*reportingv1.OperationRecord{{}}})
		if err == nil {
			t.Errorf("%s imports", what)
		}
		byName := &reportingv1.ListOperationsRequest{Kind: reportingv1.OperationKind_OPERATION_KIND_PRESSES, Employee: "employees/ann"}
		if _, err := reportingv1.NewOperationsServiceClient(suite.Conn(key)).ListOperations(t.Context(), byName); (err == nil) != (key == own) {
			t.Errorf("%s asks what customers pressed after an employee: %v", what, err)
		}
	}
}

// summarise asks by gRPC, with the body that REST has.
func summarise(t *testing.T, suite *harness.Suite, key, request string) *reportingv1.QueryOperationsResponse {
	t.Helper()
	req := &reportingv1.QueryOperationsRequest{}
	if err := protojson.Unmarshal([]byte(request), req); err != nil {
		t.Fatal(err)
	}
	got, err := reportingv1.NewOperationsServiceClient(suite.Conn(key)).QueryOperations(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if key == harness.KeyFor(harness.Organization, harness.Admin) {
		var raw json.RawMessage
		byREST := &reportingv1.QueryOperationsResponse{}
		askREST(t, suite, "POST", "/v1/operations:query", request, &raw)
		if err := protojson.Unmarshal(raw, byREST); err != nil || !proto.Equal(got, byREST) {
			t.Errorf("REST says %s: %v", raw, err)
		}
	}
	return got
}
