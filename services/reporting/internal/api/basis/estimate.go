package basis

import (
	"github.com/otklik/otklik/services/reporting/internal/estimate"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Estimate converts a number with its precision; nil stays nil.
func Estimate(e *estimate.Estimate, level float64) *reportingv1.AnalysisEstimate {
	if e == nil {
		return nil
	}
	out := &reportingv1.AnalysisEstimate{Value: e.Value, StandardError: e.SE}
	if e.Interval != nil {
		out.Interval = &typev1.ConfidenceInterval{Lower: e.Interval.Low, Upper: e.Interval.High, Level: level, Method: e.Method}
	}
	return out
}

// Test converts the p-values of a test; nil where there is none.
func Test(p, adjusted *float64) *reportingv1.AnalysisTest {
	if p == nil || adjusted == nil {
		return nil
	}
	return &reportingv1.AnalysisTest{PValue: *p, AdjustedPValue: *adjusted}
}
