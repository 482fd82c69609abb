package metric

import (
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// Less is what was counted in d without a part of it. It fails where the part counts what d does not. Weights that should be gone may leave a rounding
// error, which counts for nothing beside the numbers of answers.
func (d Data) Less(part Data) (Data, error) {
	rest := Data{
		Answers: d.Answers.Clone(), Pooled: d.Pooled.Clone(), Outcomes: less(d.Outcomes, part.Outcomes), Stated: d.Stated,
		Choice: d.Choice.clone(), Weighted: d.Weighted.clone(),
	}
	if err := rest.Answers.Remove(part.Answers); err != nil {
		return Data{}, fmt.Errorf("subtract answers: %w", err)
	}
	if err := rest.Pooled.Remove(part.Pooled); err != nil {
		return Data{}, fmt.Errorf("subtract pooled answers: %w", err)
	}
	if c := part.Choice; c != nil && rest.Choice != nil {
		rest.Choice.Answered -= c.Answered
		for id, n := range c.Options {
			rest.Choice.Options[id] -= n
		}
	}
	if w := part.Weighted; w != nil && rest.Weighted != nil {
		rest.Weighted.subtract(w)
	}
	return rest, nil
}

func less(a, b fact.Outcomes) fact.Outcomes {
	return fact.Outcomes{
		Responses: a.Responses - b.Responses, Refused: a.Refused - b.Refused, Dismissed: a.Dismissed - b.Dismissed, TimedOut: a.TimedOut - b.TimedOut,
	}
}

// negative is -w, but for rounding below 0 after it is added.
func (w Weight) negative() Weight { return Weight{Sum: -w.Sum, Squares: -w.Squares} }

// floor is w without what rounding left below 0.
func (w Weight) floor() Weight { return Weight{Sum: max(0, w.Sum), Squares: max(0, w.Squares)} }

// subtract takes part from w, which nobody else holds.
func (w *Weighted) subtract(part *Weighted) {
	p := part.Pooled
	minus := &Weighted{
		Responses: part.Responses.negative(), Refused: part.Refused.negative(), Dismissed: part.Dismissed.negative(), TimedOut: part.TimedOut.negative(),
		Choice: part.Choice.negative(),
		Pooled: PooledMoments{
			Respondents: -p.Respondents, Answers: -p.Answers, A: -p.A, B: -p.B, AA: -p.AA, AB: -p.AB, BB: -p.BB, W: -p.W, WW: -p.WW,
		},
	}
	for _, b := range part.Answers {
		minus.Answers = append(minus.Answers, WeightedBin{Value: b.Value, Weight: b.negative()})
	}
	if part.Options != nil {
		minus.Options = make(map[string]Weight, len(part.Options))
		for id, x := range part.Options {
			minus.Options[id] = x.negative()
		}
	}
	w.add(minus)
	for _, x := range []*Weight{&w.Responses, &w.Refused, &w.Dismissed, &w.TimedOut, &w.Choice} {
		*x = x.floor()
	}
	for i := range w.Answers {
		w.Answers[i].Weight = w.Answers[i].floor()
	}
	for id, x := range w.Options {
		w.Options[id] = x.floor()
	}
}

// Level sums up the answers to a question for their mean. Levels of different respondents add up.
type Level struct {
	// N is the number of answers.
	N int64
	// Weight is the sum of their weights, Sum that of weight times answer in hundredths. Without weights both are exact.
	Weight, Sum float64
}

// LevelOf sums up the answers to a question.
func LevelOf(d *Data) Level {
	l := Level{N: d.Answers.N()}
	if d.Weighted == nil {
		l.Weight, l.Sum = float64(l.N), float64(d.Answers.Sum())
		return l
	}
	for _, b := range d.Weighted.Answers {
		l.Weight += b.Sum
		l.Sum += b.Sum * float64(b.Value)
	}
	return l
}

// Less is l without a part of it.
func (l Level) Less(part Level) Level {
	return Level{N: l.N - part.N, Weight: l.Weight - part.Weight, Sum: l.Sum - part.Sum}
}

// Mean is the mean of the answers on the native scale of their question, EFFORT flipped; false when there are none, or none of any weight.
func (l Level) Mean(q *Question) (float64, bool) {
	if l.N <= 0 || !(l.Weight > 0) {
		return 0, false
	}
	mean := l.Sum / l.Weight / question.Unit
	if q.Direction == question.Effort {
		mean = q.Scale.Min.Float() + q.Scale.Max.Float() - mean
	}
	return mean, true
}
