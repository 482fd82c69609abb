package operation

import (
	"time"

	"github.com/otklik/otklik/libs/sheet"
)

// about says what records of a kind are like.
type about struct {
	// name is what tables and the command line call the kind, in the plural.
	name string
	// columns are what rows have beside what all have.
	columns []sheet.Column
	// interval tells that such a record is of an interval and not of a moment; momentary that it may be of a moment all the same.
	interval, momentary bool
	// daily tells that none may lie on two days, and summed that such records are added up by day.
	daily, summed bool
	// everywhere tells that a record needs no location.
	everywhere bool
	// ahead is how far in the future it may begin.
	ahead time.Duration
	// named tells that the key has to be given: nothing else tells two of them apart.
	named bool
}

// clockSkew is how far the clock of who reports something may be ahead of ours; planned is how far ahead plans are made.
const (
	clockSkew = 5 * time.Minute
	planned   = 366 * 24 * time.Hour
)

func optional(fields ...string) (out []sheet.Column) {
	for _, f := range fields {
		out = append(out, sheet.Column{Field: f})
	}
	return out
}

func required(fields ...string) (out []sheet.Column) {
	for _, f := range fields {
		out = append(out, sheet.Column{Field: f, Required: true})
	}
	return out
}

// kinds are the kinds, in order of their numbers.
var kinds = [...]about{ //nolint:gochecknoglobals // a table
	Visitors - 1: {name: "visitors", interval: true, daily: true, summed: true, ahead: clockSkew, columns: required("visitors")},
	Sales - 1: {
		name: "sales", interval: true, daily: true, summed: true, ahead: clockSkew,
		columns: append(required("receipts", "revenue"), optional("currency", "units", "visitors", "conversion", "average_check")...),
	},
	Receipt - 1:      {name: "receipts", daily: true, summed: true, ahead: clockSkew, named: true, columns: append(required("amount"), optional("currency", "units")...)},
	Presses - 1:      {name: "presses", interval: true, momentary: true, daily: true, summed: true, ahead: clockSkew, columns: optional("consultations", "likes", "dislikes", "helps", "press")},
	MysteryVisit - 1: {name: "mystery_visits", ahead: clockSkew, columns: append(required("criterion", "outcome"), optional("weight")...)},
	Terminal - 1:     {name: "terminals", interval: true, daily: true, ahead: clockSkew, columns: optional("shown", "begun", "completed", "in_service_seconds")},
	Emotion - 1:      {name: "emotions", ahead: clockSkew, columns: required("subject", "emotion", "score")},
	PolicyChange - 1: {name: "policy_changes", everywhere: true, ahead: planned, columns: append(required("policy"), optional("description")...)},
	Shift - 1:        {name: "shifts", interval: true, ahead: planned, columns: optional("role")},
}

func (k Kind) about() about { return kinds[k-1] }

// Summed tells whether records of the kind are added up by day.
func (k Kind) Summed() bool { return k.about().summed }

// Exclusive tells whether no two records of the kind may be of the same time, at the same place or, of shifts, of the same employee: it would count twice.
func (k Kind) Exclusive() bool {
	return k == Visitors || k == Sales || k == Presses || k == Terminal || k == Shift
}
