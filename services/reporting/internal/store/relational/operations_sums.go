package relational

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/reporting/internal/operation"
)

// longestDay is the length of the longest day, and more.
const longestDay = 26 * time.Hour

// ofShift are the shifts of an employee at a time, wherever. The kind is part of the text, as the index is of shifts only.
var ofShift = fmt.Sprintf(`(kind = %d AND employee = ? AND start_time > ? AND start_time < ?)`, operation.Shift) //nolint:gochecknoglobals // a constant

const (
	sqlAddOperations = `INSERT INTO operation_days (organization, location, day, currency, counter_records, stated_records, sales_records, receipt_records, press_records,
visitors, receipts, revenue, units, consultations, likes, dislikes, helps) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT (organization, day, location, currency) DO UPDATE SET counter_records = operation_days.counter_records + excluded.counter_records,
stated_records = operation_days.stated_records + excluded.stated_records, sales_records = operation_days.sales_records + excluded.sales_records,
receipt_records = operation_days.receipt_records + excluded.receipt_records, press_records = operation_days.press_records + excluded.press_records,
visitors = operation_days.visitors + excluded.visitors, receipts = operation_days.receipts + excluded.receipts,
revenue = operation_days.revenue + excluded.revenue, units = operation_days.units + excluded.units,
consultations = operation_days.consultations + excluded.consultations, likes = operation_days.likes + excluded.likes,
dislikes = operation_days.dislikes + excluded.dislikes, helps = operation_days.helps + excluded.helps`
	sqlDropEmptyDays = `DELETE FROM operation_days WHERE organization = $1 AND location = $2 AND day = $3 AND currency = $4
AND counter_records = 0 AND stated_records = 0 AND sales_records = 0 AND receipt_records = 0 AND press_records = 0`
	sqlDropMonth = `DELETE FROM operation_months WHERE organization = $1 AND month = $2 AND location = $3`
	// sqlSumMonth sums a month of a location anew.
	sqlSumMonth = `INSERT INTO operation_months (organization, month, location, currency, visitor_days, sales_days, press_days, visitors, receipts, revenue, units,
consultations, likes, dislikes, helps) SELECT organization, CAST($2 AS bigint), location, currency, ` + summedDays + `
FROM operation_days WHERE organization = $1 AND location = $3 AND day >= $4 AND day <= $5 GROUP BY organization, location, currency`
)

// place is a location on a day.
type place struct {
	location string
	day      operation.Day
}

func placeOf(r operation.Record) place { return place{r.Location, r.Day} }

// found is what the sums of a place come from.
type found struct {
	place
	operation.Sources
}

func scanSources(row relational.Scanner) (f found, err error) {
	var day int64
	err = row.Scan(&f.location, &day, &f.Counter, &f.Stated, &f.Sales, &f.Receipt)
	f.day = operation.Day(day) //nolint:gosec // as it was stored
	return f, err
}

// summed is a row of sums.
type summed struct {
	place
	currency string
}

// difference is by what a row of sums changes.
type difference struct {
	operation.Sources
	operation.Numbers
	presses int64
}

// sums are the differences of many rows.
type sums map[summed]*difference

func (s sums) of(at summed) *difference {
	d := s[at]
	if d == nil {
		d = &difference{}
		s[at] = d
	}
	return d
}

// add adds a record, or takes it out where sign is -1. Visitors and presses have no currency.
func (s sums) add(r operation.Record, sign int64) {
	from := r.Sources()
	if r.Kind == operation.Sales || r.Kind == operation.Receipt {
		d := s.of(summed{placeOf(r), r.Currency})
		d.Sales += sign * from.Sales
		d.Receipt += sign * from.Receipt
		d.Receipts += sign * r.Receipts
		d.Revenue += sign * r.Revenue
		d.Units += float64(sign) * r.Units
		if !r.CountsVisitors {
			return
		}
	}
	d := s.of(summed{placeOf(r), ""})
	d.Counter += sign * from.Counter
	d.Stated += sign * from.Stated
	d.Visitors += sign * r.Visitors
	if r.Kind == operation.Presses {
		d.presses += sign
	}
	d.Consultations += sign * r.Consultations
	d.Likes += sign * r.Likes
	d.Dislikes += sign * r.Dislikes
	d.Helps += sign * r.Helps
}

// write changes the rows.
func (s sums) write(ctx context.Context, w relational.Writer, organization string) error {
	var rows, places [][]any
	for at, d := range s {
		row := []any{
			organization, at.location, int64(at.day), at.currency, d.Counter, d.Stated, d.Sales, d.Receipt, d.presses, d.Visitors, d.Receipts, d.Revenue, d.Units,
			d.Consultations, d.Likes, d.Dislikes, d.Helps,
		}
		rows = append(rows, row)
		if d.Counter < 0 || d.Stated < 0 || d.Sales < 0 || d.Receipt < 0 || d.presses < 0 {
			places = append(places, row[:4])
		}
	}
	// In order, which databases like.
	slices.SortFunc(rows, func(a, b []any) int {
		return cmp.Or(strings.Compare(a[1].(string), b[1].(string)), cmp.Compare(a[2].(int64), b[2].(int64)), strings.Compare(a[3].(string), b[3].(string))) //nolint:forcetypeassert // as above
	})
	if err := w.Many(ctx, sqlAddOperations, rows); err != nil {
		return err
	}
	if err := w.Many(ctx, sqlDropEmptyDays, places); err != nil {
		return err
	}
	return s.writeMonths(ctx, w, organization)
}

// writeMonths sums the months anew whose days changed.
func (s sums) writeMonths(ctx context.Context, w relational.Writer, organization string) error {
	known := map[place]bool{}
	var dropped, made [][]any
	for at := range s {
		month := at.day.Month()
		of := place{at.location, month.First()}
		if known[of] {
			continue
		}
		known[of] = true
		row := []any{organization, int64(month), at.location, int64(month.First()), int64((month + 1).First() - 1)}
		dropped, made = append(dropped, row[:3]), append(made, row)
	}
	if err := w.Many(ctx, sqlDropMonth, dropped); err != nil {
		return err
	}
	return w.Many(ctx, sqlSumMonth, made)
}

// crowd is who may have one record at a time. What has no currency, visitors among it, stands under the empty one.
type crowd struct {
	kind                                 operation.Kind
	location, device, employee, currency string
}

// crowdsOf are those that a record belongs to: a shift is of its employee, wherever he works; sales that state visitors are of their currency, and of the visitors whatever the currency.
func crowdsOf(r operation.Record) []crowd {
	if r.Kind == operation.Shift {
		return []crowd{{kind: r.Kind, employee: r.Employee}}
	}
	c := crowd{kind: r.Kind, location: r.Location, device: r.Device, employee: r.Employee, currency: r.Currency}
	if !r.CountsVisitors {
		return []crowd{c}
	}
	visitors := c
	visitors.currency = ""
	return []crowd{c, visitors}
}

// spans are the times of records of which no two may be of the same time.
type spans map[crowd]map[string]operation.Record

func (s spans) add(r operation.Record) {
	for _, c := range crowdsOf(r) {
		if s[c] == nil {
			s[c] = map[string]operation.Record{}
		}
		s[c][r.Key] = r
	}
}

func (s spans) remove(r operation.Record) {
	for _, c := range crowdsOf(r) {
		delete(s[c], r.Key)
	}
}

// overlap tells whether a record is of a time of which another one is.
func (s spans) overlap(r operation.Record) bool {
	for _, c := range crowdsOf(r) {
		for key, other := range s[c] {
			if key != r.Key && r.Overlaps(other) {
				return true
			}
		}
	}
	return false
}
