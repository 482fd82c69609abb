package query

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/libs/near"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
)

// plan is a query with everything chosen and checked.
type plan struct {
	Query
	cut
	period  calendar.Period
	history questionnaire.History
	// refusals tells whether refusals were ever recorded for the population.
	refusals bool
	// responsesOnly is what refusals cannot have of what the query cuts by.
	responsesOnly responsesOnly
	// questions are what is computed of single questions, in order; whole is what is computed of the survey as a whole.
	questions []target
	whole     []metric.Variant
	// scale is that of the only answers that are looked at, whatever its step; none means any.
	scale question.Scale
	// protected tells that what is not released must not show in what is told.
	protected bool
}

// target is one question with the variants that are computed from it.
type target struct {
	question metric.Question
	variants []metric.Variant
}

func newPlan(q Query, d Data) (*plan, error) {
	var scale question.Scale
	if q.Definition != nil && q.Definition.Cuts != nil {
		var err error
		if q, scale, err = withCuts(q); err != nil {
			return nil, err
		}
	}
	p, err := newSelection(q, d)
	if err == nil {
		p.scale = scale
	}
	if err != nil {
		return nil, err
	}
	if p.refusals, err = refusalsRecorded(p, d); err != nil {
		return nil, err
	}
	if q.Question != "" && q.Question != AllQuestions {
		if _, ok := d.History.Question(q.Question); !ok {
			e := refuse(QuestionNotFound, "question", "survey %s never asked a question %q%s; see its revisions", q.Survey, q.Question,
				nearestQuestion(q.Question, d.History.IDs()))
			e.Missing = true
			return nil, e
		}
	}
	if err := p.choose(); err != nil {
		return nil, err
	}
	if err := p.checkOptions(); err != nil {
		return nil, err
	}
	return p, p.checkStated()
}

// withCuts is a query for a variant with cut points of its own, and the scale that they belong to; none for thresholds alone.
func withCuts(q Query) (Query, question.Scale, error) {
	if len(q.Metrics)+len(q.Variants) > 0 {
		return q, question.Scale{}, refuse(MetricMismatch, "definition", "a definition names its metric itself: leave metrics and variants out")
	}
	c := q.Definition.Cuts
	q.Variants, q.Settings = []metric.Variant{c.Variant}, c.Settings(q.Settings)
	d, _, err := metric.FindVariant(c.Variant)
	if err != nil {
		return q, question.Scale{}, fmt.Errorf("plan query: %w", err)
	}
	q.Metrics = []metric.ID{d.ID}
	if c.Scale == "" {
		return q, question.Scale{}, nil
	}
	scale, err := question.ParseScale(c.Scale)
	if err != nil {
		return q, question.Scale{}, fmt.Errorf("plan query: %w", err)
	}
	return q, scale, nil
}

// newSelection is a plan that says which responses count, and not yet what is computed of them.
func newSelection(q Query, d Data) (*plan, error) {
	p := &plan{Query: q, history: d.History, protected: d.Protection != nil}
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
	schema := d.Schema()
	p.cut, err = newCut(&p.Query, schema)
	if err == nil && q.Weighting != nil {
		err = q.Weighting.check(schema)
	}
	if err == nil {
		p.responsesOnly = p.findResponsesOnly()
	}
	if err != nil && d.Pending {
		// What is not known may be stated by rows that are missing.
		err = pending()
	}
	return p, err
}

// nearestQuestion names the question that may have been meant.
func nearestQuestion(id string, ids []string) string {
	if n := near.Name(id, ids); n != "" {
		return "; the nearest is " + n
	}
	return ""
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
	used := make(map[metric.Variant]bool, len(p.Variants))
	byQuestion := make(map[string][]metric.Variant)
	for _, id := range metric.AllIDs() {
		d, err := metric.Find(id)
		if err != nil {
			return fmt.Errorf("plan query: %w", err)
		}
		if err := p.chooseOf(d, used, byQuestion); err != nil {
			return err
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
			if p.scale != (question.Scale{}) {
				q, _ = p.withEnds(id)
			}
			p.questions = append(p.questions, target{question: q, variants: variants})
		}
	}
	return p.checkMethod()
}

