package purchase

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/money"
	"github.com/otklik/otklik/libs/sheet"
)

// Columns of tables, by their headings.
const (
	ColumnReceipt    = "receipt"
	ColumnContact    = "contact"
	ColumnRespondent = "respondent"
	ColumnCompany    = "company"
	ColumnLocation   = "location"
	ColumnTime       = "purchase_time"
	ColumnAmount     = "amount"
	ColumnCurrency   = "currency"
	ColumnID         = "id"
	ColumnLeaveTime  = "leave_time"
	ColumnReason     = "reason"
	ColumnStart      = "start_time"
	ColumnEnd        = "end_time"
	ColumnHeadcount  = "headcount"
	ColumnLeavers    = "leavers"
)

// Row is a row of a table: the text of the cell below a heading, empty where there is none.
type Row func(heading string) string

// text is the text of a cell without the spaces around it.
func (r Row) text(heading string) string { return strings.TrimSpace(r(heading)) }

// ReadPurchase reads a purchase. Times without a zone are of the zone given. What it tells of the row is all that is wrong with it, now.
func ReadPurchase(r Row, zone *time.Location, now time.Time) (Purchase, []Problem) {
	p := Purchase{
		Receipt: r.text(ColumnReceipt), Who: readWho(r), Company: r.text(ColumnCompany), Location: r.text(ColumnLocation),
		Currency: strings.ToUpper(r.text(ColumnCurrency)),
	}
	var c checks
	p.Time = c.readTime(r, ColumnTime, zone)
	if text := r.text(ColumnAmount); text == "" {
		c.add(ColumnAmount, Missing, "must be given")
	} else {
		p.Amount = c.readAmount(text, p.Currency)
	}
	return p, c.with(p.Check(now))
}

// ReadChurn reads a departure, as ReadPurchase does a purchase.
func ReadChurn(r Row, zone *time.Location, now time.Time) (Churn, []Problem) {
	l := Churn{ID: r.text(ColumnID), Who: readWho(r), Reason: r.text(ColumnReason)}
	var c checks
	l.Time = c.readTime(r, ColumnLeaveTime, zone)
	return l, c.with(l.Check(now))
}

// ReadTurnover reads a record of turnover, as ReadPurchase does a purchase.
func ReadTurnover(r Row, zone *time.Location, now time.Time) (Turnover, []Problem) {
	t := Turnover{ID: r.text(ColumnID), Location: r.text(ColumnLocation)}
	var c checks
	t.Start = c.readTime(r, ColumnStart, zone)
	t.End = c.readTime(r, ColumnEnd, zone)
	if text := strings.Replace(r.text(ColumnHeadcount), ",", ".", 1); text != "" {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(n) {
			c.add(ColumnHeadcount, Malformed, "must be a number")
		}
		t.Headcount = n
	}
	if text := r.text(ColumnLeavers); text == "" {
		c.add(ColumnLeavers, Missing, "must be given")
	} else if n, err := strconv.ParseInt(text, 10, 64); err != nil {
		c.add(ColumnLeavers, Malformed, "must be a whole number")
	} else {
		t.Leavers = n
	}
	return t, c.with(t.Check(now))
}

func readWho(r Row) Who {
	return Who{Contact: strings.TrimPrefix(r.text(ColumnContact), "contacts/"), Respondent: r.text(ColumnRespondent)}
}

// readAmount reads an amount in major units.
func (c *checks) readAmount(text, code string) int64 {
	n, err := money.Parse(text, code)
	switch {
	case errors.Is(err, money.ErrDigits):
		c.add(ColumnAmount, TooManyDigits, "has more digits after the decimal mark than the currency has")
	case errors.Is(err, money.ErrRange):
		c.add(ColumnAmount, OutOfRange, "is greater than 10,000,000,000,000 minor units")
	case err != nil:
		c.add(ColumnAmount, Malformed, "must be an amount such as 1250.50 or -99")
	}
	return n
}

// readTime reads a time; what is wrong with it is told once.
func (c *checks) readTime(r Row, heading string, zone *time.Location) time.Time {
	text := r.text(heading)
	if text == "" {
		return time.Time{}
	}
	t, ok := sheet.ParseTime(text, zone)
	if !ok {
		c.add(heading, Malformed, "must be a time such as 2026-03-01, 20260301, 2026-03-01 14:30 or 2026-03-01T14:30:00+06:00")
	}
	return t
}

// with is what was found before together with what a check found of other fields.
func (c *checks) with(more []Problem) []Problem {
	known := make(map[string]bool)
	for _, p := range c.found {
		known[p.Field] = true
	}
	for _, p := range more {
		if !known[p.Field] {
			c.found = append(c.found, p)
		}
	}
	return c.found
}
