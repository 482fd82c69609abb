package query

import (
	"fmt"
	"slices"

	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// addAnswered counts what composite scores rest on: responses that answered any question that they are made of, each once however many it answered. What is
// computed of the survey as a whole rests on all responses, and what counts refusals on these as well.
func (c *composition) addAnswered(d Data, q column.Query, found []sampled) error {
	variants := c.tree.Variants()
	refusals := slices.ContainsFunc(variants, func(v metric.Variant) bool {
		_, d, err := metric.FindVariant(v)
		return err == nil && d.CountsRefusals()
	})
	answered := make(map[string]int64, len(found))
	if !slices.Contains(variants, metric.ResponseRateOutcomes) {
		q.Where = c.answering(q.Where)
		q.Questions, q.Choices, q.Pooled, q.Replicates = nil, nil, false, 0
		r, err := d.Table.Query(q)
		if err != nil {
			return fmt.Errorf("count who answered: %w", err)
		}
		for i := range r.Groups {
			s := slice{values: r.Groups[i].Values}
			if len(q.Steps) > 0 {
				s.step = q.Steps[r.Groups[i].Step]
			}
			answered[s.place()] = r.Groups[i].Outcomes.Responses
		}
	}
	for i := range found {
		s := &found[i].slice
		s.answered = answered[s.place()]
		if slices.Contains(variants, metric.ResponseRateOutcomes) {
			s.answered = s.data.Outcomes.Responses
		}
		s.rests = s.answered
		if refusals {
			s.rests += s.data.Outcomes.Refusals()
		}
	}
	return nil
}

// answering selects those of some rows that answered a question that the score is made of.
func (c *composition) answering(where column.Predicate) column.Predicate {
	var any column.Or
	scored := slices.Clone(c.needs.Questions)
	if c.needs.Pooled {
		for _, id := range c.history.IDs() {
			if q, _ := c.history.Question(id); q.Kind.Rated() {
				scored = append(scored, id)
			}
		}
	}
	for _, id := range scored {
		any = append(any, column.Scored{Question: id, Match: func(question.Centi) bool { return true }})
	}
	for _, id := range c.needs.Choices {
		any = append(any, column.Chosen{Question: id, Match: func(string) bool { return true }})
	}
	if where == nil {
		return any
	}
	return column.And{where, any}
}
