package query

import (
	"fmt"
	"slices"

	"github.com/otklik/otklik/services/scoring/internal/column"
)

// checkStatedWeights refuses to weigh by stated weights where all responses of the survey weigh 1: scores would pass for weighted ones. Some of the survey, as
// what was counted, may well do.
func (p *plan) checkStatedWeights(d Data, counted []column.Group) error {
	if p.Weighting == nil || len(p.Weighting.Margins) > 0 || slices.ContainsFunc(counted, weighted) {
		return nil
	}
	all, err := d.Table.Query(column.Query{Population: p.Population, Within: d.Within, Weights: column.Weighting{Stated: true}})
	if err != nil {
		return fmt.Errorf("look for stated weights: %w", err)
	}
	if !slices.ContainsFunc(all.Groups, func(g column.Group) bool { return g.Outcomes.Responses > 0 }) || slices.ContainsFunc(all.Groups, weighted) {
		return nil
	}
	return state(WeightingInvalid, "weighting.stated", fmt.Sprintf("no response of survey %s states a weight other than 1: leave the weighting out", p.Survey))
}

// weighted tells whether any response of a group weighs other than 1.
func weighted(g column.Group) bool {
	n, w := float64(g.Outcomes.Responses), g.Weights[column.Response]
	return w.Sum != n || w.Squares != n
}
