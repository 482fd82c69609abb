package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// refusalsRecorded tells whether refusals of the population were ever recorded, as far as the caller may see.
func refusalsRecorded(p *plan, d Data) (bool, error) {
	if d.Cube == nil {
		r, err := d.Table.Query(column.Query{Population: p.Population, Within: d.Within})
		if err != nil {
			return false, fmt.Errorf("look for refusals: %w", err)
		}
		return slices.ContainsFunc(r.Groups, func(g column.Group) bool { return g.Outcomes.Refusals() > 0 }), nil
	}
	r, err := d.Cube.Query(cube.Query{Survey: p.Survey, Population: p.Population, WithOutcomes: true})
	if err != nil {
		return false, fmt.Errorf("look for refusals: %w", err)
	}
	return slices.ContainsFunc(r.Survey, func(s cube.Slice) bool { return s.Outcomes.Refusals() > 0 }), nil
}

// run adds up and computes.
func (p *plan) run(ctx context.Context, d Data) (Result, error) {
	c, err := p.count(ctx, d)
	if err != nil {
		return Result{}, err
	}
	rows, err := p.write(c)
	return Result{Rows: rows, Coverage: c.coverage}, err
}

// rows are those of run.
func (p *plan) rows(ctx context.Context, d Data) ([]Row, error) {
	r, err := p.run(ctx, d)
	return r.Rows, err
}

// write computes the scores of all that was counted.
func (p *plan) write(c counts) ([]Row, error) {
	w := &writer{plan: p}
	for _, t := range p.questions {
		if err := p.writeQuestion(w, t, c); err != nil {
			return nil, err
		}
	}
	if err := p.writeWhole(w, c); err != nil {
		return nil, err
	}
	return w.rows, nil
}

