package benchmarks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/sheet"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/api/tablefile"
	"github.com/otklik/otklik/services/reporting/internal/benchmark"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

const (
	// mostRows is how many rows a table has at most.
	mostRows = 10_000
	// mostTold is how many reasons of refusals are told.
	mostTold = 1000
)

// intake takes in the values of a call.
type intake struct {
	now    time.Time
	values []benchmark.Value
	// seen are the identifiers that came before.
	seen map[string]bool
	done *reportingv1.OperationImport
}

func (s *Server) newIntake(dry bool) *intake {
	return &intake{now: s.Now().UTC().Truncate(time.Microsecond), seen: map[string]bool{}, done: &reportingv1.OperationImport{DryRun: dry}}
}

// add takes in a value of a row, in which something may be wrong already.
func (in *intake) add(row, line int64, v benchmark.Value, problems []operation.Problem) {
	in.done.ReceivedCount++
	if len(problems) == 0 {
		problems = v.Check(in.now)
	}
	v = v.Prepared()
	if len(problems) == 0 && in.seen[v.ID] {
		problems = []operation.Problem{{
			Field: "id", Reason: operation.Repeated,
			Text: "a value before it has the same identifier, or the same series, subject, metric and days: keep the one that is right",
		}}
	}
	if len(problems) == 0 {
		in.seen[v.ID] = true
		in.values = append(in.values, v)
		return
	}
	in.done.RefusedCount++
	for _, p := range problems {
		if len(in.done.GetRefusals()) < mostTold {
			in.done.Refusals = append(in.done.Refusals, &reportingv1.OperationRefusal{Row: row, Line: line, Field: p.Field, Reason: string(p.Reason), Description: p.Text})
		}
	}
}

// end stores what was not refused, and tells what became of all.
func (in *intake) end(ctx context.Context, s *Server) (*reportingv1.OperationImport, error) {
	organization, err := authn.Organization(ctx)
	if err != nil || len(in.values) == 0 {
		return in.done, err
	}
	changes, err := s.Store.PutBenchmarks(ctx, organization, in.values, in.now, in.done.GetDryRun())
	if errors.Is(err, store.ErrTooMany) {
		err = limit()
	}
	for _, change := range changes {
		tablefile.Count(in.done, change)
	}
	return in.done, err
}

// BatchUpsertBenchmarks stores values.
func (s *Server) BatchUpsertBenchmarks(ctx context.Context, req *reportingv1.BatchUpsertBenchmarksRequest) (*reportingv1.BatchUpsertBenchmarksResponse, error) {
	in := s.newIntake(req.GetDryRun())
	for i, m := range req.GetBenchmarks() {
		v, problems := valueFromProto(m)
		in.add(int64(i)+1, 0, v, problems)
	}
	done, err := in.end(ctx, s)
	if err != nil {
		return nil, err
	}
	return &reportingv1.BatchUpsertBenchmarksResponse{Import: done}, nil
}

// ImportBenchmarks imports a table.
func (s *Server) ImportBenchmarks(ctx context.Context, req *reportingv1.ImportBenchmarksRequest) (*reportingv1.ImportBenchmarksResponse, error) {
	in := s.newIntake(req.GetDryRun())
	if err := in.readTable(req.GetTable(), req.GetData()); err != nil {
		return nil, err
	}
	done, err := in.end(ctx, s)
	if err != nil {
		return nil, err
	}
	return &reportingv1.ImportBenchmarksResponse{Import: done}, nil
}

// tableError refuses a table that cannot be read.
func tableError(field string, err error) error {
	return tablefile.Refuse(reportingv1.ErrorReason_ERROR_REASON_BENCHMARK_TABLE_INVALID, field, err)
}

// readTable takes in the rows of a table.
func (in *intake) readTable(how *reportingv1.BenchmarkTable, data []byte) (err error) {
	rows, closing, err := tablefile.Open(how, bytes.NewReader(data))
	if err != nil {
		return tableError("data", err)
	}
	defer func() { err = errors.Join(err, closing()) }()
	layout, err := sheet.Fields(rows.Header(), benchmark.Columns(), how.GetMapping(), how.GetIgnoreUnknownColumns())
	if err != nil {
		return tableError("table.mapping", err)
	}
	in.done.IgnoredColumns = layout.Ignored
	for {
		rec, err := rows.Next()
		switch {
		case errors.Is(err, io.EOF) && in.done.GetReceivedCount() == 0:
			return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_BENCHMARK_TABLE_INVALID, "data", "the table has no rows behind its header")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return tableError("data", err)
		case in.done.GetReceivedCount() == mostRows:
			return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_BENCHMARK_TABLE_INVALID, "data",
				fmt.Sprintf("the table has more than %d rows: divide it", mostRows))
		}
		if rec.Err != nil {
			in.add(rec.Row, int64(rec.Line), benchmark.Value{}, []operation.Problem{{Field: rec.Err.Column, Reason: operation.Reason(rec.Err.Reason), Text: rec.Err.Message}})
			continue
		}
		v, problems := benchmark.Read(layout.Row(rec))
		in.add(rec.Row, int64(rec.Line), v, problems)
	}
}
