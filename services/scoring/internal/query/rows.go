package query

import (
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// sums is what was counted of a set of rows: of the survey as a whole, and of each question on each scale.
type sums struct {
	whole     metric.Data
	questions []questionSums
}

// questionSums is what was counted of a question on a scale; of a choice, on none.
type questionSums struct {
	question, scale string
	data            metric.Data
}

// sumsOf converts what a table counted.
func sumsOf(c *column.Counts, weighted bool, stated metric.Stated) sums {
	out := sums{whole: metric.Data{Outcomes: c.Outcomes, Pooled: c.Pooled, Stated: stated}, questions: make([]questionSums, 0, len(c.Questions)+len(c.Choices))}
	var weights metric.Weighted
	if weighted {
		weights = metric.Weighted{
			Responses: weight(c.Weights[column.Response]), Refused: weight(c.Weights[column.Refused]),
			Dismissed: weight(c.Weights[column.Dismissed]), TimedOut: weight(c.Weights[column.TimedOut]),
		}
		w := weights
		w.Pooled = pooledMoments(c.PooledWeighted)
		out.whole.Weighted = &w
	}
	for i := range c.Questions {
		x := &c.Questions[i]
		data := metric.Data{Answers: x.Answers, Outcomes: c.Outcomes, Stated: stated}
		if weighted {
			w := weights
			for _, b := range x.Weighted {
				w.Answers = append(w.Answers, metric.WeightedBin{Value: b.Value, Weight: weight(b.Weight)})
			}
			data.Weighted = &w
		}
		out.questions = append(out.questions, questionSums{x.Question, x.Scale, data})
	}
	for i := range c.Choices {
		x := &c.Choices[i]
		data := metric.Data{Outcomes: c.Outcomes, Stated: stated, Choice: &metric.Choice{Answered: x.Answered, Options: make(map[string]int64, len(x.Options))}}
		w := weights
		w.Choice, w.Options = weight(x.Weight), make(map[string]metric.Weight, len(x.Options))
		for _, o := range x.Options {
			data.Choice.Options[o.Option], w.Options[o.Option] = o.Count, weight(o.Weight)
		}
		if weighted {
			data.Weighted = &w
		}
		out.questions = append(out.questions, questionSums{x.Question, "", data})
	}
	return out
}

// fromRows adds the slices of a group of rows.
func (p *plan) fromRows(c *counts, g *column.Group, q *column.Query) {
	s := slice{values: g.Values}
	if len(q.Steps) > 0 {
		s.step = q.Steps[g.Step]
	}
	counted := sumsOf(&g.Counts, !q.Weights.None(), p.Stated)
	s.data = counted.whole
	c.survey = append(c.survey, s)
	for _, x := range counted.questions {
		s.question, s.scale, s.data = x.question, x.scale, x.data
		c.questions = append(c.questions, s)
	}
}

func weight(w column.Weight) metric.Weight { return metric.Weight{Sum: w.Sum, Squares: w.Squares} }

func pooledMoments(m column.PooledMoments) metric.PooledMoments {
	return metric.PooledMoments{
		Respondents: m.Respondents, Answers: m.Answers, A: m.A, B: m.B, AA: m.AA, AB: m.AB, BB: m.BB, W: m.W, WW: m.WW,
	}
}
