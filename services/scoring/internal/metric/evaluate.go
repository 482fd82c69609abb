package metric

import (
	"errors"
	"fmt"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// Evaluate computes one variant. q is ignored by ResponseRateOutcomes and MeanAllAnswers.
//
// Errors wrap ErrUnknown, ErrMismatch, ErrCutsMissing, ErrMethod or ErrSettings; an answer that is not on the scale is a
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
	switch v {
	case ResponseRateOutcomes:
		q = Question{}
	case MeanAllAnswers:
		q = Question{Scale: question.Scale1To10}
	default:
		if !d.Supports(q.Kind) {
			return evaluation{}, fmt.Errorf("question %q of kind %s: %w", q.ID, q.Kind, ErrMismatch)
		}
		if err := q.check(data.Answers); err != nil {
			return evaluation{}, err
		}
	}
	return evaluation{definition: d, variant: vd, question: q, settings: s, method: m}, nil
}

func (e evaluation) evaluate(data Data) (Score, error) {
	score := newScore(e.definition, e.variant, e.question, data, e.settings, e.method)
	switch e.variant.Variant {
	case NPSAnswered, NPSContacted, NPSRefusedAsDetractor, CESNetEasy:
		d, err := e.difference(data, &score)
		if err != nil {
			return Score{}, err
		}
		return e.scoreDifference(score, d)
	case CSATShare, CESTopBox, ResponseRateOutcomes:
		p, err := e.proportion(data, &score)
		if err != nil {
			return Score{}, err
		}
		return e.scoreProportion(score, p)
	case CESMean, MeanSingleQuestion:
		return e.scoreMean(score, data)
	case MeanAllAnswers:
		return e.scoreAllAnswers(score, data)
	}
	return Score{}, ErrUnknown
}

// scoreDifference fills in a score in points from the difference of two shares. A score without answers has none, whatever
// its policy: refusals alone say nothing about what people think.
func (e evaluation) scoreDifference(score Score, d stat.ShareDifference) (Score, error) {
	score.N = int64(d.N)
	if score.Counts.Answered == 0 {
		return score, nil
	}
	score.Estimate = ptr(100 * d.Estimate())
	score.StandardError = ptr(100 * d.StandardError())
	interval := d.AdjustedWald
	switch e.method {
	case Wald:
		interval = d.Wald
	case TrinomialT:
		interval = d.TrinomialT
	}
	var err error
	if score.Interval, err = scaled(100)(interval(e.settings.Level)); err != nil {
		return Score{}, err
	}
	if e.definition.ID == NPS && *score.Estimate > e.settings.Thresholds.StrongAbove {
		score.Band = Strong
	}
	return score, nil
}

// scoreProportion fills in a score in percent.
func (e evaluation) scoreProportion(score Score, p stat.Proportion) (Score, error) {
	score.N = int64(p.N)
	if score.N == 0 {
		return score, nil
	}
	score.Estimate = ptr(100 * p.Estimate())
	score.StandardError = ptr(100 * p.StandardError())
	var err error
	score.Interval, err = scaled(100)(p.Wilson(e.settings.Level))
	return score, err
}

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
