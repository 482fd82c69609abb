package query

import "fmt"

// Reason says why a query is refused.
type Reason string

// Reasons, named as in the API.
const (
	QuestionNotFound       Reason = "QUESTION_NOT_FOUND"
	MetricMismatch         Reason = "METRIC_MISMATCH"
	IntervalMethodMismatch Reason = "INTERVAL_METHOD_MISMATCH"
	KeysCrossed            Reason = "KEYS_CROSSED"
	TimeZoneUnknown        Reason = "TIME_ZONE_UNKNOWN"
	PeriodNotAligned       Reason = "PERIOD_NOT_ALIGNED"
	TooManyRows            Reason = "TOO_MANY_ROWS"
	NotComparable          Reason = "NOT_COMPARABLE"
	GroupingNotDeclared    Reason = "GROUPING_NOT_DECLARED"
	MonthsNotWhole         Reason = "MONTHS_NOT_WHOLE"
	ScoreWithheld          Reason = "SCORE_WITHHELD"
	NotProtectable         Reason = "NOT_PROTECTABLE"
)

// Error is a query that is refused.
type Error struct {
	Reason Reason
	// Field is the field at fault, as a path within the query, for example `metrics[0]`; empty where there is no single one.
	Field string
	// Description says what is wrong and what to do, in one sentence.
	Description string
	// Missing tells that what was asked for does not exist, rather than that the query is wrong.
	Missing bool
	// Baseline tells that the field belongs to the baseline of a comparison.
	Baseline bool
	// State tells that the query is sound but the data do not allow an answer.
	State bool
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