// writeQuestion computes the scores of one question, those of each scale apart.
func (p *plan) writeQuestion(w *writer, t target, c counts) error {
	var found []slice
	for _, s := range c.questions {
		if s.question == t.question.ID && p.counts(s.scale) {
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		return p.writeEmpty(w, t, c)
	}
	for len(found) > 0 {
		n := 1
		for n < len(found) && found[n].scale == found[0].scale {
			n++
		}
		q, err := p.onScale(t.question, found[0].scale)
		if err != nil {
			return err
		}
		for _, v := range t.variants {
			if err := w.writeSlices(v, q, found[:n]); err != nil {
				return err
			}
		}
		found = found[n:]
	}
	return nil
}

// grouped tells whether there is a row for each of some slices rather than one row.
func (p *plan) grouped() bool { return p.Grain != calendar.None || len(p.GroupBy) > 0 }

// writeEmpty writes the scores of a question that nobody answered: none for series and groups, which have rows only where there are data.
func (p *plan) writeEmpty(w *writer, t target, c counts) error {
	if p.grouped() {
		return nil
	}
	s := slice{question: t.question.ID, data: metric.Data{Stated: p.Stated}}
	for i := range c.survey {
		s.data.Outcomes = s.data.Outcomes.Add(c.survey[i].data.Outcomes)
		if weighted := c.survey[i].data.Weighted; weighted != nil {
			s.data.Weighted = weighted
		}
	}
	for _, v := range t.variants {
		if err := w.writeSlices(v, t.question, []slice{s}); err != nil {
			return err
		}
	}
	return nil
}

// onScale is the question as it was asked last on a scale; none for a choice.
func (p *plan) onScale(q metric.Question, id string) (metric.Question, error) {
	if id == "" {
		return q, nil
	}
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
func (p *plan) writeWhole(w *writer, c counts) error {
	found := c.survey
	if len(found) == 0 && !p.grouped() {
		found = []slice{{data: metric.Data{Stated: p.Stated}}}
	}
	for _, v := range p.whole {
		for i := range found {
			data := &found[i].data
			if v == metric.MeanAllAnswers && data.Pooled.IsEmpty() && len(found) > 1 {
				continue
			}
			if v == metric.ResponseRateOutcomes && data.Outcomes.IsZero() && len(found) > 1 {
				continue
			}
			if err := w.write(v, metric.Question{}, found[i], p.Settings); err != nil {
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

// writeSlices computes a variant of slices of one question, for the share of an option that of each.
func (w *writer) writeSlices(v metric.Variant, q metric.Question, found []slice) error {
	all, err := w.options(v, q, found)
	if err != nil {
		return err
	}
	for _, settings := range all {
		for i := range found {
			if err := w.write(v, q, found[i], settings); err != nil {
				return err
			}
		}
	}
	return nil
}

// options are the settings of a variant: those of the query, or for the shares of options those of each that was chosen.
func (w *writer) options(v metric.Variant, q metric.Question, found []slice) ([]metric.Settings, error) {
	s := w.plan.Settings
	if v != metric.ShareOption || s.Option != "" {
		return []metric.Settings{s}, nil
	}
	if w.plan.protected {
		return w.scaleOptions(q)
	}
	// In ascending order: what is chosen in any slice is told of all of them.
	all := metric.Data{Choice: &metric.Choice{Options: make(map[string]int64)}}
	for i := range found {
		all.Answers.Merge(found[i].data.Answers)
		if c := found[i].data.Choice; c != nil {
			for o, n := range c.Options {
				all.Choice.Options[o] += n
			}
		}
	}
	var settings []metric.Settings
	for _, o := range metric.Options(q, all) {
		s.Option = o
		settings = append(settings, s)
	}
	return settings, nil
}

// maxOptions is how many values of a scale have a share of their own.
const maxOptions = 101

// scaleOptions are settings for all values of a scale: those that were answered would tell of answers that are not released.
func (w *writer) scaleOptions(q metric.Question) ([]metric.Settings, error) {
	s := w.plan.Settings
	if int(q.Scale.Width()/max(1, q.Scale.Step)) >= maxOptions {
		return nil, refuse(MetricMismatch, "option", "the scale %s has more than %d values: name the one whose share is asked for", q.Scale.ID(), maxOptions)
	}
	var settings []metric.Settings
	for value := q.Scale.Min; value <= q.Scale.Max; value += max(1, q.Scale.Step) {
		s.Option = value.String()
		settings = append(settings, s)
	}
	return settings, nil
}

func (w *writer) write(v metric.Variant, q metric.Question, s slice, settings metric.Settings) error {
	w.values += s.data.Answers.Len()
	p := w.plan
	if len(w.rows) >= p.limit() || w.values > maxValues {
		return tooManyRows(p.limit())
	}
	score, err := metric.Evaluate(v, q, s.data, settings)
	if errors.Is(err, metric.ErrCutsMissing) || errors.Is(err, metric.ErrMismatch) {
		// The question supports the metric on its present scale, but not on the one of these answers.
		return nil
	}
	if err != nil {
		return evaluateError(v, q, err)
	}
	row := p.rowOf(&s)
	row.Score, row.Question, row.Answers = score, q.ID, s.data.Answers
	w.rows = append(w.rows, row)
	return nil
}

// rowOf is the row of a slice, but for its score.
func (p *plan) rowOf(s *slice) Row {
	r := Row{Start: p.Start, End: p.End, Keys: p.keys(s.values), Population: p.Population, Responses: s.data.Outcomes.Responses}
	if p.Grain != calendar.None {
		r.Start, r.End = latest(p.Start, s.step.Start), earliest(p.End, s.step.Next)
	}
	if p.Definition != nil {
		r.Definition = &p.Definition.Ref
	}
	return r
}

// keys are the keys of a group with its values, or the key and value of a filter for one.
func (p *plan) keys(values []string) []KeyValue {
	if key, value, ok := p.filter.Exact(); ok && len(p.GroupBy) == 0 {
		return []KeyValue{{key, value}}
	}
	keys := make([]KeyValue, len(p.GroupBy))
	for i, k := range p.GroupBy {
		keys[i] = KeyValue{k, values[i]}
	}
	return keys
}

// evaluateError explains what only the data show to be wrong with a query.
func evaluateError(v metric.Variant, q metric.Question, err error) error {
	if e := (*metric.CountError)(nil); errors.As(err, &e) && e.Stated != nil {
		return refuse(CountContradicted, "stated_counts."+string(e.Count), "%d %s are stated, but %d were counted in this slice", *e.Stated, e.Count, e.Least)
	}
	if errors.Is(err, metric.ErrSettings) && v == metric.ShareOption {
		return refuse(MetricMismatch, "option", "question %q, which is answered on the scale %s, has no such value", q.ID, q.Scale.ID())
	}
	return fmt.Errorf("compute: %w", err)
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

func tooManyRows(limit int) error {
	return refuse(TooManyRows, "", "the answer would have more than %d rows: ask for a shorter period, a coarser grain, or fewer or filtered keys", limit)
}
