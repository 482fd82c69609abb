package query

import (
	"context"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
)

// AllQuestions asks for every question that supports a metric.
const AllQuestions = "*"

// Limits of an answer, which bound the memory that a query takes.
const (
	// MaxRows is the greatest number of scores.
	MaxRows = 20_000
	// maxValues is the greatest number of values counted in all of them.
	maxValues = 2_000_000
)

// Query is what is to be computed.
type Query struct {
	// Survey is the survey's identifier.
	Survey string
	// Metrics are computed, each at most once; none means all that the survey's questions support.
	Metrics []metric.ID
	// Question is the question's identifier; empty means the first that supports the metric, AllQuestions all that do.
	Question string
	// Variants are computed; a metric of which none is named is computed in its defaults.
	Variants []metric.Variant
	// Start and End bound the period; zero leaves that side open.
	Start, End time.Time
	// Grain is the length of steps, Location the zone in which they begin.
	Grain    calendar.Grain
	Location *time.Location
	// Key is the context key to group or filter by.
	Key fact.ContextKey
	// Value filters; nil groups by all values of Key.
	Value *string
	// Population says who was asked; PopulationUnspecified means that of the current revision.
	Population fact.Population
	// Settings are the confidence level, the method of intervals and the thresholds.
	Settings metric.Settings
}

// Row is one score with what it was computed from.
type Row struct {
	Score metric.Score
	// Question is the question's identifier; empty for scores of the survey as a whole.
	Question string
	// Start and End bound the period that was counted; zero where it is open.
	Start, End time.Time
	// Key and Value are the context under which was counted.
	Key   fact.ContextKey
	Value string
	// Population says who was asked.
	Population fact.Population
	// Answers counts the answers by value, as answered; empty for scores of the survey as a whole.
	Answers histogram.Histogram
	// Suppression says why the score is withheld: it is all empty, then.
	Suppression Suppression
}

// Facts reads the responses of a survey one by one; it is asked only for what no cube holds.
type Facts interface {
	// HasRespondents tells whether any response of the survey names its respondent.
	HasRespondents(ctx context.Context, survey string) (bool, error)
	// Facts calls fn with each response of the survey until fn fails.
	Facts(ctx context.Context, survey string, fn func(f *fact.Fact) error) error
}

// Data is what a query is answered from.
type Data struct {
	// History is the revisions of the survey.
	History questionnaire.History
	// Cube is the organisation's cube.
	Cube *cube.Cube
	// Facts are the organisation's facts.
	Facts Facts
	// Memo keeps what was worked out of the survey's facts as they are now; nil keeps nothing.
	Memo Memo
	// Protection says that the cube holds released answers only; nil when it holds all.
	Protection *Protection
}

// Run answers a query. Refusals are *Error. Rows come in the order of question (as asked; scores of the survey as a whole last), scale,
// metric, variant, value and step.
func Run(ctx context.Context, q Query, d Data) ([]Row, error) {
	p, err := newPlan(q, d)
	if err != nil {
		return nil, err
	}
	if d.Protection != nil {
		return p.runProtected(ctx, d)
	}
	return p.run(ctx, d)
}
