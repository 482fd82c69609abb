package fact

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/question"
)

// ErrInvalid reports a record that breaks one of its rules.
var ErrInvalid = errors.New("invalid record")

// Fact is one response as scoring keeps it. The organisation it belongs to is the key under which it is stored.
type Fact struct {
	// ID is the response's identifier, unique in the survey.
	ID string
	// Survey and Revision say what was answered; revisions count from 1.
	Survey   string
	Revision int64
	// Population says who was asked.
	Population Population
	// CountTime is the moment at which the response counts: the time of the answer, or of receipt where the device's clock
	// cannot be trusted. It decides in which period the response falls.
	CountTime time.Time
	// ReceiveTime is the moment at which the response was accepted.
	ReceiveTime time.Time
	// Invitation is the invitation that was answered; empty when there was none.
	Invitation string
	// Respondent is the pseudonym of who answered; empty when unknown.
	Respondent string
	// Weight says how many members of the population the respondent stands for, > 0; 1 unless stated.
	Weight float64
	// Late tells that the response was given before the survey closed and received after it.
	Late bool
	// Context is the circumstances.
	Context Context
	// Answers are the answers to the questions of the revision, at most one to each.
	Answers []Answer
	// Enrichment is what other services have found out about the response.
	Enrichment Enrichment
}

// Answer is the answer to one question.
type Answer struct {
	// Question is the question's identifier.
	Question string
	// Kind is the question's kind.
	Kind question.Kind
	// Scale and Direction are those of a scored question; zero otherwise.
	Scale     question.Scale
	Direction question.Direction
	// Present tells whether Value holds a score. It is false for answers without one: words, options, a comment alone.
	Present bool
	// Value is the score; 0 unless Present.
	Value question.Centi
	// Options are what was chosen of a choice: identifiers in ascending order, each once, none empty.
	Options []string
}

// Check returns an error that wraps ErrInvalid when the fact breaks a rule; a value that is not on its scale is a
// *question.OutOfScaleError as well.
func (f *Fact) Check() error {
	switch {
	case f.ID == "" || f.Survey == "" || f.Revision < 1:
		return fmt.Errorf("fact %q of survey %q revision %d: identifiers are missing: %w", f.ID, f.Survey, f.Revision, ErrInvalid)
	case !f.Population.Valid():
		return fmt.Errorf("fact %q: population %d: %w", f.ID, f.Population, ErrInvalid)
	case !storable(f.CountTime) || !storable(f.ReceiveTime):
		return fmt.Errorf("fact %q: times %v and %v: %w", f.ID, f.CountTime, f.ReceiveTime, ErrInvalid)
	case !(f.Weight > 0) || math.IsInf(f.Weight, 0):
		return fmt.Errorf("fact %q: weight %v: %w", f.ID, f.Weight, ErrInvalid)
	}
	if err := errors.Join(f.Context.check(), f.Enrichment.Check()); err != nil {
		return fmt.Errorf("fact %q: %w", f.ID, err)
	}
	for i := range f.Answers {
		if err := f.Answers[i].check(); err != nil {
			return fmt.Errorf("fact %q: %w", f.ID, err)
		}
		for _, other := range f.Answers[:i] {
			if other.Question == f.Answers[i].Question {
				return fmt.Errorf("fact %q: two answers to question %q: %w", f.ID, other.Question, ErrInvalid)
			}
		}
	}
	return nil
}

func (a *Answer) check() error {
	switch {
	case a.Question == "" || !a.Kind.Valid() || !a.Direction.Valid():
		return fmt.Errorf("answer to question %q of kind %d, direction %d: %w", a.Question, a.Kind, a.Direction, ErrInvalid)
	case !orderly(a.Options) || len(a.Options) > 0 && a.Kind != question.Choice:
		return fmt.Errorf("answer to question %q of kind %s: options %q: %w", a.Question, a.Kind, a.Options, ErrInvalid)
	case !a.Present:
		if a.Value != 0 {
			return fmt.Errorf("answer to question %q: a value that is absent: %w", a.Question, ErrInvalid)
		}
		return nil
	case !a.Kind.Scored():
		return fmt.Errorf("answer to question %q: a score for kind %s: %w", a.Question, a.Kind, ErrInvalid)
	}
	if err := a.Scale.Check(); err != nil {
		return fmt.Errorf("answer to question %q: %w: %w", a.Question, err, ErrInvalid)
	}
	if err := a.Scale.CheckValue(a.Question, a.Value); err != nil {
		return fmt.Errorf("%w: %w", err, ErrInvalid)
	}
	return nil
}

// orderly tells whether options ascend, and none is empty.
func orderly(options []string) bool {
	for i, o := range options {
		if o == "" || i > 0 && options[i-1] >= o {
			return false
		}
	}
	return true
}

// storable tells whether a moment fits the encoding: the years from 1678 to 2262 in nanoseconds.
func storable(t time.Time) bool {
	return !t.IsZero() && t.Equal(time.Unix(0, t.UnixNano()))
}
