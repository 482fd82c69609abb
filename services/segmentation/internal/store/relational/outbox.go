package relational

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	eventColumns = `position, organization, kind, resource, contact, person, company, location, region, employee, body, time`

	sqlTell     = `INSERT INTO outbox (` + eventColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	sqlUntell   = `DELETE FROM outbox WHERE organization = $1 AND resource = $2 AND kind = $3`
	sqlHead     = `SELECT number FROM counters WHERE kind = 'outbox'`
	sqlHeadOf   = `SELECT COALESCE(max(position), 0) FROM outbox WHERE organization = $1`
	sqlEvents   = `SELECT ` + eventColumns + ` FROM outbox WHERE position > $1 ORDER BY position LIMIT $2`
	sqlEventsOf = `SELECT ` + eventColumns + ` FROM outbox WHERE organization = $3 AND position > $1 ORDER BY position LIMIT $2`
)

func scanEvent(row relational.Scanner) (e store.Event, err error) {
	var at int64
	err = row.Scan(&e.Position, &e.Organization, &e.Kind, &e.Resource, &e.Contact, &e.Person, &e.Company, &e.Location, &e.Region, &e.Employee, &e.Body, &at)
	e.Time = relational.FromMicro(at)
	return e, err
}

// OutboxEvents implements store.Outbox.
func (s *Store) OutboxEvents(ctx context.Context, organization string, after int64, limit int) (events []store.Event, head store.Head, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		head.Last, err = relational.One(ctx, r, relational.Value[int64], sqlHead)
		if err != nil && !errors.Is(err, relational.ErrNoRow) {
			return err
		}
		if organization == "" {
			head.Position = head.Last
			events, err = relational.List(ctx, r, scanEvent, sqlEvents, after, limit)
			return err
		}
		if head.Position, err = relational.One(ctx, r, relational.Value[int64], sqlHeadOf, organization); err != nil {
			return err
		}
		events, err = relational.List(ctx, r, scanEvent, sqlEventsOf, after, limit, organization)
		return err
	})
	if err != nil {
		return nil, store.Head{}, s.db.Explain("read outbox", err)
	}
	return events, head, nil
}

// Told implements store.Outbox.
func (s *Store) Told() <-chan struct{} { return s.told.wait() }

// tell writes an event to the outbox.
func (w *writing) tell(ctx context.Context, organization string, e store.Event) error {
	_, err := w.Exec(ctx, sqlTell, w.next(outboxPositions), organization, string(e.Kind), e.Resource, e.Contact, e.Person, e.Company, e.Location, e.Region, e.Employee,
		e.Body, relational.ToMicro(e.Time))
	return err
}

// untell takes events of a kind about a resource out of the outbox, such as those about a response that was removed.
func (w *writing) untell(ctx context.Context, organization string, kind store.EventKind, resource string) error {
	_, err := w.Exec(ctx, sqlUntell, organization, resource, string(kind))
	return err
}

const (
	// outboxSweep is the follower by which the position is kept up to which the outbox is swept.
	outboxSweep = "outbox_sweep"

	sqlOldEvents  = `SELECT organization, position, kind, time FROM outbox WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3`
	sqlForgetTold = `DELETE FROM outbox WHERE organization = $1 AND position = $2`
)

// SweepOutbox implements store.OutboxSweep.
func (s *Store) SweepOutbox(ctx context.Context, before time.Time, followers []string, limit int) (more bool, err error) {
	err = s.write(ctx, "sweep outbox", func(ctx context.Context, w *writing) error {
		from, err := positionOf(ctx, w, outboxSweep)
		if err != nil {
			return err
		}
		to := w.numbers[outboxPositions]
		for _, follower := range followers {
			at, err := positionOf(ctx, w, follower)
			if err != nil {
				return err
			}
			to = min(to, at)
		}
		var forgotten [][]any
		last, young := from, false
		found, err := relational.List(ctx, w, func(row relational.Scanner) (n int, err error) {
			var organization string
			var position, at int64
			var kind store.EventKind
			if err := row.Scan(&organization, &position, &kind, &at); err != nil {
				return n, err
			}
			if young = young || at >= relational.ToMicro(before); young {
				return n, nil
			}
			last = position
			if kind != store.SegmentsOfResponse && kind != store.CaseOfResponse {
				forgotten = append(forgotten, []any{organization, position})
			}
			return n, nil
		}, sqlOldEvents, from, to, limit)
		if err != nil || last == from {
			return err
		}
		if err := w.many(ctx, sqlForgetTold, forgotten); err != nil {
			return err
		}
		more = len(found) == limit && !young
		return w.advance(ctx, outboxSweep, from, last)
	})
	return more, err
}

// positionOf is where a follower is; 0 where it has not begun.
func positionOf(ctx context.Context, r relational.Reader, follower string) (int64, error) {
	n, err := relational.One(ctx, r, relational.Value[int64], sqlFollower, follower)
	if errors.Is(err, relational.ErrNoRow) {
		return 0, nil
	}
	return n, err
}
