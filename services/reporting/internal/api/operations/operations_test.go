package operations

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/store/sqlite"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// directory knows locations s00 to s39 and the employee ann. It counts how often it is asked.
type directory struct {
	segmentationv1.UnimplementedDirectoryServiceServer
	asked int
	away  bool
}

func (d *directory) units() (out []*segmentationv1.Unit) {
	for n := range 40 {
		out = append(out, &segmentationv1.Unit{Name: fmt.Sprintf("locations/s%02d", n)})
	}
	return out
}

func (d *directory) ListUnits(context.Context, *segmentationv1.ListUnitsRequest) (*segmentationv1.ListUnitsResponse, error) {
	d.asked++
	return &segmentationv1.ListUnitsResponse{Units: d.units()}, nil
}

func (d *directory) GetUnit(_ context.Context, req *segmentationv1.GetUnitRequest) (*segmentationv1.GetUnitResponse, error) {
	d.asked++
	if d.away {
		return nil, status.Error(codes.Unavailable, "away")
	}
	for _, u := range append(d.units(), &segmentationv1.Unit{Name: "employees/ann"}) {
		if u.GetName() == req.GetName() {
			return &segmentationv1.GetUnitResponse{Unit: u}, nil
		}
	}
	return nil, rpcerr.New(codes.NotFound, "UNIT_NOT_FOUND", "there is none")
}

var now = time.Date(2026, 9, 10, 12, 0, 0, 0, time.UTC)

// pages seals with one key.
type pages struct{ key seal.Key }

// Seal implements Pages.
func (p pages) Seal(_ context.Context, organization, text string) ([]byte, error) {
	return seal.Seal(p.key, []byte(text), []byte(organization))
}

// Open implements Pages.
func (p pages) Open(_ context.Context, organization string, sealed []byte) (string, error) {
	text, err := seal.Open(p.key, sealed, []byte(organization))
	return string(text), err
}

func newServer(t *testing.T) (*Server, *directory, context.Context) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "reporting.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	d, channel := &directory{}, &inprocgrpc.Channel{}
	segmentationv1.RegisterDirectoryServiceServer(channel, d)
	zone := time.FixedZone("Bishkek", 6*60*60)
	s := &Server{Store: db, Segmentation: peers.NewSegmentation(channel), Zone: zone, Now: func() time.Time { return now }, Pages: pages{seal.NewKey(now)}}
	return s, d, authz.WithHolder(authn.WithPrincipal(t.Context(), authn.Principal{Organization: "acme", Roles: []string{"all"}}), authz.Roles{"all": {"*"}, "blind": {"*", "!" + personsView}})
}

