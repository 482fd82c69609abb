package query

import (
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// fromRows adds the slices of a group of rows.
func (p *plan) fromRows(c *counts, g *column.Group, q *column.Query) {
	whole := slice{values: g.Values, data: metric.Data{Outcomes: g.Outcomes, Pooled: g.Pooled, Stated: p.Stated}}
	if len(q.Steps) > 0 {
		whole.step = q.Steps[g.Step]
	}
	weighted := !q.Weights.None()
	var weights metric.Weighted
	if weighted {
		weights = metric.Weighted{
			Responses: weight(g.Weights[column.Response]), Refused: weight(g.Weights[column.Refused]),
			Dismissed: weight(g.Weights[column.Dismissed]), TimedOut: weight(g.Weights[column.TimedOut]),
		}
		w := weights
		w.Pooled = pooledMoments(g.PooledWeighted)
		whole.data.Weighted = &w
	}
	c.survey = append(c.survey, whole)
	for i := range g.Questions {
		x := &g.Questions[i]
		s := whole
		s.question, s.scale = x.Question, x.Scale
		s.data = metric.Data{Answers: x.Answers, Outcomes: g.Outcomes, Stated: p.Stated}
		if weighted {
			w := weights
			for _, b := range x.Weighted {
				w.Answers = append(w.Answers, metric.WeightedBin{Value: b.Value, Weight: weight(b.Weight)})
			}
			s.data.Weighted = &w
		}
		c.questions = append(c.questions, s)
	}
	for i := range g.Choices {
		x := &g.Choices[i]
		s := whole
		s.question = x.Question
		s.data = metric.Data{Outcomes: g.Outcomes, Stated: p.Stated, Choice: &metric.Choice{Answered: x.Answered, Options: make(map[string]int64, len(x.Options))}}
		w := weights
		w.Choice, w.Options = weight(x.Weight), make(map[string]metric.Weight, len(x.Options))
		for _, o := range x.Options {
			s.data.Choice.Options[o.Option], w.Options[o.Option] = o.Count, weight(o.Weight)
		}
		if weighted {
			s.data.Weighted = &w
		}
		c.questions = append(c.questions, s)
	}
}

func weight(w column.Weight) metric.Weight { return metric.Weight{Sum: w.Sum, Squares: w.Squares} }

func pooledMoments(m column.PooledMoments) metric.PooledMoments {
	return metric.PooledMoments{
		Respondents: m.Respondents, Answers: m.Answers, A: m.A, B: m.B, AA: m.AA, AB: m.AB, BB: m.BB, W: m.W, WW: m.WW,
	}
}
