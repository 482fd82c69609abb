package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

const (
	sqlWantsFeed   = `SELECT EXISTS (SELECT 1 FROM webhooks WHERE disabled = 0 AND events & ? <> 0)`
	sqlHoldFeed    = `UPDATE webhook_feed SET holder = ?1, until = ?3 WHERE id = ?4 AND (holder = ?1 OR until <= ?2) RETURNING position`
	sqlPlaceFeed   = `UPDATE webhook_feed SET position = ? WHERE id = ? AND holder = ?`
	sqlAdvanceFeed = `UPDATE webhook_feed SET position = ? WHERE id = ? AND holder = ? AND position = ?`
	sqlLeaveFeed   = `UPDATE webhook_feed SET holder = '', until = 0 WHERE id = ? AND holder = ?`
)

// WantsFeed implements store.Webhooks.
func (s *Store) WantsFeed(ctx context.Context, log webhook.Log) (wanted bool, err error) {
	err = s.db.QueryRow(ctx, sqlWantsFeed, int64(log.Events())).Scan(&wanted)
	return wanted, s.fail("look for webhooks that follow", err)
}

// HoldFeed implements store.Webhooks.
func (s *Store) HoldFeed(ctx context.Context, log webhook.Log, holder string, now, until time.Time) (position int64, begun bool, err error) {
	err = s.update(ctx, "hold feed", func(ctx context.Context, tx *sqlkit.Tx) error {
		var at *int64
		err := tx.QueryRowContext(ctx, sqlHoldFeed, holder, store.ToNano(now), store.ToNano(until), int64(log)).Scan(&at)
		if errors.Is(err, sql.ErrNoRows) {
			return store.ErrLost
		}
		if err == nil && at != nil {
			position, begun = *at, true
		}
		return err
	})
	return position, begun, err
}

// PlaceFeed implements store.Webhooks.
func (s *Store) PlaceFeed(ctx context.Context, log webhook.Log, holder string, position *int64) error {
	return s.update(ctx, "place feed", func(ctx context.Context, tx *sqlkit.Tx) error {
		return held(affected(tx.ExecContext(ctx, sqlPlaceFeed, position, int64(log), holder)))
	})
}

// AdvanceFeed implements store.Webhooks.
func (s *Store) AdvanceFeed(ctx context.Context, log webhook.Log, holder string, from, to int64, occurrences []webhook.Occurrence) error {
	return s.update(ctx, "advance feed", func(ctx context.Context, tx *sqlkit.Tx) error {
		if err := held(affected(tx.ExecContext(ctx, sqlAdvanceFeed, to, int64(log), holder, from))); err != nil {
			return err
		}
		return enqueue(ctx, tx, occurrences)
	})
}

// LeaveFeed implements store.Webhooks.
func (s *Store) LeaveFeed(ctx context.Context, log webhook.Log, holder string) error {
	return s.update(ctx, "leave feed", func(ctx context.Context, tx *sqlkit.Tx) error {
		_, err := tx.ExecContext(ctx, sqlLeaveFeed, int64(log), holder)
		return err
	})
}

// held is ErrLost where a change of the feed found it another's.
func held(changed bool, err error) error {
	if err == nil && !changed {
		return store.ErrLost
	}
	return err
}
