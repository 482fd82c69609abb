package light

import (
	"errors"

	"github.com/otklik/otklik/libs/stat"
)

// Kind is what a light is of.
type Kind uint8

// Kinds. The numbers are stored.
const (
	Company  Kind = 1
	Contact  Kind = 2
	Location Kind = 3
	Staff    Kind = 4
)

// Kinds are all kinds, in order.
func Kinds() []Kind { return []Kind{Company, Contact, Location, Staff} }

// String is the name of the kind.
func (k Kind) String() string { return [...]string{"", "company", "contact", "location", "staff"}[k] }

// Unit is a company, a contact, a location or an employee.
type Unit struct {
	Kind Kind
	ID   string
}

// Colour is that of a light.
type Colour uint8

// Colours, the worst first. The numbers are stored.
const (
	// NoColour is that of a unit of which nothing is counted, or too little to be shown.
	NoColour Colour = 0
	Red      Colour = 1
	Amber    Colour = 2
	Green    Colour = 3
)

// String is the name of the colour; empty for none.
func (c Colour) String() string { return [...]string{"", "red", "amber", "green"}[c] }

// Trend is where a score goes.
type Trend uint8

// Trends.
const (
	// NoTrend is that of a unit with too few answers, or answers that do not vary, in either time.
	NoTrend Trend = 0
	Up      Trend = 1
	Down    Trend = 2
	Flat    Trend = 3
)

// trendP is the p-value below which two times differ.
const trendP = 0.05

// Reading is what a light says.
type Reading struct {
	Colour Colour
	// Uncertain tells that the interval holds a cut, or that there is no interval.
	Uncertain bool
	// Suppressed tells that there are answers about an employee, and too few of them to be shown.
	Suppressed bool
	// Mean is the score on 1..10.
	Mean float64
	// Answers, Responses and Contacts are how many it rests on. Contacts is 1 for a contact.
	Answers, Responses, Contacts int64
	// Interval is that of the mean, within 1..10; nil when the answers do not determine one.
	Interval *stat.Interval
	Trend    Trend
	// Change is the mean of the recent time less that of the time before; nil when either has no answers that count.
	Change *float64
}

// Judge judges the sums of a unit.
func (p Policy) Judge(kind Kind, sums *Periods) (Reading, error) {
	s := &sums[Window]
	if s.Answers.Count == 0 {
		return Reading{}, nil
	}
	if kind == Staff && s.Responses.N < Least {
		return Reading{Suppressed: true}, nil
	}
	m := p.estimate(kind, s)
	r := Reading{Colour: p.ColourOf(m.Estimate), Uncertain: true, Mean: m.Estimate, Answers: s.Answers.Count, Responses: s.Responses.N, Contacts: s.Contacts.N}
	if kind == Contact {
		r.Contacts = 1
	}
	interval, err := m.Interval(p.Level)
	switch {
	case err == nil:
		interval = interval.Clip(1, 10)
		r.Interval, r.Uncertain = &interval, p.straddles(interval)
	case !errors.Is(err, stat.ErrUndefined):
		return r, err
	}
	return r, p.judgeTrend(kind, sums, &r)
}

// ColourOf is the colour of a score.
func (p Policy) ColourOf(score float64) Colour {
	switch {
	case score < p.Red:
		return Red
	case score < p.Amber:
		return Amber
	}
	return Green
}

// straddles tells whether the ends of an interval have different colours.
func (p Policy) straddles(i stat.Interval) bool { return p.ColourOf(i.Low) != p.ColourOf(i.High) }

// judgeTrend compares the recent time with the one before by Welch's test.
func (p Policy) judgeTrend(kind Kind, sums *Periods, r *Reading) error {
	recent, before := &sums[Recent], &sums[Before]
	least := int64(1)
	if kind == Staff {
		least = Least
	}
	if recent.Answers.Count == 0 || before.Answers.Count == 0 || recent.Responses.N < least || before.Responses.N < least {
		return nil
	}
	a, b := p.estimate(kind, recent), p.estimate(kind, before)
	change := a.Estimate - b.Estimate
	r.Change = &change
	if a.DF == 0 || b.DF == 0 {
		return nil
	}
	d, err := stat.CompareMeans(a, b, p.Level)
	switch {
	case errors.Is(err, stat.ErrUndefined):
		return nil
	case err != nil:
		return err
	case d.Test.P >= trendP:
		r.Trend = Flat
	case change > 0:
		r.Trend = Up
	default:
		r.Trend = Down
	}
	return nil
}