// TestRecordsComeBack stores a record of each kind and lists it as it was.
func TestRecordsComeBack(t *testing.T) {
	s, _, ctx := newServer(t)
	for kind, text := range map[reportingv1.OperationKind]string{
		reportingv1.OperationKind_OPERATION_KIND_VISITORS:       `"endTime": "2026-09-01T05:00:00Z", "visitors": {"visitors": "7"}`,
		reportingv1.OperationKind_OPERATION_KIND_SALES:          `"endTime": "2026-09-01T05:00:00Z", "sales": {"receipts": "2", "revenueMinor": "500", "currency": "KGS", "units": 1.5}`,
		reportingv1.OperationKind_OPERATION_KIND_PRESSES:        `"employee": "employees/ann", "presses": {"likes": "1", "dislikes": "2", "consultations": "3", "helps": "4"}`,
		reportingv1.OperationKind_OPERATION_KIND_MYSTERY_VISITS: `"mysteryVisit": {"criteria": [{"name": "Greets", "weight": 2, "outcome": "OUTCOME_FAIL"}]}`,
		reportingv1.OperationKind_OPERATION_KIND_TERMINALS:      `"endTime": "2026-09-01T05:00:00Z", "device": "t1", "terminal": {"shown": "9", "begun": "5", "completed": "4", "inServiceSeconds": "60"}`,
		reportingv1.OperationKind_OPERATION_KIND_EMOTIONS:       `"emotion": {"subject": "SUBJECT_BUYER", "emotion": "joy", "score": 0.5}`,
		reportingv1.OperationKind_OPERATION_KIND_SHIFTS:         `"endTime": "2026-09-01T12:00:00Z", "employee": "employees/ann", "shift": {"role": "cashier"}`,
	} {
		r := &reportingv1.OperationRecord{}
		if err := protojson.Unmarshal([]byte(`{"id": "own", "location": "locations/s01", "startTime": "2026-09-01T04:00:00Z", `+text+`}`), r); err != nil {
			t.Fatal(err)
		}
		done, err := s.BatchUpsertOperations(ctx, &reportingv1.BatchUpsertOperationsRequest{Records: []*reportingv1.OperationRecord{r}})
		if err != nil || done.GetResults()[0].GetChange() != reportingv1.OperationChange_OPERATION_CHANGE_CREATED {
			t.Fatalf("%s: %v, %v", kind, done, err)
		}
		got, err := s.ListOperations(ctx, &reportingv1.ListOperationsRequest{Kind: kind})
		if err != nil || len(got.GetRecords()) != 1 {
			t.Fatalf("%s: %v, %v", kind, got, err)
		}
		r.Date = "2026-09-01"
		if diff := cmp.Diff(r, got.GetRecords()[0], protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}

// TestWhoseIsWithheld: who may not see persons reads neither the employee nor an identifier that was made of him, and does not ask by him.
func TestWhoseIsWithheld(t *testing.T) {
	s, _, ctx := newServer(t)
	press := func(id string, minute int) *reportingv1.OperationRecord {
		return &reportingv1.OperationRecord{
			Id: id, Location: "locations/s01", Employee: "employees/ann", StartTime: timestamppb.New(now.Add(time.Duration(minute-60) * time.Minute)),
			Data: &reportingv1.OperationRecord_Presses{Presses: &reportingv1.ButtonPresses{Likes: 1}},
		}
	}
	nobody := press("", 2)
	nobody.Employee = ""
	if _, err := s.BatchUpsertOperations(ctx, &reportingv1.BatchUpsertOperationsRequest{Records: []*reportingv1.OperationRecord{press("own", 0), press("", 1), nobody}}); err != nil {
		t.Fatal(err)
	}
	req := &reportingv1.ListOperationsRequest{Kind: reportingv1.OperationKind_OPERATION_KIND_PRESSES, Employee: "employees/ann"}
	if got, err := s.ListOperations(ctx, req); err != nil || len(got.GetRecords()) != 2 || got.GetRecords()[0].GetEmployee() != req.GetEmployee() || len(got.GetRecords()[0].GetWithheldFields()) != 0 {
		t.Errorf("who sees persons: %v, %v", got, err)
	}
	blind := authn.WithPrincipal(ctx, authn.Principal{Organization: "acme", Roles: []string{"blind"}})
	_, err := s.ListOperations(blind, req)
	if refused, ok := rpcerr.FromError(err); !ok || refused.Code != codes.PermissionDenied || refused.Fields[0].Field != "employee" {
		t.Errorf("by the employee: %v", err)
	}
	req.Employee = ""
	got, err := s.ListOperations(blind, req)
	if err != nil || len(got.GetRecords()) != 3 {
		t.Fatal(got, err)
	}
	for i, want := range []string{"own [employee]", " [id employee]", got.GetRecords()[2].GetId() + " []"} {
		if r := got.GetRecords()[i]; r.GetEmployee() != "" || fmt.Sprint(r.GetId(), " ", r.GetWithheldFields()) != want || r.GetPresses().GetLikes() != 1 {
			t.Errorf("%v, want %s", r, want)
		}
	}
	if got.GetRecords()[2].GetId() == "" {
		t.Error("the identifier of a record of nobody is withheld")
	}
	pagesTellNobody(ctx, blind, t, s)
}

// pagesTellNobody: nor does the token of a page tell an identifier that was made of an employee.
func pagesTellNobody(ctx, blind context.Context, t *testing.T, s *Server) {
	t.Helper()
	told := func(token string) string {
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	req := &reportingv1.ListOperationsRequest{Kind: reportingv1.OperationKind_OPERATION_KIND_PRESSES, PageSize: 2}
	seen, err := s.ListOperations(ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	made := seen.GetRecords()[1].GetId()
	got, err := s.ListOperations(blind, req)
	if err != nil || got.GetNextPageToken() == "" || strings.Contains(told(got.GetNextPageToken()), made) || !strings.Contains(told(seen.GetNextPageToken()), made) {
		t.Fatalf("%v, %v", got, err)
	}
	req.PageToken = got.GetNextPageToken()
	if got, err = s.ListOperations(blind, req); err != nil || len(got.GetRecords()) != 1 || got.GetNextPageToken() != "" {
		t.Errorf("the second page: %v, %v", got, err)
	}
	req.PageToken = seen.GetNextPageToken()
	if _, err = s.ListOperations(blind, req); !errors.Is(err, page.ErrMalformed) {
		t.Errorf("the token of who sees persons: %v", err)
	}
}

func TestPoliciesComeBack(t *testing.T) {
	s, _, ctx := newServer(t)
	change := &reportingv1.OperationRecord{
		Id: "p", Location: "locations/s02", StartTime: timestamppb.New(now),
		Data: &reportingv1.OperationRecord_PolicyChange{PolicyChange: &reportingv1.PolicyChange{Policy: reportingv1.PolicyChange_POLICY_PRICES, Locations: []string{"locations/s03", "locations/s01"}}},
	}
	if _, err := s.BatchUpsertOperations(ctx, &reportingv1.BatchUpsertOperationsRequest{Records: []*reportingv1.OperationRecord{change}}); err != nil {
		t.Fatal(err)
	}
	got, err := s.ListOperations(ctx, &reportingv1.ListOperationsRequest{Kind: reportingv1.OperationKind_OPERATION_KIND_POLICY_CHANGES, Locations: []string{"locations/s02"}})
	if err != nil || len(got.GetRecords()) != 1 {
		t.Fatal(got, err)
	}
	if diff := cmp.Diff([]string{"locations/s01", "locations/s02", "locations/s03"}, got.GetRecords()[0].GetPolicyChange().GetLocations()); diff != "" {
		t.Error(diff)
	}
}

// TestWorkbook imports a workbook of many locations: the directory is asked once for all of them.
func TestWorkbook(t *testing.T) {
	s, d, ctx := newServer(t)
	file := excelize.NewFile()
	for at, cells := range [][]any{{"location", "time", "visitors"}} {
		if err := file.SetSheetRow("Sheet1", fmt.Sprintf("A%d", at+1), &cells); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 41 {
		cells := []any{fmt.Sprintf("s%02d", n), "2026-09-01", n}
		if err := file.SetSheetRow("Sheet1", fmt.Sprintf("A%d", n+2), &cells); err != nil {
			t.Fatal(err)
		}
	}
	var packed strings.Builder
	if err := file.Write(&packed); err != nil {
		t.Fatal(err)
	}
	table := &reportingv1.OperationTable{Kind: reportingv1.OperationKind_OPERATION_KIND_VISITORS, Format: reportingv1.OperationTable_FORMAT_XLSX, TimeZone: "organization"}
	got, err := s.ImportOperations(ctx, &reportingv1.ImportOperationsRequest{Table: table, Data: []byte(packed.String())})
	if err != nil {
		t.Fatal(err)
	}
	if done := got.GetImport(); done.GetCreatedCount() != 40 || done.GetRefusedCount() != 1 || done.GetRefusals()[0].GetReason() != "LOCATION_UNKNOWN" || done.GetRefusals()[0].GetLine() != 42 {
		t.Errorf("%v", got)
	}
	if d.asked != 1 {
		t.Errorf("the directory was asked %d times", d.asked)
	}
	sums, err := s.QueryOperations(ctx, &reportingv1.QueryOperationsRequest{PageSize: 30, Period: september()})
	if err != nil || len(sums.GetSummaries()) != 30 || sums.GetNextPageToken() == "" || len(sums.GetGaps()) != 30*3 {
		t.Fatalf("%d summaries, %d gaps, %v", len(sums.GetSummaries()), len(sums.GetGaps()), err)
	}
	rest, err := s.QueryOperations(ctx, &reportingv1.QueryOperationsRequest{PageSize: 30, Period: september(), PageToken: sums.GetNextPageToken()})
	if err != nil || len(rest.GetSummaries()) != 10 || rest.GetNextPageToken() != "" || rest.GetSummaries()[9].GetVisitors() != 39 {
		t.Errorf("the rest: %v, %v", rest, err)
	}
}

func september() *typev1.Period {
	zone := time.FixedZone("Bishkek", 6*60*60)
	return &typev1.Period{StartTime: timestamppb.New(time.Date(2026, 9, 1, 0, 0, 0, 0, zone)), EndTime: timestamppb.New(time.Date(2026, 10, 1, 0, 0, 0, 0, zone))}
}

// TestRefusedRequests names the field and what to do.
func TestRefusedRequests(t *testing.T) {
	s, d, ctx := newServer(t)
	visitors := reportingv1.OperationKind_OPERATION_KIND_VISITORS
	table := func(change func(*reportingv1.OperationTable), data string) func() error {
		return func() error {
			how := &reportingv1.OperationTable{Kind: visitors}
			change(how)
			_, err := s.ImportOperations(ctx, &reportingv1.ImportOperationsRequest{Table: how, Data: []byte(data)})
			return err
		}
	}
	same := func(*reportingv1.OperationTable) {}
	for name, c := range map[string]struct {
		call  func() error
		field string
	}{
		"zone":     {table(func(t *reportingv1.OperationTable) { t.TimeZone = "Mars/Olympus" }, "location,time,visitors\n"), "table.time_zone"},
		"no rows":  {table(same, "location,time,visitors\n"), "data"},
		"header":   {table(same, "location,time\ns01,2026-09-01\n"), "table.mapping"},
		"mapping":  {table(func(t *reportingv1.OperationTable) { t.Mapping = map[string]string{"x": "visitors"} }, "location,time,visitors\n"), "table.mapping"},
		"workbook": {table(func(t *reportingv1.OperationTable) { t.Format = reportingv1.OperationTable_FORMAT_XLSX }, "PK"), "data"},
		"selection": {func() error {
			_, err := s.DeleteOperations(ctx, &reportingv1.DeleteOperationsRequest{Kind: visitors})
			return err
		}, "period"},
		"period": {func() error {
			_, err := s.QueryOperations(ctx, &reportingv1.QueryOperationsRequest{Period: &typev1.Period{}})
			return err
		}, "period"},
		"hours": {func() error {
			far := september()
			far.EndTime = timestamppb.New(now.AddDate(0, 2, 0))
			_, err := s.QueryOperations(ctx, &reportingv1.QueryOperationsRequest{Period: far, Grain: typev1.TimeGrain_TIME_GRAIN_HOUR})
			return err
		}, "period"},
	} {
		err := c.call()
		refused, ok := rpcerr.FromError(err)
		if !ok || refused.Code != codes.InvalidArgument || len(refused.Fields) != 1 || refused.Fields[0].Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	d.away = true
	err := table(func(t *reportingv1.OperationTable) { t.TimeZone = "Asia/Bishkek" }, "location,time,visitors\ns01,2026-09-01,4\n")()
	if refused, ok := rpcerr.FromError(err); !ok || refused.Code != codes.Unavailable {
		t.Errorf("without the directory: %v", err)
	}
}

// upload is a stream of messages.
type upload struct {
	grpc.ServerStream
	ctx      context.Context
	messages []*reportingv1.UploadOperationsRequest
	answer   *reportingv1.UploadOperationsResponse
	broken   error
}

func (u *upload) Context() context.Context { return u.ctx }

func (u *upload) Recv() (*reportingv1.UploadOperationsRequest, error) {
	if len(u.messages) == 0 {
		return nil, u.broken
	}
	m := u.messages[0]
	u.messages = u.messages[1:]
	return m, nil
}

func (u *upload) SendAndClose(m *reportingv1.UploadOperationsResponse) error {
	u.answer = m
	return nil
}

// TestBrokenStreams says what is wrong with the messages of a stream, and passes on why the rest did not come.
func TestBrokenStreams(t *testing.T) {
	s, _, ctx := newServer(t)
	table := &reportingv1.UploadOperationsRequest_Start{Table: &reportingv1.OperationTable{Kind: reportingv1.OperationKind_OPERATION_KIND_VISITORS, TimeZone: "organization"}}
	gone := errors.New("gone")
	data := &reportingv1.UploadOperationsRequest{Data: []byte("location,time,visitors\ns01,2026-09-01,4\n")}
	for name, c := range map[string]struct {
		messages []*reportingv1.UploadOperationsRequest
		field    string
	}{
		"no start":                {[]*reportingv1.UploadOperationsRequest{data}, "start"},
		"data without a table":    {[]*reportingv1.UploadOperationsRequest{{Start: &reportingv1.UploadOperationsRequest_Start{}}, data}, "data"},
		"records beside a table":  {[]*reportingv1.UploadOperationsRequest{{Start: table}, data, {Records: []*reportingv1.OperationRecord{{}}}}, "records"},
		"a second start":          {[]*reportingv1.UploadOperationsRequest{{Start: table}, data, {Start: table}}, "start"},
		"a second start, records": {[]*reportingv1.UploadOperationsRequest{{Start: &reportingv1.UploadOperationsRequest_Start{}}, {Start: table}}, "start"},
	} {
		err := s.UploadOperations(&upload{ctx: ctx, messages: c.messages, broken: gone})
		refused, ok := rpcerr.FromError(err)
		if !ok || refused.Code != codes.InvalidArgument || len(refused.Fields) != 1 || refused.Fields[0].Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.UploadOperations(&upload{ctx: ctx, messages: []*reportingv1.UploadOperationsRequest{{Start: table}, data}, broken: gone}); !errors.Is(err, gone) {
		t.Errorf("a stream that breaks: %v", err)
	}
}
