package query

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// Definition is a definition that a query asks for in place of metrics.
type Definition struct {
	composite.Ref
	// Tree says how a composite score is made; nil when the definition is one of Cuts.
	Tree *composite.Tree
	// Cuts is a variant with cut points of its own.
	Cuts *composite.Cuts
}

const (
	// maxSamples bounds the random groups of all rows of a composite score.
	maxSamples = MaxRows
	// maxMoments bounds the numbers that the moments of all of them take.
	maxMoments = 16_000_000
)

// composition is a composite score that is planned.
type composition struct {
	*plan
	tree  *composite.Tree
	needs composite.Needs
}

// newComposition plans a composite score. Refusals are *Error.
func newComposition(q Query, d Data) (*composition, error) {
	if len(q.Metrics)+len(q.Variants) > 0 || q.Question != "" || q.Settings.Option != "" {
		return nil, refuse(MetricMismatch, "definition", "a definition names its metrics and questions itself: leave metrics, variants, question and option out")
	}
	if q.Settings.Method != "" && q.Settings.Method != metric.JackknifeT {
		return nil, refuse(IntervalMethodMismatch, "interval_method", "%s does not fit a composite score, which takes %s; leave the method out",
			q.Settings.Method, metric.JackknifeT)
	}
	p, err := newSelection(q, d)
	if err != nil {
		return nil, err
	}
	if d.Pending {
		return nil, pending()
	}
	if _, err := p.withRefusals(q.Definition.Tree.Variants(), true, true); err != nil {
		return nil, err
	}
	c := &composition{plan: p}
	questions := make([]metric.Question, 0, len(d.History.IDs()))
	for _, id := range d.History.IDs() {
		asked, _ := d.History.Question(id)
		questions = append(questions, asked)
	}
	if c.tree, err = q.Definition.Tree.Bind(questions); err != nil {
		return nil, bindError(q.Definition, err)
	}
	if c.needs, err = c.tree.Needs(questions); err != nil {
		return nil, bindError(q.Definition, err)
	}
	return c, nil
}

// bindError explains why a definition does not fit a survey.
func bindError(d *Definition, err error) error {
	var e *composite.FieldError
	if errors.As(err, &e) {
		return refuse(MetricMismatch, "definition", "%s cannot be computed of this survey: %s: %s", d.ID, e.Field, e.Description)
	}
	if errors.Is(err, composite.ErrNested) {
		return refuse(MetricMismatch, "definition", "%s refers to definitions in a way that cannot be computed", d.ID)
	}
	return fmt.Errorf("bind definition %s: %w", d.ID, err)
}

// sampled is what was counted of each random group in one slice.
type sampled struct {
	slice
	groups []composite.Sample
}

// count counts the random groups of each slice; one slice without rows when the query has no groups and nothing was counted.
func (c *composition) count(ctx context.Context, d Data) ([]sampled, *column.Coverage, error) {
	q, err := c.tableQuery(d)
	if err != nil {
		return nil, nil, err
	}
	q.GroupBy, q.Questions, q.Choices, q.Pooled = c.GroupBy, c.needs.Questions, c.needs.Choices, c.needs.Pooled
	q.Replicates, q.Limit = composite.Groups, maxSamples
	if q.Steps, err = c.steps(q.Period, d); err != nil {
		return nil, nil, err
	}
	r, err := d.Table.Query(q)
	if errors.Is(err, column.ErrTooMany) {
		return nil, nil, refuse(TooManyRows, "", "the answer would have more than %d rows: ask for a shorter period, a coarser grain, or fewer or filtered keys",
			maxSamples/composite.Groups)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("count random groups: %w", err)
	}
	if err := c.checkStatedWeights(d, r.Groups); err != nil {
		return nil, nil, err
	}
	found := make([]sampled, 0, max(1, len(r.Groups)))
	for i := range r.Groups {
		g := &r.Groups[i]
		s := sampled{slice: slice{values: g.Values, data: metric.Data{Outcomes: g.Outcomes}}, groups: make([]composite.Sample, composite.Groups)}
		if len(q.Steps) > 0 {
			s.step = q.Steps[g.Step]
		}
		for j := range g.Replicates {
			if s.groups[j], err = c.sample(&g.Replicates[j], !q.Weights.None()); err != nil {
				return nil, nil, err
			}
		}
		found = append(found, s)
	}
	if len(found) == 0 && !c.grouped() {
		found = append(found, sampled{groups: make([]composite.Sample, composite.Groups)})
	}
	if err := c.addAnswered(d, q, found); err != nil {
		return nil, nil, err
	}
	if c.needs.Pairs != nil {
		err = c.addMoments(ctx, d, q, found)
	}
	return found, &r.Coverage, err
}

