package exports

import (
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/services/reporting/internal/api/rows"
	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// toProto converts an export.
func toProto(e export.Export) *reportingv1.Export {
	out := &reportingv1.Export{
		Name: e.Name(), Kind: reportingv1.Export_Kind(e.Order.Kind), Survey: e.Order.Survey, Period: rows.Period(e.Order), Filter: e.Order.Filter,
		OperationKind: reportingv1.OperationKind(e.Order.Operation), Format: reportingv1.Export_Format(e.Order.Format), Columns: e.Order.Columns, ByteOrderMark: e.Order.Mark,
		State: reportingv1.Export_State(e.State), Creator: e.Creator, CreateTime: peers.Stamp(e.Create), BeginTime: peers.Stamp(e.Begin), EndTime: peers.Stamp(e.End), ExpireTime: peers.Stamp(e.Expire),
		Rows: e.Rows, Bytes: e.Bytes, Failure: e.Failure, WithheldColumns: e.Order.Withheld,
	}
	if e.Total >= 0 {
		out.TotalRows = proto.Int64(e.Total)
	}
	if e.Order.Kind == export.Reports {
		out.Columns, out.Reports = nil, batchToProto(e.Order.Batch)
	}
	if a := e.Order.Scores; e.Order.Kind == export.Scores {
		out.Scores = &reportingv1.ExportScores{
			Metrics: a.Metrics, Variants: a.Variants, Question: a.Question, Definition: a.Definition, GroupBy: a.By, Grain: typev1.TimeGrain(a.Grain),
			Population: typev1.Population(a.Population), TimeZone: a.Zone, ConfidenceLevel: a.Level, Weighted: a.Weighted,
		}
	}
	return out
}
