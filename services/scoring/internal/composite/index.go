package composite

import (
	"fmt"
	"math"

	"github.com/otklik/otklik/services/scoring/internal/index"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// figures computes the index. An attribute that nobody answered is left out, as its part shows.
func (x *Index) figures(s view) (figures, error) {
	var scores sharedScale
	parts := make([]partFigures, len(x.Attributes))
	for i, a := range x.Attributes {
		mean, n, err := s.level(a.Question, &scores)
		if err != nil {
			return figures{}, err
		}
		parts[i] = partFigures{
			id: a.ID, kind: AttributePart, title: a.Title, questions: []string{a.Question}, n: n,
			estimate: mean, weight: absent(), contribution: absent(),
		}
		if a.ImportanceQuestion != "" {
			parts[i].questions = append(parts[i].questions, a.ImportanceQuestion)
		}
	}
	f := blank(scores.bounds(false))
	f.scale, f.parts, f.change = scores.scale, parts, byMeans
	for i := range parts {
		parts[i].low, parts[i].high = f.low, f.high
	}
	weights, err := x.weights(s)
	if err != nil {
		return figures{}, err
	}
	if x.Form == Rosenberg {
		f.low, f.high, f.scale, f.change = math.Inf(-1), math.Inf(1), question.Scale{}, bySums
		return f, x.sum(&f, weights)
	}
	return f, x.mean(&f, weights, &scores)
}

// mean is Σwᵢsᵢ/Σwᵢ over the attributes that have a score and a weight.
func (x *Index) mean(f *figures, weights []float64, scores *sharedScale) error {
	var attributes []index.Attribute
	var total float64
	for i := range f.parts {
		if p := &f.parts[i]; !math.IsNaN(p.estimate) && !math.IsNaN(weights[i]) {
			attributes = append(attributes, index.Attribute{ID: p.id, Weight: weights[i], Score: p.estimate})
			total += weights[i]
		}
	}
	if !(total > 0) {
		f.why = "no attribute has both a score and a weight"
		return nil
	}
	result, err := index.Compute(attributes, scores.scale)
	if err != nil {
		return fmt.Errorf("compute index: %w", err)
	}
	f.estimate, f.normalized = result.Value, result.Normalized
	at := 0
	for i := range f.parts {
		p := &f.parts[i]
		if at < len(attributes) && attributes[at].ID == p.id {
			p.weight, p.contribution = attributes[at].Weight/total, result.Contributions[at].Value
			at++
		}
	}
	return nil
}

// sum is ΣVᵢPᵢ; it is absent where any attribute is, since a sum of fewer is another one.
func (x *Index) sum(f *figures, weights []float64) error {
	scores := make([]float64, len(f.parts))
	for i := range f.parts {
		p := &f.parts[i]
		scores[i] = p.estimate
		p.contribution = weights[i] * p.estimate
		if math.IsNaN(p.contribution) {
			scores = nil
			f.why = fmt.Sprintf("%s has no score or no weight", p.id)
			break
		}
	}
	if scores == nil {
		return nil
	}
	var err error
	if f.estimate, err = index.Rosenberg(weights, scores); err != nil {
		return fmt.Errorf("compute index: %w", err)
	}
	return nil
}

// weights are those of the attributes; NaN where the answers determine none.
func (x *Index) weights(s view) ([]float64, error) {
	weights := make([]float64, len(x.Attributes))
	switch x.Importance {
	case Fixed:
		for i, a := range x.Attributes {
			weights[i] = a.Weight
		}
	case Stated:
		var scale sharedScale
		for i, a := range x.Attributes {
			var err error
			if weights[i], _, err = s.level(a.ImportanceQuestion, &scale); err != nil {
				return nil, err
			}
		}
	case Derived:
		return x.derived(s)
	}
	return weights, nil
}

// derived are Johnson's raw relative weights for the outcome, of the attributes that anybody answered.
func (x *Index) derived(s view) ([]float64, error) {
	weights := make([]float64, len(x.Attributes))
	for i := range weights {
		weights[i] = absent()
	}
	moments := s.moments()
	if moments == nil {
		return weights, nil
	}
	if moments.K != len(x.Attributes)+1 {
		return nil, fmt.Errorf("moments of %d questions for an index over %d and an outcome: %w", moments.K, len(x.Attributes), ErrNested)
	}
	var kept []int
	var signs []float64
	for i, id := range x.pairs() {
		all, _, err := s.find(id)
		if err != nil {
			return nil, err
		}
		if all < 0 {
			continue
		}
		sign := 1.0
		if s.all.Questions[all].Question.Direction == question.Effort {
			sign = -1
		}
		kept, signs = append(kept, i), append(signs, sign)
	}
	if last := len(kept) - 1; last < 1 || kept[last] != len(x.Attributes) {
		return weights, nil
	}
	raw, ok, err := moments.of(kept).relativeWeights(signs)
	if err != nil || !ok {
		return weights, err
	}
	for i, w := range raw {
		weights[kept[i]] = w
	}
	return weights, nil
}