// sample converts what was counted of a random group.
func (c *composition) sample(counted *column.Counts, weighted bool) (composite.Sample, error) {
	s := sumsOf(counted, weighted, metric.Stated{})
	out := composite.Sample{Whole: s.whole, Questions: make([]composite.Counted, len(s.questions))}
	for i, x := range s.questions {
		asked, _ := c.history.Question(x.question)
		asked, err := c.onScale(asked, x.scale)
		if err != nil {
			return composite.Sample{}, err
		}
		out.Questions[i] = composite.Counted{Question: asked, Data: x.data}
	}
	return out, nil
}

// addMoments goes through the responses for the moments that importance is derived from.
func (c *composition) addMoments(ctx context.Context, d Data, q column.Query, found []sampled) error {
	k := len(c.needs.Pairs)
	if len(found)*composite.Groups*4*k*k > maxMoments {
		return refuse(TooManyRows, "", "importance is derived from %d questions in each of %d rows, which is too much: ask for fewer rows", k, len(found))
	}
	at := make(map[string]*sampled, len(found))
	for i := range found {
		at[found[i].place()] = &found[i]
	}
	asked := make([]metric.Question, k)
	for i, id := range c.needs.Pairs {
		asked[i], _ = c.history.Question(id)
	}
	answers := make([]float64, k)
	responses := &Responses{table: d.Table, query: q}
	return responses.Each(ctx, func(v column.RowView) error {
		for i := range asked {
			answers[i] = math.NaN()
			if value, scale, ok := v.Score(asked[i].ID); ok && scale == asked[i].Scale.ID() {
				answers[i] = float64(value)
			}
		}
		var step calendar.Step
		if len(q.Steps) > 0 {
			step = q.Steps[v.Step()]
		}
		for _, values := range combinations(v, c.GroupBy) {
			s := at[(&slice{values: values, step: step}).place()]
			if s == nil {
				// It arrived after the slices were counted.
				continue
			}
			g := &s.groups[v.RandomGroup()]
			if g.Moments == nil {
				g.Moments = composite.NewMoments(k)
			}
			g.Moments.Count(answers, v.Weight())
		}
		return nil
	})
}

// combinations are the groups that a row is in.
func combinations(v column.RowView, keys []string) [][]string {
	all := [][]string{nil}
	for _, k := range keys {
		values := v.Values(k)
		if len(values) == 0 {
			values = []string{""}
		}
		next := make([][]string, 0, len(all)*len(values))
		for _, before := range all {
			for _, value := range values {
				next = append(next, append(before[:len(before):len(before)], value))
			}
		}
		all = next
	}
	return all
}

// run computes the composite score of each slice.
func (c *composition) run(ctx context.Context, d Data) (Result, error) {
	found, coverage, err := c.count(ctx, d)
	if err != nil {
		return Result{}, err
	}
	out := Result{Rows: make([]Row, len(found)), Coverage: coverage}
	for i := range found {
		score, err := c.tree.Evaluate(found[i].groups, c.Settings)
		if err != nil {
			return Result{}, c.evaluateError(err)
		}
		out.Rows[i] = c.row(&found[i].slice, &score)
	}
	return out, nil
}

