package api

import (
	"time"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// addComposite adds what only composite scores have.
func addComposite(out *scoringv1.Score, c *composite.Score) {
	out.NormalizedInterval = intervalToProto(c.Normalized.Interval, c.Level, c.Method)
	out.Replicates = int32(c.Groups)
	out.AbsenceReason = c.Absence
	out.Parts = partsToProto(c.Parts, c.Level, c.Method)
}

func partsToProto(parts []composite.Part, level float64, method metric.Method) []*scoringv1.ScorePart {
	var out []*scoringv1.ScorePart
	for i := range parts {
		p := &parts[i]
		out = append(out, &scoringv1.ScorePart{
			Id: p.ID, Kind: scoringv1.ScorePart_Kind(scoringv1.ScorePart_Kind_value["KIND_"+string(p.Kind)]), Title: titleToProto(p.Title),
			Estimate: p.Estimate, StandardError: p.StandardError, Interval: intervalToProto(p.Interval, level, method),
			Weight: p.Weight.Estimate, WeightStandardError: p.Weight.StandardError, Contribution: p.Contribution.Estimate, N: p.N,
		})
	}
	return out
}

func comparisonToProto(q, baseline *scoringv1.ScoreQuery, c *query.Comparison, watermark time.Time) *scoringv1.CompareScoresResponse {
	return &scoringv1.CompareScoresResponse{
		Score:      scoresToProto(q, []query.Row{c.Score}, watermark)[0],
		Baseline:   scoresToProto(baseline, []query.Row{c.Baseline}, watermark)[0],
		Difference: c.Difference, Interval: intervalToProto(c.Interval, c.Level, c.Method), Test: c.Test,
		Statistic: c.Statistic, DegreesOfFreedom: c.DF, PValue: c.P, AdjustedDifference: c.AdjustedDifference,
		Parts: partsToProto(c.Parts, c.Level, c.Method), Watermark: momentToProto(watermark),
		Coverage: coverageToProto(c.Coverage), BaselineCoverage: coverageToProto(c.BaselineCoverage),
	}
}
