// Package journey compares the stages of a customer's journey: what each scores, how that changed, and which one scores lower than the others beyond chance.
//
// A stage is answers to one question, by the counts that scores are made of. Answers are taken as independent, as scores take them. Changes are tested as comparisons of scores are
// (docs/metrics.md): NPS by the adjusted trinomial z, shares by the pooled z with Newcombe's interval, means by Welch. Each stage is compared with all other stages
// of the same question and metric together. The p-values of changes are one family, those of comparisons between stages another, each corrected by Benjamini and Hochberg.
package journey

import (
	"fmt"

	"github.com/otklik/otklik/services/reporting/internal/contrast"
	"github.com/otklik/otklik/services/reporting/internal/place"
)

const (
	// discoveries is the share of false discoveries allowed among stages that are called worst.
	discoveries = 0.05
	// MostStages is how many stages a journey has.
	MostStages = 40
)

// Measure is what stages are scored by: stages of one measure can be compared.
type Measure struct {
	// Question and Scale are identifiers.
	Question, Scale string
	Metric          place.Metric
	// Least and Most are the ends of the scale.
	Least, Most float64
}

// Answers are counts of a period.
type Answers struct {
	place.Tally
	// Withheld is why they are not told; empty when they are.
	Withheld string
}

// Stage is a stage with its answers.
type Stage struct {
	Measure Measure
	Now     Answers
	// Before are the answers of the period before; nil where nothing is compared.
	Before *Answers
}

// Judgement is what is known of a stage.
type Judgement struct {
	// Change is against the period before, Contrast against the other stages of the measure; nil where a side has no answers.
	Change, Contrast *contrast.Difference
	// Worst tells that it is the lowest of the stages of its measure that are lower than the others, by AdjustedP at 5 %.
	Worst bool
}

// Result is what is known of all stages, in their order.
type Result struct {
	Stages []Judgement
	// ChangeFamily and ContrastFamily are the numbers of tests that p-values are corrected for.
	ChangeFamily, ContrastFamily int
}

// Judge compares stages, with intervals at a confidence level. Errors: impossible counts.
func Judge(stages []Stage, level float64) (*Result, error) {
	out := &Result{Stages: make([]Judgement, len(stages))}
	changes, contrasts := make([]*contrast.Difference, len(stages)), make([]*contrast.Difference, len(stages))
	for i, s := range stages {
		var err error
		if s.Before != nil {
			if changes[i], err = compare(s.Measure, s.Now, *s.Before, level); err != nil {
				return nil, fmt.Errorf("change of stage %d: %w", i, err)
			}
		}
		if contrasts[i], err = compare(s.Measure, s.Now, others(stages, i), level); err != nil {
			return nil, fmt.Errorf("stage %d against the others: %w", i, err)
		}
		out.Stages[i] = Judgement{Change: changes[i], Contrast: contrasts[i]}
	}
	var err error
	if out.ChangeFamily, err = contrast.Adjust(changes); err != nil {
		return nil, err
	}
	if out.ContrastFamily, err = contrast.Adjust(contrasts); err != nil {
		return nil, err
	}
	out.flag(stages)
	return out, nil
}

// others are the answers of the other stages of the measure together; withheld where any of them is: a rest could be worked out.
func others(stages []Stage, but int) (all Answers) {
	for i, s := range stages {
		if i == but || s.Measure != stages[but].Measure {
			continue
		}
		if s.Now.Withheld != "" {
			return Answers{Withheld: s.Now.Withheld}
		}
		all.Add(s.Now.Tally)
	}
	return all
}

// flag names the worst stage of each measure.
func (r *Result) flag(stages []Stage) {
	worst := make(map[Measure]int)
	for i, s := range stages {
		c := r.Stages[i].Contrast
		if c == nil || c.AdjustedP == nil || *c.AdjustedP >= discoveries || c.Value >= 0 {
			continue
		}
		if at, ok := worst[s.Measure]; !ok || score(s) < score(stages[at]) {
			worst[s.Measure] = i
		}
	}
	for _, i := range worst {
		r.Stages[i].Worst = true
	}
}

// score is that of a stage with answers.
func score(s Stage) float64 {
	e, _ := s.Now.Score(s.Measure.Metric, 0.95, s.Measure.Least, s.Measure.Most)
	return e.Value
}

// compare compares two sides; nil where one is withheld or has no answers.
func compare(m Measure, a, b Answers, level float64) (*contrast.Difference, error) {
	if a.Withheld != "" || b.Withheld != "" || a.N == 0 || b.N == 0 {
		return nil, nil //nolint:nilnil // Nothing to compare is a result.
	}
	return contrast.Of(m.Metric, a.Tally, b.Tally, level, m.Least, m.Most)
}
