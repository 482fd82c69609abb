package store

import "github.com/otklik/otklik/services/scoring/internal/cell"

// Purge names a row of a survey, in the span in which it counts.
type Purge struct {
	PurgedSpan
	Row uint64
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
