package query

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// Suppression says why a score is withheld.
type Suppression int

// Suppressions.
const (
	// NotSuppressed is a score that is told.
	NotSuppressed Suppression = iota
	// FewAnswers: there are fewer answers than are released together.
	FewAnswers
	// Complementary: the score of another group could be worked out from this one.
	Complementary
)

// Protection says that only some answers may enter scores.
type Protection struct {
	// Present counts all answers; the cube of Data only those that are released.
	Present *cube.Cube
	// Least is the number of answers that are released together.
	Least int64
	// ByEmployee tells that the employees are protected whom answers rate, rather than those who answered.
	ByEmployee bool
}

// CheckProtected refuses what cannot be asked of protected answers: other groups than those of `grouping`, and other times than whole months
// of a location.
func CheckProtected(q Query, grouping fact.ContextKey, loc *time.Location) error {
	if slices.Contains(q.Variants, metric.MeanAllAnswers) {
		return state(NotProtectable, fmt.Sprintf("variants[%d]", slices.Index(q.Variants, metric.MeanAllAnswers)),
			"the mean over all answers of a person would tell what single persons answered: ask for the means of questions")
	}
	if q.Key != fact.NoKey && q.Key != grouping {
		field := "group_by"
		if q.Value != nil {
			field = "filter"
		}
		if grouping == fact.NoKey {
			return state(GroupingNotDeclared, field, "the questionnaire declares no key by which the answers of employees are broken down: ask without one")
		}
		return state(GroupingNotDeclared, field, fmt.Sprintf("these answers are broken down by %s and by no other key: use that one or none", grouping))
	}
	switch q.Grain {
	case calendar.Hour, calendar.Day, calendar.Week:
		return state(MonthsNotWhole, "grain", "these answers are told by months, quarters and years: use one of those or none")
	}
	if q.Location != nil && q.Location.String() != loc.String() {
		return state(MonthsNotWhole, "time_zone", fmt.Sprintf("these answers are kept by the months of %s: leave the time zone out", loc))
	}
	for _, bound := range []struct {
		field string
		time  time.Time
	}{{"period.start_time", q.Start}, {"period.end_time", q.End}} {
		if !bound.time.IsZero() && !calendar.StartsMonth(bound.time, loc) {
			return state(MonthsNotWhole, bound.field, fmt.Sprintf(
				"%s is not the first moment of a month of %s: these answers are told by whole months", bound.time.UTC().Format(time.RFC3339Nano), loc))
		}
	}
	return nil
}

// state is the refusal of a sound query that the data do not allow.
func state(reason Reason, field, description string) *Error {
	return &Error{Reason: reason, Field: field, Description: description, State: true}
}

// runProtected computes scores of what is released, and names those that are withheld.
func (p *plan) runProtected(ctx context.Context, d Data) ([]Row, error) {
	released, err := p.run(ctx, d)
	if err != nil {
		return nil, err
	}
	all := d
	all.Cube = d.Protection.Present
	present, err := p.run(ctx, all)
	if err != nil {
		return nil, err
	}
	told := make(map[rowKey]*Row, len(released))
	for i := range released {
		told[keyOf(&released[i])] = &released[i]
	}
	rows := make([]Row, 0, len(present))
	for i := range present {
		r := &present[i]
		if t := told[keyOf(r)]; t != nil && t.Score.Estimate != nil {
			rows = append(rows, *t)
			continue
		}
		rows = append(rows, withheld(r, d.Protection))
	}
	return rows, nil
}

// rowKey names a score within an answer.
type rowKey struct {
	question, value string
	variant         metric.Variant
	scale           string
	start, end      int64
}

func keyOf(r *Row) rowKey {
	return rowKey{r.Question, r.Value, r.Score.Variant, r.Score.Scale.ID(), r.Start.UnixNano(), r.End.UnixNano()}
}

// withheld is a score of which nothing is told but that it is withheld. One of nothing at all is told: it has no answers.
func withheld(r *Row, p *Protection) Row {
	if r.Score.N == 0 && r.Score.Counts.Answered == 0 && r.Score.Counts.Refused+r.Score.Counts.Dismissed+r.Score.Counts.TimedOut == 0 {
		return *r
	}
	out := *r
	out.Answers = histogram.Histogram{}
	out.Score = metric.Score{
		Metric: r.Score.Metric, Version: r.Score.Version, Variant: r.Score.Variant, Scale: r.Score.Scale, Level: r.Score.Level, Method: r.Score.Method,
	}
	out.Suppression = FewAnswers
	if p.ByEmployee && r.Score.Counts.Answered >= p.Least {
		out.Suppression = Complementary
	}
	return out
}
