package query

import (
	"fmt"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
)

// populations are all who may be asked.
var populations = []fact.Population{fact.Customer, fact.Prospect, fact.Former, fact.Employee}

// cubeCoverage says how many responses a query that a cube answers counts, and how many it leaves out why.
func (p *plan) cubeCoverage(c *cube.Cube, key fact.ContextKey, value *string) (*column.Coverage, error) {
	total := func(q cube.Query) (int64, error) {
		q.Survey, q.WithOutcomes = p.Survey, true
		r, err := c.Query(q)
		if err != nil {
			return 0, fmt.Errorf("count what is covered: %w", err)
		}
		var n int64
		for _, s := range r.Survey {
			n += s.Outcomes.Responses
		}
		return n, nil
	}
	out := &column.Coverage{}
	for _, who := range populations {
		n, err := total(cube.Query{Population: who})
		if err != nil {
			return nil, err
		}
		out.Rows += n
		if who != p.Population {
			out.OtherPopulation += n
		}
	}
	asked := out.Rows - out.OtherPopulation
	if p.period.IsEmpty() {
		out.OutsidePeriod = asked
		return out, nil
	}
	inside := asked
	var err error
	if p.period != calendar.All {
		if inside, err = total(cube.Query{Population: p.Population, Period: p.period}); err != nil {
			return nil, err
		}
	}
	out.Counted = inside
	if value != nil {
		if out.Counted, err = total(cube.Query{Population: p.Population, Period: p.period, Key: key, Value: value}); err != nil {
			return nil, err
		}
	}
	// The cube may count more from one question to the next.
	out.Rows = max(out.Rows, out.OtherPopulation+inside)
	out.OutsidePeriod = out.Rows - out.OtherPopulation - inside
	out.Filtered = max(0, inside-out.Counted)
	return out, nil
}

// othersCoverage leaves out what is of other populations, and tells nothing of that of the query.
func (p *plan) othersCoverage(c *cube.Cube) (*column.Coverage, error) {
	out := &column.Coverage{}
	for _, who := range populations {
		if who == p.Population {
			continue
		}
		r, err := c.Query(cube.Query{Survey: p.Survey, Population: who, WithOutcomes: true})
		if err != nil {
			return nil, fmt.Errorf("count what is covered: %w", err)
		}
		for _, s := range r.Survey {
			out.Rows += s.Outcomes.Responses
		}
	}
	out.OtherPopulation = out.Rows
	return out, nil
}
