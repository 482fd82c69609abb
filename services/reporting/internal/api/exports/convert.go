package exports

import (
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/reporting/internal/export"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// stamp converts a time; nil for zero.
func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// toProto converts an export.
func toProto(e export.Export) *reportingv1.Export {
	out := &reportingv1.Export{
		Name: e.Name(), Survey: e.Order.Survey, Period: periodOf(e.Order), Format: reportingv1.Export_Format(e.Order.Format), Columns: e.Order.Columns, ByteOrderMark: e.Order.Mark,
		State: reportingv1.Export_State(e.State), Creator: e.Creator, CreateTime: stamp(e.Create), BeginTime: stamp(e.Begin), EndTime: stamp(e.End), ExpireTime: stamp(e.Expire),
		Rows: e.Rows, Bytes: e.Bytes, Failure: e.Failure, WithheldColumns: e.Order.Withheld,
	}
	if e.Total >= 0 {
		out.TotalRows = proto.Int64(e.Total)
	}
	return out
}
