// Package basis says what numbers rest on: which responses were counted, which were left out and why, and up to when.
package basis

import (
	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// Of says what an analysis by a definition, as docs/reporting.md lists it, rests on.
func Of(q *reportingv1.AnalysisQuery, definition string, counted peers.Counted) *reportingv1.AnalysisBasis {
	b := &reportingv1.AnalysisBasis{
		Definition: definition, DefinitionVersion: 1, Survey: q.GetSurvey(), Filter: q.GetFilter(), Period: q.GetPeriod(), Population: q.GetPopulation(),
		Responses: counted.Responses, Watermark: counted.Watermark, Conventions: []string{weighting(q)},
		Weighting: q.GetWeighting(),
	}
	if n, ok := counted.EffectiveN(); ok {
		b.WeightsEffectiveN = &n
	}
	for _, l := range counted.LeftOut {
		b.LeftOut = append(b.LeftOut, &reportingv1.AnalysisBasis_LeftOut{Reason: l.Reason, Count: l.Count})
	}
	return b
}

// weighting names how responses are weighted.
func weighting(q *reportingv1.AnalysisQuery) string {
	switch w := q.GetWeighting(); {
	case w.GetRaking() != nil:
		return "WEIGHTED_RAKED"
	case w != nil:
		return "WEIGHTED_STATED"
	default:
		return "UNWEIGHTED"
	}
}
