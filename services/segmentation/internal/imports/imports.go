// Package imports reads tables into the service: all rows are checked first, and applied unless too many are refused.
package imports

import (
	"context"
	"slices"
	"strings"
)

// Kind is what the rows of a table are.
type Kind interface {
	// Columns are the fields that rows may have.
	Columns(ctx context.Context, organization string) ([]Column, error)
	// Start begins a pass over a table that has these fields.
	Start(ctx context.Context, organization string, fields []string) (Reader, error)
}

// Column is a field that rows may have.
type Column struct {
	// Field is its name; one that ends with `.` stands for all that begin so.
	Field string
	// Alias is another name for the same; empty for none.
	Alias string
	// Required tells that a table without it is refused.
	Required bool
}

// Reader reads the rows of one pass over a table.
type Reader interface {
	// Check makes a record of a row, or says why it cannot be one.
	Check(ctx context.Context, row Row) (record any, problems []Problem, err error)
	// Apply stores records, each with an outcome of its own. It may be called again with the same records.
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

// layout finds the fields of a table: which field is in which column. Errors: *FileError.
func layout(header []string, mapping map[string]string, columns []Column) (at map[string]int, err error) {
	at = map[string]int{}
	for name := range mapping {
		if !slices.Contains(header, name) {
			return nil, &FileError{"the header lacks a column that the mapping names: " + name}
		}
	}
	for i, name := range header {
		field, mapped := mapping[name]
		if !mapped {
			field = name
		}
		known := fieldOf(field, columns)
		if known == "" {
			if mapped {
				return nil, &FileError{"the mapping names a field that there is not: " + field}
			}
			continue
		}
		if _, twice := at[known]; twice {
			return nil, &FileError{"two columns hold the field " + known}
		}
		at[known] = i
	}
	for _, c := range columns {
		if _, there := at[c.Field]; c.Required && !there {
			return nil, &FileError{"no column holds the field " + c.Field + ", which is required: name it so, or map a column to it"}
		}
	}
	return at, nil
}

// fieldOf is the field of a name; empty when there is none.
func fieldOf(name string, columns []Column) string {
	for _, c := range columns {
		if c.Field == name || c.Alias == name && c.Alias != "" {
			return c.Field
		}
	}
	// Tables are also made of what the API answers (displayName), and by hand (Display_Name). Keys of attributes are told apart by what is left out here.
	for _, c := range columns {
		if !strings.HasPrefix(c.Field, attributesPrefix) && (alike(c.Field, name) || alike(c.Alias, name)) {
			return c.Field
		}
	}
	for _, c := range columns {
		if strings.HasSuffix(c.Field, ".") && strings.HasPrefix(name, c.Field) && len(name) > len(c.Field) {
			return name
		}
	}
	return ""
}

// alike tells whether two names are the same but for capitals and underscores.
func alike(a, b string) bool {
	return a != "" && strings.EqualFold(strings.ReplaceAll(a, "_", ""), strings.ReplaceAll(b, "_", ""))
}
