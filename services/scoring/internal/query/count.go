package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// slice is what was counted under one value of each key in one step: of a question on one scale, or of the survey as a whole.
type slice struct {
	question, scale string
	values          []string
	step            calendar.Step
	data            metric.Data
	// answered is how many responses answered any question of a composite score, rests how many responses and refusals it rests on.
	answered, rests int64
}

// counts is what all scores of a query are computed from, at one moment.
type counts struct {
	// questions come in the order of question, scale, values and step, survey in that of values and step.
	questions, survey []slice
	coverage          *column.Coverage
}

// needs is what a plan counts.
type needs struct {
	scored, choices []string
	pooled          bool
}

func (p *plan) needs() needs {
	var n needs
	for _, t := range p.questions {
		if t.question.Kind == question.Choice {
			n.choices = append(n.choices, t.question.ID)
		} else {
			n.scored = append(n.scored, t.question.ID)
		}
	}
	n.pooled = slices.Contains(p.whole, metric.MeanAllAnswers)
	return n
}

// count adds up what the query asks for: in the cube where that suffices, in the table otherwise.
func (p *plan) count(ctx context.Context, d Data) (counts, error) {
	n := p.needs()
	if key, value, suffices := p.inCube(d, n); suffices {
		return p.countCells(d, n, key, value)
	}
	if d.Pending {
		return counts{}, pending()
	}
	if !n.pooled {
		return p.countRows(d, n)
	}
	if known := p.recall(ctx, d.Memo); known != nil {
		n.pooled = false
		c, err := p.countRows(d, n)
		if err != nil || fill(c.survey, known) {
			return c, err
		}
		n.pooled = true
	}
	c, err := p.countRows(d, n)
	if err != nil {
		return counts{}, err
	}
	return c, p.remember(ctx, d.Memo, c.survey)
}

// inCube tells whether the cube can answer, under which key and value.
func (p *plan) inCube(d Data, n needs) (key fact.ContextKey, value *string, suffices bool) {
	key, value, ok := p.single()
	if d.Protection != nil {
		return key, value, true
	}
	if !ok || d.Cube == nil || d.Within != nil || p.Weighting != nil || !p.AsOf.IsZero() || len(n.choices) > 0 {
		return key, value, false
	}
	if n.pooled && (d.Pending || d.Table.Named()) {
		// No cube can know which of its responses are one person's. A table of which rows are missing cannot tell whether any are.
		return key, value, false
	}
	return key, value, key == fact.NoKey || slices.Contains(fact.CountedKeys(), key)
}

// countCells adds up in the cube.
func (p *plan) countCells(d Data, n needs, key fact.ContextKey, value *string) (counts, error) {
	out := counts{}
	var err error
	if d.Protection == nil {
		if out.coverage, err = p.cubeCoverage(d.Cube, key, value); err != nil {
			return counts{}, err
		}
	}
	if p.period.IsEmpty() {
		return out, nil
	}
	q := cube.Query{
		Survey: p.Survey, Population: p.Population, Period: p.period, Grain: p.Grain, Location: p.Location, Key: key, Value: value,
		WithAnswers: len(n.scored) > 0, WithOutcomes: true, WithPooled: n.pooled, Limit: p.limit(),
	}
	if len(n.scored) == 1 {
		q.Question = n.scored[0]
	}
	r, err := d.Cube.Query(q)
	if errors.Is(err, cube.ErrTooManySlices) || errors.Is(err, calendar.ErrTooManySteps) {
		return counts{}, tooManyRows(p.limit())
	}
	if err != nil {
		return counts{}, fmt.Errorf("count: %w", err)
	}
	for _, s := range r.Questions {
		out.questions = append(out.questions, p.fromCells(s))
	}
	for _, s := range r.Survey {
		out.survey = append(out.survey, p.fromCells(s))
	}
	return out, nil
}

func (p *plan) fromCells(s cube.Slice) slice {
	out := slice{
		question: s.Question, scale: s.Scale, step: s.Step,
		data: metric.Data{Answers: s.Answers, Outcomes: s.Outcomes, Pooled: s.Pooled, Stated: p.Stated},
	}
	if len(p.GroupBy) > 0 {
		out.values = []string{s.Value}
	}
	return out
}

// tableQuery is what a table is asked, but for what is counted.
func (p *plan) tableQuery(d Data) (column.Query, error) {
	q := column.Query{Population: p.Population, Period: p.period, Where: p.filter.Predicate(), Within: d.Within}
	if p.period.IsEmpty() {
		// The zero value would be all time.
		q.Period = calendar.Period{First: 1, End: 1}
	}
	if !p.AsOf.IsZero() {
		q.ReceivedTo = max(1, p.AsOf.Unix())
	}
	w := p.Weighting
	if w == nil {
		return q, nil
	}
	if len(w.Margins) == 0 {
		q.Weights.Stated = true
		return q, nil
	}
	raked, err := w.rake(d.Table, q)
	if err != nil {
		return q, err
	}
	q.Weights.Keys, q.Weights.Factor = raked.keys, raked.factor
	return q, nil
}

// steps are the steps of the query that hold data: others would only cost time.
func (p *plan) steps(period calendar.Period, d Data) ([]calendar.Step, error) {
	if p.Grain == calendar.None {
		return nil, nil
	}
	steps, err := calendar.Steps(period.Intersect(d.Table.Extent()), p.Grain, p.Location, p.limit())
	if errors.Is(err, calendar.ErrTooManySteps) {
		return nil, tooManyRows(p.limit())
	}
	if err != nil {
		return nil, fmt.Errorf("count: %w", err)
	}
	return steps, nil
}

// countRows adds up in the table.
func (p *plan) countRows(d Data, n needs) (counts, error) {
	q, err := p.tableQuery(d)
	if err != nil {
		return counts{}, err
	}
	q.GroupBy, q.Questions, q.Choices, q.Pooled, q.Limit = p.GroupBy, n.scored, n.choices, n.pooled, p.limit()
	if q.Steps, err = p.steps(q.Period, d); err != nil {
		return counts{}, err
	}
	r, err := d.Table.Query(q)
	if errors.Is(err, column.ErrTooMany) {
		return counts{}, tooManyRows(p.limit())
	}
	if err != nil {
		return counts{}, fmt.Errorf("count: %w", err)
	}
	if err := p.checkStatedWeights(d, r.Groups); err != nil {
		return counts{}, err
	}
	out := counts{coverage: &r.Coverage}
	for i := range r.Groups {
		p.fromRows(&out, &r.Groups[i], &q)
	}
	slices.SortStableFunc(out.questions, func(a, b slice) int {
		if c := strings.Compare(a.question, b.question); c != 0 {
			return c
		}
		return strings.Compare(a.scale, b.scale)
	})
	return out, nil
}

// place is one string for the values and the step of a slice.
func (s *slice) place() string {
	return fmt.Sprintf("%d\x00%s", s.step.First, strings.Join(s.values, "\x00"))
}
