package query

import (
	"fmt"
	"slices"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/metric"
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

// checkStated refuses variants of counts that nobody stated, or that cannot be those of each slice.
func (p *plan) checkStated() error {
	for _, v := range p.chosen() {
		_, d, err := metric.FindVariant(v)
		if err != nil {
			return fmt.Errorf("plan query: %w", err)
		}
		field := "stated_counts." + string(d.Requires)
		switch {
		case d.Requires == "":
		case p.Stated.Get(d.Requires) == nil:
			return refuse(CountMissing, field, "%s needs the number of %s, of which scoring holds no facts: state it", v, d.Requires)
		case len(p.GroupBy) > 0 || p.Grain != calendar.None || p.Question == AllQuestions:
			return refuse(CountNotSliced, field, "one number of %s cannot be that of every slice: ask for one slice at a time", d.Requires)
		case p.Weighting != nil:
			return refuse(MetricMismatch, "weighting", "%s rests on a stated count, which has no weights: leave the weighting out", v)
		}
	}
	return nil
}
