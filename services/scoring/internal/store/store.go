// Package store is what scoring keeps: facts, refusals, the outcome of each invitation, the packed cells that scores are computed from, how
// far the survey service's change log is applied, events that could not be applied, and rebuilds.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/fact"
)

// The errors that callers may tell apart. Errors of the storage itself come wrapped as they are (sqlkit.ErrFull, sqlkit.ErrBusy).
var (
	// ErrConflict tells that the cursor is not where the batch was made for: somebody else applied events, or this batch was applied before.
	ErrConflict = errors.New("the cursor has moved")
	// ErrDuplicate tells that a record of the batch is stored already or twice in the batch.
	ErrDuplicate = errors.New("the record is stored already")
	// ErrNotFound tells that there is no such rebuild.
	ErrNotFound = errors.New("not found")
	// ErrRunning tells that the organisation has a rebuild that is running.
	ErrRunning = errors.New("a rebuild is running")
	// ErrNotRunning tells that the rebuild is not running any more.
	ErrNotRunning = errors.New("the rebuild is not running")
)

// Ledger names one set of an organisation's records: the live one, from which queries are answered, or the one that a running rebuild fills.
type Ledger struct {
	Organization string
	// Rebuild is the number of the rebuild; 0 means the live ledger.
	Rebuild int64
}

// Cursor tells how far the change log is applied.
type Cursor struct {
	// Position is that of the last event applied; 0 before the first.
	Position int64
	// AsOf is the moment up to which everything was applied, as far as it was known when the last batch was stored.
	AsOf time.Time
}

// Record is one event of the change log as scoring keeps it: a response or a refusal; exactly one of the two is set.
type Record struct {
	// Position is the event's position in the change log, unique in the ledger.
	Position int64
	Fact     *fact.Fact
	Refusal  *fact.Refusal
}

// Survey is the survey that the record belongs to.
func (r Record) Survey() string {
	if r.Fact != nil {
		return r.Fact.Survey
	}
	return r.Refusal.Survey
}

// Invitation names an invitation of a survey; it is not empty.
type Invitation struct {
	Survey, ID string
}

// Changes is what a batch changes in one ledger.
type Changes struct {
	Ledger Ledger
	// Records are added, in the order of their positions.
	Records []Record
	// Outcomes replace what is stored of their invitations.
	Outcomes map[Invitation]fact.Outcome
	// Cells are added to the cells.
	Cells []cell.Chunk
	// Aside are the events set aside.
	Aside []SetAside
}

// SetAside is an event that could not be applied. It is kept so that people see it; a rebuild tries it again.
type SetAside struct {
	Organization string
	Position     int64
	// Reason says why, for people.
	Reason string
	// Time is the moment at which it was set aside.
	Time time.Time
}

// Batch is what is applied at a time.
type Batch struct {
	// From is the position that the cursor must stand at, To where it stands afterwards: that of the live ledgers, which they share, or
	// that of the rebuild.
	From int64
	To   Cursor
	// Rebuild is the rebuild whose ledger is changed; its zero value means the live ledgers.
	Rebuild Ledger
	// Read is the number of events in the batch, counted in Rebuild.Read.
	Read int64
	// Changes are those of each ledger, at most one for each; of the rebuild's ledger only, if Rebuild is set.
	Changes []Changes
}

// State is how far a rebuild has come. The numbers are stored.
type State int

// States of a rebuild.
const (
	// Running: at work.
	Running State = 1
	// Succeeded: done, the rebuilt ledger is the live one.
	Succeeded State = 2
	// Failed: given up, the live ledger is as before.
	Failed State = 3
)

// Rebuild is a rebuild of an organisation's ledger from the change log.
type Rebuild struct {
	Organization string
	// Number counts the organisation's rebuilds from 1.
	Number int64
	State  State
	// Created and Ended are when it began and ended; Ended is zero while it runs.
	Created, Ended time.Time
	// Read is the number of events read.
	Read int64
	// CellsChanged is the number of cells in which the rebuilt ledger differed from the live one.
	CellsChanged int64
	// Error says why it was given up, for people.
	Error string
	// Position is that of the last event applied to the rebuilt ledger.
	Position int64
}

