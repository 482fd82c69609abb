package column

import (
	"errors"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
)

var (
	// ErrQuery reports a query that contradicts itself.
	ErrQuery = errors.New("impossible query")
	// ErrTooMany reports a query whose answer would exceed its limit.
	ErrTooMany = errors.New("too many groups")
)

// MaxGroupBy is the greatest number of keys that a query groups by: raking counts the cells of many margins.
const MaxGroupBy = 20

// Query says what to count. Names that no row has are no error: all rows lack them.
type Query struct {
	// Population says whose rows count.
	Population fact.Population
	// Period is when they count; the zero value is all time.
	Period calendar.Period
	// Steps cut the period; they follow one another without gaps. Rows outside of them are outside the period. None means one step.
	Steps []calendar.Step
	// ReceivedTo leaves out rows that were accepted later, in seconds since 1970; 0 leaves out none.
	ReceivedTo int64
	// Within tells which rows there are: others are not even in the coverage. nil means all.
	Within Predicate
	// Where tells which rows count; nil means all.
	Where Predicate
	// GroupBy names up to MaxGroupBy keys, each once. A row with many values of a key is in the group of each; one without is in
	// that of the empty value.
	GroupBy []string
	// Questions are the scored questions whose values are counted, each once.
	Questions []string
	// Choices are the choice questions whose options are counted, each once.
	Choices []string
	// Pooled asks for the pooled answers of respondents; see package pool. A respondent's answers are pooled within each group.
	Pooled bool
	// Weights says how much each row weighs; the zero value means that rows are not weighted. Rows that weigh nothing do not count.
	Weights Weighting
	// Replicates asks for counts of this many random groups of respondents apart; 0 for none.
	Replicates int
	// Limit bounds the number of groups times the number of replicates (at least one); 0 sets no bound.
	Limit int
}

// Weighting says how much a row weighs.
type Weighting struct {
	// Stated uses Row.Weight.
	Stated bool
	// Keys and Factor weigh cells, as raking does: a row's weight is multiplied by the factor of its values of the keys, "" where it has none.
	// Factor is called once or a few times for each combination, by one goroutine at a time, and must not keep the slice; it returns a
	// finite number ≥ 0. Keys of which some row has several values cannot be used.
	Keys   []string
	Factor func(values []string) float64
}

// None tells whether rows are not weighted.
func (w Weighting) None() bool { return !w.Stated && w.Factor == nil }

// Result is what was counted.
type Result struct {
	// Groups that hold any row, in the order of Values and Step.
	Groups   []Group
	Coverage Coverage
}

// Group is what was counted under one value of each key in one step.
type Group struct {
	// Values are those of the keys grouped by; empty where a row has none.
	Values []string
	// Step is the index of the step.
	Step int
	Counts
	// Replicates are the counts of each random group; empty when none were asked for.
	Replicates []Counts
}

// Counts is what is counted of a set of rows.
type Counts struct {
	// Outcomes counts rows by what they are.
	Outcomes fact.Outcomes
	// Weights are the weights by Outcome; zero unless asked for.
	Weights [4]Weight
	// Questions counts answers, in the order of the query's questions and, within one, of scales. Scales without answers are left out.
	Questions []QuestionCount
	// Choices counts options, in the order of the query's choices. Questions without answers are left out.
	Choices []ChoiceCount
	// Pooled counts the codes of respondents' pooled answers, PooledWeighted their weighted moments where weights were asked for.
	Pooled         histogram.Histogram
	PooledWeighted PooledMoments
}

// Weight sums up the weights of some rows.
type Weight struct {
	// Sum is the sum, Squares that of the squares.
	Sum, Squares float64
}

// QuestionCount counts the answers to one question on one scale.
type QuestionCount struct {
	Question, Scale string
	Answers         histogram.Histogram
	// Weighted are the weights for each value of Answers, in the same order; nil unless asked for.
	Weighted []WeightedBin
}

// WeightedBin is a value with the weights of those who gave it.
type WeightedBin struct {
	Value int64
	Weight
}

// ChoiceCount counts what was chosen.
type ChoiceCount struct {
	Question string
	// Answered is the number of rows with an answer, Weight their weights.
	Answered int64
	Weight   Weight
	// Options in ascending order; those that nobody chose are left out.
	Options []OptionCount
}

// OptionCount counts those who chose an option.
type OptionCount struct {
	Option string
	Count  int64
	Weight Weight
}

// PooledMoments are sums over the respondents who rated anything, from which a weighted mean of all answers and its linearised standard error
// follow. Of a respondent, B is the sum over rated answers of the row's weight, and A that of weight times the answer normalised to 0..1.
type PooledMoments struct {
	// Respondents and Answers are counted as they are.
	Respondents, Answers int64
	A, B, AA, AB, BB     float64
	// W sums up the mean weights of respondents, B divided by the number of answers; WW the squares.
	W, WW float64
}

// Coverage says how many responses of the survey were counted, and how many were left out why: refusals are not among them, since each group
// tells its own. A response that is left out for several reasons counts under the first.
type Coverage struct {
	// Rows is all responses, within what the query may know of.
	Rows int64
	// OtherPopulation, OutsidePeriod, ReceivedLater, Filtered and Unweighted (they weigh nothing) were left out.
	OtherPopulation, OutsidePeriod, ReceivedLater, Filtered, Unweighted int64
	// Counted is the rest. Responses with several values of a key grouped by count once.
	Counted int64
}
