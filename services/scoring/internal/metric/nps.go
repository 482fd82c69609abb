package metric

import (
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/question"
)

// The groups of NPS: promoters answer promoterFrom or more, passives passiveFrom or more, all others are detractors. The
// groups leave no gap for values between whole numbers.
const (
	promoterFrom = 9 * question.Unit
	passiveFrom  = 7 * question.Unit
)

// npsDifference is the difference of shares behind an NPS.
//
// The unit of observation is what became of one person asked. Under ANSWERED only those who answered are looked at, and
// each is a promoter, a passive or a detractor. Under CONTACTED and REFUSED_AS_DETRACTOR all who were asked are, and each
// falls into one of four classes: the three, or refused. The policies merge refused with the passives (neutral) or with the
// detractors, and merging classes of a multinomial leaves a multinomial: the score is again 100 times the difference of
// two shares of one sample, of size N+R, with
//
//	CONTACTED:             plus = P, minus = D,   n = N+R
//	REFUSED_AS_DETRACTOR:  plus = P, minus = D+R, n = N+R
//
// so that variance p+d-(p-d)², standard error and every interval are those of ANSWERED with the counts put in. The precision thus
// includes the chance of who refuses. Scaling the ANSWERED interval by N/(N+R) instead would treat the response
// rate as known and be too narrow.
func (e evaluation) npsDifference(data Data, score *Score) (tally, error) {
	q := e.question
	if !q.Scale.SameEnds(question.Scale0To10) && !q.Scale.SameEnds(question.Scale1To10) {
		return tally{}, fmt.Errorf("question %q on the scale %s: %w", q.ID, q.Scale.ID(), ErrMismatch)
	}
	n := data.Answers.N()
	promoters := data.Answers.CountAtLeast(promoterFrom)
	detractors := data.Answers.CountBelow(passiveFrom)
	score.Counts.Answered = n
	score.Counts.Promoters = ptr(promoters)
	score.Counts.Passives = ptr(n - promoters - detractors)
	score.Counts.Detractors = ptr(detractors)

	refusals := data.Outcomes.Refusals()
	t := tally{plus: promoters, minus: detractors, n: n}
	if w := data.Weighted; w != nil {
		t.weighted = &classes{
			plus:  w.answers(func(v int64) bool { return v >= promoterFrom }),
			minus: w.answers(func(v int64) bool { return v < passiveFrom }),
			rest:  w.answers(func(v int64) bool { return v >= passiveFrom && v < promoterFrom }),
		}
	}
	switch e.variant.policy {
	case NPSContacted:
		t.n += refusals
		if t.weighted != nil {
			t.weighted.rest = t.weighted.rest.Add(data.Weighted.refusals())
		}
	case NPSRefusedAsDetractor:
		t.n += refusals
		t.minus += refusals
		if t.weighted != nil {
			t.weighted.minus = t.weighted.minus.Add(data.Weighted.refusals())
		}
	}
	return t, nil
}

// difference is the difference of shares behind a variant in points.
func (e evaluation) difference(data Data, score *Score) (tally, error) {
	if e.variant.Variant == CESNetEasy {
		return e.netEasy(data, score)
	}
	return e.npsDifference(data, score)
}
