package relational

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	sqlHoldFeed         = `UPDATE feed SET holder = $1, until = $3 WHERE id = 1 AND (holder = $1 OR until <= $2) RETURNING position, as_of, pass`
	sqlLeaveFeed        = `UPDATE feed SET holder = '', until = 0 WHERE id = 1 AND holder = $1`
	sqlCursor           = `SELECT position, as_of, pass FROM feed WHERE id = 1`
	sqlAdvanceFeed      = `UPDATE feed SET position = $3, as_of = COALESCE($4, as_of) WHERE id = 1 AND holder = $1 AND position = $2 RETURNING pass`
	sqlRestartFeed      = `UPDATE feed SET position = 0, as_of = NULL, pass = pass + 1 WHERE id = 1 AND holder = $1`
	sqlHeldPass         = `SELECT pass FROM feed WHERE id = 1 AND holder = $1`
	sqlDropStaleLetters = `DELETE FROM dead_letters WHERE (organization, id) IN (SELECT organization, id FROM dead_letters WHERE pass < $1 ORDER BY pass LIMIT $2)`
	sqlStaleByPass      = `SELECT organization, survey, id FROM responses WHERE pass < $1 ORDER BY pass LIMIT $2`
)

func scanCursor(row relational.Scanner) (c store.Cursor, err error) {
	var asOf *int64
	err = row.Scan(&c.Position, &asOf, &c.Pass)
	c.AsOf = relational.FromNull(asOf)
	return c, err
}

// lost is the store's word for the feed's being another's.
func lost(err error) error {
	if errors.Is(err, relational.ErrNoRow) {
		return store.ErrLost
	}
	return err
}

// HoldFeed implements store.Feed.
func (s *Store) HoldFeed(ctx context.Context, holder string, now, until time.Time) (c store.Cursor, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		c, err = relational.One(ctx, w, scanCursor, sqlHoldFeed, holder, relational.ToMicro(now), relational.ToMicro(until))
		return lost(err)
	})
	if err != nil {
		return store.Cursor{}, s.db.Explain("hold feed", err)
	}
	return c, nil
}

// LeaveFeed implements store.Feed.
func (s *Store) LeaveFeed(ctx context.Context, holder string) error {
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		_, err := w.Exec(ctx, sqlLeaveFeed, holder)
		return err
	})
	return s.db.Explain("leave feed", err)
}

// Cursor implements store.Feed.
func (s *Store) Cursor(ctx context.Context) (store.Cursor, error) {
	c, err := relational.One(ctx, s.db, scanCursor, sqlCursor)
	return c, s.db.Explain("read cursor", err)
}

// ApplyEvents implements store.Feed.
func (s *Store) ApplyEvents(ctx context.Context, holder string, batch store.Batch) error {
	return s.write(ctx, "apply events", func(ctx context.Context, w *writing) error {
		pass, err := relational.One(ctx, w, relational.Value[int64], sqlAdvanceFeed, holder, batch.From, batch.To, relational.NullMicro(batch.AsOf))
		if err != nil {
			return lost(err)
		}
		// In this order, so that dead letters go with the responses that say nothing any more, or are removed, later in the batch.
		if err := w.addDeadLetters(ctx, pass, batch.DeadLetters); err != nil {
			return err
		}
		if err := w.storeResponses(ctx, pass, batch.Responses); err != nil {
			return err
		}
		for _, r := range batch.Removals {
			if err := w.removeResponse(ctx, pass, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// RestartFeed implements store.Feed.
func (s *Store) RestartFeed(ctx context.Context, holder string) error {
	return s.write(ctx, "restart feed", func(ctx context.Context, w *writing) error { return held(w.Exec(ctx, sqlRestartFeed, holder)) })
}

// EndPass implements store.Feed.
func (s *Store) EndPass(ctx context.Context, holder string, limit int) (removed int, err error) {
	err = s.write(ctx, "end pass", func(ctx context.Context, w *writing) error {
		pass, err := relational.One(ctx, w, relational.Value[int64], sqlHeldPass, holder)
		if err != nil {
			return lost(err)
		}
		stale, err := relational.List(ctx, w, scanResponseKey, sqlStaleByPass, pass, limit)
		if err != nil {
			return err
		}
		for _, k := range stale {
			if err := w.removeResponse(ctx, pass, store.Removal{Organization: k.organization, Survey: k.survey, Response: k.id}); err != nil {
				return err
			}
		}
		removed = len(stale)
		if removed == limit {
			return nil
		}
		// What was only ever set aside has no response that would take it along.
		letters, err := w.Exec(ctx, sqlDropStaleLetters, pass, limit-removed)
		removed += int(letters)
		return err
	})
	if err != nil {
		return 0, err
	}
	return removed, nil
}
