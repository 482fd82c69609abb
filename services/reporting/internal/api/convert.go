package api

import (
	"math"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/importance"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// estimateToProto converts a number with its precision.
func estimateToProto(value float64, se *float64, interval *stat.Interval, level float64, method string) *reportingv1.AnalysisEstimate {
	return &reportingv1.AnalysisEstimate{Value: value, StandardError: se, Interval: intervalToProto(interval, level, method)}
}

// intervalToProto converts an interval; nil stays nil.
func intervalToProto(i *stat.Interval, level float64, method string) *typev1.ConfidenceInterval {
	if i == nil {
		return nil
	}
	return &typev1.ConfidenceInterval{Lower: i.Low, Upper: i.High, Level: level, Method: method}
}

// importanceToProto converts an estimate; nil stays nil.
func importanceToProto(e *importance.Estimate, level float64) *reportingv1.AnalysisEstimate {
	if e == nil {
		return nil
	}
	return estimateToProto(e.Value, e.SE, e.Interval, level, e.Method)
}

// chiSquareToProto converts a chi-square test.
func chiSquareToProto(statistic float64, degreesOfFreedom int, p float64) *reportingv1.ChiSquareTest {
	return &reportingv1.ChiSquareTest{Statistic: statistic, DegreesOfFreedom: int32(degreesOfFreedom), PValue: p}
}

// indices are the numbers from one to less than another.
func indices(from, to int) []int {
	out := make([]int, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

// no is a choice that was made against.
func no() *bool { return proto.Bool(false) }

// describe is the mean and the standard deviation, with divisor n - 1, of n values with a sum and a sum of squares; 0 where there is none.
func describe(n int64, sum, squares float64) (mean, deviation float64) {
	if n == 0 {
		return 0, 0
	}
	mean = sum / float64(n)
	if n > 1 {
		deviation = math.Sqrt(max(0, squares-sum*mean) / float64(n-1))
	}
	return mean, deviation
}
