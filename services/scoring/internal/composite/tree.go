package composite

import (
	"errors"
	"fmt"
	"slices"

	"github.com/otklik/otklik/libs/near"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// maxNesting bounds how deep definitions refer to definitions.
const maxNesting = 8

// Tree is a spec with those that its terms refer to.
type Tree struct {
	Spec Spec
	// Terms are the trees of terms that name a definition, by the identifier of the term.
	Terms map[string]*Tree
	// formula is that of the expression, once the tree is bound.
	formula *Formula
}

// ErrNested reports definitions that refer to each other too deeply, or to none.
var ErrNested = errors.New("definitions are nested wrongly")

// Needs are what must be counted for a score.
type Needs struct {
	// Questions are those with a scale, Choices those without; Pairs those of which Sample.Moments are needed, each a member of Questions too.
	Questions, Choices, Pairs []string
	// Pooled asks for the pooled answers of respondents.
	Pooled bool
}

// Bind fixes what a tree leaves to the survey: the questions of terms that name none. It checks that the survey asked every question that is named, in
// a form that the score can be made from; questions are those of the survey, each as it was asked last, in order. The tree passed Check. Errors are
// *FieldError, or wrap ErrNested.
func (t *Tree) Bind(questions []metric.Question) (*Tree, error) {
	b := binder{questions: questions}
	return b.tree(t, 0)
}

type binder struct{ questions []metric.Question }

func (b binder) tree(t *Tree, depth int) (*Tree, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("deeper than %d: %w", maxNesting, ErrNested)
	}
	bound := &Tree{Spec: t.Spec}
	var wrong *FieldError
	switch {
	case t.Spec.Expression != nil:
		return b.expression(t, depth)
	case t.Spec.Index != nil:
		wrong = b.index(t.Spec.Index)
	case t.Spec.Gap != nil:
		wrong = b.gap(t.Spec.Gap)
	}
	if wrong != nil {
		return nil, wrong
	}
	return bound, nil
}

func (b binder) expression(t *Tree, depth int) (*Tree, error) {
	e := *t.Spec.Expression
	e.Terms = slices.Clone(e.Terms)
	formula, err := Parse(e.Formula)
	if err != nil {
		return nil, wrong("expression.formula", "%s", err)
	}
	bound := &Tree{Spec: Spec{Expression: &e}, Terms: make(map[string]*Tree), formula: formula}
	for i := range e.Terms {
		term := &e.Terms[i]
		field := fmt.Sprintf("expression.terms[%d]", i)
		if term.Definition == (Ref{}) {
			if err := b.term(field, term, nil); err != nil {
				return nil, err
			}
			continue
		}
		child := t.Terms[term.ID]
		if child == nil {
			return nil, fmt.Errorf("term %q refers to nothing: %w", term.ID, ErrNested)
		}
		if bound.Terms[term.ID], err = b.tree(child, depth+1); err != nil {
			return nil, err
		}
		if c := child.Spec.Cuts; c != nil {
			as := Term{Variant: c.Variant, Question: term.Question}
			if err := b.term(field, &as, c); err != nil {
				return nil, err
			}
			term.Question = as.Question
		} else if term.Question != "" {
			return nil, wrong(field+".question", "%s names its questions itself: leave this one out", term.Definition.ID)
		}
	}
	return bound, nil
}

// term fixes the question of a term; cuts are those that it is computed by, if it has some of its own.
func (b binder) term(field string, t *Term, cuts *Cuts) error {
	d, v, wrongName := t.resolve(field)
	if wrongName != nil {
		return wrongName
	}
	if v.OfSurvey() {
		if t.Question != "" {
			return wrong(field+".question", "%s is computed of the survey as a whole: name no question", v.Variant)
		}
		return nil
	}
	if t.Question == "" {
		for _, q := range b.questions {
			if t.Supports(q, cuts) {
				t.Question = q.ID
				return nil
			}
		}
		for _, q := range b.questions {
			if d.Supports(q.Kind) {
				// It may have been asked on a scale that fits before: the answers decide.
				t.Question = q.ID
				return nil
			}
		}
		return wrong(field+".question", "the survey asks no question that %s is computed from", d.ID)
	}
	q, missing := b.find(field+".question", t.Question)
	if missing != nil {
		return missing
	}
	if !d.Supports(q.Kind) {
		return wrong(field+".question", "%s is not computed from question %q, which is of kind %s", d.ID, q.ID, q.Kind)
	}
	return nil
}

