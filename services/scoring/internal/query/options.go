package query

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/otklik/otklik/libs/near"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// checkOptions refuses options that nothing takes, or that no question has: their share would be 0. Of all questions it keeps those that have the option.
func (p *plan) checkOptions() error {
	if err := p.checkOption(); err != nil {
		return err
	}
	return p.checkRoles()
}

// checkOption checks the option whose share is asked for.
func (p *plan) checkOption() error {
	option := p.Settings.Option
	if option == "" {
		return nil
	}
	taken, lacking := false, -1
	for i := range p.questions {
		t := &p.questions[i]
		switch {
		case !slices.Contains(t.variants, metric.ShareOption):
		case p.has(&t.question, option):
			taken = true
		default:
			lacking = i
		}
	}
	switch {
	case !taken && lacking < 0:
		return refuse(MetricMismatch, "option", "none of the metrics asked for takes an option: ask for the metric share, or leave the option out")
	case !taken:
		return p.noOption("option", &p.questions[lacking].question, option)
	}
	for i := range p.questions {
		if t := &p.questions[i]; !p.has(&t.question, option) {
			t.variants = slices.DeleteFunc(t.variants, func(v metric.Variant) bool { return v == metric.ShareOption })
		}
	}
	p.questions = slices.DeleteFunc(p.questions, func(t target) bool { return len(t.variants) == 0 })
	return nil
}

// checkRoles checks the options that are a like and a dislike, or a smile and none.
func (p *plan) checkRoles() error {
	stated, taken := p.Settings.Positive+p.Settings.Negative != "", false
	for i := range p.questions {
		t := &p.questions[i]
		for _, v := range t.variants {
			d, _, err := metric.FindVariant(v)
			if err != nil {
				return fmt.Errorf("plan query: %w", err)
			}
			positive, negative := d.Roles()
			if positive == "" {
				continue
			}
			taken = true
			for _, role := range []struct{ field, option string }{
				{"option_roles.positive", cmp.Or(p.Settings.Positive, positive)}, {"option_roles.negative", cmp.Or(p.Settings.Negative, negative)},
			} {
				if t.question.Kind == question.Choice && !p.has(&t.question, role.option) {
					return p.noOption(role.field, &t.question, role.option)
				}
			}
		}
	}
	if stated && !taken {
		return refuse(MetricMismatch, "option_roles", "none of the metrics asked for has such options: ask for a like or smile index, or leave them out")
	}
	return nil
}

// has tells whether an answer to a question can hold an option, as far as is known.
func (p *plan) has(q *metric.Question, option string) bool {
	if q.Kind == question.Choice {
		known := p.history.Options(q.ID)
		return len(known) == 0 || slices.Contains(known, option)
	}
	value, err := question.ParseCenti(option)
	return err == nil && slices.ContainsFunc(p.history.Scales(q.ID), func(s question.Scale) bool { return s.Contains(value) })
}

// noOption is the refusal of an option that a question does not have.
func (p *plan) noOption(field string, q *metric.Question, option string) *Error {
	if q.Kind != question.Choice {
		return refuse(MetricMismatch, field, "question %q, which is answered on the scale %s, has no such value", q.ID, q.Scale.ID())
	}
	known := p.history.Options(q.ID)
	nearest := near.Name(option, known)
	hint := "; the nearest is " + nearest
	if nearest == "" {
		hint = ": it has " + strings.Join(known[:min(len(known), 10)], ", ")
		if len(known) > 10 {
			hint += " and others"
		}
	}
	e := refuse(MetricMismatch, field, "question %q has no option %q%s", q.ID, option, hint)
	e.Nearest = nearest
	return e
}
