package benchmarks_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/xuri/excelize/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/api/benchmarks"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/store/sqlite"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// scoring is the service that is asked: an NPS of 40 with a standard error of 3 of periods that begin in April 2026 or never, nobody else; 50 where it is asked for
// answers that state something; a mean on 1 to 5.
type scoring struct {
	scoringv1.UnimplementedScoringServiceServer
	mu    sync.Mutex
	asked []*scoringv1.ScoreQuery
	// arriving tells that an answer arrives before each question that is of no moment.
	arriving bool
}

// take takes note of questions, and tells up to when they are answered.
func (s *scoring) take(asked ...*scoringv1.ScoreQuery) *timestamppb.Timestamp {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, asked...)
	if s.arriving {
		return &timestamppb.Timestamp{Seconds: 1_780_000_000 + int64(len(s.asked))}
	}
	return nil
}

// QueryScores implements scoringv1.ScoringServiceServer.
func (s *scoring) QueryScores(_ context.Context, req *scoringv1.QueryScoresRequest) (*scoringv1.QueryScoresResponse, error) {
	q := req.GetQuery()
	watermark := s.take(q)
	score := &scoringv1.Score{Slice: &scoringv1.Slice{Question: "nps"}, N: 700, Estimate: proto.Float64(40), StandardError: proto.Float64(3)}
	if strings.Contains(q.GetFilter(), "location") {
		score.Estimate = proto.Float64(50)
	}
	if q.GetMetrics()[0] == scoringv1.Metric_METRIC_MEAN {
		score.Estimate, score.Scale = proto.Float64(4.2), &typev1.Scale{Min: 1, Max: 5}
	}
	if t := q.GetPeriod().GetStartTime(); t != nil && t.AsTime().In(bishkek).Month() != time.April {
		score = &scoringv1.Score{Slice: score.GetSlice()}
	}
	return &scoringv1.QueryScoresResponse{Scores: []*scoringv1.Score{score}, Coverage: &scoringv1.Coverage{Counted: 700}, Watermark: watermark}, nil
}

// CompareScores implements scoringv1.ScoringServiceServer.
func (s *scoring) CompareScores(_ context.Context, req *scoringv1.CompareScoresRequest) (*scoringv1.CompareScoresResponse, error) {
	if strings.Contains(req.GetQuery().GetFilter(), "empty") {
		return nil, rpcerr.New(codes.FailedPrecondition, "NOT_COMPARABLE", "there are no answers in this slice")
	}
	return &scoringv1.CompareScoresResponse{
		Watermark: s.take(req.GetQuery(), req.GetBaseline()),
		Score:     &scoringv1.Score{N: 100, Estimate: proto.Float64(50)}, Baseline: &scoringv1.Score{N: 600, Estimate: proto.Float64(38)}, Difference: 12, PValue: proto.Float64(0.01),
	}, nil
}

// directory is that of the organisation: the south with Osh and, in a valley of it, Uzgen; and the north with Talas.
type directory struct {
	segmentationv1.UnimplementedDirectoryServiceServer
}

// ListUnits implements segmentationv1.DirectoryServiceServer.
func (directory) ListUnits(_ context.Context, req *segmentationv1.ListUnitsRequest) (*segmentationv1.ListUnitsResponse, error) {
	units := []*segmentationv1.Unit{
		{Name: "locations/osh", Parent: "regions/south"}, {Name: "locations/talas", Parent: "regions/north"}, {Name: "locations/uzgen", Parent: "regions/valley"},
	}
	if req.GetKind() == segmentationv1.Unit_KIND_REGION {
		units = []*segmentationv1.Unit{{Name: "regions/north"}, {Name: "regions/south"}, {Name: "regions/valley", Parent: "regions/south"}, {Name: "regions/wide"}}
	} else {
		for i := range 90 {
			units = append(units, &segmentationv1.Unit{Name: fmt.Sprint("locations/wide-", i), Parent: "regions/wide"})
		}
	}
	return &segmentationv1.ListUnitsResponse{Units: units}, nil
}

var bishkek = time.FixedZone("Asia/Bishkek", 6*60*60)

