package reports

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// told is what analyses answer, and what they were asked.
type told struct {
	Analyses
	journey    *reportingv1.QueryJourneyResponse
	benchmarks map[reportingv1.BenchmarkMetric]*reportingv1.QueryBenchmarkResponse
	asked      *reportingv1.QueryJourneyRequest
}

func (a *told) QueryJourney(_ context.Context, req *reportingv1.QueryJourneyRequest) (*reportingv1.QueryJourneyResponse, error) {
	a.asked = req
	return a.journey, nil
}

func (a *told) QueryBenchmark(_ context.Context, req *reportingv1.QueryBenchmarkRequest) (*reportingv1.QueryBenchmarkResponse, error) {
	if resp, ok := a.benchmarks[req.GetMetric()]; ok {
		return resp, nil
	}
	return nil, &rpcerr.Error{Code: codes.FailedPrecondition, Reason: "METRIC_MISMATCH"}
}

// ofMarch is a report of March in English.
func ofMarch(a *told, compared bool) *run {
	book, numbers := words("en")
	march := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	r := &run{
		Server: &Server{analyses: a, others: a}, words: book, notation: numbers, survey: "surveys/s",
		period: document.Period{Start: march, End: march.AddDate(0, 1, 0), Zone: time.UTC}, mark: timestamppb.New(march.AddDate(0, 2, 0)),
	}
	if compared {
		r.baseline = &document.Period{Start: march.AddDate(0, -1, 0), End: march, Zone: time.UTC}
	}
	return r
}

// column is the place of a column.
func column(t *testing.T, table *document.Table, id string) int {
	t.Helper()
	for i, c := range table.Columns {
		if c.ID == id {
			return i
		}
	}
	return -1
}

func interval(low, high float64) *typev1.ConfidenceInterval {
	return &typev1.ConfidenceInterval{Lower: low, Upper: high, Level: 0.95}
}

func TestJourneysAreToldStageByStage(t *testing.T) {
	t.Parallel()
	a := &told{journey: &reportingv1.QueryJourneyResponse{
		Basis: &reportingv1.AnalysisBasis{Definition: "journey", DefinitionVersion: 1}, UnplacedResponses: 3,
		Stages: []*reportingv1.JourneyStage{
			{
				Id: "entrance", Metric: reportingv1.JourneyMetric_JOURNEY_METRIC_CSAT, Responses: 40, Name: &typev1.LocalizedText{Texts: map[string]string{"en": "Entrance", "ru": "Вход"}},
				Score:  &reportingv1.OverviewScore{N: 40, Estimate: proto.Float64(80), Interval: interval(65, 90)},
				Change: &reportingv1.OverviewChange{Baseline: &reportingv1.OverviewScore{N: 35}, Difference: 5, Interval: interval(1, 9), PValue: proto.Float64(0.02), AdjustedPValue: proto.Float64(0.04)},
				Cases:  &reportingv1.JourneyCases{Open: 2, Overdue: 1},
			},
			{
				Id: "till", Metric: reportingv1.JourneyMetric_JOURNEY_METRIC_CSAT, Responses: 50, Worst: true,
				Score: &reportingv1.OverviewScore{N: 50, Estimate: proto.Float64(30), Interval: interval(19, 44)}, Cases: &reportingv1.JourneyCases{},
			},
			{Id: "exit", Metric: reportingv1.JourneyMetric_JOURNEY_METRIC_CSAT, Responses: 2, Score: &reportingv1.OverviewScore{AbsenceReason: "FEW_ANSWERS"}},
			{Id: "parking", Metric: reportingv1.JourneyMetric_JOURNEY_METRIC_CSAT, Score: &reportingv1.OverviewScore{AbsenceReason: "NO_ANSWERS"}},
		},
	}}
	r := ofMarch(a, true)
	p, err := r.journey(t.Context(), report.Section{Type: report.Journey})
	if err != nil {
		t.Fatal(err)
	}
	if got := a.asked.GetBaselinePeriod().GetStartTime().AsTime(); !got.Equal(r.baseline.Start) {
		t.Errorf("compared with the period from %v", got)
	}
	table := p.found(t, "journey")
	score, change, open := column(t, table, "score"), column(t, table, "change"), column(t, table, "cases_open")
	if c := table.Rows[0]; c[0].Text != "Entrance" || *c[score].Number.Low != 65 || *c[change].Number.P != 0.04 || c[change].Number.Unit != document.Points || *c[open].Number.Value != 2 {
		t.Errorf("the first stage is told as %+v", c)
	}
	if c := table.Rows[1]; c[0].Text != "till" || c[change].Number != nil {
		t.Errorf("a stage that was not there before is told as %+v", c)
	}
	if n := table.Rows[2][score].Number; n.Value != nil || n.N != nil || n.Absent != r.words.Text(phrase.Withheld) {
		t.Errorf("a withheld score is told as %+v", n)
	}
	if n := table.Rows[3][score].Number; n.Value != nil || n.Absent != r.words.Text(phrase.NoData) {
		t.Errorf("a score of nobody is told as %+v", n)
	}
	notes := strings.Join(p.notes, "\n")
	if !strings.Contains(notes, "“till”") || !strings.Contains(notes, "3 responses belong to no stage") {
		t.Errorf("notes %q", notes)
	}
	if bars := p.blocks[0].Chart.Bars.Bars; len(bars) != 4 || bars[1].Mark != document.Red || bars[0].Mark != document.NoMark {
		t.Errorf("bars %+v", bars)
	}

	// A report that compares nothing says no change, and cases that cannot be told have no columns.
	a.journey.CasesAbsence = "no"
	if p, err = ofMarch(a, false).journey(t.Context(), report.Section{Type: report.Journey}); err != nil {
		t.Fatal(err)
	}
	table = p.found(t, "journey")
	if column(t, table, "change") >= 0 || column(t, table, "cases_open") >= 0 || len(table.Rows[0]) != len(table.Columns) {
		t.Errorf("columns %+v, a row of %d", table.Columns, len(table.Rows[0]))
	}
}

