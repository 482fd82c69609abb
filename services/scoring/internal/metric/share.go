package metric

import (
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// cutSet are the default cut points of one scale, in whole values.
type cutSet struct {
	scale                                              question.Scale
	satisfiedFrom, easyFrom, netEasyFrom, netDifficult question.Centi
}

// cutSets returns the default cut points. The top box of CES on 1-7 begins at 5, its net score at 6: two established habits.
func cutSets() []cutSet {
	const u = question.Unit
	return []cutSet{
		{scale: question.Scale1To5, satisfiedFrom: 4 * u, easyFrom: 4 * u, netEasyFrom: 4 * u, netDifficult: 2 * u},
		{scale: question.Scale1To7, satisfiedFrom: 6 * u, easyFrom: 5 * u, netEasyFrom: 6 * u, netDifficult: 3 * u},
		{scale: question.Scale1To10, satisfiedFrom: 9 * u, easyFrom: 9 * u, netEasyFrom: 9 * u, netDifficult: 4 * u},
	}
}

// cut is a stated cut point or the default of the scale.
func (q Question) cut(stated *question.Centi, pick func(cutSet) question.Centi) (question.Centi, error) {
	if stated != nil {
		if *stated < q.Scale.Min || *stated > q.Scale.Max {
			return 0, fmt.Errorf("question %q: cut point %v is not within the scale %s: %w", q.ID, *stated, q.Scale.ID(), ErrSettings)
		}
		return *stated, nil
	}
	for _, s := range cutSets() {
		if s.scale.SameEnds(q.Scale) {
			return pick(s), nil
		}
	}
	return 0, fmt.Errorf("question %q on the scale %s: %w", q.ID, q.Scale.ID(), ErrCutsMissing)
}

// from tells whether a value is at least `limit` after flipping.
func (q Question) from(limit question.Centi) func(value int64) bool {
	if q.Direction == question.Effort {
		limit = q.Scale.Flip(limit)
		return func(v int64) bool { return v <= int64(limit) }
	}
	return func(v int64) bool { return v >= int64(limit) }
}

// to tells whether a value is at most `limit` after flipping.
func (q Question) to(limit question.Centi) func(value int64) bool {
	if q.Direction == question.Effort {
		limit = q.Scale.Flip(limit)
		return func(v int64) bool { return v >= int64(limit) }
	}
	return func(v int64) bool { return v <= int64(limit) }
}

// count is the number of values that pass.
func count(h histogram.Histogram, pass func(value int64) bool) int64 {
	var n int64
	for b := range h.Bins() {
		if pass(b.Value) {
			n += b.Count
		}
	}
	return n
}

// proportion is the proportion behind a variant in percent.
func (e evaluation) proportion(data Data, score *Score) (tally, error) {
	switch e.variant.Variant {
	case ResponseRateOutcomes, ResponseRateInvited:
		return e.responses(data, score)
	case ShareOption:
		return e.option(data, score)
	case LikeIndexLikes, LikeIndexConsultations, LikeIndexPresses, SmileIndexBuyer, SmileIndexSeller:
		return e.likes(data, score)
	}
	stated, pick := e.question.Cuts.SatisfiedFrom, func(s cutSet) question.Centi { return s.satisfiedFrom }
	if e.variant.Variant == CESTopBox {
		stated, pick = e.question.Cuts.EasyFrom, func(s cutSet) question.Centi { return s.easyFrom }
	}
	limit, err := e.question.cut(stated, pick)
	if err != nil {
		return tally{}, err
	}
	t := values(data, e.question.from(limit))
	score.Counts.Answered, score.Counts.Positive = t.n, ptr(t.plus)
	return t, nil
}

// values is the share of the answers whose value passes.
func values(data Data, pass func(value int64) bool) tally {
	t := tally{plus: count(data.Answers, pass), n: data.Answers.N()}
	if w := data.Weighted; w != nil {
		t.weighted = &classes{plus: w.answers(pass), rest: w.answers(func(v int64) bool { return !pass(v) })}
	}
	return t
}

// responses is the share of those asked who answered.
func (e evaluation) responses(data Data, score *Score) (tally, error) {
	score.Counts.Answered = data.Outcomes.Responses
	t := tally{plus: data.Outcomes.Responses, n: data.Outcomes.Responses + data.Outcomes.Refusals()}
	if e.variant.Variant == ResponseRateInvited {
		return e.of(t, data, score)
	}
	if w := data.Weighted; w != nil {
		t.weighted = &classes{plus: w.Responses, rest: w.refusals()}
	}
	return t, nil
}

// of puts what was counted in relation to a count that the caller states. Weights have no place in it: what the stated count counts has none.
func (e evaluation) of(t tally, data Data, score *Score) (tally, error) {
	stated := data.Stated.Get(e.variant.Requires)
	switch {
	case data.Weighted != nil:
		return tally{}, fmt.Errorf("%s rests on a stated count, which has no weights: %w", e.variant.Variant, ErrSettings)
	case *stated < t.plus:
		return tally{}, &CountError{Count: e.variant.Requires, Stated: stated, Least: t.plus}
	}
	score.Counts.Stated = ptr(*stated)
	return tally{plus: t.plus, n: *stated}, nil
}

// netEasy is the difference of shares behind CESNetEasy.
func (e evaluation) netEasy(data Data, score *Score) (tally, error) {
	q := e.question
	easyFrom, err := q.cut(q.Cuts.NetEasyFrom, func(s cutSet) question.Centi { return s.netEasyFrom })
	if err != nil {
		return tally{}, err
	}
	difficultTo, err := q.cut(q.Cuts.NetDifficultTo, func(s cutSet) question.Centi { return s.netDifficult })
	if err != nil {
		return tally{}, err
	}
	if difficultTo >= easyFrom {
		return tally{}, fmt.Errorf("question %q: difficult up to %v overlaps easy from %v: %w", q.ID, difficultTo, easyFrom, ErrSettings)
	}
	easy, difficult := q.from(easyFrom), q.to(difficultTo)
	t := tally{plus: count(data.Answers, easy), minus: count(data.Answers, difficult), n: data.Answers.N()}
	if w := data.Weighted; w != nil {
		t.weighted = &classes{
			plus: w.answers(easy), minus: w.answers(difficult),
			rest: w.answers(func(v int64) bool { return !easy(v) && !difficult(v) }),
		}
	}
	score.Counts.Answered = t.n
	score.Counts.Positive, score.Counts.Negative = ptr(t.plus), ptr(t.minus)
	return t, nil
}