// evaluateError explains what only the data show to be wrong with a composite score.
func (c *composition) evaluateError(err error) error {
	var scales *composite.ScalesError
	if errors.As(err, &scales) {
		return state(MetricMismatch, "definition", fmt.Sprintf("%s cannot be computed of these answers: %s; choose a period in which one scale was used",
			c.Definition.ID, strings.TrimSuffix(scales.Error(), ".")))
	}
	if errors.Is(err, metric.ErrNotComparable) {
		return state(NotComparable, "definition", "a side has no score, or the sides are on different scales")
	}
	for wrong, what := range map[error]string{
		metric.ErrCutsMissing: "they are on a scale for which a term has no cut points: state them with the question, or by a definition of cut points",
		metric.ErrSettings:    "an option or a cut point of a term is not on their scale",
		metric.ErrMismatch:    "a term is not computed from questions of this kind",
	} {
		if errors.Is(err, wrong) {
			return state(MetricMismatch, "definition", fmt.Sprintf("%s cannot be computed of these answers: %s", c.Definition.ID, what))
		}
	}
	return fmt.Errorf("compute definition %s: %w", c.Definition.ID, err)
}

// row is the row of a composite score.
func (c *composition) row(s *slice, score *composite.Score) Row {
	r := c.rowOf(s)
	r.Composite = score
	o := s.data.Outcomes
	r.Score = metric.Score{
		Scale: score.Scale, N: s.rests, Estimate: score.Estimate, StandardError: score.StandardError, Interval: score.Interval,
		Normalized: score.Normalized.Estimate, Level: score.Level, Method: score.Method,
		Counts: metric.Counts{Answered: s.answered, Refused: o.Refused, Dismissed: o.Dismissed, TimedOut: o.TimedOut},
	}
	return r
}

// compareComposites compares a composite score of two slices.
func compareComposites(ctx context.Context, a Query, da Data, b Query, db Data) (Comparison, error) {
	sideA, slicesA, coverageA, err := newCompositeSide(ctx, a, da)
	if err != nil {
		return Comparison{}, err
	}
	sideB, slicesB, coverageB, err := newCompositeSide(ctx, b, db)
	if err != nil {
		return Comparison{}, ofBaseline(err)
	}
	c, err := sideA.tree.CompareWith(slicesA.groups, sideB.tree, slicesB.groups, a.Settings)
	if err != nil {
		return Comparison{}, sideA.evaluateError(err)
	}
	out := Comparison{
		Score: sideA.row(&slicesA.slice, &c.Score), Baseline: sideB.row(&slicesB.slice, &c.Baseline), Parts: c.Parts,
		Coverage: coverageA, BaselineCoverage: coverageB,
	}
	out.Comparison = metric.Comparison{
		StandardError: c.StandardError, Interval: c.Interval, Level: c.Score.Level, Method: c.Score.Method,
		Test: string(metric.JackknifeT), Statistic: c.Statistic, P: c.P,
	}
	if c.Estimate != nil {
		out.Difference = *c.Estimate
	}
	if c.Statistic != nil {
		out.DF = &c.DF
	}
	return out, nil
}

// newCompositeSide counts one side.
func newCompositeSide(ctx context.Context, q Query, d Data) (*composition, *sampled, *column.Coverage, error) {
	if q.Grain != calendar.None || len(q.GroupBy) > 0 {
		return nil, nil, nil, refuse(NotComparable, "group_by", "a side of a comparison is one score: leave grain and grouping out")
	}
	c, err := newComposition(q, d)
	if err != nil {
		return nil, nil, nil, err
	}
	found, coverage, err := c.count(ctx, d)
	if err != nil {
		return nil, nil, nil, err
	}
	return c, &found[0], coverage, nil
}
