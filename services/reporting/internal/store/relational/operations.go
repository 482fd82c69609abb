package relational

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

const (
	// sqlTakeOperationsTurn has writers of an organisation's operations data take turns, in whatever processes: sums are changed by differences.
	sqlTakeOperationsTurn = `INSERT INTO operation_turns (organization, number) VALUES ($1, 1)
ON CONFLICT (organization) DO UPDATE SET number = operation_turns.number + 1`
	operationColumns = `kind, key, location, employee, device, start_time, end_time, day, currency, visitors, receipts, revenue, units, consultations, likes, dislikes, helps,
shown, begun, completed, in_service, details`
	sqlPutOperation = `INSERT INTO operation_records (organization, update_time, ` + operationColumns + `)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
ON CONFLICT (organization, kind, key) DO UPDATE SET update_time = excluded.update_time, location = excluded.location, employee = excluded.employee,
device = excluded.device, start_time = excluded.start_time, end_time = excluded.end_time, day = excluded.day, currency = excluded.currency,
visitors = excluded.visitors, receipts = excluded.receipts, revenue = excluded.revenue, units = excluded.units, consultations = excluded.consultations,
likes = excluded.likes, dislikes = excluded.dislikes, helps = excluded.helps, shown = excluded.shown, begun = excluded.begun,
completed = excluded.completed, in_service = excluded.in_service, details = excluded.details`
	sqlDropOperation = `DELETE FROM operation_records WHERE organization = $1 AND kind = $2 AND key = $3`
)

// errDry undoes what was only tried.
var errDry = errors.New("tried only")

// PutOperations implements store.Operations.
func (s *Store) PutOperations(ctx context.Context, organization string, records []operation.Record, at time.Time, dry bool) (out []store.OperationOutcome, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		if _, err := w.Exec(ctx, sqlTakeOperationsTurn, organization); err != nil {
			return err
		}
		p := newPutting(organization, records)
		if err := p.load(ctx, w); err != nil {
			return err
		}
		p.judge()
		out = p.outcomes
		if dry {
			return errDry
		}
		return p.write(ctx, w, at)
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	return out, s.db.Explain("store operations data", err)
}

// keyed names a record.
type keyed struct {
	kind operation.Kind
	key  string
}

func keyOf(r operation.Record) keyed { return keyed{r.Kind, r.Key} }

// putting is a batch that is being stored.
type putting struct {
	organization string
	records      []operation.Record
	outcomes     []store.OperationOutcome
	// before is what is there already of the same keys.
	before map[keyed]operation.Record
	spans  spans
	// sources count what the sums of days come from.
	sources map[place]operation.Sources
	sums    sums
}

func newPutting(organization string, records []operation.Record) *putting {
	return &putting{
		organization: organization, records: records, outcomes: make([]store.OperationOutcome, len(records)), before: map[keyed]operation.Record{},
		spans: spans{}, sources: map[place]operation.Sources{}, sums: sums{},
	}
}

// load reads what the records have to go with.
func (p *putting) load(ctx context.Context, r relational.Reader) error {
	err := many(ctx, r, p.records, func(r operation.Record) (string, []any) { return `(kind = ? AND key = ?)`, []any{int64(r.Kind), r.Key} },
		`SELECT `+operationColumns+` FROM operation_records WHERE `, p.organization, scanOperation, func(r operation.Record) { p.before[keyOf(r)] = r })
	if err != nil {
		return err
	}
	var exclusive []operation.Record
	places := map[place]bool{}
	for _, r := range p.records {
		before, there := p.before[keyOf(r)]
		if there && r.Equal(before) {
			continue
		}
		if r.Kind.Exclusive() {
			exclusive = append(exclusive, r)
		}
		if r.Kind.Summed() {
			places[placeOf(r)] = true
			if there {
				places[placeOf(before)] = true
			}
		}
	}
	err = many(ctx, r, exclusive, func(r operation.Record) (string, []any) {
		if r.Kind == operation.Shift {
			return ofShift, []any{r.Employee, relational.ToMicro(r.Start.Add(-operation.LongestShift)), relational.ToMicro(r.End) + 1}
		}
		// None of them is longer than a day, of which the longest have 25 hours.
		return `(kind = ? AND location = ? AND start_time > ? AND start_time < ?)`,
			[]any{int64(r.Kind), r.Location, relational.ToMicro(r.Start.Add(-longestDay)), relational.ToMicro(r.End) + 1}
	}, `SELECT `+operationColumns+` FROM operation_records WHERE `, p.organization, scanOperation, p.spans.add)
	if err != nil {
		return err
	}
	return many(ctx, r, slices.Collect(maps.Keys(places)), func(at place) (string, []any) { return `(location = ? AND day = ?)`, []any{at.location, int64(at.day)} },
		`SELECT location, day, counter_records, stated_records, sales_records, receipt_records FROM operation_days WHERE `, p.organization, scanSources,
		func(f found) { p.sources[f.place] = p.sources[f.place].Plus(f.Sources, 1) })
}

