package matrix

import (
	"math"

	"github.com/otklik/otklik/services/reporting/internal/importance"
	"github.com/otklik/otklik/services/reporting/internal/moment"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// plan is a matrix to be made, checked.
type plan struct {
	sample        *moment.Sample
	outcome       int
	items, stated []int
	options       Options
	normalized    bool
	// clusters is nil where responses are independent.
	clusters *moment.Clusters
	draws    int
	// confidence is the level of intervals.
	confidence, stableAt float64
}

func newPlan(s *moment.Sample, outcome int, items, stated []int, o Options) (*plan, error) {
	p := &plan{sample: s, outcome: outcome, items: items, stated: stated, options: o, draws: o.Draws, confidence: o.Level, stableAt: o.StableAt}
	if o.Draws == 0 {
		p.draws = DefaultDraws
	}
	if o.Level == 0 {
		p.confidence = 0.95
	}
	if o.StableAt == 0 {
		p.stableAt = 0.8
	}
	switch {
	case p.draws < 0 || p.draws > importance.MostDraws:
		return nil, argument("the number of draws is %d: it is from 1 to %d", p.draws, importance.MostDraws)
	case !(p.confidence > 0 && p.confidence < 1):
		return nil, argument("the level of intervals is %v: it lies between 0 and 1", p.confidence)
	case !(p.stableAt > 0 && p.stableAt <= 1):
		return nil, argument("the probability that makes an item stable is %v: it is greater than 0 and at most 1", p.stableAt)
	case math.IsNaN(o.Cut.Importance+o.Cut.Score) || math.IsInf(o.Cut.Importance+o.Cut.Score, 0):
		return nil, argument("the cuts are %v and %v: they are numbers", o.Cut.Importance, o.Cut.Score)
	}
	if err := p.checkItems(); err != nil {
		return nil, err
	}
	for _, i := range items {
		if a, b := s.Questions[i], s.Questions[items[0]]; a.Min != b.Min || a.Max != b.Max {
			p.normalized = true
		}
	}
	return p, nil
}

// checkItems refuses indices that cannot be, and items without importance.
func (p *plan) checkItems() error {
	if p.options.Importance == Johnson {
		return importance.CheckDrivers(p.sample, p.outcome, p.items)
	}
	if len(p.items) == 0 || len(p.stated) != len(p.items) {
		return argument("%d items are given and %d importance questions: there is one for each item", len(p.items), len(p.stated))
	}
	questions := p.sample.Questions
	for a, i := range p.items {
		j := p.stated[a]
		if min(i, j) < 0 || max(i, j) >= len(questions) {
			return argument("there is no question %d or %d among %d", i, j, len(questions))
		}
		if x, y := questions[j], questions[p.stated[0]]; x.Min != y.Min || x.Max != y.Max {
			return argument("the importance questions %s and %s are on different scales: state importance on one", y.ID, x.ID)
		}
	}
	return nil
}

// other is the question that an item's importance is told by.
func (p *plan) other(item int) int {
	if p.options.Importance == Stated {
		return p.stated[item]
	}
	return p.outcome
}

func argument(format string, args ...any) error {
	e := refusal.New(refusal.NoData, nil, format, args...)
	e.Argument = true
	return e
}
