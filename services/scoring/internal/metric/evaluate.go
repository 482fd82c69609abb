package metric

import (
	"errors"
	"fmt"
	"math"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// Evaluate computes one variant. q is ignored by variants of the survey as a whole.
//
// Errors wrap ErrUnknown, ErrMismatch, ErrCutsMissing, ErrMethod, ErrSettings or ErrCount; an answer that is not on the scale is a
// *question.OutOfScaleError. A slice without answers is no error: the score then has no estimate.
func Evaluate(v Variant, q Question, data Data, settings Settings) (Score, error) {
	e, err := prepare(v, q, data, settings)
	if err != nil {
		return Score{}, fmt.Errorf("evaluate %s: %w", v, err)
	}
	score, err := e.evaluate(data)
	if err != nil {
		return Score{}, fmt.Errorf("evaluate %s: %w", v, err)
	}
	return score, nil
}

// evaluation is a variant with everything chosen and checked.
type evaluation struct {
	definition Definition
	variant    VariantDefinition
	question   Question
	settings   Settings
	method     Method
}

func prepare(v Variant, q Question, data Data, settings Settings) (evaluation, error) {
	d, vd, err := FindVariant(v)
	if err != nil {
		return evaluation{}, err
	}
	s, err := settings.resolve()
	if err != nil {
		return evaluation{}, err
	}
	m, err := vd.method(s.Method)
	if err != nil {
		return evaluation{}, err
	}
	if vd.Requires != "" && data.Stated.Get(vd.Requires) == nil {
		return evaluation{}, &CountError{Count: vd.Requires}
	}
	switch {
	case v == MeanAllAnswers:
		q = Question{Scale: question.Scale1To10}
	case vd.OfSurvey():
		q = Question{}
	case !d.Supports(q.Kind):
		return evaluation{}, fmt.Errorf("question %q of kind %s: %w", q.ID, q.Kind, ErrMismatch)
	case q.Kind != question.Choice:
		if err := q.check(data.Answers); err != nil {
			return evaluation{}, err
		}
	}
	q.Cuts = q.Cuts.replace(s.Cuts)
	return evaluation{definition: d, variant: vd, question: q, settings: s, method: m}, nil
}

func (e evaluation) evaluate(data Data) (Score, error) {
	score := newScore(e.definition, e.variant, e.question, data, e.settings, e.method)
	switch e.variant.form {
	case difference:
		t, err := e.difference(data, &score)
		if err != nil {
			return Score{}, err
		}
		return e.scoreDifference(score, t)
	case proportion:
		t, err := e.proportion(data, &score)
		if err != nil {
			return Score{}, err
		}
		return e.scoreProportion(score, t)
	case mean:
		return e.scoreMean(score, data)
	case pooled:
		return e.scoreAllAnswers(score, data)
	}
	return Score{}, ErrUnknown
}

// tally is what a share, or the difference of two, is made of.
type tally struct {
	// plus and minus count the observations of either class, n all of them; a share has no minus.
	plus, minus, n int64
	// weighted are the weights of the classes; nil without weights.
	weighted *classes
}

// difference is that of the counts; of effective n observations where there are weights.
func (t tally) difference() stat.ShareDifference {
	if t.weighted != nil {
		return t.weighted.difference()
	}
	return stat.ShareDifference{Plus: float64(t.plus), Minus: float64(t.minus), N: float64(t.n)}
}

// proportion is that of the counts; of effective n observations where there are weights.
func (t tally) proportion() stat.Proportion {
	if t.weighted != nil {
		return t.weighted.proportion()
	}
	return stat.Proportion{Hits: float64(t.plus), N: float64(t.n)}
}

// isEmpty tells whether nothing was observed.
func (t tally) isEmpty() bool { return t.n == 0 || t.weighted != nil && !(t.weighted.total().Sum > 0) }

// scoreDifference fills in a score in points from the difference of two shares. A score without answers has none, whatever
// its policy: refusals alone say nothing about what people think.
func (e evaluation) scoreDifference(score Score, t tally) (Score, error) {
	score.N = t.n
	if score.Counts.Answered == 0 || t.isEmpty() {
		return score, nil
	}
	d := t.difference()
	estimate, standardError := d.Estimate(), d.StandardError()
	interval := d.AdjustedWald
	switch e.method {
	case Wald:
		interval = d.Wald
	case TrinomialT:
		interval = d.TrinomialT
	}
	if t.weighted != nil {
		estimate, standardError = t.weighted.estimate()
		score.Weighting = weighting(t.n, t.weighted.total())
		if e.method != AdjustedWald {
			interval = func(level float64) (stat.Interval, error) {
				return linearised(estimate, standardError, e.method, level, score.Weighting)
			}
		}
	}
	score.Estimate = ptr(hundred * estimate)
	score.StandardError = ptr(hundred * standardError)
	var err error
	if score.Interval, err = scaled(hundred)(interval(e.settings.Level)); err != nil {
		return Score{}, err
	}
	if (e.definition.ID == NPS || e.definition.ID == LoyaltyIndex) && *score.Estimate > e.settings.Thresholds.StrongAbove {
		score.Band = Strong
	}
	return score, nil
}

// linearised is the interval of a weighted difference of shares by its linearised standard error, with z (Wald) or with t of the effective n
// (TrinomialT).
func linearised(estimate, standardError float64, m Method, level float64, w *Weighting) (stat.Interval, error) {
	if standardError == 0 {
		return stat.Interval{}, stat.ErrUndefined
	}
	half := stat.CriticalZ(level) * standardError
	if m == TrinomialT {
		if w.EffectiveN < least {
			return stat.Interval{}, stat.ErrUndefined
		}
		n := float64(w.N)
		half = stat.CriticalT(level, w.EffectiveN-1) * standardError * math.Sqrt(n/(n-1))
	}
	return stat.Interval{Low: estimate - half, High: estimate + half}.Clip(-1, 1), nil
}

// scoreProportion fills in a score in percent.
func (e evaluation) scoreProportion(score Score, t tally) (Score, error) {
	score.N = t.n
	if t.isEmpty() {
		return score, nil
	}
	p := t.proportion()
	score.Estimate = ptr(hundred * p.Estimate())
	score.StandardError = ptr(hundred * p.StandardError())
	if t.weighted != nil {
		estimate, standardError := t.weighted.estimate()
		score.Estimate, score.StandardError = ptr(hundred*estimate), ptr(hundred*standardError)
		score.Weighting = weighting(t.n, t.weighted.total())
	}
	var err error
	score.Interval, err = scaled(hundred)(p.Wilson(e.settings.Level))
	return score, err
}

// hundred is one in percent.
const hundred = 100

// scaled passes on an interval in another unit, and nil where the data determine none.
func scaled(factor float64) func(stat.Interval, error) (*stat.Interval, error) {
	return func(i stat.Interval, err error) (*stat.Interval, error) {
		if errors.Is(err, stat.ErrUndefined) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return ptr(i.Map(factor, 0)), nil
	}
}
