// Package export writes responses to files, in parts that are kept one by one: however many rows there are, it takes the memory of a few.
package export

import "time"

// Format is what a file is.
type Format int

// The formats; the numbers are those of the API.
const (
	CSV Format = iota + 1
	XLSX
	JSONL
)

// State is how far an export has come.
type State int

// The states; the numbers are those of the API.
const (
	Pending State = iota + 1
	Running
	Succeeded
	Failed
	Cancelled
)

// Ended tells whether nothing more will come.
func (s State) Ended() bool { return s >= Succeeded }

// Order is what was asked for; it never changes.
type Order struct {
	Survey string
	// From and To bound count_time; zero is open.
	From, To time.Time
	Format   Format
	Columns  []string
	// Named tells that the caller named the columns, Withheld are those that he may not see.
	Named    bool
	Withheld []string
	Mark     bool
	// Rights are what the caller might do and see then: he is given the file only while he still may.
	Rights string
}

// Export is an export.
type Export struct {
	Organization, ID string
	// Creator is on whose behalf it is made, by the name of the principal.
	Creator string
	Order   Order
	State   State
	// Create, Begin, End and Expire are times; zero for none.
	Create, Begin, End, Expire time.Time
	// Rows and Bytes are written, in Parts; Position is that of the last row in the source. Total is about how many rows there will be, below zero when not known.
	Rows, Bytes, Parts, Position, Total int64
	// Holder is the process that makes it, until Until.
	Holder  string
	Until   time.Time
	Failure string
}

// Name is the resource name.
func (e Export) Name() string { return "exports/" + e.ID }

// Part is a part of a file.
type Part struct {
	Number int64
	// Offset is where it begins in the file, Size how long it is there.
	Offset, Size int64
	// Sealed is what is kept: the part, compressed and sealed.
	Sealed []byte
}
