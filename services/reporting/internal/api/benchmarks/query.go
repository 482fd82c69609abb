package benchmarks

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/reporting/internal/api/basis"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/benchmark"
	"github.com/otklik/otklik/services/reporting/internal/estimate"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	definitionBenchmark = "benchmark_comparison"
	defaultLevel        = 0.95
	// mostValues is how many values are compared, mostPeriods how many periods they may be of, those of each own unit by themselves: each is a
	// question to scoring.
	mostValues, mostPeriods = 500, 60
)

// Why a difference is untested.
const (
	noOwnScore          = "NO_OWN_SCORE"
	withheld            = "WITHHELD"
	scalesDiffer        = "SCALES_DIFFER"
	precisionUnknown    = "PRECISION_UNKNOWN"
	ownPrecisionUnknown = "OWN_PRECISION_UNKNOWN"
)

// metrics are what scoring calls the metrics.
var metrics = map[benchmark.Metric]struct {
	metric  scoringv1.Metric
	variant scoringv1.Variant
}{
	benchmark.NPS:  {scoringv1.Metric_METRIC_NPS, scoringv1.Variant_VARIANT_NPS_ANSWERED},
	benchmark.CSAT: {scoringv1.Metric_METRIC_CSAT, scoringv1.Variant_VARIANT_CSAT_SHARE},
	benchmark.CES:  {scoringv1.Metric_METRIC_CES, scoringv1.Variant_VARIANT_CES_MEAN},
	benchmark.Mean: {scoringv1.Metric_METRIC_MEAN, scoringv1.Variant_VARIANT_MEAN_SINGLE_QUESTION},
}

// question is what is compared.
type question struct {
	*reportingv1.QueryBenchmarkRequest
	metric benchmark.Metric
	level  float64
}

// scores is the question to scoring about a period and a condition that holds besides the request's, as of a moment.
func (q question) scores(period *typev1.Period, also string, asOf *timestamppb.Timestamp) *scoringv1.ScoreQuery {
	m, of := metrics[q.metric], q.GetQuery()
	filter := of.GetFilter()
	switch {
	case filter == "":
		filter = also
	case also != "":
		filter = "(" + filter + ") AND " + also
	}
	return &scoringv1.ScoreQuery{
		Survey: of.GetSurvey(), Metrics: []scoringv1.Metric{m.metric}, Variants: []scoringv1.Variant{m.variant}, Question: q.GetQuestion(), Period: period,
		Population: of.GetPopulation(), ConfidenceLevel: q.level, Filter: filter, AsOfTime: asOf,
	}
}

// QueryBenchmark compares own scores with benchmarks.
func (s *Server) QueryBenchmark(ctx context.Context, req *reportingv1.QueryBenchmarkRequest) (*reportingv1.QueryBenchmarkResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	if req.GetQuery().GetWeighting() != nil {
		return nil, fault.Unweighted("comparisons with benchmarks")
	}
	q := question{req, metricOf(req.GetMetric()), req.GetQuery().GetConfidenceLevel()}
	if q.level == 0 {
		q.level = defaultLevel
	}
	values, err := s.values(ctx, organization, q)
	if err != nil {
		return nil, err
	}
	units, err := s.conditions(ctx, q, values)
	if err != nil {
		return nil, err
	}
	r, err := s.read(ctx, q, values, units)
	if err != nil {
		return nil, err
	}
	out := &reportingv1.QueryBenchmarkResponse{
		Basis: basis.Of(req.GetQuery(), definitionBenchmark, r.counted), Metric: req.GetMetric(), Question: r.whole.GetSlice().GetQuestion(), Own: scoreToProto(r.whole),
	}
	out.Basis.Conventions = append(out.Basis.Conventions, "INDEPENDENT_SAMPLES", "BENJAMINI_HOCHBERG")
	var tests []*float64
	for _, v := range values {
		c, p, convention := q.compare(v, r.own[counterpartOf(v)])
		if out.Comparisons = append(out.Comparisons, c); convention != "" && !slices.Contains(out.Basis.GetConventions(), convention) {
			out.Basis.Conventions = append(out.Basis.Conventions, convention)
		}
		tests = append(tests, p)
	}
	for i, unit := range req.GetUnits() {
		u, p := unitToProto(unit, r.units[i])
		out.Units, tests = append(out.Units, u), append(tests, p)
	}
	return out, adjust(out, tests)
}

