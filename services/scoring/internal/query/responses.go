package query

import (
	"context"
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/column"
)

// Responses goes through single responses: those that a query selects by its survey, population, period, filter, moment and weighting. The rest of the
// query means nothing here.
type Responses struct {
	table *column.Table
	query column.Query
	// Coverage says how many responses there are, and how many are left out why.
	Coverage column.Coverage
}

// NewResponses prepares to go through responses; groups is the number of random groups that respondents are divided into. Refusals are *Error.
func NewResponses(q Query, d Data, groups int) (*Responses, error) {
	p, err := newSelection(q, d)
	if err != nil {
		return nil, err
	}
	if d.Pending {
		return nil, pending()
	}
	r := &Responses{table: d.Table}
	if r.query, err = p.tableQuery(d); err != nil {
		return nil, err
	}
	counted, err := r.table.Query(r.query)
	if err != nil {
		return nil, fmt.Errorf("count responses: %w", err)
	}
	if err := p.checkStatedWeights(d, counted.Groups); err != nil {
		return nil, err
	}
	r.Coverage, r.query.Replicates = counted.Coverage, groups
	return r, nil
}

// perCheck is after how many rows it is asked whether anybody still waits.
const perCheck = 4096

// Each calls fn with each response, by and large in the order of time, until fn fails.
func (r *Responses) Each(ctx context.Context, fn func(column.RowView) error) error {
	seen := 0
	_, err := r.table.Scan(r.query, func(v column.RowView) error {
		if seen++; seen%perCheck == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if v.Outcome() != column.Response {
			return nil
		}
		return fn(v)
	})
	if err != nil {
		return fmt.Errorf("go through responses: %w", err)
	}
	return nil
}
