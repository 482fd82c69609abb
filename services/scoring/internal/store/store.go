// Package store is what scoring keeps: facts, refusals, the outcome of each invitation, the packed cells that scores are computed from, how
// far the survey service's change log is applied, events that could not be applied, and rebuilds.
package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/fact"
)

// The errors that callers may tell apart. Errors of the storage itself come wrapped as they are (sqlkit.ErrFull, sqlkit.ErrBusy).
var (
	// ErrConflict tells that the cursor is not the one that the batch was made for: somebody else applied events, or this batch was applied
	// before.
	ErrConflict = errors.New("the cursor has moved")
	// ErrBehind tells that what was stored since is not kept one by one: the cells must be read anew.
	ErrBehind = errors.New("the changes since are not known one by one")
	// ErrPartitions tells that the store was filled from a log that was divided into another number of partitions.
	ErrPartitions = errors.New("the log was divided into another number of partitions")
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

// Cursor tells how far one partition of the change log is applied to the live ledgers.
type Cursor struct {
	// Position is one up to which all events of the partition are applied; 0 before the first.
	Position int64
	// AsOf is the moment up to which everything was applied, as far as it was known when the last batch was stored.
	AsOf time.Time
	// Version counts the batches stored for the partition.
	Version int64
}

// Marks tell how far the live ledgers are, all partitions together.
type Marks struct {
	// Epoch counts what puts other ledgers in the place of the live ones: finished rebuilds and Clear. It begins with a number of the store's
	// own (the microsecond of its first use), so that marks of two stores are not taken for each other.
	Epoch int64
	// Cursors by partition.
	Cursors []Cursor
}

// Same tells whether nothing was stored between two marks of a store: their epochs and versions are equal.
func (m Marks) Same(other Marks) bool {
	return m.Epoch == other.Epoch && slices.EqualFunc(m.Cursors, other.Cursors, func(a, b Cursor) bool { return a.Version == b.Version })
}

// Next are the marks after FinishRebuild.
func (m Marks) Next() Marks {
	next := Marks{Epoch: m.Epoch + 1, Cursors: slices.Clone(m.Cursors)}
	for i := range next.Cursors {
		next.Cursors[i].Version++
	}
	return next
}

// Delta is what one batch added to the cells of an organisation's live ledger.
type Delta struct {
	Partition int
	// Version is the partition's version after the batch.
	Version      int64
	Organization string
	Cells        []cell.Chunk
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
	// Removed are records that are taken away. Those that are not stored are never added later.
	Removed []Removal
	// Erased counts what is taken away by each erasure, which the live ledger adds up.
	Erased map[string]Erased
	// Replaced are stored responses at their positions as they are from now on: of the same identifiers, with other enrichments.
	Replaced []Record
	// Outcomes replace what is stored of their invitations; of one that is zero nothing is stored afterwards.
	Outcomes map[Invitation]fact.Outcome
	// Cells are added to the cells and rows.
	Cells []cell.Chunk
	// Purged are rows of which nothing is kept afterwards, in whatever chunk: they add up to nothing with what Cells take away.
	Purged []Purge
	// Aside are the events set aside.
	Aside []SetAside
	// Resolved are the positions of events that were set aside before and are not any more: they are among Records, or need not be.
	Resolved []int64
}

// Removal is a record that is taken away.
type Removal struct {
	Place
	// ID is the identifier of the record.
	ID string
}

// Place is where a record is found.
type Place struct {
	Survey string
	// Refusal tells that the record is a refusal; otherwise it is a response.
	Refusal bool
	// Position is that of the event by which it was accepted.
	Position int64
}

// Found is what was found at a place: a response or a refusal, or an event that was set aside, or nothing.
type Found struct {
	Fact    *fact.Fact
	Refusal *fact.Refusal
	Aside   bool
}

// Erased counts what was taken away.
type Erased struct {
	Responses, Refusals, Aside int64
}

// Add sums two counts.
func (e Erased) Add(other Erased) Erased {
	return Erased{Responses: e.Responses + other.Responses, Refusals: e.Refusals + other.Refusals, Aside: e.Aside + other.Aside}
}

// SetAside is an event that could not be applied. It is kept so that people see it; a rebuild tries it again.
type SetAside struct {
	Organization string
	Position     int64
	// Reason says why, for people.
	Reason string
	// Time is the moment at which it was set aside.
	Time time.Time
	// Event is the event itself, encoded.
	Event []byte
}

// Batch is what is applied at a time.
type Batch struct {
	// Partition is the part of the change log that the events come from; of no meaning with Rebuild.
	Partition int
	// From is what the cursor must be: its Version is compared, that of the partition or that of the rebuild.
	From Cursor
	// To is where it stands afterwards; its Version is From's plus one, whatever is given. The Position may stay where it is. One that is before
	// the cursor's does not put it back, nor does an AsOf.
	To Cursor
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
	// Position is the greatest of the events applied to the rebuilt ledger.
	Position int64
	// Version counts the batches stored for the rebuilt ledger.
	Version int64
	// Owner is the process at work on it, Beat when it last gave a sign of life.
	Owner string
	Beat  time.Time
}

// Store keeps what scoring knows. Safe for concurrent use, also by several processes if Shared. Batches of one partition are stored one after
// the other. A method whose context has ended returns its error. What one organisation stores, no call for another one sees. After Close
// every method returns an error.
type Store interface {
	Alerts
	Definitions
	Enrichments

	// Shared tells whether other processes may write to the store.
	Shared() bool

	// Partition sets into how many partitions the change log is divided, at the first call; ErrPartitions when it is another number later.
	// It is called before everything else.
	Partition(ctx context.Context, count int) error

	// Marks returns how far the live ledgers are.
	Marks(ctx context.Context) (Marks, error)

	// Apply stores a batch: all of it, or nothing when an error is returned - but for an error of the storage at the very end, after which only
	// the cursor tells whether the batch is stored. ErrConflict when the cursor is not From, ErrDuplicate when a record is stored
	// already, ErrNotFound when an event of Resolved is not set aside, ErrNotRunning when the batch is for a rebuild that is not running.
	Apply(ctx context.Context, b Batch) error

	// Follow returns what was added to the cells of the live ledgers after `since`, each partition's in the order of versions, and how far that
	// reaches. ErrBehind when that is not known: the epoch is another one; a store need not keep the deltas, or not for long. Of `since`
	// the epoch and the versions count; when they are the present ones, it is never ErrBehind.
	Follow(ctx context.Context, since Marks) ([]Delta, Marks, error)

	// Hold calls fn while no batch is applied to live ledgers, by whatever process: Apply waits. fn may apply batches to ledgers of rebuilds and
	// finish one. A shared store may let go of a holder that gives no sign of life; what fn does then fails with ErrConflict.
	Hold(ctx context.Context, fn func(ctx context.Context) error) error

	// Stored tells for each record whether one of the same kind, survey and identifier is stored in the ledger, in the order given.
	Stored(ctx context.Context, l Ledger, records []Record) ([]bool, error)

	// Outcomes returns what is stored of invitations; those of which nothing is stored are left out.
	Outcomes(ctx context.Context, l Ledger, invitations []Invitation) (map[Invitation]fact.Outcome, error)

	// Find returns what is stored at places, in the order given.
	Find(ctx context.Context, l Ledger, places []Place) ([]Found, error)

	// Erased returns what was taken away from an organisation's live ledger by an erasure.
	Erased(ctx context.Context, organization, erasure string) (Erased, error)

	// Releases returns the blocks of a survey's answers that were released, in the order in which they were added. They stay when a rebuild
	// puts another ledger in the place of the live one.
	Releases(ctx context.Context, organization, survey string) ([][]byte, error)

	// AddReleases adds blocks to those of a survey, of which there must be `after`: ErrConflict when there are more.
	AddReleases(ctx context.Context, organization, survey string, after int, blocks [][]byte) error

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
	// survey and span, as they were when the call began, and returns the marks of that moment. The sum of the chunks is the cells of the
	// span. fn may keep the chunks.
	Cells(ctx context.Context, fn func(organization, survey string, span cell.Span, chunks [][]byte) error) (Marks, error)

	// Aside lists events of the ledger that were set aside after a position, in the order of positions, up to limit.
	Aside(ctx context.Context, l Ledger, after int64, limit int) ([]SetAside, error)

	// AsideAt returns the event that was set aside at a position. ErrNotFound.
	AsideAt(ctx context.Context, l Ledger, position int64) (SetAside, error)

	// StartRebuild records a rebuild that begins at a moment, by a process, with an empty ledger. ErrRunning when one of the organisation is running.
	StartRebuild(ctx context.Context, organization, owner string, created time.Time) (Rebuild, error)

	// BeatRebuild records a sign of life. ErrNotFound, ErrNotRunning.
	BeatRebuild(ctx context.Context, l Ledger, at time.Time) error

	// FinishRebuild makes the rebuilt ledger the live one and records the success, in one step. The live ledgers must be at the epoch and the
	// versions of `at`, up to which the rebuild holds all of the organisation's events: ErrConflict when they are not. Within Hold they
	// stay where they are. It raises the epoch and the version of each partition by one: what a batch was made from may have changed, so that
	// batches made before give ErrConflict. ErrNotFound, ErrNotRunning.
	FinishRebuild(ctx context.Context, l Ledger, at Marks, cellsChanged int64, ended time.Time) (Rebuild, error)

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

	// Clear removes all records of all organisations and puts the cursors (positions and moments) back to the beginning, in one step: for a
	// change log that is another one than before. It raises the epoch and the version of each partition by one. Rebuilds that are running
	// fail for the reason; that they were is kept. ErrConflict when the epoch is another one, and nothing changes: two that find the same
	// change log must not clear twice.
	Clear(ctx context.Context, epoch int64, reason string, ended time.Time) error

	// Ping tells whether the store can be read.
	Ping(ctx context.Context) error

	// Close ends the use of the store.
	Close() error
}