// values are those that are compared, in their order.
func (s *Server) values(ctx context.Context, organization string, q question) ([]benchmark.Value, error) {
	find := store.BenchmarkQuery{Metric: q.metric, Series: q.GetSeries(), Subjects: q.GetSubjects()}
	if t := q.GetQuery().GetPeriod().GetStartTime(); t != nil {
		find.First = operation.DayOf(t.AsTime().In(s.Zone))
	}
	if t := q.GetQuery().GetPeriod().GetEndTime(); t != nil {
		find.Last = operation.DayOf(t.AsTime().Add(-1).In(s.Zone))
	}
	values, err := s.Store.ListBenchmarks(ctx, organization, find, "", mostValues+1)
	if err != nil {
		return nil, err
	}
	periods := map[counterpart]bool{}
	for _, v := range values {
		periods[counterpartOf(v)] = true
	}
	if len(values) > mostValues || len(periods) > mostPeriods {
		return nil, fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_TOO_MANY, "query.period",
			fmt.Sprintf("there are more than %d benchmarks of the metric, or of more than %d different periods, those of each own unit by themselves: choose a shorter period, series or subjects", mostValues, mostPeriods))
	}
	slices.SortFunc(values, func(a, b benchmark.Value) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Series, b.Series), cmp.Compare(a.First, b.First), cmp.Compare(a.ID, b.ID))
	})
	return values, nil
}

// period are the days of a value as scores know them.
func (s *Server) period(v benchmark.Value) *typev1.Period {
	return &typev1.Period{StartTime: timestamppb.New(v.First.In(s.Zone)), EndTime: timestamppb.New((v.Last + 1).In(s.Zone))}
}

// fieldOf is the field of our request that one of scoring's stands for.
func fieldOf(theirs string) string {
	theirs = strings.TrimPrefix(theirs, "query.")
	switch theirs {
	case "metrics", "variants":
		return "metric"
	case "question":
		return theirs
	}
	return "query." + theirs
}

// compare compares a value with the own score of its days, with the p-value of the difference and the convention by which the value's precision is known.
func (q question) compare(v benchmark.Value, own *scoringv1.Score) (c *reportingv1.BenchmarkComparison, p *float64, convention string) {
	c = &reportingv1.BenchmarkComparison{Benchmark: valueToProto(v), Own: scoreToProto(own)}
	if c.UntestedReason = without(own); c.GetUntestedReason() != "" {
		return c, nil, ""
	}
	if scale := own.GetScale(); v.ScaleMin != nil && (scale.GetMin() != *v.ScaleMin || scale.GetMax() != *v.ScaleMax) {
		c.UntestedReason = scalesDiffer
		return c, nil, ""
	}
	se, convention, known := v.StandardError()
	c.Difference = &reportingv1.AnalysisEstimate{Value: own.GetEstimate() - v.Value}
	switch {
	case !known:
		c.UntestedReason = precisionUnknown
		return c, nil, ""
	case !(own.GetStandardError() > 0):
		c.UntestedReason = ownPrecisionUnknown
		return c, nil, ""
	}
	e, p := benchmark.Difference(own.GetEstimate(), own.GetStandardError(), v.Value, se, q.level)
	c.Difference = basis.Estimate(&e, q.level)
	return c, p, convention
}

// without is why there is no own score; empty where there is one.
func without(own *scoringv1.Score) string {
	switch {
	case own == nil:
		return noOwnScore
	case own.Suppression != nil:
		return withheld
	case own.Estimate == nil:
		return noOwnScore
	}
	return ""
}

// unitToProto is how an own unit compares with all others, with the p-value of the difference.
func unitToProto(unit string, resp *scoringv1.CompareScoresResponse) (*reportingv1.BenchmarkUnit, *float64) {
	out := &reportingv1.BenchmarkUnit{Unit: unit, Score: scoreToProto(resp.GetScore()), Others: scoreToProto(resp.GetBaseline())}
	for _, side := range []*scoringv1.Score{resp.GetBaseline(), resp.GetScore()} {
		if reason := without(side); reason != "" {
			out.UntestedReason = reason
		}
	}
	if out.GetUntestedReason() != "" {
		return out, nil
	}
	out.Difference = &reportingv1.AnalysisEstimate{Value: resp.GetDifference(), Interval: resp.GetInterval()}
	if resp.PValue == nil {
		out.UntestedReason = ownPrecisionUnknown
	}
	return out, resp.PValue
}

// adjust corrects all tests for their number: those of comparisons, then those of units.
func adjust(out *reportingv1.QueryBenchmarkResponse, tests []*float64) error {
	adjusted, family, err := estimate.Adjust(tests)
	if err != nil {
		return err
	}
	out.Family = int32(family)
	for i, p := range tests {
		test := basis.Test(p, adjusted[i])
		if i < len(out.GetComparisons()) {
			out.Comparisons[i].Test = test
		} else {
			out.Units[i-len(out.GetComparisons())].Test = test
		}
	}
	return nil
}

// scoreToProto converts a score; nil where there is none.
func scoreToProto(s *scoringv1.Score) *reportingv1.BenchmarkScore {
	if without(s) != "" {
		return nil
	}
	return &reportingv1.BenchmarkScore{N: s.GetN(), Score: &reportingv1.AnalysisEstimate{Value: s.GetEstimate(), StandardError: s.StandardError, Interval: s.GetInterval()}}
}
