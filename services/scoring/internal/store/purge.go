package store

import (
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/delta"
)

// Purge names a row of a survey, in the span in which it counts.
type Purge struct {
	PurgedSpan
	Row uint64
}

// PurgeOf is what is kept of a record among the rows, whether it counts or did once.
func PurgeOf(r Record) Purge {
	var id string
	var at time.Time
	kind := delta.RefusalKind
	if r.Fact != nil {
		kind, id, at = delta.ResponseKind, r.Fact.ID, r.Fact.CountTime
	} else {
		id, at = r.Refusal.ID, r.Refusal.CountTime
	}
	return Purge{
		PurgedSpan: PurgedSpan{Survey: r.Survey(), Span: cell.SpanOf(calendar.BucketOf(at))}, Row: column.RowID(kind, r.Survey(), id),
	}
}

// PurgedSpan is a span of a survey of which rows are purged.
type PurgedSpan struct {
	Survey string
	Span   cell.Span
}

// PurgedBySpan sorts rows into their spans.
func PurgedBySpan(list []Purge) map[PurgedSpan]map[uint64]bool {
	spans := make(map[PurgedSpan]map[uint64]bool)
	for _, p := range list {
		if spans[p.PurgedSpan] == nil {
			spans[p.PurgedSpan] = make(map[uint64]bool)
		}
		spans[p.PurgedSpan][p.Row] = true
	}
	return spans
}