// chooseOf finds the variants of one metric, and the questions.
func (p *plan) chooseOf(d metric.Definition, used map[metric.Variant]bool, byQuestion map[string][]metric.Variant) error {
	i := slices.Index(p.Metrics, d.ID)
	if len(p.Metrics) > 0 && i < 0 {
		return nil
	}
	variants, named := p.variants(d, used)
	asked := i >= 0 || named
	switch {
	case !asked && (d.OnRequest || !d.IsDefinedFor(p.Population)):
		return nil
	case !d.IsDefinedFor(p.Population):
		return refuse(MetricMismatch, p.fieldOf(d, i), "%s is a metric of population %s, and %s was asked: leave it out or name another population", d.ID, d.Population, p.Population)
	case d.Named && p.Question == "":
		return refuse(MetricMismatch, "question", "name the question that %s is to be computed from: no other could be guessed", d.ID)
	case len(variants) == 0:
		return refuse(MetricMismatch, "variants", "%s has no default variant: name one", d.ID)
	}
	variants, err := p.withRefusals(variants, asked, named)
	if err != nil || len(variants) == 0 {
		return err
	}
	single, whole := split(variants)
	found := p.addWhole(whole)
	for _, q := range p.candidates(d, single) {
		byQuestion[q.ID] = append(byQuestion[q.ID], single...)
		found = true
	}
	if !found && asked {
		return p.mismatch(d, i, len(single) > 0)
	}
	return nil
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
		if _, vd, err := metric.FindVariant(v); err == nil && vd.OfSurvey() {
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

// candidates are the questions that variants of a metric are computed from.
func (p *plan) candidates(d metric.Definition, variants []metric.Variant) []metric.Question {
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
		if p.scale != (question.Scale{}) {
			var ok bool
			if q, ok = p.withEnds(id); !ok {
				continue
			}
		}
		if !d.Supports(q.Kind) || !p.supports(q, variants) {
			continue
		}
		found = append(found, q)
		if p.Question == "" {
			break
		}
	}
	return found
}

// withEnds is a question as it was asked last on a scale with the ends of the only one that counts; false when it never was.
func (p *plan) withEnds(id string) (metric.Question, bool) {
	for _, scale := range p.history.Scales(id) {
		if scale.SameEnds(p.scale) {
			return p.history.OnScale(id, scale)
		}
	}
	return metric.Question{}, false
}

// counts tells whether answers on a scale are looked at.
func (p *plan) counts(scale string) bool {
	if p.scale == (question.Scale{}) {
		return true
	}
	s, err := question.ParseScale(scale)
	return err == nil && s.SameEnds(p.scale)
}

// supports tells whether all variants can be computed from a question.
func (p *plan) supports(q metric.Question, variants []metric.Variant) bool {
	for _, v := range variants {
		if v == metric.ShareOption {
			// Any question has shares.
			continue
		}
		_, err := metric.Evaluate(v, q, metric.Data{Stated: p.Stated}, metric.Settings{Cuts: p.Settings.Cuts})
		if err != nil && !errors.Is(err, metric.ErrCount) {
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
	return refuse(MetricMismatch, p.fieldOf(d, index), "%s: name a question and a metric that fit", why)
}

// fieldOf is where a query names a metric; index is that among the metrics, negative when the query names variants only.
func (p *plan) fieldOf(d metric.Definition, index int) string {
	if index >= 0 {
		return fmt.Sprintf("metrics[%d]", index)
	}
	for i, v := range p.Variants {
		if def, _, err := metric.FindVariant(v); err == nil && def.ID == d.ID {
			return fmt.Sprintf("variants[%d]", i)
		}
	}
	return "variants"
}

// chosen are the variants that are computed, of the whole survey and of questions.
func (p *plan) chosen() []metric.Variant {
	variants := slices.Clone(p.whole)
	for _, t := range p.questions {
		variants = append(variants, t.variants...)
	}
	return variants
}

// checkMethod refuses a method of intervals that a chosen variant does not have.
func (p *plan) checkMethod() error {
	if p.Settings.Method == "" {
		return nil
	}
	for _, v := range p.chosen() {
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
