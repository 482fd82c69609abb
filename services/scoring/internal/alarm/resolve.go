package alarm

import (
	"context"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/libs/near"
	"github.com/otklik/otklik/services/scoring/internal/alert"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
)

// Resolve fills in what a rule leaves open - the variant, the question, the population, from when on the first periods are taken - and refuses what cannot be
// watched, with an *alert.FieldError or a *query.Error whose fields are those of the rule. Errors of the catalogue are passed on.
func (p *Planner) Resolve(ctx context.Context, r *alert.Rule, now time.Time) error {
	if r.Grain == calendar.None {
		r.Grain = calendar.Day
	}
	r.Params = r.WithDefaults()
	if err := r.Check(); err != nil {
		return err
	}
	if err := resolveVariant(r); err != nil {
		return err
	}
	q, err := queryOf(r)
	if err != nil {
		return err
	}
	d, err := p.data(ctx, r)
	if err != nil {
		return err
	}
	if r.Population == fact.PopulationUnspecified {
		r.Population = d.History.Population()
	}
	if err := resolveQuestion(r, d.History); err != nil {
		return err
	}
	q.Population, q.Question = r.Population, r.Question
	if r.Population == fact.Employee || q.ByEmployee(&d) {
		return &query.Error{Reason: query.NotProtectable, Field: "population", Description: "answers of employees, and scores by employee, are released in blocks: they cannot be watched"}
	}
	if err := resolveBaseline(r, d.History, q.Location, now); err != nil {
		return err
	}
	// A period that nobody answers shows whether filter and key can be read.
	q.Start = calendar.StepStart(now, calendar.Day, time.UTC).AddDate(0, 0, 1)
	q.End = q.Start.AddDate(0, 0, 1)
	if _, err := query.Run(ctx, q, d); err != nil {
		return fmt.Errorf("try rule: %w", err)
	}
	return nil
}

// resolveVariant chooses the metric's first variant that can be watched, or checks the one that is named.
func resolveVariant(r *alert.Rule) error {
	definition, err := metric.Find(r.Metric)
	if err != nil {
		return &alert.FieldError{Field: "metric", Description: "is unknown"}
	}
	for _, v := range definition.Variants {
		if v.Variant == r.Variant || r.Variant == "" && v.Default && kindOf(v.Variant) != unwatched {
			r.Variant = v.Variant
			if kindOf(v.Variant) == unwatched {
				break
			}
			return nil
		}
	}
	if r.Variant == "" {
		return &alert.FieldError{Field: "metric", Description: "has no default variant that can be watched: the score must be the mean of single answers or outcomes"}
	}
	return &alert.FieldError{Field: "variant", Description: "is none of the metric's that can be watched: the score must be the mean of single answers or outcomes"}
}

// resolveQuestion chooses the first question that supports the variant, or checks the one that is named.
func resolveQuestion(r *alert.Rule, history questionnaire.History) error {
	if r.Variant == metric.ResponseRateOutcomes {
		if r.Question != "" {
			return &alert.FieldError{Field: "question", Description: "must be empty: response rates are the whole survey's"}
		}
		return nil
	}
	var supporting []string
	for _, id := range history.IDs() {
		q, _ := history.Question(id)
		if _, err := metric.Evaluate(r.Variant, q, metric.Data{}, metric.Settings{}); err != nil {
			continue
		}
		if r.Question == "" || r.Question == id {
			r.Question = id
			return nil
		}
		supporting = append(supporting, id)
	}
	if r.Question == "" || len(supporting) == 0 {
		return &alert.FieldError{Field: "metric", Description: "is supported by no question of the survey"}
	}
	what := fmt.Sprintf("%q is none of the survey's that supports the variant", r.Question)
	if nearest := near.Name(r.Question, supporting); nearest != "" {
		what += fmt.Sprintf("; did you mean %q?", nearest)
	}
	return &alert.FieldError{Field: "question", Description: what}
}

// resolveBaseline says from when on first periods are taken, and checks bounds and values.
func resolveBaseline(r *alert.Rule, history questionnaire.History, loc *time.Location, now time.Time) error {
	b := &r.Baseline
	switch {
	case b.Value != nil:
		q, _ := history.Question(r.Question)
		if s := scaleOf(r.Variant, q.Scale); !(*b.Value > s.Min && *b.Value < s.Max) {
			return &alert.FieldError{Field: "baseline.value", Description: fmt.Sprintf("must lie between %v and %v", s.Min, s.Max)}
		}
		return nil
	case !b.Fixed() && b.Start.IsZero():
		b.Start = before(now, b.First, r.Grain, loc)
		return nil
	}
	if _, err := calendar.PeriodOf(b.Start, b.End); err != nil {
		return &alert.FieldError{Field: "baseline", Description: "must begin and end on a quarter of an hour"}
	}
	if !b.Fixed() {
		// Periods are whole.
		b.Start = calendar.StepStart(b.Start, r.Grain, loc).UTC()
	}
	return nil
}
