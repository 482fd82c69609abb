package query

import (
	"context"
	"fmt"
	"slices"

	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// maxPairs bounds the sums of all random groups, and so the memory that moments take.
const maxPairs = 500_000

// Pair is sums over the responses that answered both of two questions, on the scales on which they were asked last; EFFORT scales flipped. Sums are of
// weighted values where there are weights.
type Pair struct {
	Count                 int64
	Weight, SquaredWeight float64
	First, Second         float64
	FirstSquare           float64
	SecondSquare          float64
	Product               float64
}

// GroupMoments is what was counted in one random group of respondents.
type GroupMoments struct {
	// Responses were counted, of which Unanswered answered none of the questions on the scale on which it was asked last.
	Responses, Unanswered int64
	// Weight and SquaredWeight sum the weights of the responses and their squares.
	Weight, SquaredWeight float64
	// Pairs come in the order (0,0), (0,1), …, (1,1), (1,2), …
	Pairs []Pair
}

// Moments are the moments of scored questions in random groups of respondents. They add up over groups, and are valid where each person answered only
// some of the questions.
type Moments struct {
	Groups   []GroupMoments
	Coverage column.Coverage
}

// CountMoments counts moments. Refusals are *Error.
func CountMoments(ctx context.Context, q Query, d Data, questions []string, groups int) (*Moments, error) {
	asked, err := scoredQuestions(q.Survey, d, questions)
	if err != nil {
		return nil, err
	}
	pairs := len(asked) * (len(asked) + 1) / 2
	if pairs*groups > maxPairs {
		return nil, refuse(TooManyRows, "groups", "%d questions make %d pairs in each group, of which there may be %d in all: ask for fewer questions or groups",
			len(asked), pairs, maxPairs)
	}
	responses, err := NewResponses(q, d, groups)
	if err != nil {
		return nil, err
	}
	m := &Moments{Groups: make([]GroupMoments, groups), Coverage: responses.Coverage}
	for i := range m.Groups {
		m.Groups[i].Pairs = make([]Pair, pairs)
	}
	values, present := make([]float64, len(asked)), make([]bool, len(asked))
	err = responses.Each(ctx, func(v column.RowView) error {
		for i := range asked {
			values[i], present[i] = valueOf(v, &asked[i])
		}
		g := &m.Groups[v.RandomGroup()]
		g.Responses++
		g.Weight += v.Weight()
		g.SquaredWeight += v.Weight() * v.Weight()
		if !slices.Contains(present, true) {
			g.Unanswered++
		}
		g.count(values, present, v.Weight())
		return nil
	})
	return m, err
}

// scoredQuestions are the questions of the identifiers as they were asked last.
func scoredQuestions(survey string, d Data, ids []string) ([]metric.Question, error) {
	asked := make([]metric.Question, len(ids))
	for i, id := range ids {
		q, ok := d.History.Question(id)
		field := fmt.Sprintf("questions[%d]", i)
		if !ok {
			e := refuse(QuestionNotFound, field, "survey %s never asked a question %q%s; see its revisions", survey, id, nearestQuestion(id, d.History.IDs()))
			e.Missing = true
			return nil, e
		}
		if !q.Kind.Scored() {
			return nil, refuse(MetricMismatch, field, "question %q is of kind %s, whose answers are no numbers", id, q.Kind)
		}
		asked[i] = q
	}
	return asked, nil
}

// valueOf is the answer to a question; false when there is none on its scale.
func valueOf(v column.RowView, q *metric.Question) (float64, bool) {
	value, scale, ok := v.Score(q.ID)
	if !ok || scale != q.Scale.ID() {
		return 0, false
	}
	if q.Direction == question.Effort {
		value = q.Scale.Flip(value)
	}
	return value.Float(), true
}

// count adds a response.
func (g *GroupMoments) count(values []float64, present []bool, weight float64) {
	at := 0
	for i, x := range values {
		if !present[i] {
			at += len(values) - i
			continue
		}
		for j := i; j < len(values); j++ {
			if present[j] {
				y, p := values[j], &g.Pairs[at]
				p.Count++
				p.Weight += weight
				p.SquaredWeight += weight * weight
				p.First += weight * x
				p.Second += weight * y
				p.FirstSquare += weight * x * x
				p.SecondSquare += weight * y * y
				p.Product += weight * x * y
			}
			at++
		}
	}
}