func newServer(t *testing.T) (*benchmarks.Server, *scoring, context.Context) {
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
	asked := &scoring{}
	scoringv1.RegisterScoringServiceServer(&conn, asked)
	segmentationv1.RegisterDirectoryServiceServer(&conn, directory{})
	now := func() time.Time { return time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC) }
	return &benchmarks.Server{
			Store: db, Measures: peers.NewMeasures(&conn), Segmentation: peers.NewSegmentation(&conn), Tokens: page.Codec{TTL: time.Hour, Now: now}, Zone: bishkek, Now: now,
		}, asked,
		authn.WithPrincipal(t.Context(), authn.Principal{Organization: "acme"})
}

const table = `series;subject;metric;start_date;end_date;value;n;se;scale_min;scale_max;source
Grocers;Globus;nps;2026-04-01;2026-07-01;31;800;;;;A panel
Grocers;Globus;nps;2026-07-01;2026-10-01;33;800;;;;A panel
Grocers;Narodny;nps;2026-04-01;2026-07-01;20,5;;;;;A panel
Grocers;Globus;mean;2026-04-01;2026-07-01;8;;0.2;1;10;A panel
Grocers;Frunze;mean;2026-04-01;2026-07-01;4;;0,1;1;5;A panel
Grocers;Globus;nps;2026-04-01;2026-07-01;131;800;;;;A panel
Grocers;Globus;nps;2026-04-01;2026-07-01;30;800;;;;A panel
Grocers;Globus;nps;2026-04-31;2026-07-01;30;800;;;;
`

// refusals are the rows that were refused, with field and reason.
func refusals(i *reportingv1.OperationImport) string {
	var out []string
	for _, r := range i.GetRefusals() {
		out = append(out, fmt.Sprint(r.GetRow(), " ", r.GetField(), " ", r.GetReason()))
	}
	return strings.Join(out, "; ")
}

