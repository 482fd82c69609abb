package composite

import (
	"errors"

	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// Supports tells whether a term can be computed from a question as it is asked; cuts are those that the term is computed by, if it has some of its own.
func (t *Term) Supports(q metric.Question, cuts *Cuts) bool {
	d, v, wrongName := t.resolve("")
	if wrongName != nil || !d.Supports(q.Kind) {
		return false
	}
	settings := metric.Settings{Option: t.Option}
	if cuts != nil {
		if cuts.Scale != "" {
			scale, err := question.ParseScale(cuts.Scale)
			if err != nil || !q.Scale.SameEnds(scale) {
				return false
			}
		}
		settings = cuts.Settings(settings)
	}
	// What can lack is the cut points of its scale, or a value on it.
	_, err := metric.Evaluate(v.Variant, q, metric.Data{}, settings)
	return !errors.Is(err, metric.ErrCutsMissing) && !errors.Is(err, metric.ErrMismatch) && !errors.Is(err, metric.ErrSettings)
}
