// Package imports reads tables into the service: all rows are checked and rehearsed first, and applied unless too many are refused.
package imports

import (
	"context"

	"github.com/otklik/otklik/libs/sheet"
)

// Kind is what the rows of a table are.
type Kind interface {
	// Columns are the fields that rows may have.
	Columns(ctx context.Context, organization string) ([]sheet.Column, error)
	// Start begins a pass over a table that has these fields.
	Start(ctx context.Context, organization string, fields []string) (Reader, error)
}

// Reader reads the rows of one pass over a table.
type Reader interface {
	// Check makes a record of a row, or says why it cannot be one: by itself, and after the rows before it.
	Check(ctx context.Context, row Row) (record any, problems []Problem, err error)
	// Apply stores records, each with an outcome of its own. It may be called again with the same records. With a context of store.Rehearse it stores nothing, and
	// its outcomes are those that there would be.
	Apply(ctx context.Context, records []any) ([]Outcome, error)
}

// Whole is a Reader of rows that only make sense together: Finish says what is wrong with them after all were checked, and Apply gets all at once.
type Whole interface {
	Reader
	// Finish says which rows are refused that Check let through.
	Finish(ctx context.Context) ([]RowProblem, error)
}

// Settler is a Reader that has something to do when the last row was applied.
type Settler interface {
	Settle(ctx context.Context) error
}

// Row is a row of a table. Its cells are valid until the next row is read.
type Row struct {
	// Number counts rows behind the header from 1, Line is the line of the file.
	Number, Line int64
	cells        []string
	at           map[string]int
}

// Get is the cell of a field; false when there is none, or nothing in it.
func (r Row) Get(field string) (string, bool) {
	i, there := r.at[field]
	if !there || r.cells[i] == "" {
		return "", false
	}
	return r.cells[i], true
}

// Problem is why a row is refused.
type Problem struct {
	// Field is the field at fault; empty when the row is.
	Field string
	// Reason is for machines; Description is for people, and repeats nothing of the row that could be personal.
	Reason, Description string
}

// RowProblem is why a row is refused.
type RowProblem struct {
	Row, Line int64
	Problem
}

// Outcome is what became of a record.
type Outcome struct {
	Created, Changed bool
	// Problem is why it was refused; nil when it was not.
	Problem *Problem
}

// FileError is what is wrong with a file as a whole.
type FileError struct{ Description string }

// Error says what.
func (e *FileError) Error() string { return e.Description }
