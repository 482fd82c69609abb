// Package export writes rows to files, in parts that are kept one by one: however many rows there are, it takes the memory of a few.
package export

import (
	"reflect"
	"slices"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/operation"
)

// Kind is what rows are.
type Kind int

// The kinds; the numbers are those of the API.
const (
	Responses Kind = iota + 1
	Comments
	Scores
	Contacts
	Cases
	Operations
	Refusals
	Reports
)

// Format is what a file is.
type Format int

// The formats; the numbers are those of the API.
const (
	CSV Format = iota + 1
	XLSX
	JSONL
	ZIP
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
	Kind   Kind
	Survey string
	// From and To bound the rows' times; zero is open.
	From, To time.Time
	// Filter says which rows; empty for all.
	Filter  string
	Format  Format
	Columns []string
	// Scores is which scores, of that kind; Operation what records are of, of that.
	Scores    Asked          `json:",omitzero"`
	Operation operation.Kind `json:",omitzero"`
	// Batch is which reports.
	Batch Batch `json:",omitzero"`
	// Named tells that the caller named the columns, Withheld are those that he may not see.
	Named    bool
	Withheld []string
	Mark     bool
	// Rights are what the caller might do and see then: he is given the file only while he still may.
	Rights string
}

// Anew tells that what was written cannot be gone on with by another process: a workbook is one archive, as that of reports is, the order of scores is not told, and cases move.
func (o Order) Anew() bool {
	return o.Format == XLSX || o.Format == ZIP || o.Kind == Scores || o.Kind == Cases
}

// Equal tells whether two orders are for the same. Columns that were not named, and rights, follow from who asks and when.
func (o Order) Equal(other Order) bool {
	if o.Named != other.Named || o.Named && !slices.Equal(o.Columns, other.Columns) || !o.From.Equal(other.From) || !o.To.Equal(other.To) {
		return false
	}
	if !o.Batch.Same(other.Batch) {
		return false
	}
	for _, same := range []*Order{&o, &other} {
		same.Batch = Batch{}
		same.Columns, same.Withheld, same.Rights, same.From, same.To = nil, nil, "", time.Time{}, time.Time{}
	}
	return reflect.DeepEqual(o, other)
}

// Asked is which scores are asked for, by the names that the API has for them.
type Asked struct {
	Metrics, Variants    []string
	Question, Definition string
	By                   []string
	Grain, Population    int32
	Zone                 string
	Level                float64
	Weighted             bool
}

// Mark is a place in the source behind which it can be gone on: by a number, or by what the source made.
type Mark struct {
	Position int64
	Cursor   string
}

// None tells that there is no such place: within a page, or where it is begun anew.
func (m Mark) None() bool { return m == Mark{} }

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
	// Cursor is where the source goes on that has no positions, sealed; none at its beginning.
	Cursor []byte
	// Holder is the process that makes it, until Until.
	Holder  string
	Until   time.Time
	Failure string
}

// Name is the resource name.
func (e Export) Name() string { return "exports/" + e.ID }

// bounded is the order as the source is asked for it. Cases have no order in which they come about, and are looked for until nobody new is found: only those that were
// there when the export was ordered are asked for, so that it ends however many open meanwhile.
func (e Export) bounded() Order {
	o := e.Order
	if o.Kind == Cases && (o.To.IsZero() || o.To.After(e.Create)) {
		o.To = e.Create
	}
	return o
}

// Part is a part of a file.
type Part struct {
	Number int64
	// Offset is where it begins in the file, Size how long it is there.
	Offset, Size int64
	// Sealed is what is kept: the part, compressed and sealed.
	Sealed []byte
}