// TestImport: each row is checked alone; trying changes nothing, and coming again changes nothing; a workbook says the same as CSV.
func TestImport(t *testing.T) {
	s, _, ctx := newServer(t)
	var book bytes.Buffer
	file := excelize.NewFile()
	for i, line := range strings.Split(strings.TrimSpace(table), "\n") {
		cells := strings.Split(line, ";")
		if err := file.SetSheetRow("Sheet1", fmt.Sprint("A", i+1), &cells); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Write(&book); err != nil {
		t.Fatal(err)
	}
	xlsx := &reportingv1.BenchmarkTable{Format: reportingv1.OperationTable_FORMAT_XLSX}
	for i, c := range []struct {
		req                         *reportingv1.ImportBenchmarksRequest
		created, unchanged, refused int64
	}{
		{&reportingv1.ImportBenchmarksRequest{Data: []byte(table), DryRun: true}, 5, 0, 3},
		{&reportingv1.ImportBenchmarksRequest{Data: []byte(table)}, 5, 0, 3},
		{&reportingv1.ImportBenchmarksRequest{Data: book.Bytes(), Table: xlsx}, 0, 5, 3},
	} {
		got, err := s.ImportBenchmarks(ctx, c.req)
		if err != nil {
			t.Fatal(err)
		}
		is := got.GetImport()
		if is.GetCreatedCount() != c.created || is.GetUnchangedCount() != c.unchanged || is.GetRefusedCount() != c.refused ||
			refusals(is) != "6 value OUT_OF_RANGE; 7 id REPEATED; 8 start_date MALFORMED" {
			t.Errorf("%d: %v", i, is)
		}
	}
	list, err := s.ListBenchmarks(ctx, &reportingv1.ListBenchmarksRequest{Metric: reportingv1.BenchmarkMetric_BENCHMARK_METRIC_NPS, Subject: "Globus"})
	if err != nil || len(list.GetBenchmarks()) != 2 || list.GetBenchmarks()[0].GetSource() != "A panel" {
		t.Errorf("%v, %v", list, err)
	}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"no column":    {second(s.ImportBenchmarks(ctx, &reportingv1.ImportBenchmarksRequest{Data: []byte("series,value\na,1\n")})), "BENCHMARK_TABLE_INVALID table.mapping"},
		"no rows":      {second(s.ImportBenchmarks(ctx, &reportingv1.ImportBenchmarksRequest{Data: []byte(table[:strings.Index(table, "\n")])})), "BENCHMARK_TABLE_INVALID data"},
		"no workbook":  {second(s.ImportBenchmarks(ctx, &reportingv1.ImportBenchmarksRequest{Data: []byte(table), Table: xlsx})), "BENCHMARK_TABLE_INVALID data"},
		"no selection": {second(s.DeleteBenchmarks(ctx, &reportingv1.DeleteBenchmarksRequest{})), "BENCHMARK_SELECTION_REQUIRED series"},
	} {
		if e, ok := rpcerr.FromError(c.err); !ok || len(e.Fields) != 1 || e.Reason+" "+e.Fields[0].Field != c.want {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	gone, err := s.DeleteBenchmarks(ctx, &reportingv1.DeleteBenchmarksRequest{Subject: "Globus"})
	if err != nil || gone.GetDeletedCount() != 3 {
		t.Errorf("%v, %v", gone, err)
	}
}

func second[T any](_ T, err error) error { return err }

// TestQuery: each value is compared with the own score of its days; what cannot be tested says why; own units are compared with all others.
func TestQuery(t *testing.T) {
	s, scored, ctx := newServer(t)
	if _, err := s.ImportBenchmarks(ctx, &reportingv1.ImportBenchmarksRequest{Data: []byte(table)}); err != nil {
		t.Fatal(err)
	}
	query := &reportingv1.AnalysisQuery{Survey: "surveys/shop", Filter: `channel = "web"`}
	got, err := s.QueryBenchmark(ctx, &reportingv1.QueryBenchmarkRequest{
		Query: query, Metric: reportingv1.BenchmarkMetric_BENCHMARK_METRIC_NPS, Units: []string{`locations/o"sh`},
	})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, c := range got.GetComparisons() {
		told = append(told, fmt.Sprintf("%s %s %v %s", c.GetBenchmark().GetSubject(), c.GetBenchmark().GetStartDate(), c.GetDifference().GetValue(), c.GetUntestedReason()))
	}
	if want := "Globus 2026-04-01 9 ; Globus 2026-07-01 0 NO_OWN_SCORE; Narodny 2026-04-01 19.5 PRECISION_UNKNOWN"; strings.Join(told, "; ") != want {
		t.Errorf("%v", told)
	}
	first := got.GetComparisons()[0]
	share := 0.31 * 800 / 803
	if se := math.Hypot(3, 100*math.Sqrt((1-share*share)/803)); math.Abs(first.GetDifference().GetStandardError()-se) > 1e-9 || first.GetTest().GetAdjustedPValue() < first.GetTest().GetPValue() ||
		got.GetFamily() != 2 || got.GetOwn().GetN() != 700 || got.GetQuestion() != "nps" || !strings.Contains(fmt.Sprint(got.GetBasis().GetConventions()), "GREATEST_VARIANCE_OF_NPS") {
		t.Errorf("%v", got)
	}
	if u := got.GetUnits()[0]; u.GetDifference().GetValue() != 12 || u.GetTest().GetPValue() != 0.01 || u.GetOthers().GetN() != 600 {
		t.Errorf("%v", u)
	}
	// One question for the whole, one for each period, and both sides of the unit; days begin in the zone of the service.
	var asked []string
	for _, q := range scored.asked {
		if t := q.GetPeriod().GetStartTime(); t == nil {
			asked = append(asked, q.GetFilter())
		} else {
			asked = append(asked, t.AsTime().In(bishkek).Format(time.DateTime)+" "+q.GetFilter())
		}
	}
	slices.Sort(asked)
	if want := []string{
		`(channel = "web") AND NOT location = "o\"sh"`, `(channel = "web") AND location = "o\"sh"`,
		`2026-04-01 00:00:00 channel = "web"`, `2026-07-01 00:00:00 channel = "web"`, `channel = "web"`,
	}; !slices.Equal(asked, want) {
		t.Errorf("%q", asked)
	}
	query.Period = &typev1.Period{EndTime: timestamppb.New(time.Date(2026, 4, 20, 0, 0, 0, 0, bishkek))}
	got, err = s.QueryBenchmark(ctx, &reportingv1.QueryBenchmarkRequest{Query: query, Metric: reportingv1.BenchmarkMetric_BENCHMARK_METRIC_MEAN})
	if err != nil || len(got.GetComparisons()) != 2 || got.GetComparisons()[0].GetBenchmark().GetSubject() != "Frunze" || got.GetComparisons()[0].GetTest() == nil ||
		got.GetComparisons()[1].GetUntestedReason() != "SCALES_DIFFER" || got.GetComparisons()[1].GetDifference() != nil {
		t.Errorf("%v, %v", got, err)
	}
}

// TestOwnUnits: a number of an own unit is compared with the score of that unit, and a region has the locations that the directory says.
func TestOwnUnits(t *testing.T) {
	s, scored, ctx := newServer(t)
	text := `series;subject;metric;start_date;end_date;value;n;source
Guests;Globus;nps;2026-04-01;2026-07-01;31;800;A panel
Guests;locations/osh;nps;2026-04-01;2026-07-01;31;800;A panel
Guests;regions/south;nps;2026-04-01;2026-07-01;31;800;A panel
Guests;locations/;nps;2026-04-01;2026-07-01;31;800;A panel
Guests;regions/south/osh;nps;2026-04-01;2026-07-01;31;800;A panel
`
	made, err := s.ImportBenchmarks(ctx, &reportingv1.ImportBenchmarksRequest{Data: []byte(text)})
	if err != nil || refusals(made.GetImport()) != "4 subject MALFORMED; 5 subject MALFORMED" {
		t.Fatalf("%v, %v", made, err)
	}
	req := &reportingv1.QueryBenchmarkRequest{
		Query: &reportingv1.AnalysisQuery{Survey: "surveys/shop"}, Metric: reportingv1.BenchmarkMetric_BENCHMARK_METRIC_NPS, Units: []string{"regions/south", "locations/osh*"},
	}
	got, err := s.QueryBenchmark(ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, c := range got.GetComparisons() {
		told = append(told, fmt.Sprint(c.GetBenchmark().GetSubject(), " ", c.GetOwn().GetScore().GetValue(), " ", c.GetDifference().GetValue()))
	}
	if want := "Globus 40 9; locations/osh 50 19; regions/south 50 19"; strings.Join(told, "; ") != want {
		t.Errorf("%v", told)
	}
	const south = `(location = "osh" OR location = "uzgen" OR region = "south" OR region = "valley")`
	filters := map[string]int{}
	for _, q := range scored.asked {
		filters[q.GetFilter()]++
	}
	if want := map[string]int{"": 2, `location = "osh"`: 1, south: 2, "NOT " + south: 1, `location = "osh\*"`: 1, `NOT location = "osh\*"`: 1}; !maps.Equal(filters, want) {
		t.Errorf("%v", filters)
	}
	req.Units = []string{"locations/empty", "locations/osh"}
	if got, err = s.QueryBenchmark(ctx, req); err != nil || got.GetUnits()[0].GetUntestedReason() != "NO_OWN_SCORE" || got.GetUnits()[0].GetScore() != nil || got.GetUnits()[1].GetDifference().GetValue() != 12 {
		t.Errorf("beside a unit without answers: %v, %v", got.GetUnits(), err)
	}
	req.Units = []string{"regions/wide"}
	if e, ok := rpcerr.FromError(second(s.QueryBenchmark(ctx, req))); !ok || e.Reason != "TOO_MANY" || e.Fields[0].Field != "units[0]" {
		t.Errorf("of a region with too many locations: %v", e)
	}
}

// TestOneMoment: while answers arrive, own scores are asked for again, and at last as of a moment that is over.
func TestOneMoment(t *testing.T) {
	s, scored, ctx := newServer(t)
	if _, err := s.ImportBenchmarks(ctx, &reportingv1.ImportBenchmarksRequest{Data: []byte(table)}); err != nil {
		t.Fatal(err)
	}
	scored.arriving = true
	got, err := s.QueryBenchmark(ctx, &reportingv1.QueryBenchmarkRequest{
		Query: &reportingv1.AnalysisQuery{Survey: "surveys/shop"}, Metric: reportingv1.BenchmarkMetric_BENCHMARK_METRIC_NPS, Units: []string{"locations/osh"},
	})
	if err != nil {
		t.Fatal(err)
	}
	moment := got.GetBasis().GetWatermark()
	for _, q := range scored.asked[len(scored.asked)-5:] {
		if moment == nil || !proto.Equal(q.GetAsOfTime(), moment) {
			t.Errorf("as of %v it is asked %v", moment, q)
		}
	}
}
