package api

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/factor"
	"github.com/otklik/otklik/services/reporting/internal/moment"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// definitionFactors names what a factor analysis is.
const definitionFactors = "factor_analysis"

// QueryFactors finds the factors behind items.
func (s *Server) QueryFactors(ctx context.Context, req *reportingv1.QueryFactorsRequest) (*reportingv1.QueryFactorsResponse, error) {
	q, err := s.questionnaireOf(ctx, req.GetQuery().GetSurvey())
	if err != nil {
		return nil, err
	}
	items, notes, err := q.items(ctx, "items", req.GetItems(), moment.MostQuestions)
	if err != nil {
		return nil, err
	}
	if len(items) < factor.LeastItems {
		return nil, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_TOO_FEW_ITEMS, "items", "a factor analysis needs three items at least")
	}
	x, err := s.sampleOf(ctx, request{
		query: req.GetQuery(), notes: notes, questions: items, missing: req.GetMissing(), ranks: no(), fields: itemFields("items", len(req.GetItems()), len(items)),
		spare: len(req.GetItems()) == 0, least: factor.LeastItems,
	})
	if err != nil {
		return nil, err
	}
	in := factor.Input{Correlation: x.Correlation, Covariance: x.Covariance, N: x.EffectiveN}
	for _, item := range x.questions {
		in.Items = append(in.Items, item.ID)
	}
	o := factorOptions(req)
	found, err := compute(ctx, s, func() (*factor.Result, error) { return factor.Analyse(ctx, in, o) })
	if err != nil {
		return nil, fault.Analysis(err)
	}
	return factorsToProto(x, found, req.GetQuery(), o.Level), nil
}

// factorOptions reads how factors are found.
func factorOptions(req *reportingv1.QueryFactorsRequest) factor.Options {
	o := factor.Options{Factors: int(req.GetFactors()), Level: levelOf(req.GetQuery())}
	if req.GetExtraction() == reportingv1.ExtractionMethod_EXTRACTION_METHOD_MINRES {
		o.Extraction = factor.Minres
	}
	switch req.GetRotation() {
	case reportingv1.RotationMethod_ROTATION_METHOD_NONE:
		o.Rotation = factor.None
	case reportingv1.RotationMethod_ROTATION_METHOD_PROMAX:
		o.Rotation = factor.Promax
	}
	if req.GetAlpha() == reportingv1.AlphaMethod_ALPHA_METHOD_STANDARDIZED {
		o.Alpha = factor.Standardized
	}
	return o
}

// feldt is the method of alpha's interval.
const feldt = "FELDT"

// factorsToProto converts a factor analysis.
func factorsToProto(x *sample, r *factor.Result, q *reportingv1.AnalysisQuery, level float64) *reportingv1.QueryFactorsResponse {
	b := x.basis(q, definitionFactors)
	for _, c := range r.Conventions {
		b.Conventions = append(b.Conventions, strings.ToUpper(c))
	}
	if x.Clustered {
		b.Notes = append(b.Notes, "the tests, alpha's interval and the parallel analysis take responses as independent: p-values are too small, the interval is too narrow, and too many factors may be found")
	}
	if r.Factors == 0 {
		b.Notes = append(b.Notes, "no factor explains more than chance does, so that there are no loadings; a number of factors can be asked for")
	}
	out := &reportingv1.QueryFactorsResponse{
		Basis: b, KaiserFactors: int32(r.KaiserFactors), ParallelFactors: int32(r.ParallelFactors), SamplingAdequacy: r.KMO,
		Bartlett: chiSquareToProto(r.Bartlett.Statistic, r.Bartlett.DegreesOfFreedom, r.Bartlett.P),
	}
	if r.Fit != nil {
		out.Fit = chiSquareToProto(r.Fit.Statistic, r.Fit.DegreesOfFreedom, r.Fit.P)
	}
	if r.Alpha != nil {
		out.Alpha = estimateToProto(*r.Alpha, nil, r.AlphaInterval, level, feldt)
	}
	for i, v := range r.Eigenvalues {
		out.Eigenvalues = append(out.Eigenvalues, &reportingv1.Eigenvalue{Value: v, Chance: r.ParallelEigenvalues[i]})
	}
	for f := range r.Factors {
		converted := &reportingv1.Factor{VarianceShare: r.Variance[f]}
		if r.FactorCorrelations != nil {
			converted.Correlations = r.FactorCorrelations[f]
		}
		out.Factors = append(out.Factors, converted)
	}
	for i := range x.questions {
		item := &reportingv1.FactorItem{
			Question: x.question(i), SamplingAdequacy: r.KMOItems[i], AlphaIfDropped: r.AlphaIfDropped[i], Reversed: slices.Contains(r.ReversedItems, i),
			Heywood: slices.Contains(r.HeywoodItems, i), Uniqueness: 1,
		}
		if r.Factors > 0 {
			item.Loadings, item.Communality, item.Uniqueness = r.Loadings[i], r.Communalities[i], r.Uniquenesses[i]
		}
		out.Items = append(out.Items, item)
	}
	return out
}
