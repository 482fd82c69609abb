package column

import (
	"fmt"
	"slices"

	"github.com/otklik/otklik/libs/calendar"
)

// check refuses queries that contradict themselves.
func (q *Query) check() error {
	if len(q.GroupBy) > MaxGroupBy {
		return fmt.Errorf("group by %d keys: %w", len(q.GroupBy), ErrQuery)
	}
	for _, l := range []struct {
		what  string
		names []string
	}{{"group by", q.GroupBy}, {"questions", q.Questions}, {"choices", q.Choices}, {"keys of weights", q.Weights.Keys}} {
		for i, n := range l.names {
			if n == "" || slices.Contains(l.names[:i], n) {
				return fmt.Errorf("%s %q: %w", l.what, l.names, ErrQuery)
			}
		}
	}
	if !q.Population.Valid() || q.Replicates < 0 || q.Limit < 0 {
		return fmt.Errorf("population %d, %d replicates, limit %d: %w", q.Population, q.Replicates, q.Limit, ErrQuery)
	}
	if len(q.Weights.Keys) > MaxGroupBy || q.Weights.Factor == nil && len(q.Weights.Keys) > 0 {
		return fmt.Errorf("weights by %q: %w", q.Weights.Keys, ErrQuery)
	}
	for i, s := range q.Steps {
		if s.First > s.End || i > 0 && q.Steps[i-1].End != s.First {
			return fmt.Errorf("step %d from %d to %d: %w", i, s.First, s.End, ErrQuery)
		}
	}
	return nil
}

// period is the part of time that counts.
func (q *Query) period() calendar.Period {
	p := q.Period
	if p == (calendar.Period{}) {
		p = calendar.All
	}
	if n := len(q.Steps); n > 0 {
		p = p.Intersect(calendar.Period{First: q.Steps[0].First, End: q.Steps[n-1].End})
	}
	return p
}
