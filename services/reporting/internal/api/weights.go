package api

import (
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// weightingOf is how scoring is asked to weigh; nil where each response counts once.
func weightingOf(q *reportingv1.AnalysisQuery) *scoringv1.Weighting {
	w := q.GetWeighting()
	if w == nil {
		return nil
	}
	if w.GetRaking() == nil {
		return &scoringv1.Weighting{Method: &scoringv1.Weighting_Stated{Stated: &scoringv1.Weighting_StatedWeights{}}}
	}
	raking := &scoringv1.Weighting_Raking{Cap: w.GetRaking().GetCap()}
	for _, m := range w.GetRaking().GetMargins() {
		margin := &scoringv1.Weighting_Margin{Key: m.GetKey()}
		for _, t := range m.GetTargets() {
			margin.Targets = append(margin.Targets, &scoringv1.Weighting_Target{Value: t.GetValue(), Share: t.GetShare()})
		}
		raking.Margins = append(raking.Margins, margin)
	}
	return &scoringv1.Weighting{Method: &scoringv1.Weighting_Raking_{Raking: raking}}
}

// weightOf is what a response counts.
func weightOf(q *reportingv1.AnalysisQuery, f *scoringv1.Fact) float64 {
	if q.GetWeighting() == nil {
		return 1
	}
	return f.GetWeight()
}
