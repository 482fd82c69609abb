package query

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// refusalsRecorded tells whether refusals of the population were ever recorded.
func refusalsRecorded(p *plan, d Data) (bool, error) {
	r, err := d.Cube.Query(cube.Query{Survey: p.Survey, Population: p.Population, WithOutcomes: true})
	if err != nil {
		return false, fmt.Errorf("look for refusals: %w", err)
	}
	for _, s := range r.Survey {
		if s.Outcomes.Refusals() > 0 {
			return true, nil
		}
	}
	return false, nil
}

// run adds up and computes.
func (p *plan) run(ctx context.Context, d Data) ([]Row, error) {
	counts, err := p.count(d)
	if err != nil {
		return nil, err
	}
	w := &writer{plan: p}
	for _, t := range p.questions {
		if err := p.writeQuestion(w, t, counts); err != nil {
			return nil, err
		}
	}
	if len(p.whole) > 0 {
		if err := p.writeWhole(ctx, w, d, counts); err != nil {
			return nil, err
		}
	}
	return w.rows, nil
}

// count adds up what all scores of the query are computed from, at one moment.
func (p *plan) count(d Data) (cube.Result, error) {
	q := cube.Query{
		Survey: p.Survey, Population: p.Population, Period: p.period, Grain: p.Grain, Location: p.Location, Key: p.Key, Value: p.Value,
		WithAnswers: len(p.questions) > 0, WithOutcomes: true, Limit: MaxRows,
	}
	if len(p.questions) == 1 {
		q.Question = p.questions[0].question.ID
	}
	for _, v := range p.whole {
		q.WithPooled = q.WithPooled || v == metric.MeanAllAnswers
	}
	if p.period.IsEmpty() {
		return cube.Result{}, nil
	}
	r, err := d.Cube.Query(q)
	if errors.Is(err, cube.ErrTooManySlices) || errors.Is(err, calendar.ErrTooManySteps) {
		return cube.Result{}, tooManyRows()
	}
	if err != nil {
		return cube.Result{}, fmt.Errorf("count: %w", err)
	}
	return r, nil
}

// writeQuestion computes the scores of one question, those of each scale apart.
func (p *plan) writeQuestion(w *writer, t target, counts cube.Result) error {
	var slices []cube.Slice
	for _, s := range counts.Questions {
		if s.Question == t.question.ID {
			slices = append(slices, s)
		}
	}
	if len(slices) == 0 {
		return p.writeEmpty(w, t, counts)
	}
	for len(slices) > 0 {
		n := 1
		for n < len(slices) && slices[n].Scale == slices[0].Scale {
			n++
		}
		q, err := p.onScale(t.question, slices[0].Scale)
		if err != nil {
			return err
		}
		for _, v := range t.variants {
			for _, s := range slices[:n] {
				if err := w.write(v, q, s); err != nil {
					return err
				}
			}
		}
		slices = slices[n:]
	}
	return nil
}

// writeEmpty writes the scores of a question that nobody answered: none for series and groups, which have rows only where there are data.
func (p *plan) writeEmpty(w *writer, t target, counts cube.Result) error {
	if p.Grain != calendar.None || p.Key != fact.NoKey && p.Value == nil {
		return nil
	}
	s := cube.Slice{Question: t.question.ID}
	if p.Value != nil {
		s.Value = *p.Value
	}
	for _, whole := range counts.Survey {
		s.Outcomes = s.Outcomes.Add(whole.Outcomes)
	}
	for _, v := range t.variants {
		if err := w.write(v, t.question, s); err != nil {
			return err
		}
	}
	return nil
}

// onScale is the question as it was asked last on a scale.
func (p *plan) onScale(q metric.Question, id string) (metric.Question, error) {
	scale, err := question.ParseScale(id)
	if err != nil {
		return metric.Question{}, fmt.Errorf("question %s: %w", q.ID, err)
	}
	if asked, ok := p.history.OnScale(q.ID, scale); ok {
		return asked, nil
	}
	q.Scale, q.Cuts = scale, metric.Cuts{}
	return q, nil
}

// writeWhole computes the scores of the survey as a whole.
func (p *plan) writeWhole(ctx context.Context, w *writer, d Data, counts cube.Result) error {
	slices := counts.Survey
	if len(slices) == 0 && p.Grain == calendar.None && (p.Key == fact.NoKey || p.Value != nil) {
		s := cube.Slice{}
		if p.Value != nil {
			s.Value = *p.Value
		}
		slices = []cube.Slice{s}
	}
	for _, v := range p.whole {
		if v == metric.MeanAllAnswers {
			if err := p.poolRespondents(ctx, d, slices); err != nil {
				return err
			}
		}
		for _, s := range slices {
			if v == metric.MeanAllAnswers && s.Pooled.IsEmpty() && len(slices) > 1 {
				continue
			}
			if v == metric.ResponseRateOutcomes && s.Outcomes.IsZero() && len(slices) > 1 {
				continue
			}
			if err := w.write(v, metric.Question{}, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// writer collects rows and keeps their number within the limits.
type writer struct {
	plan   *plan
	rows   []Row
	values int
}

func (w *writer) write(v metric.Variant, q metric.Question, s cube.Slice) error {
	w.values += s.Answers.Len()
	if len(w.rows) >= MaxRows || w.values > maxValues {
		return tooManyRows()
	}
	p := w.plan
	score, err := metric.Evaluate(v, q, metric.Data{Answers: s.Answers, Outcomes: s.Outcomes, Pooled: s.Pooled}, p.Settings)
	if errors.Is(err, metric.ErrCutsMissing) || errors.Is(err, metric.ErrMismatch) {
		// The question supports the metric on its present scale, but not on the one of these answers.
		return nil
	}
	if err != nil {
		return fmt.Errorf("compute: %w", err)
	}
	row := Row{
		Score: score, Question: q.ID, Start: p.Start, End: p.End, Key: p.Key, Value: s.Value, Population: p.Population, Answers: s.Answers,
	}
	if p.Grain != calendar.None {
		row.Start, row.End = latest(p.Start, s.Step.Start), earliest(p.End, s.Step.Next)
	}
	w.rows = append(w.rows, row)
	return nil
}

// latest is the later of a bound that may be missing and a moment.
func latest(bound, t time.Time) time.Time {
	if bound.After(t) {
		return bound
	}
	return t
}

// earliest is the earlier of a bound that may be missing and a moment.
func earliest(bound, t time.Time) time.Time {
	if !bound.IsZero() && bound.Before(t) {
		return bound
	}
	return t
}

func tooManyRows() error {
	return refuse(TooManyRows, "", "the answer would have more than %d rows: ask for a shorter period, a coarser grain, or one value of the key", MaxRows)
}
