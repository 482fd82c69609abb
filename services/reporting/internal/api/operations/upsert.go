package operations

import (
	"bytes"
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/api/tablefile"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// BatchUpsertOperations stores records.
func (s *Server) BatchUpsertOperations(ctx context.Context, req *reportingv1.BatchUpsertOperationsRequest) (*reportingv1.BatchUpsertOperationsResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	zone, err := s.zone("time_zone", req.GetTimeZone())
	if err != nil {
		return nil, err
	}
	in, out := s.newIntake(organization, req.GetDryRun(), zone), &reportingv1.BatchUpsertOperationsResponse{}
	in.told = func(i item, change store.OperationChange, problems []operation.Problem) {
		result := &reportingv1.BatchUpsertOperationsResponse_Result{Change: reportingv1.OperationChange(change), Refusals: refusalsOf(i)}
		if len(problems) == 0 {
			result.Id = i.Key
		}
		out.Results = append(out.Results, result)
	}
	for n, r := range req.GetRecords() {
		if err := in.add(ctx, read(int64(n), r)); err != nil {
			return nil, err
		}
	}
	if _, err := in.end(ctx); err != nil {
		return nil, err
	}
	return out, nil
}

// read reads a record, the place of which is counted from 0.
func read(at int64, r *reportingv1.OperationRecord) item {
	out := item{row: at + 1, rows: 1}
	out.Record, out.problems = recordFrom(r)
	return out
}

// ImportOperations imports a table.
func (s *Server) ImportOperations(ctx context.Context, req *reportingv1.ImportOperationsRequest) (*reportingv1.ImportOperationsResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	how, zone, err := s.tableOf("table", req.GetTable())
	if err != nil {
		return nil, err
	}
	in := s.newIntake(organization, req.GetDryRun(), zone)
	if err := in.readTable(ctx, "data", req.GetTable(), how, bytes.NewReader(req.GetData())); err != nil {
		return nil, err
	}
	done, err := in.end(ctx)
	return &reportingv1.ImportOperationsResponse{Import: done}, err
}

// UploadOperations stores records, or the rows of a table, as they come.
func (s *Server) UploadOperations(stream grpc.ClientStreamingServer[reportingv1.UploadOperationsRequest, reportingv1.UploadOperationsResponse]) error {
	ctx := stream.Context()
	organization, err := authn.Organization(ctx)
	if err != nil {
		return err
	}
	first, err := stream.Recv()
	if errors.Is(err, io.EOF) || err == nil && first.GetStart() == nil {
		return streamError("start", "the first message must say what the stream is")
	}
	if err != nil {
		return err
	}
	start := first.GetStart()
	var in *intake
	if start.GetTable() != nil {
		how, zone, err := s.tableOf("start.table", start.GetTable())
		if err != nil {
			return err
		}
		in = s.newIntake(organization, start.GetDryRun(), zone)
		if err := in.readTable(ctx, "data", start.GetTable(), how, &parts{stream: stream, data: first.GetData()}); err != nil {
			return err
		}
	} else {
		zone, err := s.zone("start.time_zone", start.GetTimeZone())
		if err != nil {
			return err
		}
		in = s.newIntake(organization, start.GetDryRun(), zone)
		if err := in.readRecords(ctx, stream, first); err != nil {
			return err
		}
	}
	done, err := in.end(ctx)
	if err != nil {
		return err
	}
	return stream.SendAndClose(&reportingv1.UploadOperationsResponse{Import: done})
}

// readRecords takes in the records of a stream.
func (in *intake) readRecords(
	ctx context.Context, stream grpc.ClientStreamingServer[reportingv1.UploadOperationsRequest, reportingv1.UploadOperationsResponse], message *reportingv1.UploadOperationsRequest,
) error {
	for n := int64(0); ; {
		if len(message.GetData()) > 0 {
			return streamError("data", "a stream without a table has records only: state start.table, or send records")
		}
		for _, r := range message.GetRecords() {
			if err := in.add(ctx, read(n, r)); err != nil {
				return err
			}
			n++
		}
		var err error
		if message, err = stream.Recv(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if message.GetStart() != nil {
			return streamError("start", "only the first message says what the stream is")
		}
	}
}

// parts is the file that a stream brings.
type parts struct {
	stream grpc.ClientStreamingServer[reportingv1.UploadOperationsRequest, reportingv1.UploadOperationsResponse]
	data   []byte
	// failed is why nothing more comes.
	failed error
}

// Read implements io.Reader.
func (p *parts) Read(into []byte) (int, error) {
	for len(p.data) == 0 && p.failed == nil {
		message, err := p.stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			p.failed = io.EOF
		case err != nil:
			p.failed = &tablefile.BroughtError{Cause: err}
		case message.GetStart() != nil:
			p.failed = &tablefile.BroughtError{Cause: streamError("start", "only the first message says what the stream is")}
		case len(message.GetRecords()) > 0:
			p.failed = &tablefile.BroughtError{Cause: streamError("records", "a stream with a table has data only: leave start.table out, or send data")}
		default:
			p.data = message.GetData()
		}
	}
	if len(p.data) == 0 {
		return 0, p.failed
	}
	n := copy(into, p.data)
	p.data = p.data[n:]
	return n, nil
}

func streamError(field, description string) error {
	return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_OPERATIONS_STREAM_INVALID, field, description)
}
