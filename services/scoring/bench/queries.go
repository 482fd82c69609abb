package main

import (
	"context"
	"fmt"
	"time"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// shape is a query that both sides are asked, with other values each time.
type shape struct {
	what string
	ours func(i int) *scoringv1.ScoreQuery
	// sql answers the same with the same parameters: for each group promoters, passives, detractors.
	sql       string
	arguments func(i int) []any
	// limit is the greatest median, or with p99 the greatest 99th percentile, least the least ratio to PostgreSQL, for ten million rows; 0 for none.
	limit time.Duration
	p99   bool
	least float64
	// line is what the curve calls it; empty when it is not in the curve.
	line string
}

// counts is what an NPS is computed from.
const counts = "count(*) FILTER (WHERE nps >= 9), count(*) FILTER (WHERE nps BETWEEN 7 AND 8), count(*) FILTER (WHERE nps < 7)"

// shapes are the queries that targets are stated for, and some beside them.
func shapes() []shape {
	none := func(int) []any { return nil }
	three := func(i int) (r, c, a int) {
		return i % keys[region].values, i / keys[region].values % keys[channel].values, i / 3 % keys[age].values
	}
	return []shape{
		{
			what: "total: NPS", line: "total", sql: "SELECT " + counts + " FROM responses WHERE nps IS NOT NULL", arguments: none, limit: 2 * time.Millisecond,
			ours: func(int) *scoringv1.ScoreQuery { return &scoringv1.ScoreQuery{} },
		},
		{
			what: "one key: NPS of each of 8 regions", line: "by region", limit: 2 * time.Millisecond,
			sql: "SELECT region, " + counts + " FROM responses WHERE nps IS NOT NULL GROUP BY region", arguments: none,
			ours: func(int) *scoringv1.ScoreQuery { return &scoringv1.ScoreQuery{GroupBy: []string{"region"}} },
		},
		{
			what: "one key: NPS of each of 12 values of an attribute", limit: 2 * time.Millisecond,
			sql: "SELECT sector, " + counts + " FROM responses WHERE nps IS NOT NULL GROUP BY sector", arguments: none,
			ours: func(int) *scoringv1.ScoreQuery { return &scoringv1.ScoreQuery{GroupBy: []string{"attributes.sector"}} },
		},
		{
			what: "three filters, by week: NPS with interval", line: "3 filters, by week", limit: 20 * time.Millisecond, p99: true, least: 50,
			sql:       "SELECT date_trunc('week', counted), " + counts + " FROM responses WHERE nps IS NOT NULL AND region = $1 AND channel = $2 AND age = $3 GROUP BY 1",
			arguments: func(i int) []any { r, c, a := three(i); return []any{r, c, a} },
			ours: func(i int) *scoringv1.ScoreQuery {
				r, c, a := three(i)
				return &scoringv1.ScoreQuery{
					Grain:  typev1.TimeGrain_TIME_GRAIN_WEEK,
					Filter: fmt.Sprintf(`region = "region-%d" AND channel = "channel-%d" AND attributes.age = "age-%d"`, r, c, a),
				}
			},
		},
		{
			what:      "three filters that most rows pass, by week",
			sql:       "SELECT date_trunc('week', counted), " + counts + " FROM responses WHERE nps IS NOT NULL AND region <> $1 AND channel <> $2 AND csat >= $3 GROUP BY 1",
			arguments: func(i int) []any { r, c, _ := three(i); return []any{r, c, 3} },
			ours: func(i int) *scoringv1.ScoreQuery {
				r, c, _ := three(i)
				return &scoringv1.ScoreQuery{
					Grain: typev1.TimeGrain_TIME_GRAIN_WEEK, Filter: fmt.Sprintf(`region != "region-%d" AND channel != "channel-%d" AND answers.csat >= 3`, r, c),
				}
			},
		},
		{
			what: "three keys: NPS of 420 groups", sql: "SELECT sector, age, format, " + counts + " FROM responses WHERE nps IS NOT NULL GROUP BY 1, 2, 3", arguments: none,
			ours: func(int) *scoringv1.ScoreQuery {
				return &scoringv1.ScoreQuery{GroupBy: []string{"attributes.sector", "attributes.age", "attributes.format"}}
			},
		},
	}
}

// queries asks both sides all shapes.
func (b *bench) queries(ctx context.Context, s *served, n int) error {
	for _, q := range shapes() {
		whole := n == b.rows
		if !whole && q.line == "" {
			continue
		}
		var answers int64
		ask := func(i int) error {
			query := q.ours(i)
			query.Survey, query.Metrics = "surveys/"+survey, []scoringv1.Metric{scoringv1.Metric_METRIC_NPS}
			query.Variants = []scoringv1.Variant{scoringv1.Variant_VARIANT_NPS_ANSWERED}
			got, err := s.client.QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: query})
			answers = 0
			for _, score := range got.GetScores() {
				answers += score.GetN()
			}
			return err
		}
		// What is made once, such as dictionaries of values that pass a filter, is no part of what a query costs from then on; each filter is new all the same.
		if err := ask(0); err != nil {
			return fmt.Errorf("%s: %w", q.what, err)
		}
		ours, err := timed(b.runs, ask)
		if err != nil {
			return fmt.Errorf("%s: %w", q.what, err)
		}
		var theirs times
		if b.postgres != nil {
			if err := b.agree(ctx, q, ask, &answers); err != nil {
				return err
			}
			if theirs, err = timed(max(5, b.runs/20), func(i int) error { _, err := b.postgres.ask(ctx, q, i); return err }); err != nil {
				return fmt.Errorf("%s: PostgreSQL: %w", q.what, err)
			}
		}
		if q.line != "" {
			b.curve.add(q.line, n, ours, theirs)
		}
		if whole {
			b.hold(q, ours, theirs, n)
		}
	}
	return nil
}

// agree fails when the two sides count another number of answers.
func (b *bench) agree(ctx context.Context, q shape, ask func(int) error, answers *int64) error {
	for i := range 3 {
		if err := ask(i); err != nil {
			return fmt.Errorf("%s: %w", q.what, err)
		}
		theirs, err := b.postgres.ask(ctx, q, i)
		if err != nil {
			return fmt.Errorf("%s: PostgreSQL: %w", q.what, err)
		}
		if theirs != *answers {
			return fmt.Errorf("%s: %d answers are counted, by PostgreSQL %d", q.what, *answers, theirs)
		}
	}
	return nil
}

// hold tells how long a query took beside its target.
func (b *bench) hold(q shape, ours, theirs times, n int) {
	target, met := "", true
	if q.limit > 0 {
		at, name := ours.at(50), "median"
		if q.p99 {
			at, name = ours.at(99), "p99"
		}
		target, met = fmt.Sprintf("%s ≤ %s", name, milliseconds(q.limit)), at <= q.limit
	}
	if q.least > 0 && len(theirs) > 0 {
		target += fmt.Sprintf(", ≥ %.0f ×", q.least)
		// Below ten million rows what a query costs at least tells more than the ratio.
		met = met && (n < 10_000_000 || float64(theirs.at(50)) >= q.least*float64(ours.at(50)))
	}
	b.report.compare(q.what, ours, theirs, target, met)
}
