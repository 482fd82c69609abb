package cube

import (
	"fmt"
	"slices"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
)

// defaultLimit is the greatest number of slices of a kind unless the query says otherwise.
const defaultLimit = 10_000

// Query selects what is to be added up.
type Query struct {
	// Survey is the survey; required.
	Survey string
	// Question is the question; empty for all questions of the survey.
	Question string
	// Scale is the identifier of the scale; empty for all scales, each apart.
	Scale string
	// Population says who was asked; required.
	Population fact.Population
	// Period is the time in which what is counted happened; the zero value means all time.
	Period calendar.Period
	// Grain is the length of the steps; calendar.None for one step.
	Grain calendar.Grain
	// Location is the time zone in which steps begin; nil means UTC.
	Location *time.Location
	// Key is the circumstance to group or filter by; fact.NoKey for neither.
	Key fact.ContextKey
	// Value filters: only what happened under this value of Key, "" where Key was not stated. nil groups by all values.
	Value *string
	// WithAnswers, WithPooled and WithOutcomes choose what is returned; outcomes are returned with answers anyway.
	WithAnswers, WithPooled, WithOutcomes bool
	// Limit is the greatest number of slices of each kind; 0 means 10,000.
	Limit int
}

// Slice is what is counted in one step, under one value of the key.
type Slice struct {
	// Question and Scale say what was asked; empty for slices of the whole survey.
	Question, Scale string
	// Value is the value of the query's key; "" where the key was not stated, and for queries without one.
	Value string
	// Step is the step. For grains other than None its Period covers what the query's period leaves of it.
	Step calendar.Step
	// Answers counts the answers to the question, in hundredths.
	Answers histogram.Histogram
	// Pooled counts respondents by their pooled answers, in slices of the whole survey and if asked for.
	Pooled histogram.Histogram
	// Outcomes counts responses to the survey and refusals, in the same step and under the same value.
	Outcomes fact.Outcomes
}

// Result is the answer to a query. Slices in which nothing is counted are left out.
type Result struct {
	// Questions holds a slice for each question, scale, value and step in which the question was answered, in this order.
	Questions []Slice
	// Survey holds a slice for each value and step in which something happened, in this order.
	Survey []Slice
}

