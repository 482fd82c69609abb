package operation

import (
	"reflect"
	"time"
)

// Total is what was recorded at a location, on a day or over several.
type Total struct {
	Location string
	// Day is 0 where several days are summed.
	Day Day
	// Currency is that of Revenue; empty where there are no sales.
	Currency string
	// VisitorDays, SalesDays and PressDays are the number of days on which visitors were counted, sales recorded and presses recorded: on none of the others
	// is a 0 known, but a gap.
	VisitorDays, SalesDays, PressDays int64
	// Numbers are the sums. What has no day is unknown and not 0.
	Numbers
}

// Sources count the records that the sums of a location on a day come from: visitors that were counted or stated with sales, sales that were summed and single
// receipts.
type Sources struct{ Counter, Stated, Sales, Receipt int64 }

// Sources are those of a record.
func (r Record) Sources() (s Sources) {
	switch r.Kind {
	case Visitors:
		s.Counter = 1
	case Sales:
		s.Sales = 1
		if r.CountsVisitors {
			s.Stated = 1
		}
	case Receipt:
		s.Receipt = 1
	}
	return s
}

// Plus adds others, or takes them away where sign is -1.
func (s Sources) Plus(o Sources, sign int64) Sources {
	return Sources{Counter: s.Counter + sign*o.Counter, Stated: s.Stated + sign*o.Stated, Sales: s.Sales + sign*o.Sales, Receipt: s.Receipt + sign*o.Receipt}
}

// Conflict is what is wrong where the same was told twice in two ways.
func (s Sources) Conflict() *Problem {
	switch {
	case s.Counter > 0 && s.Stated > 0:
		return &Problem{Field: "visitors", Reason: CountedTwice, Text: "this location has, on this day, visitors of counters and visitors stated with sales: leave the one or the other out, or delete it first"}
	case s.Sales > 0 && s.Receipt > 0:
		return &Problem{Field: "receipts", Reason: CountedTwice, Text: "this location has, on this day, sums of sales and single receipts: leave the one or the other out, or delete it first"}
	}
	return nil
}

// Overlaps tells whether two records are of the same time, for a moment at least. Two of moments never are.
func (r Record) Overlaps(o Record) bool {
	switch rMoment, oMoment := r.Start.Equal(r.End), o.Start.Equal(o.End); {
	case rMoment && oMoment:
		return false
	case rMoment:
		return !r.Start.Before(o.Start) && r.Start.Before(o.End)
	case oMoment:
		return !o.Start.Before(r.Start) && o.Start.Before(r.End)
	}
	return r.Start.Before(o.End) && o.Start.Before(r.End)
}

// Within is the part of a record that lies within a time, and false where none does.
func (r Record) Within(from, to time.Time) (Record, bool) {
	if r.Start.Before(from) {
		r.Start = from
	}
	if r.End.After(to) {
		r.End = to
	}
	return r, r.Start.Before(r.End)
}

// Equal tells whether two records say the same.
func (r Record) Equal(o Record) bool {
	if !r.Start.Equal(o.Start) || !r.End.Equal(o.End) {
		return false
	}
	r.Start, r.End = o.Start, o.End
	return reflect.DeepEqual(r, o)
}

// IsZero tells whether there are none.
func (d Details) IsZero() bool { return reflect.ValueOf(d).IsZero() }
