package metric

import (
	"fmt"
	"slices"

	"github.com/otklik/otklik/services/scoring/internal/question"
)

// option is the share of the answers that hold the option asked for.
func (e evaluation) option(data Data, score *Score) (tally, error) {
	id := e.settings.Option
	if id == "" {
		return tally{}, fmt.Errorf("question %q: no option is named: %w", e.question.ID, ErrSettings)
	}
	score.Option = id
	if e.question.Kind == question.Choice {
		t := choice(data, id)
		score.Counts.Answered, score.Counts.Option = t.n, ptr(t.plus)
		return t, nil
	}
	value, err := question.ParseCenti(id)
	if err != nil || !e.question.Scale.Contains(value) {
		return tally{}, fmt.Errorf("question %q: option %q is no value of the scale %s: %w", e.question.ID, id, e.question.Scale.ID(), ErrSettings)
	}
	score.Option = value.String()
	t := values(data, func(v int64) bool { return v == int64(value) })
	score.Counts.Answered, score.Counts.Option = t.n, ptr(t.plus)
	return t, nil
}

// choice is the share of the answers to a choice that hold an option.
func choice(data Data, id string) tally {
	if data.Choice == nil {
		return tally{}
	}
	t := tally{plus: data.Choice.Options[id], n: data.Choice.Answered}
	if w := data.Weighted; w != nil {
		chosen := w.Options[id]
		t.weighted = &classes{plus: chosen, rest: Weight{Sum: max(0, w.Choice.Sum-chosen.Sum), Squares: max(0, w.Choice.Squares-chosen.Squares)}}
		if t.plus == t.n {
			// The sums of options and answers, of the same weights in another order, may differ by rounding.
			t.weighted.rest = Weight{}
		}
	}
	return t
}

// Options are the options whose shares can be told of what was counted, in ascending order: those chosen at least once, or the values of the scale
// that were.
func Options(q Question, data Data) []string {
	var ids []string
	if q.Kind == question.Choice {
		if data.Choice != nil {
			for id := range data.Choice.Options {
				ids = append(ids, id)
			}
		}
		slices.Sort(ids)
		return ids
	}
	for b := range data.Answers.Bins() {
		ids = append(ids, question.Centi(b.Value).String())
	}
	return ids
}

// Roles are the options of a choice that a metric takes for a like and a dislike, or for a smile and none, unless stated otherwise; empty for other
// metrics.
func (d Definition) Roles() (positive, negative string) {
	switch d.ID {
	case LikeIndex:
		return "like", "dislike"
	case SmileIndex:
		return "smile", "no_smile"
	}
	return "", ""
}

// likes is what a like or smile index is made of. Answers that are neither of the two, such as a third option, say nothing and are left out.
func (e evaluation) likes(data Data, score *Score) (tally, error) {
	up, down, answered, err := e.opposites(data)
	if err != nil {
		return tally{}, err
	}
	score.Counts.Answered = answered
	score.Counts.Positive, score.Counts.Negative = ptr(up.plus), ptr(down.plus)
	switch e.variant.Variant {
	case LikeIndexConsultations:
		return e.of(tally{plus: up.plus}, data, score)
	case LikeIndexPresses:
		return e.of(tally{plus: up.plus + down.plus}, data, score)
	}
	t := tally{plus: up.plus, n: up.plus + down.plus}
	if data.Weighted != nil {
		t.weighted = &classes{}
		if up.weighted != nil {
			t.weighted = &classes{plus: up.weighted.plus, rest: down.weighted.plus}
		}
	}
	return t, nil
}

// opposites are the answers of either kind, and how many answers there are.
func (e evaluation) opposites(data Data) (up, down tally, answered int64, err error) {
	q := e.question
	if q.Kind != question.Choice {
		if q.Scale.Width() != q.Scale.Step {
			return up, down, 0, fmt.Errorf("question %q on the scale %s: it takes a scale of two values: %w", q.ID, q.Scale.ID(), ErrMismatch)
		}
		return values(data, q.from(q.Scale.Max)), values(data, q.to(q.Scale.Min)), data.Answers.N(), nil
	}
	positive, negative := e.definition.Roles()
	if e.settings.Positive != "" {
		positive = e.settings.Positive
	}
	if e.settings.Negative != "" {
		negative = e.settings.Negative
	}
	if positive == negative {
		return up, down, 0, fmt.Errorf("question %q: option %q is both like and dislike: %w", q.ID, positive, ErrSettings)
	}
	up, down = choice(data, positive), choice(data, negative)
	if up.plus+down.plus > up.n {
		return up, down, 0, fmt.Errorf("question %q: some answers hold both %q and %q: %w", q.ID, positive, negative, ErrMismatch)
	}
	return up, down, up.n, nil
}
