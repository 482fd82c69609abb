package composite

import (
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// Sample is what was counted of some respondents in one slice. Samples of different respondents add up.
type Sample struct {
	// Questions are what was counted of each question on each scale that it was answered on, for those that Needs names. Data holds answers (or
	// options), their weights where the query weighs, and the outcomes of the whole slice.
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
func (s Sample) Add(other Sample) Sample {
	sum := Sample{Whole: s.Whole.Add(other.Whole), Moments: s.Moments.add(other.Moments)}
	sum.Questions = make([]Counted, len(s.Questions), len(s.Questions)+len(other.Questions))
	copy(sum.Questions, s.Questions)
	for i, c := range other.Questions {
		// Samples of one query mostly list the same questions in the same order.
		at := i
		if at >= len(s.Questions) || !same(&sum.Questions[at], &c) {
			at = -1
			for j := range s.Questions {
				if same(&sum.Questions[j], &c) {
					at = j
				}
			}
		}
		if at < 0 {
			sum.Questions = append(sum.Questions, c)
			continue
		}
		sum.Questions[at].Data = sum.Questions[at].Data.Add(c.Data)
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

// find is what was counted of a question; nil when nobody answered it. ScalesError when it was answered on several scales.
func (s *Sample) find(id string) (*Counted, error) {
	var found *Counted
	for i := range s.Questions {
		c := &s.Questions[i]
		switch {
		case c.Question.ID != id || c.answers() == 0:
		case found != nil:
			return nil, &ScalesError{Question: id, Scales: [2]string{found.Question.Scale.ID(), c.Question.Scale.ID()}}
		default:
			found = c
		}
	}
	return found, nil
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

// leftOut returns all samples together, and for each all but that one. Sums of sums, rather than differences, keep weights exact to the last
// digits and counts from falling below 0.
func leftOut(groups []Sample) (all Sample, others []Sample) {
	n := len(groups)
	after := make([]Sample, n+1)
	for i := n - 1; i >= 0; i-- {
		after[i] = after[i+1].Add(groups[i])
	}
	others = make([]Sample, n)
	var before Sample
	for i := range groups {
		others[i] = before.Add(after[i+1])
		before = before.Add(groups[i])
	}
	return after[0], others
}