// judge decides what becomes of each record, in their order.
func (p *putting) judge() {
	for i, r := range p.records {
		before, there := p.before[keyOf(r)]
		if there && r.Equal(before) {
			p.outcomes[i].Change = store.OperationUnchanged
			continue
		}
		if problem := p.refusal(r, before, there); problem != nil {
			p.outcomes[i].Problem = problem
			continue
		}
		p.outcomes[i].Change = store.OperationCreated
		if there {
			p.outcomes[i].Change = store.OperationUpdated
			p.take(before, -1)
		}
		p.take(r, 1)
	}
}

// take counts a record, or no longer.
func (p *putting) take(r operation.Record, sign int64) {
	if r.Kind.Summed() {
		p.sources[placeOf(r)] = p.sources[placeOf(r)].Plus(r.Sources(), sign)
		p.sums.add(r, sign)
	}
	if r.Kind.Exclusive() {
		if sign > 0 {
			p.spans.add(r)
		} else {
			p.spans.remove(r)
		}
	}
}

// refusal is why a record cannot stand beside what is there.
func (p *putting) refusal(r, before operation.Record, there bool) *operation.Problem {
	if r.Kind.Exclusive() && p.spans.overlap(r) {
		other := "record of the same location, device and employee"
		if r.Kind == operation.Shift {
			other = "shift of the same employee"
		}
		return &operation.Problem{
			Field: "start_time", Reason: operation.Overlapping, Text: "overlaps another " + other + ", which would count twice: correct that one, or delete it first",
		}
	}
	if !r.Kind.Summed() {
		return nil
	}
	after := p.sources[placeOf(r)].Plus(r.Sources(), 1)
	if there && placeOf(before) == placeOf(r) {
		after = after.Plus(before.Sources(), -1)
	}
	return after.Conflict()
}

// write stores what was not refused.
func (p *putting) write(ctx context.Context, w relational.Writer, at time.Time) error {
	var rows [][]any
	for i, o := range p.outcomes {
		if o.Change != store.OperationCreated && o.Change != store.OperationUpdated {
			continue
		}
		row, err := operationRow(p.organization, p.records[i], at)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	if err := w.Many(ctx, sqlPutOperation, rows); err != nil {
		return err
	}
	return p.sums.write(ctx, w, p.organization)
}

func operationRow(organization string, r operation.Record, at time.Time) ([]any, error) {
	details := []byte{}
	if !r.Details.IsZero() {
		var err error
		if details, err = json.Marshal(r.Details); err != nil {
			return nil, fmt.Errorf("encode details: %w", err)
		}
	}
	return []any{
		organization, relational.ToMicro(at), int64(r.Kind), r.Key, r.Location, r.Employee, r.Device, relational.ToMicro(r.Start), relational.ToMicro(r.End), int64(r.Day),
		r.Currency, r.Visitors, r.Receipts, r.Revenue, r.Units, r.Consultations, r.Likes, r.Dislikes, r.Helps, r.Shown, r.Begun, r.Completed, r.InService, details,
	}, nil
}

func scanOperation(row relational.Scanner) (r operation.Record, err error) {
	var kind, start, end, day int64
	var details []byte
	err = row.Scan(&kind, &r.Key, &r.Location, &r.Employee, &r.Device, &start, &end, &day, &r.Currency, &r.Visitors, &r.Receipts, &r.Revenue, &r.Units, &r.Consultations,
		&r.Likes, &r.Dislikes, &r.Helps, &r.Shown, &r.Begun, &r.Completed, &r.InService, &details)
	if err != nil {
		return r, err
	}
	r.Kind, r.Start, r.End, r.Day = operation.Kind(kind), relational.FromMicro(start), relational.FromMicro(end), operation.Day(day) //nolint:gosec // as they were stored
	if len(details) > 0 {
		if err := json.Unmarshal(details, &r.Details); err != nil {
			return r, fmt.Errorf("decode details: %w", err)
		}
	}
	return r, nil
}

// asked is how many things are asked for by one query.
const asked = 50

// many reads what belongs to each of many things. of says by which condition, its parameters as question marks.
func many[K, T any](
	ctx context.Context, r relational.Reader, things []K, of func(K) (condition string, args []any), query, organization string, scan func(relational.Scanner) (T, error), each func(T),
) error {
	for chunk := range slices.Chunk(things, asked) {
		args := []any{organization}
		var text strings.Builder
		text.WriteString(query)
		// Always as many, so that there is one statement to be prepared.
		for i := range asked {
			condition, own := of(chunk[min(i, len(chunk)-1)])
			// The organisation stands in each condition: beside them it would seem the best index to SQLite, which takes an organisation for a few rows.
			if i > 0 {
				text.WriteString(" OR ")
			}
			text.WriteString("(organization = $1 AND ")
			for part := range strings.SplitSeq(condition, "?") {
				text.WriteString(part)
				if len(own) > 0 {
					args, own = append(args, own[0]), own[1:]
					text.WriteString("$" + strconv.Itoa(len(args)))
				}
			}
			text.WriteString(")")
		}
		found, err := relational.List(ctx, r, scan, text.String(), args...)
		if err != nil {
			return err
		}
		for _, f := range found {
			each(f)
		}
	}
	return nil
}
