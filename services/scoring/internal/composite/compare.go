package composite

import (
	"fmt"
	"math"

	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// Comparison is the difference of one composite score between two slices, such as two periods.
type Comparison struct {
	// Score and Baseline are the two scores.
	Score, Baseline Score
	// Figure is Score less Baseline.
	Figure
	// Parts are the parts in the order of the definition: Figure is the difference of their levels, Contribution what each contributes to the
	// difference of the scores. The contributions of attributes, of dimensions and of items each sum to it. Weight is the difference of the weights.
	Parts []Part
	// Statistic is t, P its two-sided p-value; nil when the data determine none.
	Statistic, P *float64
}

// Compare computes the score of two slices and the difference. Group g of both holds the same respondents: the standard error leaves out a group of
// both at once, so that what the same people said twice counts as that. Errors are those of Evaluate, and metric.ErrNotComparable when a side has no
// score or the sides are on different scales or have different numbers of groups.
//
// A weighted mean of parts changes by Σ v̄ᵢΔsᵢ + Δvᵢ(s̄ᵢ - Ī): v are the weights scaled to sum 1, s the levels, a bar is the mean of both slices, I is the
// score. A part that weighs more than before thus counts for the score if it is better than the score, and against it if it is worse.
func (t *Tree) Compare(groups, baseline []Sample, settings metric.Settings) (Comparison, error) {
	return t.CompareWith(groups, t, baseline, settings)
}

// CompareWith is Compare for a baseline of another survey: other is the same tree, bound to that survey.
func (t *Tree) CompareWith(groups []Sample, other *Tree, baseline []Sample, settings metric.Settings) (Comparison, error) {
	c, err := t.compare(groups, other, baseline, settings)
	if err != nil {
		return Comparison{}, fmt.Errorf("compare composite: %w", err)
	}
	return c, nil
}

func (t *Tree) compare(groups []Sample, other *Tree, baseline []Sample, settings metric.Settings) (Comparison, error) {
	level, err := confidence(settings)
	if err != nil {
		return Comparison{}, err
	}
	if len(groups) != len(baseline) {
		return Comparison{}, fmt.Errorf("%d and %d groups: %w", len(groups), len(baseline), metric.ErrNotComparable)
	}
	a, err := t.side(groups, settings)
	if err != nil {
		return Comparison{}, err
	}
	b, err := other.side(baseline, settings)
	if err != nil {
		return Comparison{}, err
	}
	if math.IsNaN(a.full.estimate) || math.IsNaN(b.full.estimate) {
		return Comparison{}, fmt.Errorf("a side has no score: %w", metric.ErrNotComparable)
	}
	if !a.full.scale.SameEnds(b.full.scale) {
		return Comparison{}, fmt.Errorf("scales %s and %s: %w", a.full.scale.ID(), b.full.scale.ID(), metric.ErrNotComparable)
	}
	d := a.difference(&b, level)
	c := Comparison{Score: a.full.score(a.without, a.by, level), Baseline: b.full.score(b.without, b.by, level), Figure: d.Figure, Parts: d.Parts}
	if c.P = c.Figure.p(); c.P != nil {
		statistic := *c.Estimate / *c.StandardError
		c.Statistic = &statistic
	}
	return c, nil
}

// difference is the difference of two slices in all figures, with its precision.
func (s *side) difference(b *side, level float64) Score {
	difference := s.full.less(&b.full)
	var without []figures
	for g := range s.without {
		f := s.without[g].less(&b.without[g])
		f.forget(&difference)
		without = append(without, f)
	}
	by := make([]answers, len(s.by))
	for g := range by {
		by[g] = make(answers)
		for _, side := range []answers{s.by[g], b.by[g]} {
			for q := range side {
				by[g][q] = true
			}
		}
	}
	return difference.score(without, by, level)
}

// less is the difference of all figures, with contributions to the difference.
func (f *figures) less(b *figures) figures {
	d := figures{
		estimate: f.estimate - b.estimate, normalized: f.normalized - b.normalized,
		low: f.low - b.high, high: f.high - b.low, scale: f.scale, change: f.change, difference: true, parts: make([]partFigures, len(f.parts)),
	}
	mean := (f.estimate + b.estimate) / 2
	for i := range f.parts {
		p, q := &f.parts[i], &b.parts[i]
		x := *p
		x.estimate, x.weight = p.estimate-q.estimate, p.weight-q.weight
		x.low, x.high, x.n = p.low-q.high, p.high-q.low, p.n+q.n
		switch f.change {
		case byMeans:
			x.contribution = (p.weight+q.weight)/2*x.estimate + x.weight*((p.estimate+q.estimate)/2-mean)
		case bySums:
			x.contribution = p.contribution - q.contribution
		case unsplit:
			x.contribution = absent()
		}
		d.parts[i] = x
	}
	if f.change == byMeans && !f.samePresence(b) {
		// A part that only one side has leaves its share of the difference to nobody.
		for i := range d.parts {
			d.parts[i].contribution = absent()
		}
	}
	return d
}

// samePresence tells whether the same parts have a level and a weight in both.
func (f *figures) samePresence(b *figures) bool {
	for i := range f.parts {
		p, q := &f.parts[i], &b.parts[i]
		if math.IsNaN(p.estimate) != math.IsNaN(q.estimate) || math.IsNaN(p.weight) != math.IsNaN(q.weight) {
			return false
		}
	}
	return true
}