// Store keeps what scoring knows. Safe for concurrent use; writes happen one after the other. A method whose context has ended returns its
// error. What one organisation stores, no call for another one sees. After Close every method returns an error.
type Store interface {
	// Cursor returns how far the live ledgers are; the zero value before the first batch.
	Cursor(ctx context.Context) (Cursor, error)

	// Apply stores a batch: all of it, or nothing when an error is returned - but for an error of the storage at the very end, after which only
	// the cursor tells whether the batch is stored. ErrConflict when the cursor is not at From, ErrDuplicate when a record is stored
	// already, ErrNotRunning when the batch is for a rebuild that is not running.
	Apply(ctx context.Context, b Batch) error

	// Stored tells for each record whether one of the same kind, survey and identifier is stored in the ledger, in the order given.
	Stored(ctx context.Context, l Ledger, records []Record) ([]bool, error)

	// Outcomes returns what is stored of invitations; those of which nothing is stored are left out.
	Outcomes(ctx context.Context, l Ledger, invitations []Invitation) (map[Invitation]fact.Outcome, error)

	// Facts calls fn with each response of a survey, in the order of positions, as they were when the call began. It ends with the first
	// error of fn and returns it. fn may keep the fact.
	Facts(ctx context.Context, l Ledger, survey string, fn func(position int64, f *fact.Fact) error) error

	// Refusals is Facts for refusals: all that were recorded, whether they count or not.
	Refusals(ctx context.Context, l Ledger, survey string, fn func(position int64, r *fact.Refusal) error) error

	// HasRespondents tells whether any response of a survey names its respondent.
	HasRespondents(ctx context.Context, l Ledger, survey string) (bool, error)

	// Surveys lists the surveys of which a ledger holds records, in order.
	Surveys(ctx context.Context, l Ledger) ([]string, error)

	// Cells calls fn with the chunks of each span of each survey of the live ledgers of all organisations, ordered by organisation,
	// survey and span. The sum of the chunks is the cells of the span. fn may keep the chunks.
	Cells(ctx context.Context, fn func(organization, survey string, span cell.Span, chunks [][]byte) error) error

	// Aside lists events of the ledger that were set aside after a position, in the order of positions, up to limit.
	Aside(ctx context.Context, l Ledger, after int64, limit int) ([]SetAside, error)

	// StartRebuild records a rebuild that begins at a moment, with an empty ledger. ErrRunning when one of the organisation is running.
	StartRebuild(ctx context.Context, organization string, created time.Time) (Rebuild, error)

	// FinishRebuild makes the rebuilt ledger the live one and records the success, in one step. The live cursor must be at `at`, and the
	// rebuild must hold all of the organisation's events up to it: ErrConflict when the cursor has moved. ErrNotFound, ErrNotRunning.
	FinishRebuild(ctx context.Context, l Ledger, at, cellsChanged int64, ended time.Time) (Rebuild, error)

	// FailRebuild gives a rebuild up: its ledger is discarded. ErrNotFound, ErrNotRunning.
	FailRebuild(ctx context.Context, l Ledger, reason string, ended time.Time) (Rebuild, error)

	// Rebuild returns a rebuild. ErrNotFound.
	Rebuild(ctx context.Context, l Ledger) (Rebuild, error)

	// Rebuilds lists an organisation's rebuilds before a number (0 for all), the newest first, up to limit. Rebuilds that begin meanwhile do
	// not move the ones that follow.
	Rebuilds(ctx context.Context, organization string, before int64, limit int) ([]Rebuild, error)

	// RunningRebuilds lists the running rebuilds of all organisations.
	RunningRebuilds(ctx context.Context) ([]Rebuild, error)

	// Sweep removes some records of ledgers that are not in use any more, about limit of them, and tells whether there are more.
	Sweep(ctx context.Context, limit int) (more bool, err error)

	// Clear removes all records of all organisations and puts the cursor back to the beginning, in one step: for a change log that is another
	// one than before. Rebuilds that are running fail for the reason; that they were is kept.
	Clear(ctx context.Context, reason string, ended time.Time) error

	// Ping tells whether the store can be read.
	Ping(ctx context.Context) error

	// Close ends the use of the store.
	Close() error
}
