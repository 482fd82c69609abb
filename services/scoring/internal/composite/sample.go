package composite

import (
	"fmt"
	"slices"

	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// Sample is what was counted of some respondents in one slice. Samples of different respondents add up.
type Sample struct {
	// Questions are what was counted of each question on each scale that it was answered on, for those that Needs names; those without answers may be
	// left out. Data holds answers or options, and their weights where the query weighs; outcomes are taken from Whole.
	Questions []Counted
	// Whole is what was counted of the survey as a whole: outcomes, and pooled answers where Needs asks for them.
	Whole metric.Data
	// Moments are those of the questions of Needs.Pairs, in its order; nil where it names none.
	Moments *Moments
}

// Counted is what was counted of one question on one scale.
type Counted struct {
	// Question is the question as it was asked on the scale.
	Question metric.Question
	Data     metric.Data
}

// Add is what was counted of the respondents of both.
func (s Sample) Add(other Sample) Sample { return total([]Sample{s, other}) }

// total is what was counted of the respondents of all samples.
func total(samples []Sample) Sample {
	whole := make([]metric.Data, len(samples))
	sum := Sample{Moments: totalMoments(samples)}
	var counts [][]metric.Data
	for i := range samples {
		s := &samples[i]
		whole[i] = s.Whole
		for j := range s.Questions {
			c := &s.Questions[j]
			// Samples of one query mostly list the same questions in the same order.
			at := j
			if at >= len(sum.Questions) || !same(&sum.Questions[at], c) {
				at = slices.IndexFunc(sum.Questions, func(x Counted) bool { return same(&x, c) })
			}
			if at < 0 {
				at = len(sum.Questions)
				sum.Questions, counts = append(sum.Questions, Counted{Question: c.Question}), append(counts, nil)
			}
			counts[at] = append(counts[at], c.Data)
		}
	}
	sum.Whole = metric.Total(whole...)
	for i := range sum.Questions {
		sum.Questions[i].Data = metric.Total(counts[i]...)
	}
	return sum
}

func same(a, b *Counted) bool {
	return a.Question.ID == b.Question.ID && a.Question.Scale == b.Question.Scale
}

// answers is the number of answers to a question.
func (c *Counted) answers() int64 {
	if c.Data.Choice != nil {
		return c.Data.Choice.Answered
	}
	return c.Data.Answers.N()
}

// ScalesError reports questions that were answered on scales that cannot be put together.
type ScalesError struct {
	// Question is the question, Other the one whose scale differs; empty when the question itself was answered on several.
	Question, Other string
	Scales          [2]string
}

// Error names the questions and the scales.
func (e *ScalesError) Error() string {
	if e.Other == "" {
		return fmt.Sprintf("question %q was answered on the scales %s and %s", e.Question, e.Scales[0], e.Scales[1])
	}
	return fmt.Sprintf("question %q is on the scale %s, question %q on %s", e.Question, e.Scales[0], e.Other, e.Scales[1])
}

// less is what was counted without some of the respondents.
func (s *Sample) less(part *Sample) (Sample, error) {
	rest := Sample{Questions: make([]Counted, len(s.Questions)), Moments: s.Moments}
	var err error
	if rest.Whole, err = s.Whole.Less(part.Whole); err != nil {
		return Sample{}, fmt.Errorf("subtract sample: %w", err)
	}
	if part.Moments != nil && s.Moments != nil {
		rest.Moments = s.Moments.less(part.Moments)
	}
	for i := range s.Questions {
		c := &s.Questions[i]
		rest.Questions[i] = *c
		for j := range part.Questions {
			if !same(c, &part.Questions[j]) {
				continue
			}
			if rest.Questions[i].Data, err = c.Data.Less(part.Questions[j].Data); err != nil {
				return Sample{}, fmt.Errorf("subtract question %s: %w", c.Question.ID, err)
			}
		}
	}
	return rest, nil
}
