package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/report"
)

// MostReports is how many reports an organisation may have, and MostVersions how many versions one may have.
const (
	MostReports  = 1000
	MostVersions = 10_000
)

// Reports keeps definitions of reports, in versions that never change, and what reports were made of.
type Reports interface {
	// CreateReport stores a report. Its version is 1, or one more than the last of a report of the identifier that was deleted; it is returned. Errors: ErrExists,
	// ErrTooMany.
	CreateReport(ctx context.Context, organization string, d report.Definition) (int, error)
	// Report returns a version of a report; 0 is the newest. Error: ErrNotFound.
	Report(ctx context.Context, organization, id string, version int) (report.Definition, error)
	// ListReports returns the newest versions of reports by identifier, those after one, at most limit.
	ListReports(ctx context.Context, organization, after string, limit int) ([]report.Definition, error)
	// ReportVersions returns the versions of a report, the newest first, those before one (0: all), at most limit. Error: ErrNotFound.
	ReportVersions(ctx context.Context, organization, id string, before, limit int) ([]report.Definition, error)
	// UpdateReport stores the version after d.Version-1, which must be the newest. Errors: ErrNotFound, ErrChanged, ErrTooMany.
	UpdateReport(ctx context.Context, organization string, d report.Definition) error
	// DeleteReport deletes a report whose newest version is the one named; 0 is any. Errors: ErrNotFound, ErrChanged.
	DeleteReport(ctx context.Context, organization, id string, version int) error
	// PutRendition remembers what a report was made of; what is remembered under the fingerprint already stays as it is.
	PutRendition(ctx context.Context, organization string, r report.Rendition) error
	// Rendition returns what is remembered under a fingerprint. Error: ErrNotFound.
	Rendition(ctx context.Context, organization, fingerprint string) (report.Rendition, error)
	// ForgetRenditions forgets those made before a time, of all organisations, at most limit, and tells how many.
	ForgetRenditions(ctx context.Context, before time.Time, limit int) (int64, error)
}
