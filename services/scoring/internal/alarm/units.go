package alarm

import (
	"context"
	"fmt"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/alert"
	"github.com/otklik/otklik/services/scoring/internal/query"
)

// Units are the units of a rule that were ever answered.
func (p *Planner) Units(ctx context.Context, r *alert.Rule) ([]string, error) {
	q, err := queryOf(r)
	if err != nil {
		return nil, err
	}
	d, err := p.data(ctx, r)
	if err != nil {
		return nil, err
	}
	q.Grain = calendar.None
	result, err := query.Run(ctx, q, d)
	if err != nil {
		return nil, fmt.Errorf("count units: %w", err)
	}
	var units []string
	for _, row := range result.Rows {
		if len(row.Keys) > 0 {
			units = append(units, row.Keys[0].Value)
		}
	}
	return units, nil
}
