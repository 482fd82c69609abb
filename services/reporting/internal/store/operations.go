package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/operation"
)

// Operations keeps what was recorded of stores beside answers, and its sums by location and day.
type Operations interface {
	// PutOperations stores records: a new key is created, one that is there is replaced where it says something else. The outcomes are in order of the records; a
	// record that what is stored does not go with is refused alone. Nothing is changed where dry is true, and the outcomes are those that there would be. No
	// two records have the same kind and key.
	PutOperations(ctx context.Context, organization string, records []operation.Record, at time.Time, dry bool) ([]OperationOutcome, error)
	// ListOperations returns records of a kind in the order of their start and key, and whether there are more.
	ListOperations(ctx context.Context, organization string, q OperationQuery) (records []operation.Record, more bool, err error)
	// DeleteOperations removes records, at most limit of those asked for, and tells how many it removed. Where locations are named, changes of policies are
	// removed that hold at these alone: one that holds elsewhere too, or everywhere, is not theirs.
	DeleteOperations(ctx context.Context, organization string, q OperationQuery, limit int) (int, error)
	// OperationTotals returns sums in order of location, day and currency: of each day of a location, or of the whole of each location where q.Whole. A location
	// that has an amount in a currency and something without one on a day has both under the currency; days on which nothing was recorded are missing.
	OperationTotals(ctx context.Context, organization string, q TotalsQuery) ([]operation.Total, error)
	// OperationLocations returns the locations that have sums among those asked for, in order, after one of them, and whether there are more.
	OperationLocations(ctx context.Context, organization string, q TotalsQuery, after string, limit int) (locations []string, more bool, err error)
}

// OperationQuery says which records are asked for.
type OperationQuery struct {
	Kind operation.Kind
	// Locations are those asked for; nil means all. To be listed, changes of policies that hold everywhere are among them always, and those of several
	// locations when one of them is asked for.
	Locations []string
	Employee  string
	// Keys are those asked for; nil means all.
	Keys []string
	// From and To bound the start: From belongs to it, To does not. Zero leaves a side open.
	From, To time.Time
	// After is the record behind which the page begins; zero for the first.
	After OperationMark
	Limit int
}

// OperationMark is where a page ended.
type OperationMark struct {
	Start time.Time
	Key   string
}

// TotalsQuery says which sums are asked for.
type TotalsQuery struct {
	// Locations are those asked for; nil means all.
	Locations []string
	// First and Last belong to the days asked for.
	First, Last operation.Day
	// Whole sums all days of a location.
	Whole bool
}

// OperationOutcome is what became of a record.
type OperationOutcome struct {
	Change OperationChange
	// Problem is why it was refused.
	Problem *operation.Problem
}

// OperationChange is what changed; the numbers are those of the API.
type OperationChange uint8

// The changes. None is that of a record that was refused.
const (
	OperationCreated OperationChange = iota + 1
	OperationUpdated
	OperationUnchanged
)
