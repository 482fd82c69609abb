// Package purchase says what purchases, departures of customers and turnover of staff are, which of them are sound, and reads them from rows of tables.
package purchase

import (
	"math"
	"time"
	"unicode/utf8"

	"github.com/otklik/otklik/libs/money"
)

const (
	// longest is the greatest length of identifiers, in characters.
	longest = 128
	// longestReason is the greatest length of a reason for leaving, in characters.
	longestReason = 64
	// ahead is how far the clock of who reports something may be ahead of ours.
	ahead = 5 * time.Minute
	// mostHeads is the greatest number of staff of a location.
	mostHeads = 1_000_000
)

// earliest is the first time that is taken, as everywhere in the suite.
var earliest = time.Date(1700, 1, 1, 0, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant

// Reason is why something is refused.
type Reason string

// The reasons.
const (
	Missing         Reason = "MISSING"
	TooLong         Reason = "TOO_LONG"
	Malformed       Reason = "MALFORMED"
	OutOfRange      Reason = "OUT_OF_RANGE"
	InFuture        Reason = "IN_FUTURE"
	UnknownCurrency Reason = "CURRENCY_UNKNOWN"
	TooManyDigits   Reason = "TOO_MANY_DIGITS"
	Contradictory   Reason = "CONTRADICTORY"
)

// Problem is what is wrong with a field.
type Problem struct {
	// Field is the field's name in the API, which is the heading of its column as well.
	Field  string
	Reason Reason
	// Text says it to people, without what was given.
	Text string
}

// Who is a customer: by the identifier of the contact, or by an identifier of the organisation's own, as in a response's `respondent`.
type Who struct{ Contact, Respondent string }

// Purchase is one purchase, or a return where the amount is negative.
type Purchase struct {
	// Receipt tells purchases apart: what comes with the same receipt replaces what was there.
	Receipt string
	Who
	Company, Location string
	Time              time.Time
	// Amount is in minor units of the currency, such as cents.
	Amount   int64
	Currency string
}

// IsReturn tells whether goods came back. A purchase for nothing is a purchase.
func (p Purchase) IsReturn() bool { return p.Amount < 0 }

// Churn is that a customer left.
type Churn struct {
	// ID tells departures apart, as receipts do with purchases.
	ID string
	Who
	Time   time.Time
	Reason string
}

// Turnover is how many of the staff of a location left within a time.
type Turnover struct {
	// ID tells them apart, as receipts do with purchases.
	ID       string
	Location string
	// Start belongs to the time, End does not.
	Start, End time.Time
	// Headcount is the mean number of staff during it.
	Headcount float64
	// Leavers is how many left.
	Leavers int64
}

// PersonYears is how much work the rate of leaving refers to.
func (t Turnover) PersonYears() float64 {
	const year = 365.25 * 24 * time.Hour
	return t.Headcount * float64(t.End.Sub(t.Start)) / float64(year)
}

// Check tells what is wrong with a purchase, now.
func (p Purchase) Check(now time.Time) []Problem {
	var c checks
	c.key("receipt", p.Receipt)
	c.who(p.Who)
	c.identifier("company", p.Company)
	c.identifier("location", p.Location)
	c.moment("purchase_time", p.Time, now)
	if p.Amount > money.Most || p.Amount < -money.Most {
		c.add("amount_minor", OutOfRange, "must lie between -10,000,000,000,000 and 10,000,000,000,000 minor units")
	}
	if !money.Known(p.Currency) {
		c.add("currency", UnknownCurrency, "must be a code of ISO 4217 in capital letters, such as KGS")
	}
	return c.found
}

// Check tells what is wrong with a departure, now.
func (l Churn) Check(now time.Time) []Problem {
	var c checks
	c.key("id", l.ID)
	c.who(l.Who)
	c.moment("leave_time", l.Time, now)
	switch {
	case utf8.RuneCountInString(l.Reason) > longestReason:
		c.add("reason", TooLong, "must have 64 characters at most")
	case !printable(l.Reason):
		c.add("reason", Malformed, "must hold neither strokes nor control characters")
	}
	return c.found
}

// Check tells what is wrong with a record of turnover, now.
func (t Turnover) Check(now time.Time) []Problem {
	var c checks
	c.key("id", t.ID)
	if t.Location == "" {
		c.add("location", Missing, "must be given")
	}
	c.identifier("location", t.Location)
	c.moment("start_time", t.Start, now)
	c.moment("end_time", t.End, now)
	if !t.Start.Before(t.End) {
		c.add("end_time", Contradictory, "must lie after start_time")
	}
	if !(t.Headcount > 0) || t.Headcount > mostHeads || math.IsInf(t.Headcount, 0) {
		c.add("headcount", OutOfRange, "must be greater than 0 and at most 1,000,000")
	}
	if t.Leavers < 0 || t.Leavers > mostHeads {
		c.add("leavers", OutOfRange, "must lie between 0 and 1,000,000")
	}
	return c.found
}

// checks gathers problems.
type checks struct{ found []Problem }

func (c *checks) add(field string, reason Reason, text string) {
	c.found = append(c.found, Problem{Field: field, Reason: reason, Text: text})
}

// key checks what things are told apart by, which is a part of their names.
func (c *checks) key(field, id string) {
	if id == "" {
		c.add(field, Missing, "must be given: records are told apart by it")
	}
	c.identifier(field, id)
}

// identifier checks what may be a part of a name.
func (c *checks) identifier(field, id string) {
	switch {
	case utf8.RuneCountInString(id) > longest:
		c.add(field, TooLong, "must have 128 characters at most")
	case !printable(id):
		c.add(field, Malformed, "must hold neither strokes nor control characters")
	}
}

// who checks that a customer is named in one way.
func (c *checks) who(w Who) {
	switch {
	case w.Contact == "" && w.Respondent == "":
		c.add("contact", Missing, "the customer must be named: by contact or by respondent")
	case w.Contact != "" && w.Respondent != "":
		c.add("respondent", Contradictory, "goes without contact: name the customer in one way")
	}
	c.identifier("contact", w.Contact)
	if utf8.RuneCountInString(w.Respondent) > longest || !utf8.ValidString(w.Respondent) {
		c.add("respondent", TooLong, "must be UTF-8 of 128 characters at most")
	}
}

func (c *checks) moment(field string, t, now time.Time) {
	switch {
	case t.IsZero():
		c.add(field, Missing, "must be given")
	case t.Before(earliest):
		c.add(field, OutOfRange, "must be in 1700 or later")
	case t.After(now.Add(ahead)):
		c.add(field, InFuture, "lies in the future")
	}
}

// printable tells whether a text can be part of a name.
func printable(id string) bool {
	if !utf8.ValidString(id) {
		return false
	}
	for _, r := range id {
		if r == '/' || r < ' ' || r == 0x7f {
			return false
		}
	}
	return true
}
