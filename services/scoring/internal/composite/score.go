package composite

import (
	"fmt"
	"math"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// Groups is the number of random groups of respondents that a query counts apart for a composite score. A standard error from G groups varies by about
// 1/√(2(G-1)) of itself: by 7 % here.
const Groups = 100

// Score is a composite score with all that is needed to judge it. Numbers are nil where there are none.
type Score struct {
	// Figure is the score itself, Normalized the same on 0..100; that of formulas, gaps and sums is nil.
	Figure
	Normalized Figure
	// Absence says why there is no estimate, for people; empty when there is one.
	Absence string
	// Scale is that of the answers; none for formulas and sums.
	Scale question.Scale
	// Parts are what it is made of: in the order of the definition, dimensions followed by their subdimensions and items.
	Parts []Part
	// N is the sum of the answers to its attributes, items or terms: who answered two of them counts twice.
	N int64
	// Groups is the number of random groups of respondents that the standard errors rest on.
	Groups int
	// Level and Method say what the intervals are.
	Level  float64
	Method metric.Method
}

// Figure is an estimate with its precision.
type Figure struct {
	Estimate, StandardError *float64
	// DF is the degrees of freedom of the standard error.
	DF float64
	// Interval is clipped to the range of the estimate.
	Interval *stat.Interval
}

// Part is one part of a composite score.
type Part struct {
	// ID, Kind and Title are those of the definition.
	ID    string
	Kind  PartKind
	Title metric.Text
	// Figure is its own level.
	Figure
	// Weight is its share of the whole, Contribution what it adds to it: those of attributes, of dimensions and of items each sum to 1 and to the
	// score. Nil where the whole is no such sum. The weights of a sum ΣVP are nil, its contributions are not.
	Weight, Contribution Figure
	// N is the number of its answers.
	N int64
}

// Evaluate computes the score of a bound tree from what was counted of each random group of respondents; one group gives estimates without standard
// errors. Groups in which nobody answered count for nothing, so that few respondents have few degrees of freedom.
//
// Standard errors are those of stat.Jackknife. Where leaving out a group takes the last answers to a question away there is none, since what is left
// is another score.
//
// Errors: *ScalesError, those of metric.Evaluate, ErrNested for a tree that is not bound or is one of Cuts, which are a variant of a metric like any.
func (t *Tree) Evaluate(groups []Sample, settings metric.Settings) (Score, error) {
	level, err := confidence(settings)
	if err != nil {
		return Score{}, err
	}
	s, err := t.side(groups, settings)
	if err != nil {
		return Score{}, fmt.Errorf("evaluate composite: %w", err)
	}
	return s.full.score(s.without, s.by, level), nil
}

// confidence is the level of the settings.
func confidence(s metric.Settings) (float64, error) {
	switch {
	case s.Method != "" && s.Method != metric.JackknifeT:
		return 0, fmt.Errorf("%s for a composite score: %w", s.Method, metric.ErrMethod)
	case s.Level == 0:
		return metric.DefaultLevel, nil
	case !(s.Level > 0 && s.Level < 1):
		return 0, fmt.Errorf("confidence level %v: %w", s.Level, metric.ErrSettings)
	}
	return s.Level, nil
}

// side are the figures of one slice: of all respondents, and without each random group.
type side struct {
	full    figures
	without []figures
	by      []answers
}

func (t *Tree) side(groups []Sample, settings metric.Settings) (side, error) {
	together := total(groups)
	all := tally(&together)
	full, err := t.figures(view{all: &all}, settings)
	if err != nil || len(groups) < 2 {
		return side{full: full, by: answeredBy(groups)}, err
	}
	s := side{full: full, without: make([]figures, len(groups)), by: answeredBy(groups)}
	for g := range groups {
		gone := tally(&groups[g])
		if s.without[g], err = t.figures(view{all: &all, gone: &gone}, settings); err != nil {
			return side{}, err
		}
		s.without[g].forget(&full)
	}
	return s, nil
}

// forget drops what is not the same number as in full, because parts or weights have no answers any more.
func (f *figures) forget(full *figures) {
	lost, changed := make(map[string]bool), false
	for i := range f.parts {
		p, was := &f.parts[i], &full.parts[i]
		if math.IsNaN(p.estimate) != math.IsNaN(was.estimate) {
			changed = true
			if p.kind != DimensionPart && p.kind != SubdimensionPart {
				lost[p.id] = true
				for _, q := range p.questions {
					lost[q] = true
				}
			}
		}
		changed = changed || math.IsNaN(p.weight) != math.IsNaN(was.weight)
	}
	if !changed {
		return
	}
	f.estimate, f.normalized = absent(), absent()
	for i := range f.parts {
		p := &f.parts[i]
		p.weight, p.contribution = absent(), absent()
		for _, q := range p.questions {
			if lost[q] {
				p.estimate = absent()
			}
		}
	}
}

// answers tells which questions a random group answered; "" stands for the survey as a whole.
type answers map[string]bool

// answeredBy tells it of all groups.
func answeredBy(groups []Sample) []answers {
	all := make([]answers, len(groups))
	for i := range groups {
		s := &groups[i]
		all[i] = make(answers)
		for j := range s.Questions {
			if s.Questions[j].answers() > 0 {
				all[i][s.Questions[j].Question.ID] = true
			}
		}
		if o := s.Whole.Outcomes; !o.IsZero() || !s.Whole.Pooled.IsEmpty() || s.Whole.Weighted != nil && s.Whole.Weighted.Pooled.Respondents > 0 {
			all[i][""] = true
		}
	}
	return all
}

// to tells whether the group answered any of the questions of a part.
func (a answers) to(p *partFigures) bool {
	if p.whole && a[""] {
		return true
	}
	for _, q := range p.questions {
		if a[q] {
			return true
		}
	}
	return false
}

// toAny tells whether the group answered any of the questions of any part.
func (a answers) toAny(f *figures) bool {
	for i := range f.parts {
		if a.to(&f.parts[i]) {
			return true
		}
	}
	return false
}

// score puts figures and those without each group together.
func (f *figures) score(without []figures, by []answers, level float64) Score {
	s := Score{Scale: f.scale, Level: level, Method: metric.JackknifeT}
	critical := &criticals{level: level, byDF: make(map[float64]float64)}
	var any []int
	for g := range by {
		if by[g].toAny(f) {
			any = append(any, g)
		}
	}
	s.Groups = len(any)
	if math.IsNaN(f.estimate) {
		if s.Absence = f.why; s.Absence == "" {
			s.Absence = "there are no answers"
		}
	}
	s.Figure = figure(f.estimate, without, any, critical, f.low, f.high, func(x *figures) float64 { return x.estimate })
	// Differences run both ways.
	least := 0.0
	if f.difference {
		least = -1
	}
	s.Normalized = figure(f.normalized, without, any, critical, least*hundred, hundred, func(x *figures) float64 { return x.normalized })
	for i := range f.parts {
		p := &f.parts[i]
		var own []int
		for _, g := range any {
			if by[g].to(p) {
				own = append(own, g)
			}
		}
		part := Part{ID: p.id, Kind: p.kind, Title: p.title, N: p.n}
		part.Figure = figure(p.estimate, without, own, critical, p.low, p.high, func(x *figures) float64 { return x.parts[i].estimate })
		part.Weight = figure(p.weight, without, any, critical, least, 1, func(x *figures) float64 { return x.parts[i].weight })
		part.Contribution = figure(p.contribution, without, any, critical, math.Inf(-1), math.Inf(1), func(x *figures) float64 { return x.parts[i].contribution })
		s.Parts = append(s.Parts, part)
		if p.kind == AttributePart || p.kind == ItemPart || p.kind == TermPart {
			s.N += p.n
		}
	}
	return s
}

// rounding is the standard error below which estimates count as equal, relative to them.
const rounding = 1e-12

// figure is a number with the precision that follows from leaving out each of the groups that bear on it.
func figure(all float64, without []figures, groups []int, critical *criticals, low, high float64, pick func(*figures) float64) Figure {
	if math.IsNaN(all) {
		return Figure{}
	}
	f := Figure{Estimate: &all}
	if len(without) == 0 {
		return f
	}
	others := make([]float64, len(groups))
	for i, g := range groups {
		others[i] = pick(&without[g])
	}
	m, err := stat.Jackknife(all, others)
	if err != nil {
		return f
	}
	// Estimates without each group that differ by rounding do not differ.
	if m.StandardError < rounding*max(1, math.Abs(all)) {
		m.StandardError = 0
	}
	f.StandardError, f.DF = &m.StandardError, m.DF
	if m.StandardError > 0 {
		half := critical.of(m.DF) * m.StandardError
		i := stat.Interval{Low: all - half, High: all + half}.Clip(low, high)
		f.Interval = &i
	}
	return f
}

// criticals are the half-widths of intervals in standard errors, by degrees of freedom: they take longer to work out than all else of a figure.
type criticals struct {
	level float64
	byDF  map[float64]float64
}

func (c *criticals) of(df float64) float64 {
	x, ok := c.byDF[df]
	if !ok {
		x = stat.CriticalT(c.level, df)
		c.byDF[df] = x
	}
	return x
}
