package benchmarks_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/xuri/excelize/v2"
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
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// scoring is the service that is asked: an NPS of 40 with a standard error of 3 of periods that begin in April 2026 or never, nobody else; a mean on 1 to 5.
type scoring struct {
	scoringv1.UnimplementedScoringServiceServer
	asked []*scoringv1.ScoreQuery
}

// QueryScores implements scoringv1.ScoringServiceServer.
func (s *scoring) QueryScores(_ context.Context, req *scoringv1.QueryScoresRequest) (*scoringv1.QueryScoresResponse, error) {
	q := req.GetQuery()
	s.asked = append(s.asked, q)
	score := &scoringv1.Score{Slice: &scoringv1.Slice{Question: "nps"}, N: 700, Estimate: proto.Float64(40), StandardError: proto.Float64(3)}
	if q.GetMetrics()[0] == scoringv1.Metric_METRIC_MEAN {
		score.Estimate, score.Scale = proto.Float64(4.2), &typev1.Scale{Min: 1, Max: 5}
	}
	if t := q.GetPeriod().GetStartTime(); t != nil && t.AsTime().In(bishkek).Month() != time.April {
		score = &scoringv1.Score{Slice: score.GetSlice()}
	}
	return &scoringv1.QueryScoresResponse{Scores: []*scoringv1.Score{score}, Coverage: &scoringv1.Coverage{Counted: 700}}, nil
}

// CompareScores implements scoringv1.ScoringServiceServer.
func (s *scoring) CompareScores(_ context.Context, req *scoringv1.CompareScoresRequest) (*scoringv1.CompareScoresResponse, error) {
	s.asked = append(s.asked, req.GetQuery(), req.GetBaseline())
	return &scoringv1.CompareScoresResponse{
		Score: &scoringv1.Score{N: 100, Estimate: proto.Float64(50)}, Baseline: &scoringv1.Score{N: 600, Estimate: proto.Float64(38)}, Difference: 12, PValue: proto.Float64(0.01),
	}, nil
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
	now := func() time.Time { return time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC) }
	return &benchmarks.Server{Store: db, Measures: peers.NewMeasures(&conn), Tokens: page.Codec{TTL: time.Hour, Now: now}, Zone: bishkek, Now: now}, asked,
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
	if len(scored.asked) != 5 || !scored.asked[1].GetPeriod().GetStartTime().AsTime().Equal(time.Date(2026, 3, 31, 18, 0, 0, 0, time.UTC)) ||
		scored.asked[3].GetFilter() != `(channel = "web") AND location = "o\"sh"` || scored.asked[4].GetFilter() != `(channel = "web") AND location != "o\"sh"` {
		t.Errorf("%v", scored.asked)
	}
	query.Period = &typev1.Period{EndTime: timestamppb.New(time.Date(2026, 4, 20, 0, 0, 0, 0, bishkek))}
	got, err = s.QueryBenchmark(ctx, &reportingv1.QueryBenchmarkRequest{Query: query, Metric: reportingv1.BenchmarkMetric_BENCHMARK_METRIC_MEAN})
	if err != nil || len(got.GetComparisons()) != 2 || got.GetComparisons()[0].GetBenchmark().GetSubject() != "Frunze" || got.GetComparisons()[0].GetTest() == nil ||
		got.GetComparisons()[1].GetUntestedReason() != "SCALES_DIFFER" || got.GetComparisons()[1].GetDifference() != nil {
		t.Errorf("%v, %v", got, err)
	}
}