// Query adds up. The error wraps ErrQuery, ErrTooManySlices or calendar.ErrTooManySteps.
func (c *Cube) Query(q Query) (Result, error) {
	if err := q.resolve(); err != nil {
		return Result{}, err
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	sv := c.surveys[q.Survey]
	if sv == nil {
		return Result{}, nil
	}
	e, err := newExecution(sv, q)
	if err != nil {
		return Result{}, fmt.Errorf("query cube: %w", err)
	}
	r, err := e.run()
	if err != nil {
		return Result{}, fmt.Errorf("query cube: %w", err)
	}
	return r, nil
}

// resolve fills in defaults and refuses contradictions.
func (q *Query) resolve() error {
	if q.Period == (calendar.Period{}) {
		q.Period = calendar.All
	}
	if q.Location == nil {
		q.Location = time.UTC
	}
	if q.Limit == 0 {
		q.Limit = defaultLimit
	}
	switch {
	case q.Survey == "" || !q.Population.Valid():
		return fmt.Errorf("query cube: survey %q, population %s: %w", q.Survey, q.Population, ErrQuery)
	case q.Key != fact.NoKey && !q.Key.Valid(), q.Key == fact.NoKey && q.Value != nil:
		return fmt.Errorf("query cube: context key %s: %w", q.Key, ErrQuery)
	case q.Limit < 0 || q.Grain > calendar.Year:
		return fmt.Errorf("query cube: limit %d, grain %s: %w", q.Limit, q.Grain, ErrQuery)
	}
	return nil
}

// execution is a query at work.
type execution struct {
	query     Query
	survey    *survey
	questions []familyKey
	steps     []calendar.Step
	sums      accumulator
}

func newExecution(sv *survey, q Query) (*execution, error) {
	e := &execution{query: q, survey: sv}
	for k := range sv.families {
		if k.kind == Answers && q.WithAnswers && k.population == q.Population &&
			(q.Question == "" || k.question == q.Question) && (q.Scale == "" || k.scale == q.Scale) {
			e.questions = append(e.questions, k)
		}
	}
	slices.SortFunc(e.questions, familyKey.compare)
	p := q.Period
	if q.Grain != calendar.None {
		// Steps outside the data would only cost time.
		p = p.Intersect(e.extent())
	}
	var err error
	e.steps, err = calendar.Steps(p, q.Grain, q.Location, q.Limit)
	return e, err
}

// whole is the family of a kind that counts for the survey as a whole; nil when there is none.
func (e *execution) whole(kind CellKind) *family {
	return e.survey.families[familyKey{kind: kind, population: e.query.Population}]
}

// extent is the period in which any of the families queried counts something.
func (e *execution) extent() calendar.Period {
	var all calendar.Period
	join := func(f *family) {
		if f == nil || f.all.isEmpty() {
			return
		}
		p := f.all.extent()
		if all.IsEmpty() {
			all = p
		}
		all = calendar.Period{First: min(all.First, p.First), End: max(all.End, p.End)}
	}
	for _, k := range e.questions {
		join(e.survey.families[k])
	}
	join(e.whole(Outcomes))
	if e.query.WithPooled {
		join(e.whole(Pooled))
	}
	return all
}

func (e *execution) run() (Result, error) {
	var r Result
	outcomes, err := e.gather(e.whole(Outcomes))
	if err != nil {
		return r, err
	}
	if e.query.WithOutcomes || e.query.WithPooled {
		if r.Survey, err = e.surveySlices(outcomes); err != nil {
			return r, err
		}
	}
	for _, k := range e.questions {
		answers, err := e.gather(e.survey.families[k])
		if err != nil {
			return r, err
		}
		for _, v := range answers.values {
			for i, h := range answers.byValue[v] {
				if h.IsEmpty() {
					continue
				}
				if len(r.Questions) == e.query.Limit {
					return r, fmt.Errorf("more than %d: %w", e.query.Limit, ErrTooManySlices)
				}
				r.Questions = append(r.Questions, Slice{
					Question: k.question, Scale: k.scale, Value: v, Step: e.steps[i], Answers: h,
					Outcomes: outcomesOf(outcomes.at(v, i)),
				})
			}
		}
	}
	return r, nil
}

// surveySlices are the slices of the survey as a whole.
func (e *execution) surveySlices(outcomes sums) ([]Slice, error) {
	var pooled sums
	var err error
	if e.query.WithPooled {
		if pooled, err = e.gather(e.whole(Pooled)); err != nil {
			return nil, err
		}
	}
	values := slices.Concat(outcomes.values, pooled.values)
	slices.Sort(values)
	var all []Slice
	for _, v := range slices.Compact(values) {
		for i, step := range e.steps {
			s := Slice{Value: v, Step: step, Outcomes: outcomesOf(outcomes.at(v, i)), Pooled: pooled.at(v, i)}
			if s.Outcomes.IsZero() && s.Pooled.IsEmpty() {
				continue
			}
			if len(all) == e.query.Limit {
				return nil, fmt.Errorf("more than %d: %w", e.query.Limit, ErrTooManySlices)
			}
			all = append(all, s)
		}
	}
	return all, nil
}

// outcomesOf reads the counts of a cell of kind Outcomes.
func outcomesOf(h histogram.Histogram) fact.Outcomes {
	return fact.Outcomes{
		Responses: h.Count(response), Refused: h.Count(int64(fact.Refused)),
		Dismissed: h.Count(int64(fact.Dismissed)), TimedOut: h.Count(int64(fact.TimedOut)),
	}
}
