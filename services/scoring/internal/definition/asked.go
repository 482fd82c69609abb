package definition

import (
	"fmt"

	"github.com/otklik/otklik/libs/near"
	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
)

// asked is what a survey has ever asked.
type asked struct {
	survey  string
	history questionnaire.History
}

// check refuses a definition that cannot be computed from the survey, with a *composite.FieldError. What it refers to was checked against the
// same survey when it was made, or names none; of that the questions are checked here.
func (a asked) check(d *Resolved) error {
	switch s := d.Definition.Spec; {
	case s.Expression != nil:
		return a.checkTerms(d)
	case s.Cuts != nil:
		return a.checkCuts("cuts", *s.Cuts, "")
	}
	_, err := d.Tree().Bind(a.questions())
	return err
}

// questions are those of the survey, each as it was asked last.
func (a asked) questions() []metric.Question {
	ids := a.history.IDs()
	all := make([]metric.Question, len(ids))
	for i, id := range ids {
		all[i], _ = a.history.Question(id)
	}
	return all
}

func (a asked) checkTerms(d *Resolved) error {
	for i, t := range d.Definition.Spec.Expression.Terms {
		field := fmt.Sprintf("expression.terms[%d]", i)
		if t.Question != "" {
			if _, err := a.question(field+".question", t.Question); err != nil {
				return err
			}
		}
		inner := d.Terms[t.ID]
		var err error
		switch {
		case inner == nil:
			err = a.checkMetric(field, t)
		case inner.Definition.Spec.Cuts != nil:
			err = a.checkCuts(field+".definition", *inner.Definition.Spec.Cuts, t.Question)
		default:
			if err = a.check(inner); err != nil {
				err = wrong(field+".definition", "%q does not fit the survey: %v", t.Definition.ID, err)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkMetric refuses a term whose metric cannot be computed from its question, or from any where it names none.
func (a asked) checkMetric(field string, t composite.Term) error {
	d, v, err := variantOf(t)
	if err != nil {
		return wrong(field+".metric", "%v", err)
	}
	if p := a.history.Population(); !d.IsDefinedFor(p) {
		return wrong(field+".metric", "%s is not defined for %s, whom the survey %s asks", d.ID, p, a.survey)
	}
	if v.OfSurvey() {
		return nil
	}
	return a.checkSupport(field, what(t, v), t.Question, func(q metric.Question) bool { return t.Supports(q, nil) })
}

// variantOf is what a term is computed by.
func variantOf(t composite.Term) (metric.Definition, metric.VariantDefinition, error) {
	if t.Variant != "" {
		return metric.FindVariant(t.Variant)
	}
	d, err := metric.Find(t.Metric)
	if err != nil {
		return d, metric.VariantDefinition{}, err
	}
	_, v, err := metric.FindVariant(d.Defaults(false)[0])
	return d, v, err
}

// what is what a term asks of a question.
func what(t composite.Term, v metric.VariantDefinition) string {
	if t.Option != "" {
		return fmt.Sprintf("%s of %q", v.Variant, t.Option)
	}
	return string(v.Variant)
}

// checkSupport refuses a question that does not support what is computed from it, or a survey none of whose questions does.
func (a asked) checkSupport(field, what, id string, supported func(metric.Question) bool) error {
	if id != "" {
		q, err := a.question(field+".question", id)
		if err != nil {
			return err
		}
		if !supported(q) {
			return wrong(field+".question", "%q, which is of kind %s%s, does not support %s", id, q.Kind, onScale(q), what)
		}
		return nil
	}
	for _, id := range a.history.IDs() {
		if q, _ := a.history.Question(id); supported(q) {
			return nil
		}
	}
	return wrong(field, "no question of the survey %s supports %s", a.survey, what)
}

func onScale(q metric.Question) string {
	if !q.Kind.Scored() {
		return ""
	}
	return " on the scale " + q.Scale.ID()
}

func (a asked) checkCuts(field string, c composite.Cuts, id string) error {
	if _, err := question.ParseScale(c.Scale); err != nil && c.Scale != "" {
		return wrong(field+".scale", "%q is no scale", c.Scale)
	}
	_, v, err := metric.FindVariant(c.Variant)
	if err != nil {
		return wrong(field+".variant", "%v", err)
	}
	if v.OfSurvey() {
		return nil
	}
	t := composite.Term{Variant: c.Variant}
	supported := func(q metric.Question) bool { return t.Supports(q, &c) }
	what := string(c.Variant)
	if c.Scale != "" {
		what += " with cut points on the scale " + c.Scale
	}
	return a.checkSupport(field, what, id, supported)
}

// question is a question of the survey.
func (a asked) question(field, id string) (metric.Question, error) {
	q, ok := a.history.Question(id)
	if !ok {
		return q, wrong(field, "the survey %s never asked a question %q%s", a.survey, id, meant(near.Name(id, a.history.IDs())))
	}
	return q, nil
}
