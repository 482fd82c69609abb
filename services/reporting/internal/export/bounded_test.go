package export_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/export"
)

// orders has no rows, and keeps which order it was asked for.
type orders struct {
	source
	asked export.Order
}

func (o *orders) Rows(_ context.Context, asked export.Order, _ export.Mark, _ func(export.Mark, []export.Cell) error) error {
	o.asked = asked
	return nil
}

// TestCasesEndWithTheOrder: cases are asked for up to when the export was ordered, or up to an earlier end of its period; others as they were ordered.
func TestCasesEndWithTheOrder(t *testing.T) {
	t.Parallel()
	ordered := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	before, after := ordered.Add(-time.Hour), ordered.Add(time.Hour)
	for what, c := range map[string]struct {
		kind     export.Kind
		to, want time.Time
	}{
		"cases of all time":        {export.Cases, time.Time{}, ordered},
		"cases until tomorrow":     {export.Cases, after, ordered},
		"cases until yesterday":    {export.Cases, before, before},
		"responses of all time":    {export.Responses, time.Time{}, time.Time{}},
		"responses until tomorrow": {export.Responses, after, after},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		k, o := &kept{dies: -1, cancels: -1}, &orders{}
		k.e = export.Export{ID: "one", Create: ordered, State: export.Pending, Order: export.Order{Kind: c.kind, Format: export.CSV, Columns: []string{"case"}, To: c.to}}
		r := &export.Runner{
			Kept: ender{k, cancel}, Acting: o.Acting, Sources: map[export.Kind]export.Source{c.kind: o}, Safe: open{}, MostBytes: 1 << 20, Now: time.Now,
			Log: slog.New(slog.DiscardHandler),
		}
		err := r.Run(ctx)
		cancel()
		if err != nil || k.e.State != export.Succeeded || !o.asked.To.Equal(c.want) || !k.e.Order.To.Equal(c.to) {
			t.Errorf("%s: asked until %v, %v, the order is until %v, %v", what, o.asked.To, k.e.State, k.e.Order.To, err)
		}
	}
}
