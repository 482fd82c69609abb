package api

import (
	"cmp"
	"context"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/api/basis"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/importance"
	"github.com/otklik/otklik/services/reporting/internal/moment"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// Names of what drivers and correlations are.
const (
	definitionDrivers      = "drivers"
	definitionCorrelations = "correlations"
)

// QueryDrivers tells how much each item goes together with an outcome.
func (s *Server) QueryDrivers(ctx context.Context, req *reportingv1.QueryDriversRequest) (*reportingv1.QueryDriversResponse, error) {
	q, err := s.questionnaireOf(ctx, req.GetQuery().GetSurvey())
	if err != nil {
		return nil, err
	}
	r, err := q.outcomeAndItems(ctx, req)
	if err != nil {
		return nil, err
	}
	r.ranks = ranksOf(req.GetMissing(), req.Spearman)
	x, err := s.sampleOf(ctx, r)
	if err != nil {
		return nil, err
	}
	o := importance.Options{
		Level: levelOf(req.GetQuery()), Draws: int(req.GetDraws()), Shapley: true, Spearman: x.HasRanks() && wanted(req.Spearman),
	}
	d, err := compute(ctx, s, func() (*importance.Drivers, error) {
		return importance.Explain(ctx, x.Sample, 0, indices(1, len(x.questions)), o)
	})
	if err != nil {
		return nil, fault.Analysis(err)
	}
	return driversToProto(x, d, req.GetQuery(), o), nil
}

// wanted tells whether something that is done unless refused is done.
func wanted(choice *bool) bool { return choice == nil || *choice }

// ranksOf tells whether rank correlations are wanted: where each response is read anyway they cost nothing.
func ranksOf(missing reportingv1.MissingMethod, choice *bool) *bool {
	if missing == reportingv1.MissingMethod_MISSING_METHOD_EM || missing == reportingv1.MissingMethod_MISSING_METHOD_LISTWISE {
		return no()
	}
	return choice
}

// driversToProto converts drivers, the greatest relative weight first.
func driversToProto(x *sample, d *importance.Drivers, q *reportingv1.AnalysisQuery, o importance.Options) *reportingv1.QueryDriversResponse {
	b := x.basis(q, definitionDrivers)
	b.Draws, b.Notes = int32(d.Draws), append(b.GetNotes(), d.Notes...)
	b.Conventions = append(b.Conventions, "PEARSON", "LEAST_SQUARES", "JOHNSON_RELATIVE_WEIGHTS")
	if o.Spearman {
		b.Conventions = append(b.Conventions, "SPEARMAN_MID_RANKS")
	}
	if len(d.Drivers) <= importance.MostShapley {
		b.Conventions = append(b.Conventions, "SHAPLEY_LMG")
	}
	b.Conventions = append(b.Conventions, "BENJAMINI_HOCHBERG")
	out := &reportingv1.QueryDriversResponse{
		Basis: b, Outcome: x.question(0), RSquared: estimateToProto(d.R2, nil, d.R2Interval, o.Level, importance.GroupBootstrap),
		AdjustedRSquared: d.AdjustedR2, Intercept: d.Intercept, Family: int32(d.Family),
	}
	for _, i := range d.Drivers {
		out.Drivers = append(out.Drivers, &reportingv1.Driver{
			Question: x.question(i.Item), PairN: i.PairN,
			Pearson: importanceToProto(&i.Pearson, o.Level), PearsonTest: basis.Test(i.PearsonP, i.PearsonAdjustedP),
			Spearman: importanceToProto(i.Spearman, o.Level), SpearmanTest: basis.Test(i.SpearmanP, i.SpearmanAdjustedP),
			Coefficient: importanceToProto(i.Coefficient, o.Level), CoefficientTest: basis.Test(i.CoefficientP, i.CoefficientAdjustedP),
			StandardizedCoefficient: importanceToProto(i.Standardized, o.Level), VarianceInflation: i.VIF,
			RelativeWeight: importanceToProto(i.Johnson, o.Level), RelativeWeightShare: importanceToProto(i.JohnsonShare, o.Level), Sign: int32(i.Sign),
			Shapley: importanceToProto(i.Shapley, o.Level), ShapleyShare: importanceToProto(i.ShapleyShare, o.Level),
		})
	}
	slices.SortStableFunc(out.Drivers, func(a, b *reportingv1.Driver) int {
		return cmp.Compare(b.GetRelativeWeight().GetValue(), a.GetRelativeWeight().GetValue())
	})
	return out
}

// QueryCorrelations correlates questions with each other.
func (s *Server) QueryCorrelations(ctx context.Context, req *reportingv1.QueryCorrelationsRequest) (*reportingv1.QueryCorrelationsResponse, error) {
	q, err := s.questionnaireOf(ctx, req.GetQuery().GetSurvey())
	if err != nil {
		return nil, err
	}
	questions, notes, err := q.items(ctx, "items", req.GetItems(), moment.MostQuestions)
	if err != nil {
		return nil, err
	}
	if len(questions) < 2 {
		return nil, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_TOO_FEW_ITEMS, "items", "correlations need two questions at least")
	}
	x, err := s.sampleOf(ctx, request{
		query: req.GetQuery(), notes: notes, questions: questions, missing: req.GetMissing(), ranks: ranksOf(req.GetMissing(), req.Spearman),
		fields: itemFields("items", len(req.GetItems()), len(questions)), spare: len(req.GetItems()) == 0, least: 2,
	})
	if err != nil {
		return nil, err
	}
	o := importance.Options{Level: levelOf(req.GetQuery()), Spearman: x.HasRanks() && wanted(req.Spearman)}
	var family int
	found, err := compute(ctx, s, func() (found []importance.Correlation, err error) {
		found, family, err = importance.Correlate(ctx, x.Sample, indices(0, len(x.questions)), o)
		return found, err
	})
	if err != nil {
		return nil, fault.Analysis(err)
	}
	b := x.basis(req.GetQuery(), definitionCorrelations)
	b.Conventions = append(b.Conventions, "PEARSON")
	if o.Spearman {
		b.Conventions = append(b.Conventions, "SPEARMAN_MID_RANKS")
	}
	b.Conventions = append(b.Conventions, "BENJAMINI_HOCHBERG")
	out := &reportingv1.QueryCorrelationsResponse{Basis: b, Family: int32(family)}
	for i := range x.questions {
		out.Questions = append(out.Questions, x.question(i))
	}
	for _, c := range found {
		out.Correlations = append(out.Correlations, correlationToProto(&c, x.Questions, o.Level))
	}
	return out, nil
}

// correlationToProto converts a correlation.
func correlationToProto(c *importance.Correlation, questions []moment.Question, level float64) *reportingv1.Correlation {
	return &reportingv1.Correlation{
		First: questions[c.First].ID, Second: questions[c.Second].ID, PairN: c.PairN,
		Pearson: importanceToProto(&c.Pearson, level), PearsonTest: basis.Test(c.P, c.AdjustedP),
		Spearman: importanceToProto(c.Spearman, level), SpearmanTest: basis.Test(c.SpearmanP, c.SpearmanAdjustedP),
	}
}
