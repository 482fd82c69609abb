package relational

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

const (
	dayColumns = `location, day, currency, CASE WHEN counter_records + stated_records > 0 THEN 1 ELSE 0 END, CASE WHEN sales_records + receipt_records > 0 THEN 1 ELSE 0 END,
CASE WHEN press_records > 0 THEN 1 ELSE 0 END, visitors, receipts, revenue, units, consultations, likes, dislikes, helps`
	// summedDays are the sums of days of a location, with the names of partColumns.
	summedDays = `SUM(CASE WHEN counter_records + stated_records > 0 THEN 1 ELSE 0 END) AS visitor_days,
SUM(CASE WHEN sales_records + receipt_records > 0 THEN 1 ELSE 0 END) AS sales_days, SUM(CASE WHEN press_records > 0 THEN 1 ELSE 0 END) AS press_days,
SUM(visitors) AS visitors, SUM(receipts) AS receipts, SUM(revenue) AS revenue, SUM(units) AS units, SUM(consultations) AS consultations, SUM(likes) AS likes,
SUM(dislikes) AS dislikes, SUM(helps) AS helps`
	// wholeColumns are the sums of such sums: whole numbers, whatever the database makes of a sum.
	wholeColumns = `location, 0, currency, CAST(SUM(visitor_days) AS bigint), CAST(SUM(sales_days) AS bigint), CAST(SUM(press_days) AS bigint), CAST(SUM(visitors) AS bigint),
CAST(SUM(receipts) AS bigint), CAST(SUM(revenue) AS bigint), SUM(units), CAST(SUM(consultations) AS bigint), CAST(SUM(likes) AS bigint), CAST(SUM(dislikes) AS bigint),
CAST(SUM(helps) AS bigint)`
	// partColumns name what is summed.
	partColumns = `location, currency, visitor_days, sales_days, press_days, visitors, receipts, revenue, units, consultations, likes, dislikes, helps`
)

// condition is what stands after WHERE.
type condition struct {
	text strings.Builder
	args []any
}

func where(organization string) *condition {
	c := &condition{args: []any{organization}}
	c.text.WriteString("organization = $1")
	return c
}

// arg adds a parameter and returns its name.
func (c *condition) arg(v any) string {
	c.args = append(c.args, v)
	return "$" + strconv.Itoa(len(c.args))
}

func (c *condition) and(text string) { c.text.WriteString(" AND " + text) }

// among adds that a column has one of the values.
func (c *condition) among(column string, values []string) {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = c.arg(v)
	}
	c.and(column + " IN (" + strings.Join(names, ", ") + ")")
}

// mostLocations is how many locations are asked for by one query: databases take so many parameters.
const mostLocations = 10_000

// OperationTotals implements store.Operations.
func (s *Store) OperationTotals(ctx context.Context, organization string, q store.TotalsQuery) ([]operation.Total, error) {
	if q.Locations == nil {
		return s.totals(ctx, organization, q)
	}
	var out []operation.Total
	wanted := slices.Compact(slices.Sorted(slices.Values(q.Locations)))
	for chunk := range slices.Chunk(wanted, mostLocations) {
		q.Locations = chunk
		part, err := s.totals(ctx, organization, q)
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
	}
	return out, nil
}

func (s *Store) totals(ctx context.Context, organization string, q store.TotalsQuery) ([]operation.Total, error) {
	c := where(organization)
	query := `SELECT ` + dayColumns + ` FROM operation_days WHERE `
	if q.Whole {
		query = `SELECT ` + wholeColumns + ` FROM (` + c.parts(q) + `) AS parts GROUP BY location, currency ORDER BY location, currency`
	} else {
		if q.Locations != nil {
			c.among("location", q.Locations)
		}
		c.and("day >= " + c.arg(int64(q.First)) + " AND day <= " + c.arg(int64(q.Last)))
		query += c.text.String() + ` ORDER BY location, day, currency`
	}
	rows, err := relational.ListOnce(ctx, s.db, scanTotal, query, c.args...)
	return joined(rows), s.db.Explain("sum operations data", err)
}

// parts are what the whole of locations is summed from: days of some locations, or of all locations the months that lie within and the days beside them.
func (c *condition) parts(q store.TotalsQuery) string {
	of := ""
	if q.Locations != nil {
		before := c.text.Len()
		c.among("location", q.Locations)
		of = c.text.String()[before:]
	}
	days := func(first, last operation.Day) string {
		return `SELECT location, currency, ` + summedDays + ` FROM operation_days WHERE organization = $1` + of + ` AND day >= ` + c.arg(int64(first)) + ` AND day <= ` +
			c.arg(int64(last)) + ` GROUP BY location, currency`
	}
	first, end := q.First.Month(), (q.Last + 1).Month()
	if first.First() < q.First {
		first++
	}
	if q.Locations != nil || first >= end {
		return days(q.First, q.Last)
	}
	return `SELECT ` + partColumns + ` FROM operation_months WHERE organization = $1 AND month >= ` + c.arg(int64(first)) + ` AND month < ` + c.arg(int64(end)) +
		` UNION ALL ` + days(q.First, first.First()-1) + ` UNION ALL ` + days(end.First(), q.Last)
}

