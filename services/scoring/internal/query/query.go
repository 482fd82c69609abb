package query

import (
	"cmp"
	"context"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/filter"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
)

// AllQuestions asks for every question that supports a metric.
const AllQuestions = "*"

// Limits of an answer, which bound the memory that a query takes.
const (
	// MaxRows is the greatest number of scores unless the query says otherwise.
	MaxRows = 20_000
	// MaxStreamedRows is that of an answer in parts: each of 20,000 units on two scales, and what names none of them.
	MaxStreamedRows = 50_000
	// maxValues is the greatest number of values counted in all of them.
	maxValues = 2_000_000
)

// Query is what is to be computed.
type Query struct {
	// Survey is the survey's identifier.
	Survey string
	// Definition is computed in place of metrics; nil when metrics are.
	Definition *Definition
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
	// GroupBy names up to MaxGroupBy keys, each once; package filter says which there are. There is a row for each combination of their values that occurs.
	GroupBy []string
	// Filter selects responses and refusals; see package filter. Empty selects all.
	Filter string
	// Weighting says what each response counts; nil for one.
	Weighting *Weighting
	// AsOf leaves out what was accepted later; zero leaves out nothing.
	AsOf time.Time
	// Population says who was asked; PopulationUnspecified means that of the current revision.
	Population fact.Population
	// Settings are the confidence level, the method of intervals, the thresholds, and the option whose share is asked for.
	Settings metric.Settings
	// Stated are the counts that only the caller knows.
	Stated metric.Stated
	// Limit is the greatest number of scores; 0 means MaxRows. Composite scores take fewer.
	Limit int
}

// limit is the greatest number of scores.
func (q *Query) limit() int { return cmp.Or(q.Limit, MaxRows) }

// KeyValue is one value of a key; empty where the key is not stated.
type KeyValue struct{ Key, Value string }

// Row is one score with what it was computed from.
type Row struct {
	Score metric.Score
	// Definition is that of a score that was asked for by one; Composite is the score in full, where it is composite.
	Definition *composite.Ref
	Composite  *composite.Score
	// Question is the question's identifier; empty for scores of the survey as a whole.
	Question string
	// Start and End bound the period that was counted; zero where it is open.
	Start, End time.Time
	// Keys are the values of the keys that the query groups by, in its order; for one that groups by none, the key and value of a filter for one exact value.
	Keys []KeyValue
	// Population says who was asked.
	Population fact.Population
	// Answers counts the answers by value, as answered; empty for scores of the survey as a whole.
	Answers histogram.Histogram
	// Responses is how many responses there are in the slice, whether or not they answered the question.
	Responses int64
	// Suppression says why the score is withheld: it is all empty, then.
	Suppression Suppression
}

// Result is the answer to a query.
type Result struct {
	// Rows come in the order of question (as asked; scores of the survey as a whole last), scale, metric, variant, option, values and step.
	Rows []Row
	// Coverage says how many responses were counted, and how many were left out why; nil where answers are protected.
	Coverage *column.Coverage
}

// Data is what a query is answered from.
type Data struct {
	// History is the revisions of the survey.
	History questionnaire.History
	// Cube is the organisation's cube; nil where the caller may not see all that it counts.
	Cube *cube.Cube
	// Table is the survey's table; nil where answers are protected. Pending tells that rows of it are missing for a while.
	Table   *column.Table
	Pending bool
	// Within tells what the caller may see of the table; nil when that is everything.
	Within column.Predicate
	// Memo keeps what was worked out of the survey as it is now; nil keeps nothing.
	Memo Memo
	// Protection says that the cube holds released answers only; nil when it holds all.
	Protection *Protection
}

// Schema is what can be asked of a survey. Who may not see all of it is not told which attributes are stated where he may not look.
func (d *Data) Schema() filter.Schema {
	s := filter.Schema{AnyAttribute: d.Table == nil || d.Within != nil}
	if !s.AnyAttribute {
		s.Keys, _ = d.Table.Names()
	}
	for _, id := range d.History.IDs() {
		q, _ := d.History.Question(id)
		s.Questions = append(s.Questions, filter.Question{ID: id, Kind: q.Kind, Scales: d.History.Scales(id), Options: d.History.Options(id)})
	}
	return s
}

// Run answers a query. Refusals are *Error.
func Run(ctx context.Context, q Query, d Data) (Result, error) {
	if q.Definition != nil && q.Definition.Tree != nil {
		c, err := newComposition(q, d)
		if err != nil {
			return Result{}, err
		}
		return c.run(ctx, d)
	}
	p, err := newPlan(q, d)
	if err != nil {
		return Result{}, err
	}
	if d.Protection != nil {
		rows, err := p.runProtected(ctx, d)
		if err != nil || d.Protection.Others == nil {
			return Result{Rows: rows}, err
		}
		coverage, err := p.othersCoverage(d.Protection.Others)
		return Result{Rows: rows, Coverage: coverage}, err
	}
	return p.run(ctx, d)
}
