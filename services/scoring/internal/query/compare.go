package query

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// Comparison is two scores and the test of their difference.
type Comparison struct {
	metric.Comparison
	// Score and Baseline are the two scores with their slices.
	Score, Baseline Row
	// Parts are those of a composite score, with what each contributes to the difference.
	Parts []composite.Part
	// Coverage and BaselineCoverage say what was counted of each side; nil where answers are protected.
	Coverage, BaselineCoverage *column.Coverage
}

// Compare answers two queries that describe one score each, and tests the difference. Refusals are *Error.
func Compare(ctx context.Context, a Query, da Data, b Query, db Data) (Comparison, error) {
	if err := sameDefinition(a.Definition, b.Definition); err != nil {
		return Comparison{}, err
	}
	if a.Definition != nil && a.Definition.Tree != nil {
		if a.Settings.Positive != b.Settings.Positive || a.Settings.Negative != b.Settings.Negative {
			e := refuse(NotComparable, "option_roles", "both sides of a composite score take the same options for likes: leave those of the baseline out")
			e.Baseline = true
			return Comparison{}, e
		}
		return compareComposites(ctx, a, da, b, db)
	}
	sideA, err := newSide(ctx, a, da)
	if err != nil {
		return Comparison{}, err
	}
	sideB, err := newSide(ctx, b, db)
	if err != nil {
		return Comparison{}, ofBaseline(err)
	}
	if sideA.variant != sideB.variant {
		e := refuse(NotComparable, "variants", "%s cannot be compared with %s: leave metric and variant of the baseline out", sideA.variant, sideB.variant)
		e.Baseline = true
		return Comparison{}, e
	}
	if sideA.row.Score.Scale != sideB.row.Score.Scale {
		return Comparison{}, &Error{Reason: NotComparable, State: true, Description: fmt.Sprintf("the answers are on different scales, %s and %s",
			sideA.row.Score.Scale.ID(), sideB.row.Score.Scale.ID())}
	}
	if sideA.variant == metric.ShareOption && a.Settings.Option == "" {
		return Comparison{}, refuse(NotComparable, "option", "a side of a comparison is one score: name the option")
	}
	// The baseline may have an option, or options of roles, of its own.
	sideB.side.Settings = &sideB.settings
	c, err := metric.Compare(sideA.variant, sideA.side, sideB.side, sideA.settings)
	if errors.Is(err, metric.ErrNotComparable) {
		return Comparison{}, &Error{Reason: NotComparable, State: true, Description: "a side has no answers, or the sides were not asked in the same way"}
	}
	if err != nil {
		return Comparison{}, fmt.Errorf("compare: %w", err)
	}
	return Comparison{Comparison: c, Score: sideA.row, Baseline: sideB.row, Coverage: sideA.coverage, BaselineCoverage: sideB.coverage}, nil
}

// sameDefinition refuses to compare what two definitions, or versions of one, say.
func sameDefinition(a, b *Definition) error {
	if a == nil && b == nil || a != nil && b != nil && a.Ref == b.Ref {
		return nil
	}
	e := refuse(NotComparable, "definition", "what a definition says can be compared with itself only: leave the definition of the baseline out")
	e.Baseline = true
	return e
}

// ofBaseline tells that it is the baseline that is refused.
func ofBaseline(err error) error {
	var e *Error
	if errors.As(err, &e) {
		e.Baseline = true
	}
	return err
}

// side is one of the two scores compared.
type side struct {
	variant metric.Variant
	side    metric.Side
	row     Row
	// settings are those that it was computed with.
	settings metric.Settings
	// coverage says what was counted; nil where answers are protected.
	coverage *column.Coverage
}

