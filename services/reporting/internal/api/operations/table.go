package operations

import (
	"context"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/sheet"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/operation"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// ofOrganization is the time zone of a table that means the service's.
const ofOrganization = "organization"

// tableOf is how a table is read, and where its days begin.
func (s *Server) tableOf(field string, t *reportingv1.OperationTable) (operation.Table, *time.Location, error) {
	out := operation.Table{Kind: operation.Kind(t.GetKind()), Interval: t.GetInterval().AsDuration(), Currency: t.GetCurrency()} //nolint:gosec // the numbers are the API's
	name := t.GetTimeZone()
	if name == ofOrganization {
		name = ""
	}
	zone, err := s.zone(field+".time_zone", name)
	if t.GetTimeZone() != "" {
		out.Zone = zone
	}
	return out, zone, err
}

// mostWorkbook is the size of a workbook at most, in bytes: it is unpacked as a whole.
const mostWorkbook = 64 << 20

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

// records are what a file has.
type records interface {
	Header() []string
	Next() (sheet.Record, error)
}

// openTable opens a file at its first row. closing releases it.
func openTable(field string, t *reportingv1.OperationTable, file io.Reader) (rows records, closing func() error, err error) {
	closing = func() error { return nil }
	if t.GetFormat() == reportingv1.OperationTable_FORMAT_XLSX {
		var book *sheet.Workbook
		if book, err = sheet.OpenWorkbook(&limited{file, mostWorkbook}); err == nil {
			rows, closing = book, book.Close
		}
	} else {
		var delimiter rune
		if t.GetDelimiter() != "" {
			delimiter, _ = utf8.DecodeRuneInString(t.GetDelimiter())
		}
		rows, err = sheet.OpenSource(file, sheet.Format{Delimiter: delimiter, Encoding: t.GetEncoding()})
	}
	return rows, closing, tableError(field, err)
}

// tableError refuses a table that cannot be read. An error of whoever brings it is passed on.
func tableError(field string, err error) error {
	var brought *broughtError
	var refused *rpcerr.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &brought):
		return brought.cause
	case errors.As(err, &refused):
		return refused
	}
	return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_OPERATIONS_TABLE_INVALID, field, err.Error())
}

// broughtError is why the rest of a file did not come.
type broughtError struct{ cause error }

// Error is for logs.
func (e *broughtError) Error() string { return e.cause.Error() }

// readTable takes in the rows of a table. field is what the request calls the file.
func (in *intake) readTable(ctx context.Context, field string, t *reportingv1.OperationTable, how operation.Table, file io.Reader) (err error) {
	rows, closing, err := openTable(field, t, file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closing()) }()
	layout, err := sheet.Fields(rows.Header(), how.Columns(), t.GetMapping(), t.GetIgnoreUnknownColumns())
	if err != nil {
		return tableError("table.mapping", err)
	}
	in.done.IgnoredColumns = layout.Ignored
	var open *item
	for {
		rec, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return tableError(field, err)
		}
		next := readRow(how, layout, rec)
		if open != nil && len(open.problems) == 0 && len(next.problems) == 0 && next.Joins(open.Record) {
			open.Criteria = append(open.Criteria, next.Criteria...)
			open.rows++
			continue
		}
		if open != nil {
			if err := in.add(ctx, *open); err != nil {
				return err
			}
		}
		open = &next
	}
	if open == nil {
		return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_OPERATIONS_TABLE_INVALID, field, "the table has no rows behind its header")
	}
	return in.add(ctx, *open)
}

// readRow reads a row.
func readRow(how operation.Table, layout sheet.Layout, rec sheet.Record) item {
	out := item{row: rec.Row, line: int64(rec.Line), rows: 1}
	if rec.Err != nil {
		out.problems = []operation.Problem{{Field: rec.Err.Column, Reason: operation.Reason(rec.Err.Reason), Text: rec.Err.Message}}
		return out
	}
	out.Record, out.problems = how.Read(func(field string) string {
		if at, ok := layout.At[field]; ok {
			return rec.Cells[at]
		}
		return ""
	})
	return out
}
