package column

import (
	"fmt"
	"math"
	"sync"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/fact"
)

// plan is a query prepared for a state of the table.
type plan struct {
	*Query
	state         *state
	rooms         *sync.Pool
	period        calendar.Period
	within, where []*filter
	// people is the table of who for the population.
	people [256]uint8
	groups []grouping
	// counted are the columns of questions and then of choices, -1 where there is none.
	counted []int
	// widths are the numbers of codes of counted columns.
	widths []int
	factor *factors
	// plain tells that counts kept of blocks are enough.
	plain bool
}

// grouping is a column to group by.
type grouping struct {
	field int
	// card is the number of values, of which the first is the empty one.
	values []string
	// each lists, by code, the values of an entry; nil where each entry is one value: then the code is the value.
	each [][]uint32
}

func (t *Table) plan(q *Query, s *state) (*plan, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	p := &plan{Query: q, state: s, rooms: &t.rooms, period: q.period()}
	var err error
	if p.within, err = s.compile(q.Within); err != nil {
		return nil, err
	}
	if p.where, err = s.compile(q.Where); err != nil {
		return nil, err
	}
	for o := range outcomes {
		p.people[who{q.Population, o}.code()] = 1
	}
	for _, name := range q.GroupBy {
		p.groups = append(p.groups, s.grouping(name))
	}
	for _, names := range [][]string{q.Questions, q.Choices} {
		for _, name := range names {
			field, width := s.field(answerColumn, name), 1
			if field >= 0 {
				width = len(s.fields[field].entries) + 1
			}
			p.counted, p.widths = append(p.counted, field), append(p.widths, width)
		}
	}
	if p.factor, err = s.factors(q.Weights); err != nil {
		return nil, err
	}
	p.plain = len(p.within) == 0 && len(p.where) == 0 && q.Weights.None() && q.Replicates == 0 && len(p.groups) <= 1
	return p, nil
}

// grouping prepares a key to be grouped by.
func (s *state) grouping(name string) grouping {
	g := grouping{field: s.field(keyColumn, name), values: []string{""}}
	if g.field < 0 {
		return g
	}
	entries := parse(keyColumn, name, s.fields[g.field].entries).values
	single := true
	for _, values := range entries {
		single = single && len(values) == 1
	}
	if single {
		for _, values := range entries {
			g.values = append(g.values, values[0])
		}
		return g
	}
	index := make(map[string]uint32)
	g.each = append(g.each, []uint32{0})
	for _, values := range entries {
		var list []uint32
		for _, v := range values {
			i, ok := index[v]
			if !ok {
				i = uint32(len(g.values))
				index[v] = i
				g.values = append(g.values, v)
			}
			list = append(list, i)
		}
		g.each = append(g.each, list)
	}
	return g
}

// step is the index of the step of a bucket within the period.
func (p *plan) step(b calendar.Bucket) int {
	low, high := 0, len(p.Steps)
	for low < high {
		middle := (low + high) / 2
		if p.Steps[middle].End <= b {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// steps is the number of steps.
func (p *plan) steps() int { return max(1, len(p.Steps)) }

// inPeriod tells whether all rows of a block are in the period, overlaps whether any may be.
func (p *plan) inPeriod(b *block) (all, overlaps bool) {
	return b.least >= p.period.First && b.most < p.period.End, b.most >= p.period.First && b.least < p.period.End
}

// ofPopulation is the number of live rows of the population in a block.
func (p *plan) ofPopulation(b *block) int64 {
	var n int64
	for o := range outcomes {
		n += int64(b.perWho[who{p.Population, o}.code()])
	}
	return n
}

// factors are the factors of weights, found once for each combination of values.
type factors struct {
	mu     sync.Mutex
	of     func(values []string) float64
	groups []grouping
	err    error
}

func (s *state) factors(w Weighting) (*factors, error) {
	if w.Factor == nil {
		return nil, nil
	}
	f := &factors{of: w.Factor}
	for _, name := range w.Keys {
		g := s.grouping(name)
		if g.each != nil {
			return nil, fmt.Errorf("weights by %s, of which rows have several values: %w", name, ErrQuery)
		}
		f.groups = append(f.groups, g)
	}
	return f, nil
}

// find asks for the factor of some codes. After one that is no factor, the query fails.
func (f *factors) find(codes []uint32) float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	values := make([]string, len(codes))
	for i, c := range codes {
		values[i] = f.groups[i].values[c]
	}
	x := f.of(values)
	if !(x >= 0) || math.IsInf(x, 0) {
		f.err = fmt.Errorf("factor %v of %q: %w", x, values, ErrQuery)
		return 0
	}
	return x
}

// outcome counts rows as fact.Outcomes does.
func outcome(o *fact.Outcomes, of Outcome, n int64) {
	switch of {
	case Response:
		o.Responses += n
	case Refused:
		o.Refused += n
	case Dismissed:
		o.Dismissed += n
	case TimedOut:
		o.TimedOut += n
	}
}
