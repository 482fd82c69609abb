package metric

import (
	"fmt"

	"github.com/otklik/otklik/libs/stat"
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

// from counts answers of at least `limit` after flipping.
func (q Question) from(h histogram.Histogram, limit question.Centi) int64 {
	if q.Direction == question.Effort {
		return h.CountAtMost(int64(q.Scale.Flip(limit)))
	}
	return h.CountAtLeast(int64(limit))
}

// to counts answers of at most `limit` after flipping.
func (q Question) to(h histogram.Histogram, limit question.Centi) int64 {
	if q.Direction == question.Effort {
		return h.CountAtLeast(int64(q.Scale.Flip(limit)))
	}
	return h.CountAtMost(int64(limit))
}

// proportion is the proportion behind a variant in percent.
func (e evaluation) proportion(data Data, score *Score) (stat.Proportion, error) {
	if e.variant.Variant == ResponseRateOutcomes {
		score.Counts.Answered = data.Outcomes.Responses
		n := data.Outcomes.Responses + data.Outcomes.Refusals()
		return stat.Proportion{Hits: float64(data.Outcomes.Responses), N: float64(n)}, nil
	}
	stated, pick := e.question.Cuts.SatisfiedFrom, func(s cutSet) question.Centi { return s.satisfiedFrom }
	if e.variant.Variant == CESTopBox {
		stated, pick = e.question.Cuts.EasyFrom, func(s cutSet) question.Centi { return s.easyFrom }
	}
	limit, err := e.question.cut(stated, pick)
	if err != nil {
		return stat.Proportion{}, err
	}
	positive := e.question.from(data.Answers, limit)
	score.Counts.Answered = data.Answers.N()
	score.Counts.Positive = ptr(positive)
	return stat.Proportion{Hits: float64(positive), N: float64(score.Counts.Answered)}, nil
}

// netEasy is the difference of shares behind CESNetEasy.
func (e evaluation) netEasy(data Data, score *Score) (stat.ShareDifference, error) {
	q := e.question
	easyFrom, err := q.cut(q.Cuts.NetEasyFrom, func(s cutSet) question.Centi { return s.netEasyFrom })
	if err != nil {
		return stat.ShareDifference{}, err
	}
	difficultTo, err := q.cut(q.Cuts.NetDifficultTo, func(s cutSet) question.Centi { return s.netDifficult })
	if err != nil {
		return stat.ShareDifference{}, err
	}
	if difficultTo >= easyFrom {
		return stat.ShareDifference{}, fmt.Errorf("question %q: difficult up to %v overlaps easy from %v: %w", q.ID, difficultTo, easyFrom, ErrSettings)
	}
	n, easy, difficult := data.Answers.N(), q.from(data.Answers, easyFrom), q.to(data.Answers, difficultTo)
	score.Counts.Answered = n
	score.Counts.Positive, score.Counts.Negative = ptr(easy), ptr(difficult)
	return stat.ShareDifference{Plus: float64(easy), Minus: float64(difficult), N: float64(n)}, nil
}
