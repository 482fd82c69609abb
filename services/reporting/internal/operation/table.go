package operation

import (
	"slices"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/sheet"
)

// Table says how rows of a table are read.
type Table struct {
	Kind Kind
	// Zone is that of times that come without one; nil: such times are refused.
	Zone *time.Location
	// Interval is the length of intervals whose end is not stated; 0: it has to be, but for days without a time.
	Interval time.Duration
	// Currency is that of amounts beside which none is stated.
	Currency string
}

// Columns are the fields that rows have.
func (t Table) Columns() []sheet.Column {
	is := t.Kind.about()
	common := []sheet.Column{
		{Field: "id", Required: is.named}, {Field: "location", Alias: "store", Required: !is.everywhere}, {Field: "start_time", Alias: "time", Required: true},
		{Field: "end_time"}, {Field: "employee", Required: t.Kind == Shift}, {Field: "device"},
	}
	return append(common, is.columns...)
}

// Row is a row of a table: what its columns hold.
type Row func(field string) string

func (r Row) text(field string) string { return strings.TrimSpace(r(field)) }

// Read reads a record of a row, with what is wrong with what the row says. The criteria of a mystery visit come a row each; Joins tells which rows belong together.
func (t Table) Read(row Row) (Record, []Problem) {
	r := reading{Table: t, row: row}
	out := Record{
		Kind: t.Kind, Key: row.text("id"), Location: strings.TrimPrefix(row.text("location"), "locations/"),
		Employee: strings.TrimPrefix(row.text("employee"), "employees/"), Device: row.text("device"),
	}
	out.Start, out.End = r.times()
	switch t.Kind {
	case Visitors:
		out.Visitors = r.count("visitors", true)
	case Sales:
		r.sales(&out)
	case Receipt:
		r.amount(&out, "amount")
		if out.Revenue >= 0 {
			out.Receipts = 1
		}
	case Presses:
		r.presses(&out)
	case MysteryVisit:
		out.Criteria = []Criterion{{Name: row.text("criterion"), Weight: r.weight(), Outcome: Outcome(r.word("outcome", "pass", "fail", "not_applicable"))}}
	case Terminal:
		out.Shown, out.Begun, out.Completed = r.count("shown", false), r.count("begun", false), r.count("completed", false)
		out.InService = r.count("in_service_seconds", false)
	case Emotion:
		out.Subject = Subject(r.word("subject", "buyer", "seller"))
		out.Emotion, out.Score = strings.ToLower(row.text("emotion")), r.number("score", true)
	case PolicyChange:
		out.Policy, out.Description = Policy(r.word("policy", "prices", "assortment", "loyalty", "standards", "other")), row.text("description")
		out.Location, out.Locations = "", places(row.text("location"))
	case Shift:
		out.Role = row.text("role")
	}
	return out, r.found
}

// places are the locations of a list; none for an empty one.
func places(list string) (out []string) {
	for name := range strings.SplitSeq(list, ";") {
		if name = strings.TrimPrefix(strings.TrimSpace(name), "locations/"); name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Joins tells whether a row goes on with the record of the row before: another criterion of the same mystery visit.
func (r Record) Joins(before Record) bool {
	return r.Kind == MysteryVisit && before.Kind == MysteryVisit && r.Key == before.Key && r.Location == before.Location && r.Employee == before.Employee &&
		r.Device == before.Device && r.Start.Equal(before.Start)
}

// reading reads a row.
type reading struct {
	Table
	row Row
	checks
}

// times are when a record begins and ends.
func (r *reading) times() (start, end time.Time) {
	start = r.time("start_time")
	if r.row.text("end_time") != "" {
		return start, r.time("end_time")
	}
	switch is := r.Kind.about(); {
	case start.IsZero() || !is.interval:
		return start, start
	case r.Interval > 0:
		return start, start.Add(r.Interval)
	case r.Zone != nil && isDay(r.row.text("start_time")):
		return start, (DayOf(start.In(r.Zone)) + 1).In(r.Zone)
	}
	return start, start
}

// isDay tells whether a text is a day without a time.
func isDay(text string) bool { return len(text) <= len("2006-01-02") && !strings.Contains(text, ":") }

// time reads a time; what is wrong with it is told once.
func (r *reading) time(field string) time.Time {
	text := r.row.text(field)
	if text == "" {
		return time.Time{}
	}
	t, ok := sheet.ParseTime(text, r.Zone)
	if ok {
		return t
	}
	if _, local := sheet.ParseTime(text, time.UTC); local {
		r.add(field, ZoneMissing, "has no time zone: state that of the import, or write times such as 2026-03-01T14:30:00+06:00")
	} else {
		r.add(field, Malformed, "must be a time such as 2026-03-01, 20260301, 2026-03-01 14:30 or 2026-03-01T14:30:00+06:00")
	}
	return time.Time{}
}

// sales reads sales, and tests whether they contradict themselves.
func (r *reading) sales(out *Record) {
	out.Receipts = r.count("receipts", true)
	r.amount(out, "revenue")
	if r.row.text("visitors") != "" {
		out.CountsVisitors, out.Visitors = true, r.count("visitors", true)
	}
	var stated Stated
	if text := r.row.text("conversion"); text != "" {
		c := r.share(text)
		stated.Conversion = &c
	}
	if text := r.row.text("average_check"); text != "" {
		minor := float64(r.money("average_check", text, out.Currency))
		stated.Check = &minor
	}
	if len(r.found) == 0 {
		r.found = out.CheckIdentity(stated)
	}
}

// pressed are what single presses are called.
var pressed = []string{"like", "dislike", "consultation", "help"} //nolint:gochecknoglobals // a table

func (r *reading) presses(out *Record) {
	out.Likes, out.Dislikes = r.count("likes", false), r.count("dislikes", false)
	out.Consultations, out.Helps = r.count("consultations", false), r.count("helps", false)
	if r.row.text("press") == "" {
		return
	}
	switch r.word("press", pressed...) {
	case 1:
		out.Likes++
	case 2: //nolint:mnd // its place in the list
		out.Dislikes++
	case 3: //nolint:mnd // its place in the list
		out.Consultations++
	case 4: //nolint:mnd // its place in the list
		out.Helps++
	}
}
