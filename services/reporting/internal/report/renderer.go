package report

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/document"
)

// Format is a form of a report.
type Format string

// The formats.
const (
	PDF  Format = "pdf"
	XLSX Format = "xlsx"
	CSV  Format = "csv"
	HTML Format = "html"
	JSON Format = "json"
)

// Slice is the part that a report is asked for. The zero value is all that its definition selects.
type Slice struct {
	// Survey is `surveys/{survey}` where the definition names none.
	Survey string
	// Subject is whom or what it is about, such as `locations/osh`; needed by scorecards.
	Subject string
	// Filter selects responses beside the definition's filter, in scoring's language.
	Filter string
}

// Request asks for a report.
type Request struct {
	// Report is its name, `reports/{report}`, with `@{version}` for one version.
	Report string
	// Language is ru, ky or en; empty for the definition's.
	Language string
	// Period is what it covers; nil for what the definition's rule says now.
	Period *document.Period
	// Calendar is what it covers in its own time zone, as Calendar reads it, in place of Period; empty for none.
	Calendar string
	Slice    Slice
	Format   Format
	// At is the time at which the definition's rule takes its period; zero for now.
	At time.Time
	// Zone is the time zone of the period where the definition names none; nil for that of the service. Employees' answers are told by the months of the service
	// whatever is asked for.
	Zone *time.Location
	// AsOf leaves out what was accepted later; zero for nothing.
	AsOf time.Time
}

// Rendered is a report in one of its forms.
type Rendered struct {
	Body                  []byte
	ContentType, Filename string
	Fingerprint           string
	Watermark             time.Time
	// Title and Period head the report, for whoever announces it.
	Title  string
	Period document.Period
}

// Renderer makes reports. It asks the other services as the caller of ctx, so that nobody is told more than there.
type Renderer interface {
	Render(ctx context.Context, request Request) (Rendered, error)
}