func (b binder) find(field, id string) (metric.Question, *FieldError) {
	ids := make([]string, len(b.questions))
	for i, q := range b.questions {
		if q.ID == id {
			return q, nil
		}
		ids[i] = q.ID
	}
	return metric.Question{}, wrong(field, "the survey asks no question %q%s", id, meant(near.Name(id, ids)))
}

// scored finds a question with a scale, and refuses one whose scale differs from that of another.
func (b binder) scored(field, id string, like *metric.Question) *FieldError {
	q, err := b.find(field, id)
	switch {
	case err != nil:
		return err
	case !q.Kind.Scored():
		return wrong(field, "question %q of kind %s has no scale", id, q.Kind)
	case like.ID == "":
		*like = q
	case !like.Scale.SameEnds(q.Scale):
		return wrong(field, "question %q is on the scale %s, question %q on %s: all must be on one", id, q.Scale.ID(), like.ID, like.Scale.ID())
	}
	return nil
}

func (b binder) index(x *Index) *FieldError {
	var score, weight, outcome metric.Question
	for i, a := range x.Attributes {
		field := fmt.Sprintf("index.attributes[%d]", i)
		if err := b.scored(field+".question", a.Question, &score); err != nil {
			return err
		}
		if a.ImportanceQuestion != "" {
			if err := b.scored(field+".importance_question", a.ImportanceQuestion, &weight); err != nil {
				return err
			}
		}
	}
	if weight.ID != "" && weight.Scale.Min < 0 {
		return wrong("index.attributes[0].importance_question", "the scale %s has values below 0, which are no weights", weight.Scale.ID())
	}
	if x.Importance == Derived {
		return b.scored("index.outcome_question", x.Outcome, &outcome)
	}
	return nil
}

func (b binder) gap(g *Gap) *FieldError {
	var level, points metric.Question
	for i, d := range g.Dimensions {
		field := fmt.Sprintf("gap.dimensions[%d]", i)
		for j, item := range d.Items {
			at := fmt.Sprintf("%s.items[%d]", field, j)
			if item.Expectation != "" {
				if err := b.scored(at+".expectation_question", item.Expectation, &level); err != nil {
					return err
				}
			}
			if err := b.scored(at+".perception_question", item.Perception, &level); err != nil {
				return err
			}
		}
		if d.PointsQuestion != "" {
			if err := b.scored(field+".points_question", d.PointsQuestion, &points); err != nil {
				return err
			}
		}
	}
	if points.ID != "" && points.Scale.Min < 0 {
		return wrong("gap.dimensions[0].points_question", "the scale %s has values below 0, which are no points", points.Scale.ID())
	}
	return nil
}

// Needs tells what must be counted for a bound tree. At most one index of it may derive its weights.
func (t *Tree) Needs(questions []metric.Question) (Needs, error) {
	var n Needs
	kinds := make(map[string]question.Kind, len(questions))
	for _, q := range questions {
		kinds[q.ID] = q.Kind
	}
	err := t.needs(&n, kinds)
	return n, err
}

func (t *Tree) needs(n *Needs, kinds map[string]question.Kind) error {
	for _, id := range t.Spec.Questions() {
		list := &n.Questions
		if kinds[id] == question.Choice {
			list = &n.Choices
		}
		if !slices.Contains(*list, id) {
			*list = append(*list, id)
		}
	}
	if x := t.Spec.Index; x != nil && x.Importance == Derived {
		pairs := x.pairs()
		if n.Pairs != nil && !slices.Equal(n.Pairs, pairs) {
			return fmt.Errorf("two indices derive weights from different questions: %w", ErrNested)
		}
		n.Pairs = pairs
	}
	if e := t.Spec.Expression; e != nil {
		for _, term := range e.Terms {
			if term.Variant == metric.MeanAllAnswers {
				n.Pooled = true
			}
			if child := t.Terms[term.ID]; child != nil {
				if c := child.Spec.Cuts; c != nil && c.Variant == metric.MeanAllAnswers {
					n.Pooled = true
				}
				if err := child.needs(n, kinds); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// pairs are the questions whose correlations derive the weights, the outcome last.
func (x *Index) pairs() []string {
	var ids []string
	for _, a := range x.Attributes {
		ids = append(ids, a.Question)
	}
	return append(ids, x.Outcome)
}