func TestBenchmarksStandBesideOwnScores(t *testing.T) {
	t.Parallel()
	value := func(subject string) *reportingv1.BenchmarkValue {
		return &reportingv1.BenchmarkValue{Subject: subject, Series: "Grocers", Source: "A yearbook", StartDate: "2026-03-01", EndDate: "2026-04-01", Value: 40, N: proto.Int64(900)}
	}
	own := &reportingv1.BenchmarkScore{N: 100, Score: &reportingv1.AnalysisEstimate{Value: 20, Interval: interval(10, 30)}}
	lower := &reportingv1.AnalysisEstimate{Value: -20, Interval: interval(-32, -8)}
	basis := &reportingv1.AnalysisBasis{Definition: "benchmark_comparison", DefinitionVersion: 1}
	a := &told{benchmarks: map[reportingv1.BenchmarkMetric]*reportingv1.QueryBenchmarkResponse{
		reportingv1.BenchmarkMetric_BENCHMARK_METRIC_NPS: {Basis: basis, Comparisons: []*reportingv1.BenchmarkComparison{
			{Benchmark: value("Rival"), Own: own, Difference: lower, Test: &reportingv1.AnalysisTest{PValue: 0.001, AdjustedPValue: 0.001}},
			{Benchmark: value("Unsure"), Own: own, Difference: &reportingv1.AnalysisEstimate{Value: -20}, UntestedReason: "PRECISION_UNKNOWN"},
			{Benchmark: value("Closed"), UntestedReason: "NO_OWN_SCORE"},
		}},
		reportingv1.BenchmarkMetric_BENCHMARK_METRIC_CSAT: {Basis: basis, Comparisons: []*reportingv1.BenchmarkComparison{
			{Benchmark: value("Rival"), Own: own, Difference: lower, Test: &reportingv1.AnalysisTest{PValue: 0.04, AdjustedPValue: 0.04}},
			{Benchmark: value("Third"), Own: own, Difference: lower, Test: &reportingv1.AnalysisTest{PValue: 0.9, AdjustedPValue: 0.9}},
		}},
		reportingv1.BenchmarkMetric_BENCHMARK_METRIC_MEAN: {Basis: basis},
	}}
	may := manager(t)
	p, err := ofMarch(a, true).benchmarks(may, report.Section{Type: report.Benchmarks})
	if err != nil {
		t.Fatal(err)
	}
	table := p.found(t, "benchmarks")
	difference, verdict, source := column(t, table, "difference"), column(t, table, "verdict"), column(t, table, "source")
	// Three tests in all: 0.001 · 3, 0.04 · 3/2 which is no difference any more, 0.9.
	for i, want := range []struct {
		p       float64
		verdict phrase.Key
	}{{0.003, phrase.BenchmarkBelow}, {-1, phrase.UntestedPrecision}, {-1, phrase.UntestedNoScore}, {0.06, phrase.BenchmarkSame}, {0.9, phrase.BenchmarkSame}} {
		row, got := table.Rows[i], -1.0
		if row[difference].Number.P != nil {
			got = *row[difference].Number.P
		}
		if !near([]float64{got}, []float64{want.p}) || row[verdict].Text != phrase.For("en").Text(want.verdict) {
			t.Errorf("row %d: p = %v, %q", i, got, row[verdict].Text)
		}
		if row[source].Text != "Grocers: A yearbook" {
			t.Errorf("row %d comes from %q", i, row[source].Text)
		}
	}
	if c := p.blocks[0].Chart; c.ID != "benchmarks_nps" || len(c.Bars.Bars) != 2 {
		t.Errorf("the first chart is %+v", c)
	}

	if _, err := ofMarch(a, true).benchmarks(manager(t, "reporting.benchmarks.query"), report.Section{}); err == nil || err.Error() != errPermission.Error() {
		t.Errorf("who may not see benchmarks gets %v", err)
	}
	clear(a.benchmarks)
	if _, err := ofMarch(a, true).benchmarks(may, report.Section{}); err == nil || err.Error() != absent(phrase.AbsentBenchmarks).Error() {
		t.Errorf("where nothing was recorded there is %v", err)
	}
}
