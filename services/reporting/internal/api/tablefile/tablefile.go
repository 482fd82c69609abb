// Package tablefile opens the files that tables come in with calls: CSV, plain or packed, and workbooks.
package tablefile

import (
	"errors"
	"io"
	"unicode/utf8"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/sheet"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// mostWorkbook is the size of a workbook at most, in bytes: it is unpacked as a whole.
const mostWorkbook = 64 << 20

// Form is what the file is said to be, as OperationTable and BenchmarkTable have it.
type Form interface {
	GetFormat() reportingv1.OperationTable_Format
	GetDelimiter() string
	GetEncoding() string
}

// Rows are what a file has.
type Rows interface {
	Header() []string
	Next() (sheet.Record, error)
}

// Open opens a file at its first row. closing releases it.
func Open(form Form, file io.Reader) (rows Rows, closing func() error, err error) {
	closing = func() error { return nil }
	if form.GetFormat() == reportingv1.OperationTable_FORMAT_XLSX {
		book, err := sheet.OpenWorkbook(&limited{file, mostWorkbook})
		if err != nil {
			return nil, closing, err
		}
		return book, book.Close, nil
	}
	var delimiter rune
	if form.GetDelimiter() != "" {
		delimiter, _ = utf8.DecodeRuneInString(form.GetDelimiter())
	}
	rows, err = sheet.OpenSource(file, sheet.Format{Delimiter: delimiter, Encoding: form.GetEncoding()})
	return rows, closing, err
}

// limited reads a file that may have so many bytes more.
type limited struct {
	file io.Reader
	left int
}

// Read implements io.Reader.
func (l *limited) Read(into []byte) (int, error) {
	n, err := l.file.Read(into)
	if l.left -= n; l.left < 0 {
		return 0, errors.New("a workbook may have 64 MiB at most: save the table as CSV, of which each size is read")
	}
	return n, err
}

// BroughtError is why the rest of a file did not come.
type BroughtError struct{ Cause error }

// Error is for logs.
func (e *BroughtError) Error() string { return e.Cause.Error() }

// Refuse refuses a table that cannot be read, of which a field of the request is the file. An error of whoever brings it (BroughtError) is passed on.
func Refuse(reason reportingv1.ErrorReason, field string, err error) error {
	var brought *BroughtError
	var refused *rpcerr.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &brought):
		return brought.Cause
	case errors.As(err, &refused):
		return refused
	}
	return fault.Field(codes.InvalidArgument, reason, field, err.Error())
}
