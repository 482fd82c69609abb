package operations

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/sheet"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/api/tablefile"
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

// tableError refuses a table that cannot be read.
func tableError(field string, err error) error {
	return tablefile.Refuse(reportingv1.ErrorReason_ERROR_REASON_OPERATIONS_TABLE_INVALID, field, err)
}

// readTable takes in the rows of a table. field is what the request calls the file.
func (in *intake) readTable(ctx context.Context, field string, t *reportingv1.OperationTable, how operation.Table, file io.Reader) (err error) {
	rows, closing, err := tablefile.Open(t, file)
	if err != nil {
		return tableError(field, err)
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
	out.Record, out.problems = how.Read(layout.Row(rec))
	return out
}
