package query

import (
	"fmt"
	"slices"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
)

// plan is a query with everything chosen and checked.
type plan struct {
	Query
	period  calendar.Period
	history questionnaire.History
	// refusals tells whether refusals were ever recorded for the population.
	refusals bool
	// questions are what is computed of single questions, in order; whole is what is computed of the survey as a whole.
	questions []target
	whole     []metric.Variant
}

// target is one question with the variants that are computed from it.
type target struct {
	question metric.Question
	variants []metric.Variant
}

func newPlan(q Query, d Data) (*plan, error) {
	p := &plan{Query: q, history: d.History}
	if p.Population == fact.PopulationUnspecified {
		p.Population = d.History.Population()
	}
	if p.Location == nil {
		p.Location = time.UTC
	}
	var err error
	if p.period, err = period(q); err != nil {
		return nil, err
	}
	if p.refusals, err = refusalsRecorded(p, d); err != nil {
		return nil, err
	}
	if q.Question != "" && q.Question != AllQuestions {
		if _, ok := d.History.Question(q.Question); !ok {
			e := refuse(QuestionNotFound, "question", "survey %s never asked a question %q; see its revisions", q.Survey, q.Question)
			e.Missing = true
			return nil, e
		}
	}
	if err := p.choose(); err != nil {
		return nil, err
	}
	return p, nil
}

func period(q Query) (calendar.Period, error) {
	for _, bound := range []struct {
		field string
		time  time.Time
	}{{"period.start_time", q.Start}, {"period.end_time", q.End}} {
		if _, err := calendar.PeriodOf(bound.time, time.Time{}); err != nil {
			return calendar.Period{}, refuse(PeriodNotAligned, bound.field,
				"%s is not on a quarter of an hour: use minute 00, 15, 30 or 45 and no seconds", bound.time.UTC().Format(time.RFC3339Nano))
		}
	}
	p, err := calendar.PeriodOf(q.Start, q.End)
	if err != nil {
		return calendar.Period{}, fmt.Errorf("plan query: %w", err)
	}
	return p, nil
}

// choose finds the variants to compute and the questions to compute them from.
func (p *plan) choose() error {
	asked := len(p.Metrics) > 0
	used := make(map[metric.Variant]bool, len(p.Variants))
	byQuestion := make(map[string][]metric.Variant)
	for _, id := range metric.IDs() {
		i := slices.Index(p.Metrics, id)
		if asked && i < 0 {
			continue
		}
		d, err := metric.Find(id)
		if err != nil {
			return fmt.Errorf("plan query: %w", err)
		}
		variants, named := p.variants(d, used)
		single, whole := split(variants)
		found := p.addWhole(whole)
		for _, q := range p.candidates(single) {
			byQuestion[q.ID] = append(byQuestion[q.ID], single...)
			found = true
		}
		if !found && (asked || named) {
			return p.mismatch(d, i, len(single) > 0)
		}
	}
	for i, v := range p.Variants {
		if !used[v] {
			return refuse(MetricMismatch, fmt.Sprintf("variants[%d]", i), "%s belongs to none of the metrics asked for", v)
		}
	}
	for _, id := range p.history.IDs() {
		if variants := byQuestion[id]; len(variants) > 0 {
			q, _ := p.history.Question(id)
			p.questions = append(p.questions, target{question: q, variants: variants})
		}
	}
	return p.checkMethod()
}

// variants are those of a metric to compute, in the definition's order, and whether the query names them.
func (p *plan) variants(d metric.Definition, used map[metric.Variant]bool) (variants []metric.Variant, named bool) {
	for _, v := range d.Variants {
		if slices.Contains(p.Variants, v.Variant) {
			used[v.Variant] = true
			variants = append(variants, v.Variant)
		}
	}
	if len(variants) > 0 {
		return variants, true
	}
	return d.Defaults(p.refusals), false
}

// split tells variants computed from single questions from those of the survey as a whole.
func split(variants []metric.Variant) (single, whole []metric.Variant) {
	for _, v := range variants {
		if v == metric.ResponseRateOutcomes || v == metric.MeanAllAnswers {
			whole = append(whole, v)
		} else {
			single = append(single, v)
		}
	}
	return single, whole
}

// addWhole adds variants of the survey as a whole that the survey supports.
func (p *plan) addWhole(variants []metric.Variant) (found bool) {
	for _, v := range variants {
		if v == metric.MeanAllAnswers && !p.rates() {
			continue
		}
		p.whole = append(p.whole, v)
		found = true
	}
	return found
}

// rates tells whether the survey ever asked a question that enters the mean over all answers.
func (p *plan) rates() bool {
	for _, id := range p.history.IDs() {
		if q, _ := p.history.Question(id); q.Kind.Rated() {
			return true
		}
	}
	return false
}

// candidates are the questions that variants are computed from.
func (p *plan) candidates(variants []metric.Variant) []metric.Question {
	if len(variants) == 0 {
		return nil
	}
	ids := p.history.IDs()
	if p.Question != "" && p.Question != AllQuestions {
		ids = []string{p.Question}
	}
	var found []metric.Question
	for _, id := range ids {
		q, _ := p.history.Question(id)
		if !supports(q, variants) {
			continue
		}
		found = append(found, q)
		if p.Question == "" {
			break
		}
	}
	return found
}

// supports tells whether all variants can be computed from a question.
func supports(q metric.Question, variants []metric.Variant) bool {
	if !q.Kind.Scored() {
		return false
	}
	for _, v := range variants {
		if _, err := metric.Evaluate(v, q, metric.Data{}, metric.Settings{}); err != nil {
			return false
		}
	}
	return true
}

// mismatch is the refusal of a metric, or of its variants, that no question supports.
// index is that of the metric in the query, negative when the query names variants only; single tells whether a question named matters.
func (p *plan) mismatch(d metric.Definition, index int, single bool) error {
	what := "the metric " + string(d.ID)
	if len(p.Variants) > 0 {
		what += " with the variants asked for"
	}
	why := fmt.Sprintf("no question of survey %s supports %s", p.Survey, what)
	if single && p.Question != "" && p.Question != AllQuestions {
		q, _ := p.history.Question(p.Question)
		kind := q.Kind.String()
		if q.Kind.Scored() {
			kind += " on the scale " + q.Scale.ID()
		}
		why = fmt.Sprintf("question %q, which is of kind %s, does not support %s", p.Question, kind, what)
	}
	field := fmt.Sprintf("metrics[%d]", index)
	if index < 0 {
		field = "variants"
		for i, v := range p.Variants {
			if def, _, err := metric.FindVariant(v); err == nil && def.ID == d.ID {
				field = fmt.Sprintf("variants[%d]", i)
				break
			}
		}
	}
	return refuse(MetricMismatch, field, "%s: name a question and a metric that fit", why)
}

// checkMethod refuses a method of intervals that a chosen variant does not have.
func (p *plan) checkMethod() error {
	if p.Settings.Method == "" {
		return nil
	}
	variants := slices.Clone(p.whole)
	for _, t := range p.questions {
		variants = append(variants, t.variants...)
	}
	for _, v := range variants {
		_, d, err := metric.FindVariant(v)
		if err != nil {
			return fmt.Errorf("plan query: %w", err)
		}
		if !slices.Contains(d.Methods, p.Settings.Method) {
			return refuse(IntervalMethodMismatch, "interval_method",
				"%s does not fit %s, which takes one of %v; leave the method out or ask for other variants", p.Settings.Method, v, d.Methods)
		}
	}
	return nil
}
