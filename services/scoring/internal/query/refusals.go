package query

import (
	"fmt"
	"slices"

	"github.com/otklik/otklik/services/scoring/internal/filter"
	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// responsesOnly is something by which a query cuts or weighs and of which refusals can have no value: by it, no refusal is told from another. The zero
// value is none.
type responsesOnly struct{ field, name string }

// findResponsesOnly looks for one.
func (p *plan) findResponsesOnly() responsesOnly {
	for i, k := range p.GroupBy {
		if !filter.OfRefusals(k) {
			return responsesOnly{fmt.Sprintf("group_by[%d]", i), k}
		}
	}
	for _, name := range p.filter.Names() {
		if !filter.OfRefusals(name) {
			return responsesOnly{"filter", name}
		}
	}
	if p.Weighting != nil {
		for i, m := range p.Weighting.Margins {
			if !filter.OfRefusals(m.Key) {
				return responsesOnly{fmt.Sprintf("weighting.raking.margins[%d].key", i), m.Key}
			}
		}
	}
	return responsesOnly{}
}

// refuse is the refusal of a variant that refusals enter.
func (r responsesOnly) refuse(v metric.Variant) *Error {
	return refuse(MetricMismatch, r.field, "%s counts refusals, and %s is known of responses alone: leave one of them out", v, r.name)
}

// withRefusals are the variants that can be told where no refusal has what the query cuts by: the denominators of others would be wrong. Those are left out, and
// refused where they are asked for.
func (p *plan) withRefusals(variants []metric.Variant, asked, named bool) ([]metric.Variant, error) {
	if p.responsesOnly == (responsesOnly{}) {
		return variants, nil
	}
	told := slices.DeleteFunc(slices.Clone(variants), func(v metric.Variant) bool {
		_, d, err := metric.FindVariant(v)
		return err == nil && d.CountsRefusals()
	})
	if len(told) < len(variants) && (named || asked && len(told) == 0) {
		i := slices.IndexFunc(variants, func(v metric.Variant) bool { return !slices.Contains(told, v) })
		return nil, p.responsesOnly.refuse(variants[i])
	}
	return told, nil
}
