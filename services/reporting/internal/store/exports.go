package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/export"
)

// Exports keeps rows that are written to files.
type Exports interface {
	// CreateExport stores an export that is to be made, unless the organisation has `most` already, or `atOnce` that have not ended. Errors: ErrExists, ErrTooMany.
	CreateExport(ctx context.Context, e export.Export, most, atOnce int) error
	// Export returns an export. Error: ErrNotFound.
	Export(ctx context.Context, organization, id string) (export.Export, error)
	// ListExports returns the exports of a creator, the newest first, after one (zero for the first), at most limit.
	ListExports(ctx context.Context, organization, creator string, after ExportMark, limit int) ([]export.Export, error)
	// ClaimExport hands the oldest export that has not ended and is held by nobody at the time now to the holder until a time. However many claim at once, each gets
	// another one. Error: ErrNotFound when there is none.
	ClaimExport(ctx context.Context, holder string, now, until time.Time) (export.Export, error)
	// HoldExport holds an export for its holder until a time, and changes nothing else. Error: ErrLost when it is not held by e.Holder any more, or was called off.
	HoldExport(ctx context.Context, e export.Export, until time.Time) error
	// ProceedExport stores how far the export has come, for its holder, with the part that was written, if there is one: its parts are one more then. Error: ErrLost
	// when it is not held by e.Holder any more, or was called off.
	ProceedExport(ctx context.Context, e export.Export, part *export.Part) error
	// RestartExport throws away what was written, for its holder. Error: ErrLost.
	RestartExport(ctx context.Context, e export.Export) error
	// CountUnended tells how many exports that were asked for before a time have not ended, of all organisations.
	CountUnended(ctx context.Context, before time.Time) (int64, error)
	// CancelExport calls off an export that has not ended, and throws away what was written. Errors: ErrNotFound; ErrChanged when it has ended.
	CancelExport(ctx context.Context, organization, id string, now time.Time) error
	// DeleteExport forgets an export with its file. Error: ErrNotFound.
	DeleteExport(ctx context.Context, organization, id string) error
	// ExportPart returns the part of a file that holds the byte at an offset. Error: ErrNotFound.
	ExportPart(ctx context.Context, organization, id string, offset int64) (export.Part, error)
	// ForgetExports forgets exports that expired before a time, of all organisations, at most limit, and tells how many.
	ForgetExports(ctx context.Context, before time.Time, limit int) (int, error)
}

// ExportMark is where a page ended.
type ExportMark struct {
	Create time.Time
	ID     string
}