func newSide(ctx context.Context, q Query, d Data) (side, error) {
	if err := checkSide(q); err != nil {
		return side{}, err
	}
	if q.Definition == nil && len(q.Metrics) == 0 {
		definition, _, err := metric.FindVariant(q.Variants[0])
		if err != nil {
			return side{}, fmt.Errorf("compare: %w", err)
		}
		q.Metrics = []metric.ID{definition.ID}
	}
	p, err := newPlan(q, d)
	if err != nil {
		return side{}, err
	}
	variant, t, err := p.only()
	if err != nil {
		return side{}, err
	}
	c, err := p.count(ctx, d)
	if err != nil {
		return side{}, err
	}
	s, asked, err := p.onlySlice(t, c)
	if err != nil {
		return side{}, p.orWithheld(ctx, d, err)
	}
	w := &writer{plan: p}
	if err := w.write(variant, asked, s, p.Settings); err != nil {
		return side{}, err
	}
	if len(w.rows) == 0 {
		return side{}, refuse(NotComparable, "question", "the metric cannot be computed from the answers on the scale %s", s.scale)
	}
	return side{variant: variant, side: metric.Side{Question: asked, Data: s.data}, row: w.rows[0], settings: p.Settings, coverage: c.coverage}, nil
}

// orWithheld is an error, or that the score is withheld where there are answers that are not released.
func (p *plan) orWithheld(ctx context.Context, d Data, err error) error {
	var e *Error
	if d.Protection == nil || !errors.As(err, &e) || e.Reason != NotComparable {
		return err
	}
	all := d
	all.Cube = d.Protection.Present
	if c, countErr := p.count(ctx, all); countErr != nil || len(c.questions)+len(c.survey) == 0 {
		return err
	}
	return state(ScoreWithheld, "", "the score is withheld for few answers: compare larger groups or longer periods")
}

// checkSide refuses a query that describes more than one score.
func checkSide(q Query) error {
	switch {
	case q.Grain != calendar.None:
		return refuse(NotComparable, "grain", "a side of a comparison is one score: leave the grain out")
	case len(q.GroupBy) > 0:
		return refuse(NotComparable, "group_by", "a side of a comparison is one score: use a filter rather than a grouping")
	case q.Question == AllQuestions:
		return refuse(NotComparable, "question", "a side of a comparison is one score: name one question or none")
	case len(q.Metrics) > 1:
		return refuse(NotComparable, "metrics", "a side of a comparison is one score: name one metric")
	case len(q.Variants) > 1:
		return refuse(NotComparable, "variants", "a side of a comparison is one score: name one variant")
	case q.Definition == nil && len(q.Metrics) == 0 && len(q.Variants) == 0:
		return refuse(NotComparable, "metrics", "a side of a comparison is one score: name a metric")
	}
	return nil
}

// only is the one variant and the question that it is computed from; no question for scores of the survey as a whole.
func (p *plan) only() (metric.Variant, *target, error) {
	if len(p.questions) == 1 && len(p.whole) == 0 {
		t := &p.questions[0]
		if len(p.Variants) == 0 {
			// Variants that only accompany the default one are no choice.
			d, _, err := metric.FindVariant(t.variants[0])
			if err != nil {
				return "", nil, fmt.Errorf("compare: %w", err)
			}
			t.variants = d.Defaults(false)
		}
		if len(t.variants) == 1 {
			return t.variants[0], t, nil
		}
	}
	if len(p.questions) == 0 && len(p.whole) == 1 {
		return p.whole[0], nil, nil
	}
	return "", nil, refuse(NotComparable, "variants", "the metric has several default variants: name one")
}

// onlySlice is what the one score is computed from, and the question as it was asked.
func (p *plan) onlySlice(t *target, c counts) (slice, metric.Question, error) {
	found := c.survey
	if t != nil {
		found = slices.DeleteFunc(c.questions, func(s slice) bool { return !p.counts(s.scale) })
	}
	switch {
	case len(found) == 0:
		return slice{}, metric.Question{}, state(NotComparable, "period", "there are no answers in this slice: choose another period, filter or question")
	case len(found) > 1:
		return slice{}, metric.Question{}, state(NotComparable, "period",
			"the question was answered on several scales: choose a period in which one scale was used")
	case t == nil:
		return found[0], metric.Question{}, nil
	}
	q, err := p.onScale(t.question, found[0].scale)
	return found[0], q, err
}
