package benchmarks

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/reporting/internal/benchmark"
	"github.com/otklik/otklik/services/reporting/internal/operation"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// metricOf is a metric; 0 where none is named.
func metricOf(m reportingv1.BenchmarkMetric) benchmark.Metric { return benchmark.Metric(m) } //nolint:gosec // the numbers are the API's

// valueFromProto reads a value, with what is wrong with what it says.
func valueFromProto(m *reportingv1.BenchmarkValue) (benchmark.Value, []operation.Problem) {
	out := benchmark.Value{
		ID: m.GetId(), Series: m.GetSeries(), Subject: m.GetSubject(), Value: m.GetValue(), N: m.N, SE: m.StandardError, ScaleMin: m.ScaleMin, ScaleMax: m.ScaleMax,
		Source: m.GetSource(),
	}
	if n := m.GetMetric(); reportingv1.BenchmarkMetric_name[int32(n)] != "" {
		out.Metric = metricOf(n)
	}
	var problems []operation.Problem
	day := func(field, text string) operation.Day {
		t, err := time.Parse(time.DateOnly, text)
		if err != nil {
			problems = append(problems, operation.Problem{Field: field, Reason: operation.Malformed, Text: "must be a day of the calendar, such as 2026-03-31"})
		}
		return operation.DayOf(t)
	}
	out.First, out.Last = day("start_date", m.GetStartDate()), day("end_date", m.GetEndDate())-1
	return out, problems
}

// valueToProto writes a value.
func valueToProto(v benchmark.Value) *reportingv1.BenchmarkValue {
	return &reportingv1.BenchmarkValue{
		Id: v.ID, Series: v.Series, Subject: v.Subject, Metric: reportingv1.BenchmarkMetric(v.Metric), StartDate: v.First.String(), EndDate: (v.Last + 1).String(), Value: v.Value,
		N: v.N, StandardError: v.SE, ScaleMin: v.ScaleMin, ScaleMax: v.ScaleMax, Source: v.Source, UpdateTime: timestamppb.New(v.Time),
	}
}
