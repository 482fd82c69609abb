package ingest

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Unfit is why an event that was set aside still cannot be applied.
type Unfit struct {
	// Reason says why, for people.
	Reason string
}

// Error says why.
func (u *Unfit) Error() string { return "the event still cannot be applied: " + u.Reason }

// maxReplays is how often the replay of an event is tried while batches of its partition come in between.
const maxReplays = 1000

// Replay applies an event that was set aside, exactly once in effect. store.ErrNotFound when no event is set aside at the position, *Unfit
// when it still cannot be applied, surveys.ErrUnavailable when the survey service, which knows the questions, does not answer.
func (a *Applier) Replay(ctx context.Context, organization string, position int64) error {
	l := store.Ledger{Organization: organization}
	aside, err := a.Store.AsideAt(ctx, l, position)
	if err != nil {
		return fmt.Errorf("replay event: %w", err)
	}
	e, err := DecodeEvent(aside)
	if err != nil {
		return err
	}
	events := []*surveyv1.Event{e}
	r, err := newConverter(a.Catalog, organization, events, a.Now()).record(ctx, e)
	switch {
	case errors.Is(err, errPoison), errors.Is(err, surveys.ErrFault):
		return &Unfit{Reason: reasonOf(err)}
	case err != nil:
		return fmt.Errorf("replay event at %d: %w", position, err)
	}
	p := part{ledger: l, records: []store.Record{r}, resolved: []int64{position}}
	for range maxReplays {
		if err = a.resolve(ctx, a.partitionOf(e), p); !errors.Is(err, store.ErrConflict) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("replay event at %d: %w", position, err)
	}
	a.Logger.InfoContext(ctx, "event replayed that was set aside", "organization", organization, "position", position)
	return nil
}

// resolve stores and counts a record that was set aside. The cursor stays where it is.
func (a *Applier) resolve(ctx context.Context, partition int, p part) error {
	marks, err := a.Store.Marks(ctx)
	if err != nil {
		return err
	}
	from := marks.Cursors[partition]
	to := from
	to.Version++
	batch := store.Batch{Partition: partition, From: from, To: to}
	drafts, err := commit(ctx, a.Store, &batch, []part{p})
	if err != nil {
		return err
	}
	if err := a.count(ctx, &batch, drafts); err != nil {
		// It is applied; counting it is tried again.
		a.Logger.WarnContext(ctx, "an event that was replayed is stored, but not counted yet", "error", err)
	}
	return nil
}

// DecodeEvent decodes an event that was set aside. *Unfit when that cannot be done.
func DecodeEvent(aside store.SetAside) (*surveyv1.Event, error) {
	if len(aside.Event) == 0 {
		return nil, &Unfit{Reason: "it was set aside by a version that did not keep the event; a rebuild reads it again"}
	}
	e := &surveyv1.Event{}
	if err := proto.Unmarshal(aside.Event, e); err != nil {
		return nil, &Unfit{Reason: "what was kept of it cannot be decoded; a rebuild reads it again"}
	}
	return e, nil
}
