package query

import (
	"errors"
	"fmt"
	"strings"

	"github.com/otklik/otklik/services/scoring/internal/filter"
)

// Reason says why a query is refused.
type Reason string

// Reasons, named as in the API.
const (
	QuestionNotFound       Reason = "QUESTION_NOT_FOUND"
	MetricMismatch         Reason = "METRIC_MISMATCH"
	IntervalMethodMismatch Reason = "INTERVAL_METHOD_MISMATCH"
	TimeZoneUnknown        Reason = "TIME_ZONE_UNKNOWN"
	PeriodNotAligned       Reason = "PERIOD_NOT_ALIGNED"
	TooManyRows            Reason = "TOO_MANY_ROWS"
	NotComparable          Reason = "NOT_COMPARABLE"
	GroupingNotDeclared    Reason = "GROUPING_NOT_DECLARED"
	MonthsNotWhole         Reason = "MONTHS_NOT_WHOLE"
	ScoreWithheld          Reason = "SCORE_WITHHELD"
	NotProtectable         Reason = "NOT_PROTECTABLE"
	FilterInvalid          Reason = "FILTER_INVALID"
	KeyUnknown             Reason = "KEY_UNKNOWN"
	WeightingInvalid       Reason = "WEIGHTING_INVALID"
	RowsPending            Reason = "ROWS_PENDING"
	CountMissing           Reason = "COUNT_MISSING"
	CountNotSliced         Reason = "COUNT_NOT_SLICED"
	CountContradicted      Reason = "COUNT_CONTRADICTED"
)

// Error is a query that is refused.
type Error struct {
	Reason Reason
	// Field is the field at fault, as a path within the query, for example `metrics[0]`; empty where there is no single one.
	Field string
	// Description says what is wrong and what to do, in one sentence.
	Description string
	// Position is that of the character at fault of a filter, counted from 1; 0 elsewhere.
	Position int
	// Nearest is the name that may have been meant; empty when there is none.
	Nearest string
	// Missing tells that what was asked for does not exist, rather than that the query is wrong.
	Missing bool
	// Baseline tells that the field belongs to the baseline of a comparison.
	Baseline bool
	// State tells that the query is sound but the data do not allow an answer.
	State bool
	// Pending tells that there will be an answer soon.
	Pending bool
}

// Error is the text for logs.
func (e *Error) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%s: %s", e.Reason, e.Description)
	}
	return fmt.Sprintf("%s: %s: %s", e.Reason, e.Field, e.Description)
}

func refuse(reason Reason, field, format string, args ...any) *Error {
	return &Error{Reason: reason, Field: field, Description: fmt.Sprintf(format, args...)}
}

// state is the refusal of a sound query that the data do not allow.
func state(reason Reason, field, description string) *Error {
	return &Error{Reason: reason, Field: field, Description: description, State: true}
}

// unknownKey is the refusal of a key that there is not.
func unknownKey(field, key, nearest string) *Error {
	what := fmt.Sprintf("there is no key %q", key)
	if name, ok := strings.CutPrefix(key, filter.AttributePrefix); ok {
		what = fmt.Sprintf("no answer states the attribute %q", name)
	}
	hint := "; the nearest is " + nearest
	if nearest == "" {
		hint = ": use touchpoint, channel, location, region, company, employee, language, revision, sentiment, theme or attributes.NAME"
	}
	e := refuse(KeyUnknown, field, "%s%s", what, hint)
	e.Nearest = nearest
	return e
}

// pending is the refusal of what rests on rows that are missing for a while.
func pending() *Error {
	return &Error{Reason: RowsPending, Pending: true, Description: "the responses that this is counted from are being read anew: try again in a minute"}
}

// filterError explains the refusal of a filter.
func filterError(err error) error {
	var e *filter.Error
	if !errors.As(err, &e) {
		return err
	}
	return &Error{Reason: FilterInvalid, Field: "filter", Description: e.Error(), Position: e.Position, Nearest: e.Nearest}
}
