package exports

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

// Kept are exports as they are kept, for who makes them.
type Kept struct{ Store store.Exports }

var _ export.Kept = Kept{}

// Claim implements export.Kept.
func (k Kept) Claim(ctx context.Context, holder string, now, until time.Time) (export.Export, error) {
	e, err := k.Store.ClaimExport(ctx, holder, now, until)
	if errors.Is(err, store.ErrNotFound) {
		err = export.ErrNone
	}
	return e, err
}

// Hold implements export.Kept.
func (k Kept) Hold(ctx context.Context, e export.Export, until time.Time) error {
	return lost(k.Store.HoldExport(ctx, e, until))
}

// Proceed implements export.Kept.
func (k Kept) Proceed(ctx context.Context, e export.Export, part *export.Part) error {
	return lost(k.Store.ProceedExport(ctx, e, part))
}

// Restart implements export.Kept.
func (k Kept) Restart(ctx context.Context, e export.Export) error {
	return lost(k.Store.RestartExport(ctx, e))
}

func lost(err error) error {
	if errors.Is(err, store.ErrLost) {
		return export.ErrLost
	}
	return err
}
