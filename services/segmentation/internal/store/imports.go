package store

import (
	"context"
	"time"
)

// Imports keeps tables that are imported, and how far that has come.
type Imports interface {
	// CreateImport stores a new import. An open one of the kind that is of the same creator, or has had no part since stale, is cancelled. Errors: ErrExists when
	// the identifier is taken, or *RunningError when another one of the kind runs.
	CreateImport(ctx context.Context, organization string, i Import, stale time.Time) (Import, error)
	// GetImport returns an import. Errors: ErrNotFound.
	GetImport(ctx context.Context, organization, id string) (Import, error)
	// ListImports returns imports, those created last first, and whether there are more.
	ListImports(ctx context.Context, organization string, offset, limit int) (imports []Import, more bool, err error)
	// PutPart stores a part of an open import, in place of one of the same number. Errors: ErrNotFound, ErrChanged when it is not open, ErrTooMany when the parts
	// would have more than most bytes.
	PutPart(ctx context.Context, organization, id string, part int, data []byte, most int64, at time.Time) (Import, error)
	// Part returns a part. Errors: ErrNotFound.
	Part(ctx context.Context, organization, id string, part int) ([]byte, error)
	// CommitImport lets an open import be checked. One that was committed, with the same number of parts, is returned as it is. Errors: ErrNotFound; ErrChanged when
	// it has ended; *MissingPartError.
	CommitImport(ctx context.Context, organization, id string, parts int) (Import, error)
	// ClaimImport returns an import that is to be worked on, for holder until a time, and counts that it is tried. Of an organisation one is held at a time: what
	// was rehearsed of one holds as long as no other one is applied. Errors: ErrNotFound when there is none.
	ClaimImport(ctx context.Context, holder string, now, until time.Time) (Import, error)
	// MoveImport stores how far the holder has come with an import, and further refusals. Created and Updated are stored of what is rehearsed; what is stored with a
	// context of OfImport counts by itself. Errors: ErrLost when it is not the holder's any more, or has ended.
	MoveImport(ctx context.Context, holder string, until time.Time, i Import, refusals []ImportRefusal) error
	// HoldImport lets the holder have an import for longer. Errors: ErrLost when it is not the holder's any more, or has ended.
	HoldImport(ctx context.Context, organization, id, holder string, until time.Time) error
	// PutOffImport lets an import be claimed again, by anybody, from a time on. Errors: ErrLost when it is not the holder's any more, or has ended.
	PutOffImport(ctx context.Context, organization, id, holder string, until time.Time) error
	// EndImport ends an import in its state, which may be ImportCancelled, and removes its parts. One that has ended is returned as it is. Errors: ErrNotFound.
	EndImport(ctx context.Context, organization, id string, state ImportState, refusal string, at time.Time) (Import, error)
	// CancelStaleImports cancels open imports of all organisations that have had no part since stale, at most limit, and tells how many.
	CancelStaleImports(ctx context.Context, stale, at time.Time, limit int) (int, error)
	// ListImportRefusals returns why rows of an import were refused, in order of their numbers, after one of them.
	ListImportRefusals(ctx context.Context, organization, id string, after int64, limit int) ([]ImportRefusal, error)
}

// RunningError tells which import of the kind runs.
type RunningError struct{ ID string }

// Error says which.
func (e *RunningError) Error() string { return "import " + e.ID + " runs" }

// MissingPartError tells which part is missing.
type MissingPartError struct{ Part int }

// Error says so.
func (e *MissingPartError) Error() string { return "a part is missing" }

// ImportState is how far an import has come; the numbers are those of the API.
type ImportState uint8

// The states.
const (
	ImportOpen ImportState = iota + 1
	ImportChecking
	ImportApplying
	ImportDone
	ImportRefused
	ImportCancelled
)

// Ended tells whether nothing more becomes of it.
func (s ImportState) Ended() bool { return s >= ImportDone }

// Import is a table that is imported.
type Import struct {
	Organization string
	ID           string
	// Kind is what its rows are.
	Kind  string
	State ImportState
	ImportSettings
	// Parts and Bytes are what is uploaded.
	Parts int
	Bytes int64
	ImportProgress
	// Ignored names the columns that hold no field.
	Ignored []string
	// Refusal is why all of it is refused.
	Refusal    string
	CreateTime time.Time
	// EndTime is zero while it runs.
	EndTime time.Time
	// Tries is how many times it was claimed since it came further.
	Tries int
}

// ImportSettings are what an import was created with.
type ImportSettings struct {
	// Workbook tells that it is XLSX, and not CSV.
	Workbook  bool   `json:"workbook,omitempty"`
	Delimiter string `json:"delimiter,omitempty"`
	Encoding  string `json:"encoding,omitempty"`
	// Mapping is which field a column holds.
	Mapping map[string]string `json:"mapping,omitempty"`
	// IgnoreUnknown tells that columns may hold no field.
	IgnoreUnknown bool    `json:"ignore_unknown,omitempty"`
	DryRun        bool    `json:"dry_run,omitempty"`
	MostRefused   float64 `json:"most_refused"`
	Creator       string  `json:"creator,omitempty"`
}

// ImportProgress is how far an import has come, in rows. Position is the last row that was looked at for being applied, Applied counts those that were.
type ImportProgress struct{ Checked, Refused, Position, Applied, Created, Updated int64 }

// ImportRefusal is why a row was refused.
type ImportRefusal struct {
	// No is given by the store, ascending.
	No        int64
	Row, Line int64
	Field     string
	Reason    string
	// Description holds nothing of what the row says.
	Description string
}
