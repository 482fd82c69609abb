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
	// Others counts the answers of the survey's other populations, which are not protected; nil where nothing is told of them.
	Others *cube.Cube
}

// CheckProtected refuses what cannot be asked of protected answers: other groups than those of `grouping`, and other times than whole months
// of a location. Whatever else would cut them otherwise is refused as well: what is told by two cuts tells of what lies between them.
func CheckProtected(q Query, d *Data, grouping fact.ContextKey, loc *time.Location) error {
	if i := slices.Index(q.Variants, metric.MeanAllAnswers); i >= 0 {
		return state(NotProtectable, fmt.Sprintf("variants[%d]", i),
			"the mean over all answers of a person would tell what single persons answered: ask for the means of questions")
	}
	if q.Definition != nil && q.Definition.Tree != nil {
		return state(NotProtectable, "definition", "composite scores of these answers would tell what single persons answered: ask for the scores of questions")
	}
	if q.Stated != (metric.Stated{}) {
		// Whether a count is too small tells how many answers there are that are not released.
		return state(NotProtectable, "stated_counts", "counts beside these answers would tell how many there are: leave them out")
	}
	if q.Weighting != nil {
		return state(NotProtectable, "weighting", "weighted and unweighted scores together would tell what single persons answered: leave the weighting out")
	}
	if !q.AsOf.IsZero() {
		return state(NotProtectable, "as_of_time", "scores as of two moments would tell what was answered between them: leave the moment out")
	}
	if err := checkGrouping(&q, d, grouping); err != nil {
		return err
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

// checkGrouping refuses to cut protected answers otherwise than by the one declared key and one of its values.
func checkGrouping(q *Query, d *Data, grouping fact.ContextKey) error {
	// What is stated by answers that are not released is not told either.
	own := Data{History: d.History}
	c, err := newCut(q, own.Schema())
	if err != nil {
		return err
	}
	refused := func(field string) error {
		if grouping == fact.NoKey {
			return state(GroupingNotDeclared, field, "the questionnaire declares no key by which the answers of employees are broken down: ask without one")
		}
		return state(GroupingNotDeclared, field, fmt.Sprintf(
			"these answers are broken down by %[1]s and by no other key: use that one, filter by one value of it, as in %[1]s = \"…\", or neither", keyName(grouping)))
	}
	for i, k := range q.GroupBy {
		if grouping == fact.NoKey || i > 0 || k != keyName(grouping) {
			return refused("group_by")
		}
	}
	if c.filter == nil {
		return nil
	}
	if key, _, ok := c.filter.Exact(); !ok || grouping == fact.NoKey || key != keyName(grouping) {
		return refused("filter")
	}
	return nil
}

// runProtected computes scores of what is released, and names those that are withheld.
func (p *plan) runProtected(ctx context.Context, d Data) ([]Row, error) {
	if len(p.needs().choices) > 0 {
		return nil, state(NotProtectable, "metrics", "of these answers only those to scored questions are told: ask for their scores")
	}
	released, err := p.rows(ctx, d)
	if err != nil {
		return nil, err
	}
	all := d
	all.Cube = d.Protection.Present
	present, err := p.rows(ctx, all)
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
	scale, option   string
	start, end      int64
}

func keyOf(r *Row) rowKey {
	var value string
	if len(r.Keys) > 0 {
		// Protected answers are grouped by one key.
		value = r.Keys[0].Value
	}
	return rowKey{r.Question, value, r.Score.Variant, r.Score.Scale.ID(), r.Score.Option, r.Start.UnixNano(), r.End.UnixNano()}
}

// withheld is a score of which nothing is told but that it is withheld. One of nothing at all is told: it has no answers.
func withheld(r *Row, p *Protection) Row {
	if r.Score.N == 0 && r.Score.Counts.Answered == 0 && r.Score.Counts.Refused+r.Score.Counts.Dismissed+r.Score.Counts.TimedOut == 0 {
		out := *r
		// Whoever answered other questions is not told here either.
		out.Responses = 0
		return out
	}
	out := *r
	out.Answers, out.Responses = histogram.Histogram{}, 0
	out.Score = metric.Score{
		Metric: r.Score.Metric, Version: r.Score.Version, Variant: r.Score.Variant, Scale: r.Score.Scale, Level: r.Score.Level, Method: r.Score.Method,
		Option: r.Score.Option,
	}
	out.Suppression = FewAnswers
	if p.ByEmployee && r.Score.Counts.Answered >= p.Least {
		out.Suppression = Complementary
	}
	return out
}