// OperationLocations implements store.Operations.
func (s *Store) OperationLocations(ctx context.Context, organization string, q store.TotalsQuery, after string, limit int) ([]string, bool, error) {
	wanted := slices.DeleteFunc(slices.Sorted(slices.Values(q.Locations)), func(l string) bool { return l <= after })
	var found []string
	for len(found) <= limit && (q.Locations == nil || len(wanted) > 0) {
		c := where(organization)
		c.and("location > " + c.arg(after))
		if q.Locations != nil {
			n := min(len(wanted), mostLocations)
			c.among("location", wanted[:n])
			wanted = wanted[n:]
		}
		c.and("day >= " + c.arg(int64(q.First)) + " AND day <= " + c.arg(int64(q.Last)))
		part, err := relational.ListOnce(ctx, s.db, relational.Value[string],
			`SELECT DISTINCT location FROM operation_days WHERE `+c.text.String()+` ORDER BY location LIMIT `+c.arg(limit+1), c.args...)
		if err != nil {
			return nil, false, s.db.Explain("list locations of operations data", err)
		}
		if found = append(found, part...); q.Locations == nil {
			break
		}
	}
	found, more := relational.Page(found, limit)
	return found, more, nil
}

func scanTotal(row relational.Scanner) (t operation.Total, err error) {
	var day int64
	err = row.Scan(&t.Location, &day, &t.Currency, &t.VisitorDays, &t.SalesDays, &t.PressDays, &t.Visitors, &t.Receipts, &t.Revenue, &t.Units, &t.Consultations, &t.Likes,
		&t.Dislikes, &t.Helps)
	t.Day = operation.Day(day) //nolint:gosec // as it was stored
	return t, err
}

// joined puts what has no currency to the first currency of the same place, if there is one.
func joined(rows []operation.Total) []operation.Total {
	out := rows[:0]
	for _, t := range rows {
		if n := len(out); n > 0 && out[n-1].Currency == "" && out[n-1].Location == t.Location && out[n-1].Day == t.Day {
			bare := &out[n-1]
			bare.Currency, bare.SalesDays, bare.Receipts, bare.Revenue, bare.Units = t.Currency, t.SalesDays, t.Receipts, t.Revenue, t.Units
			continue
		}
		out = append(out, t)
	}
	return out
}

// conditionOf is which records are asked for.
func conditionOf(organization string, q store.OperationQuery) *condition {
	c := where(organization)
	c.and("kind = " + c.arg(int64(q.Kind)))
	if q.Locations != nil && q.Kind != operation.PolicyChange {
		c.among("location", q.Locations)
	}
	if q.Keys != nil {
		c.among("key", q.Keys)
	}
	if q.Employee != "" {
		c.and("employee = " + c.arg(q.Employee))
	}
	if !q.From.IsZero() {
		c.and("start_time >= " + c.arg(relational.ToMicro(q.From)))
	}
	if !q.To.IsZero() {
		c.and("start_time < " + c.arg(relational.ToMicro(q.To)))
	}
	if q.After != (store.OperationMark{}) {
		at := c.arg(relational.ToMicro(q.After.Start))
		c.and("(start_time > " + at + " OR start_time = " + at + " AND key > " + c.arg(q.After.Key) + ")")
	}
	return c
}

// ListOperations implements store.Operations.
func (s *Store) ListOperations(ctx context.Context, organization string, q store.OperationQuery) (records []operation.Record, more bool, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		records, more, err = operationsOf(ctx, r, organization, q, holdsWithin)
		return err
	})
	return records, more, s.db.Explain("list operations data", err)
}

// operationsOf reads records, and tells whether there are more. which says what changes of policies are meant by the locations asked for: other records are
// asked for by their location.
func operationsOf(
	ctx context.Context, r relational.Reader, organization string, q store.OperationQuery, which func(locations []string, r operation.Record) bool,
) (records []operation.Record, more bool, err error) {
	if q.Locations != nil && len(q.Locations) == 0 && q.Kind != operation.PolicyChange {
		return nil, false, nil
	}
	for {
		c := conditionOf(organization, q)
		found, err := relational.List(ctx, r, scanOperation,
			`SELECT `+operationColumns+` FROM operation_records WHERE `+c.text.String()+` ORDER BY start_time, key LIMIT `+c.arg(q.Limit+1), c.args...)
		if err != nil {
			return nil, false, err
		}
		for _, r := range found {
			if q.Kind != operation.PolicyChange || q.Locations == nil || which(q.Locations, r) {
				records = append(records, r)
			}
		}
		if len(found) <= q.Limit || len(records) > q.Limit {
			records, more = relational.Page(records, q.Limit)
			return records, more, nil
		}
		last := found[len(found)-1]
		q.After = store.OperationMark{Start: last.Start, Key: last.Key}
	}
}

// holdsWithin tells whether a change of a policy holds at one of the locations.
func holdsWithin(locations []string, r operation.Record) bool {
	return len(r.Locations) == 0 || slices.ContainsFunc(locations, r.HoldsAt)
}

// holdsNowhereElse tells whether a change of a policy holds at some of the locations and at no other.
func holdsNowhereElse(locations []string, r operation.Record) bool {
	return len(r.Locations) > 0 && !slices.ContainsFunc(r.Locations, func(l string) bool { return !slices.Contains(locations, l) })
}

// DeleteOperations implements store.Operations.
func (s *Store) DeleteOperations(ctx context.Context, organization string, q store.OperationQuery, limit int) (removed int, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		if _, err := w.Exec(ctx, sqlTakeOperationsTurn, organization); err != nil {
			return err
		}
		q.Limit = limit
		found, _, err := operationsOf(ctx, w, organization, q, holdsNowhereElse)
		if err != nil {
			return err
		}
		changed, keys := sums{}, make([][]any, 0, len(found))
		for _, r := range found {
			keys = append(keys, []any{organization, int64(r.Kind), r.Key})
			if r.Kind.Summed() {
				changed.add(r, -1)
			}
		}
		removed = len(keys)
		if err := w.Many(ctx, sqlDropOperation, keys); err != nil {
			return err
		}
		return changed.write(ctx, w, organization)
	})
	return removed, s.db.Explain("delete operations data", err)
}
