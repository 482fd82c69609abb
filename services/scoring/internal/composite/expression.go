package composite

import (
	"fmt"
	"math"

	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// expression computes a formula.
func (t *Tree) expression(s view, settings metric.Settings) (figures, error) {
	e := t.Spec.Expression
	f := blank(math.Inf(-1), math.Inf(1))
	if e.Min != nil {
		f.low = *e.Min
	}
	if e.Max != nil {
		f.high = *e.Max
	}
	if t.formula == nil {
		return figures{}, fmt.Errorf("the expression is not bound: %w", ErrNested)
	}
	values := make(map[string]float64, len(e.Terms))
	for _, term := range e.Terms {
		p, err := t.term(term, s, settings)
		if err != nil {
			return figures{}, fmt.Errorf("term %s: %w", term.ID, err)
		}
		values[term.ID] = p.estimate
		f.parts = append(f.parts, p)
	}
	of := func(name string) float64 { return values[name] }
	f.estimate, f.why = t.formula.Evaluate(of), t.formula.absence(of)
	return f, nil
}

// term computes one term.
func (t *Tree) term(term Term, s view, settings metric.Settings) (partFigures, error) {
	p := partFigures{
		id: term.ID, kind: TermPart, estimate: absent(), weight: absent(), contribution: absent(), low: math.Inf(-1), high: math.Inf(1),
	}
	child := t.Terms[term.ID]
	if child != nil && child.Spec.Cuts == nil {
		f, err := child.figures(s, settings)
		if err != nil {
			return p, err
		}
		p.estimate, p.low, p.high = f.estimate, f.low, f.high
		if term.Normalized {
			p.estimate, p.low, p.high = f.normalized, 0, hundred
		}
		for i := range f.parts {
			p.whole = p.whole || f.parts[i].whole
			p.questions = append(p.questions, f.parts[i].questions...)
			if f.parts[i].kind == AttributePart || f.parts[i].kind == ItemPart || f.parts[i].kind == TermPart {
				p.n += f.parts[i].n
			}
		}
		return p, nil
	}
	as := term
	if child != nil {
		as = Term{Variant: child.Spec.Cuts.Variant, Question: term.Question}
		settings = child.Spec.Cuts.Settings(settings)
	}
	_, v, wrong := as.resolve("term")
	if wrong != nil {
		return p, wrong
	}
	settings.Method, settings.Option = "", term.Option
	return p, p.metric(v, as, child, s, settings, term.Normalized)
}

// metric fills in a term that is a variant of a metric.
func (p *partFigures) metric(v metric.VariantDefinition, term Term, child *Tree, s view, settings metric.Settings, normalized bool) error {
	var q metric.Question
	var data metric.Data
	p.whole = v.OfSurvey() || v.CountsRefusals()
	if v.OfSurvey() {
		var err error
		if data, err = s.whole(); err != nil {
			return err
		}
	} else {
		p.questions = []string{term.Question}
		c, err := s.question(term.Question)
		if err != nil || c == nil {
			return err
		}
		if child != nil && child.Spec.Cuts.Scale != "" {
			cuts, err := question.ParseScale(child.Spec.Cuts.Scale)
			if err != nil || !cuts.SameEnds(c.Question.Scale) {
				return &ScalesError{Question: c.Question.ID, Other: "cut points", Scales: [2]string{c.Question.Scale.ID(), child.Spec.Cuts.Scale}}
			}
		}
		q, data = c.Question, c.Data
	}
	score, err := metric.Evaluate(v.Variant, q, data, settings)
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	p.n = score.N
	number := score.Estimate
	if v.Range != nil {
		p.low, p.high = v.Range.Min, v.Range.Max
	} else {
		p.low, p.high = score.Scale.Min.Float(), score.Scale.Max.Float()
	}
	if normalized && v.Unit == metric.Native {
		number, p.low, p.high = score.Normalized, 0, hundred
	}
	if number != nil {
		p.estimate = *number
	}
	return nil
}

// Settings are s with the cut points and thresholds of c.
func (c *Cuts) Settings(s metric.Settings) metric.Settings {
	s.Cuts = c.Cuts
	if c.Thresholds != nil {
		s.Thresholds = c.Thresholds
	}
	return s
}
