package command

import (
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// analysisWeighting is how responses of an analysis are weighted, by the flags of scores; nil for not.
func analysisWeighting(w *scoringv1.Weighting) *reportingv1.AnalysisWeighting {
	switch {
	case w == nil:
		return nil
	case w.GetRaking() == nil:
		return &reportingv1.AnalysisWeighting{Method: &reportingv1.AnalysisWeighting_Stated_{Stated: &reportingv1.AnalysisWeighting_Stated{}}}
	}
	raking := &reportingv1.AnalysisWeighting_Raking{Cap: w.GetRaking().GetCap()}
	for _, m := range w.GetRaking().GetMargins() {
		margin := &reportingv1.AnalysisWeighting_Margin{Key: m.GetKey()}
		for _, t := range m.GetTargets() {
			margin.Targets = append(margin.Targets, &reportingv1.AnalysisWeighting_Target{Value: t.GetValue(), Share: t.GetShare()})
		}
		raking.Margins = append(raking.Margins, margin)
	}
	return &reportingv1.AnalysisWeighting{Method: &reportingv1.AnalysisWeighting_Raking_{Raking: raking}}
}

// before is the period before, which ends with --from unless it is stated.
func (a *analysisFlags) before(from, to string) (*typev1.Period, error) {
	zone, err := parseZone(a.which.timeZone)
	if err != nil {
		return nil, err
	}
	if to == "" {
		to = a.which.from
	}
	before, err := parsePeriodIn("baseline-", from, to, zone)
	if err == nil && before == nil {
		err = exit.Usagef("the period before is needed: give --baseline-from and --baseline-to")
	}
	return before, err
}
