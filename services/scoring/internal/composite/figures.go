package composite

import (
	"math"

	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// PartKind is what a part of a composite score is.
type PartKind string

// Kinds of parts.
const (
	AttributePart    PartKind = "ATTRIBUTE"
	ItemPart         PartKind = "ITEM"
	DimensionPart    PartKind = "DIMENSION"
	SubdimensionPart PartKind = "SUBDIMENSION"
	TermPart         PartKind = "TERM"
)

// figures are the numbers of a composite score as one sample gives them; NaN where there is none.
type figures struct {
	// estimate is the score, normalized the same on 0..100.
	estimate, normalized float64
	// why says why there is no estimate, for people; empty where nothing more is known than that answers are missing.
	why string
	// low and high are the ends of its range, infinite where there are none.
	low, high float64
	// scale is that of the answers; none for formulas.
	scale question.Scale
	parts []partFigures
	// change splits the difference of two samples among parts of a kind.
	change splitting
	// difference tells that they are differences of two samples.
	difference bool
}

// splitting is a way to split the difference of two scores among their parts.
type splitting uint8

const (
	// unsplit: a formula has no parts that sum to it.
	unsplit splitting = iota
	// byMeans: the score is the weighted mean of the parts of each kind.
	byMeans
	// bySums: the score is the sum of the parts' contributions.
	bySums
)

// partFigures are the numbers of one part.
type partFigures struct {
	id        string
	kind      PartKind
	title     metric.Text
	questions []string
	// whole tells that it rests on outcomes, or on pooled answers, besides answers to the questions.
	whole     bool
	n         int64
	low, high float64
	// estimate is its own level, weight its share of the whole, contribution what it adds to the whole.
	estimate, weight, contribution float64
}

func absent() float64 { return math.NaN() }

// blank are figures of nothing yet, of a score within bounds.
func blank(low, high float64) figures {
	return figures{estimate: absent(), normalized: absent(), low: low, high: high}
}

// figures computes a bound tree from what was counted.
func (t *Tree) figures(s view, settings metric.Settings) (figures, error) {
	switch {
	case t.Spec.Expression != nil:
		return t.expression(s, settings)
	case t.Spec.Index != nil:
		return t.Spec.Index.figures(s)
	case t.Spec.Gap != nil:
		return t.Spec.Gap.figures(s)
	}
	return figures{}, ErrNested
}

// sharedScale is the scale that several questions are answered on.
type sharedScale struct {
	question string
	scale    question.Scale
}

func (x *sharedScale) join(c *Counted) error {
	if x.question == "" {
		x.question, x.scale = c.Question.ID, c.Question.Scale
		return nil
	}
	if !x.scale.SameEnds(c.Question.Scale) {
		return &ScalesError{Question: x.question, Other: c.Question.ID, Scales: [2]string{x.scale.ID(), c.Question.Scale.ID()}}
	}
	return nil
}

// bounds are the ends of the scale, for gaps its width either way; infinite before any answer.
func (x *sharedScale) bounds(gaps bool) (low, high float64) {
	switch {
	case x.question == "":
		return math.Inf(-1), math.Inf(1)
	case gaps:
		w := x.scale.Width().Float()
		return -w, w
	}
	return x.scale.Min.Float(), x.scale.Max.Float()
}

// onHundred re-expresses a level of the scale on 0..100.
func (x *sharedScale) onHundred(level float64) float64 {
	if x.question == "" {
		return absent()
	}
	return hundred * (level - x.scale.Min.Float()) / x.scale.Width().Float()
}
