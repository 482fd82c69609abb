package cube

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/fact"
)

// CellKind says what a cell counts.
type CellKind uint8

// Kinds of cells. The numbers are stored; they never change their meaning.
const (
	// Answers counts the scores given to one question on one scale; values are hundredths.
	Answers CellKind = 1
	// Outcomes counts what became of those asked: 0 is a response, other values are a fact.RefusalKind.
	Outcomes CellKind = 2
	// Pooled counts respondents by their pooled answers; values are a pool.Answers code.
	Pooled CellKind = 3
)

// Key identifies a cell within an organisation.
type Key struct {
	// Kind says what is counted.
	Kind CellKind
	// Survey is the survey's identifier.
	Survey string
	// Question and Scale are the question's identifier and that of its scale; empty unless Kind is Answers.
	Question, Scale string
	// Population says who was asked.
	Population fact.Population
	// ContextKey is fact.NoKey for the cell of all circumstances; otherwise the cell counts what happened under
	// ContextValue, which is not empty.
	ContextKey   fact.ContextKey
	ContextValue string
	// Bucket is the quarter of an hour.
	Bucket calendar.Bucket
}

// Compare orders keys: by series, then by time.
func (k Key) Compare(other Key) int {
	return cmp.Or(
		strings.Compare(k.Survey, other.Survey),
		cmp.Compare(k.Kind, other.Kind),
		strings.Compare(k.Question, other.Question),
		strings.Compare(k.Scale, other.Scale),
		cmp.Compare(k.Population, other.Population),
		cmp.Compare(k.ContextKey, other.ContextKey),
		strings.Compare(k.ContextValue, other.ContextValue),
		cmp.Compare(k.Bucket, other.Bucket),
	)
}

// check refuses keys that no fact leads to.
func (k Key) check() error {
	answers := k.Kind == Answers
	switch {
	case k.Kind < Answers || k.Kind > Pooled, k.Survey == "", !k.Population.Valid(),
		answers != (k.Question != ""), answers != (k.Scale != ""),
		k.ContextKey != fact.NoKey && !k.ContextKey.Valid(),
		(k.ContextKey == fact.NoKey) != (k.ContextValue == ""):
		return fmt.Errorf("cell %+v: %w", k, ErrKey)
	}
	return nil
}

// family is the part of a key that names what is counted, whatever the circumstances and the time.
func (k Key) family() familyKey {
	return familyKey{kind: k.Kind, question: k.Question, scale: k.Scale, population: k.Population}
}

// familyKey names the series of a survey that count the same thing.
type familyKey struct {
	kind            CellKind
	question, scale string
	population      fact.Population
}

// compare orders families as Key.Compare orders their cells.
func (k familyKey) compare(other familyKey) int {
	return cmp.Or(
		cmp.Compare(k.kind, other.kind),
		strings.Compare(k.question, other.question),
		strings.Compare(k.scale, other.scale),
		cmp.Compare(k.population, other.population),
	)
}
