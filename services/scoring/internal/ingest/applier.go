package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/store"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Signal wakes the processes that share a store when one of them has stored something. Losing a signal makes them look a little later.
type Signal interface {
	// Notify wakes the others. It does not fail.
	Notify(ctx context.Context)
	// Listen calls wake at each signal until ctx ends.
	Listen(ctx context.Context, wake func())
}

// Options are what an Applier works with. Store, Board, Catalog, Log and Logger are required.
type Options struct {
	Store   store.Store
	Board   *live.Board
	Catalog Catalog
	// Log is the change log of the survey service.
	Log    Log
	Logger *slog.Logger
	// Partitions is how many the log is divided into; 0 means that it is not.
	Partitions int
	// Instruments count what happens; nil counts nothing.
	Instruments *Instruments
	// Tracers make the spans of batches; nil makes none.
	Tracers trace.TracerProvider
	// Signal wakes other processes; nil wakes nobody.
	Signal Signal
	// FollowInterval is how often a shared store is asked for what others stored; 0 means DefaultFollowInterval.
	FollowInterval time.Duration
	// Instance names this process among those that share the store.
	Instance string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// DefaultFollowInterval is how often a shared store is asked unless told otherwise.
const DefaultFollowInterval = 200 * time.Millisecond

// Log is the change log, or the part of it that belongs to an organisation.
type Log interface {
	// Of is the part of the log that belongs to an organisation; all of it for the empty one.
	Of(organization string) eventlog.Source[*surveyv1.Event]
}

// Applier applies events to the store and then to the board: those of each partition by a sink of its own. What other processes store, it
// counts after them.
type Applier struct {
	Options

	sinks []*Sink
	// following is held while the store is asked for what is not counted.
	following sync.Mutex
	// wakes tells that others have stored something, stored that this process has. Both hold one signal at most.
	wakes, stored chan struct{}
}

// NewApplier makes an applier. Call Load before anything else.
func NewApplier(o Options) *Applier {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.FollowInterval <= 0 {
		o.FollowInterval = DefaultFollowInterval
	}
	a := &Applier{Options: o, wakes: make(chan struct{}, 1), stored: make(chan struct{}, 1)}
	for p := range max(1, o.Partitions) {
		a.sinks = append(a.sinks, newSink(a, p))
	}
	return a
}

// Load tells the store of the partitions and fills the board.
func (a *Applier) Load(ctx context.Context) error {
	if err := a.Store.Partition(ctx, len(a.sinks)); err != nil {
		return fmt.Errorf("load scores: %w", err)
	}
	if err := a.CatchUp(ctx); err != nil {
		return fmt.Errorf("load scores: %w", err)
	}
	return nil
}

// Sink applies the events of a partition.
func (a *Applier) Sink(partition int) *Sink { return a.sinks[partition] }

// partitionOf is the partition that an event belongs to.
func (a *Applier) partitionOf(e *surveyv1.Event) int {
	return eventlog.Partition(e.GetKey(), len(a.sinks))
}

// report tells people of an event that was set aside.
func (a *Applier) report(ctx context.Context, s store.SetAside) {
	a.Instruments.setAside(ctx)
	a.Logger.ErrorContext(ctx, "event set aside", "organization", s.Organization, "position", s.Position, "reason", s.Reason)
}

// past is a moment, or now where it lies ahead: clocks of processes differ, and nobody has counted what has not happened yet.
func (a *Applier) past(t time.Time) time.Time {
	if now := a.Now(); t.After(now) {
		return now
	}
	return t
}
