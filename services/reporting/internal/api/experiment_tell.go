package api

import (
	"cmp"
	"context"
	"slices"

	"github.com/otklik/otklik/services/reporting/internal/api/basis"
	"github.com/otklik/otklik/services/reporting/internal/experiment"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// control is the name of the variant that others are compared with.
func (x *trial) control() string {
	switch {
	case x.req.GetControl() != "":
		return x.req.GetControl()
	case len(x.req.GetVariants()) > 0:
		return x.arms[0].Name
	}
	names := make([]string, len(x.arms))
	for i, a := range x.arms {
		names[i] = a.Name
	}
	if slices.Contains(names, defaultControl) {
		return defaultControl
	}
	return slices.Min(names)
}

// judgeTrial computes and converts an experiment.
func (s *Server) judgeTrial(ctx context.Context, x *trial, tally *experiment.Tally, counted peers.Counted, unassigned int64) (*reportingv1.QueryExperimentResponse, error) {
	control := x.control()
	o := experiment.Options{Level: levelOf(x.req.GetQuery()), Power: cmp.Or(x.req.GetPower(), defaultPower), Weighted: x.req.GetQuery().GetWeighting() != nil}
	shares := map[string]float64{}
	var intended float64
	for _, a := range x.arms {
		shares[a.Name] = a.Share
		intended += a.Share
	}
	for i, v := range tally.Variants {
		o.Shares = append(o.Shares, shares[v])
		if v == control {
			o.Control = i
		}
	}
	found, err := compute(ctx, s, func() (*experiment.Result, error) { return experiment.Judge(tally, o) })
	if err != nil {
		return nil, err
	}
	b := basis.Of(x.req.GetQuery(), definitionExperiment, counted)
	leaveOut(b, "NO_VARIANT", unassigned)
	b.Groups, b.Conventions = peers.Groups, append(b.Conventions, "AGAINST_CONTROL", "BENJAMINI_HOCHBERG")
	out := &reportingv1.QueryExperimentResponse{
		Basis: b, Key: x.req.GetKey(), Control: control, Balance: chiSquareToProto(found.Balance, found.BalanceDF, found.BalanceP), Family: int32(found.Family),
		Cautions: x.cautions(s, found), UnassignedResponses: unassigned,
	}
	order := x.order(tally.Variants, control)
	var all int64
	for _, n := range found.Responses {
		all += n
	}
	for _, v := range order {
		told := &reportingv1.ExperimentVariant{Value: tally.Variants[v], Responses: found.Responses[v], IntendedShare: o.Shares[v] / intended}
		if all > 0 {
			told.Share = float64(told.GetResponses()) / float64(all)
		}
		out.Variants = append(out.Variants, told)
	}
	for i := range x.outcomes {
		told := &reportingv1.ExperimentResult{Question: x.outcomes[i].converted(), Metric: x.outcomes[i].metric, Option: x.outcomes[i].option, Grouped: found.Grouped[i]}
		for _, v := range order {
			told.Variants = append(told.Variants, comparisonToProto(tally.Variants[v], &found.Outcomes[i][v], o))
		}
		out.Outcomes = append(out.Outcomes, told)
	}
	if slices.Contains(found.Grouped, true) && !o.Weighted {
		b.Conventions = append(b.Conventions, "CLUSTERED_RESPONDENTS")
		b.Notes = append(b.Notes, "respondents answered several times, and alike: errors of the outcomes that are grouped are by groups of respondents")
	}
	return out, nil
}

// order is that in which variants are told: the control first, the others as they are asked for, or by name.
func (x *trial) order(variants []string, control string) []int {
	out := indices(0, len(variants))
	slices.SortStableFunc(out, func(a, b int) int {
		switch {
		case variants[a] == control:
			return -1
		case variants[b] == control:
			return 1
		case len(x.req.GetVariants()) > 0:
			return cmp.Compare(a, b)
		}
		return cmp.Compare(variants[a], variants[b])
	})
	return out
}

// cautions are what to be careful about.
func (x *trial) cautions(s *Server, found *experiment.Result) (out []reportingv1.ExperimentCaution) {
	stated := slices.ContainsFunc(x.req.GetVariants(), func(a *reportingv1.ExperimentArm) bool { return a.GetShare() > 0 })
	end := x.req.GetQuery().GetPeriod().GetEndTime()
	for _, c := range []struct {
		holds   bool
		caution reportingv1.ExperimentCaution
	}{
		{found.Mismatched, reportingv1.ExperimentCaution_EXPERIMENT_CAUTION_SAMPLE_RATIO_MISMATCH},
		{!stated, reportingv1.ExperimentCaution_EXPERIMENT_CAUTION_SHARES_ASSUMED},
		{found.Few, reportingv1.ExperimentCaution_EXPERIMENT_CAUTION_FEW_ANSWERS},
		{end == nil || end.AsTime().After(s.now()), reportingv1.ExperimentCaution_EXPERIMENT_CAUTION_STILL_RUNNING},
		{found.Unequal, reportingv1.ExperimentCaution_EXPERIMENT_CAUTION_UNEQUAL_ANSWERING},
	} {
		if c.holds {
			out = append(out, c.caution)
		}
	}
	return out
}

// comparisonToProto converts an outcome of a variant.
func comparisonToProto(variant string, c *experiment.Comparison, o experiment.Options) *reportingv1.ExperimentComparison {
	out := &reportingv1.ExperimentComparison{Value: variant, N: c.N, Estimate: &reportingv1.AnalysisEstimate{}, TestMethod: c.Test, Test: basis.Test(c.P, c.AdjustedP), Different: c.Different, Detectable: c.Detectable}
	if e := c.Estimate; e != nil {
		out.Estimate = estimateToProto(e.Value, e.SE, e.Interval, o.Level, e.Method)
	}
	if e := c.Difference; e != nil {
		out.Difference = estimateToProto(e.Value, e.SE, e.Interval, o.Level, e.Method)
	}
	if o.Weighted && c.N > 0 {
		out.EffectiveN = &c.EffectiveN
	}
	return out
}
