package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

const (
	sqlWantsFeed   = `SELECT EXISTS (SELECT FROM webhooks WHERE NOT disabled AND events & $1 <> 0)`
	sqlHoldFeed    = `UPDATE webhook_feed SET holder = $1, until = $3 WHERE id = $4 AND (holder = $1 OR until <= $2) RETURNING position`
	sqlPlaceFeed   = `UPDATE webhook_feed SET position = $2 WHERE holder = $1 AND id = $3`
	sqlAdvanceFeed = `UPDATE webhook_feed SET position = $3 WHERE holder = $1 AND position = $2 AND id = $4`
	sqlLeaveFeed   = `UPDATE webhook_feed SET holder = '', until = 0 WHERE holder = $1 AND id = $2`
)

// WantsFeed implements store.Webhooks.
func (s *Store) WantsFeed(ctx context.Context, log webhook.Log) (wanted bool, err error) {
	err = s.db.Pool.QueryRow(ctx, sqlWantsFeed, int64(log.Events())).Scan(&wanted)
	return wanted, s.fail("look for webhooks that follow", err)
}

// HoldFeed implements store.Webhooks.
func (s *Store) HoldFeed(ctx context.Context, log webhook.Log, holder string, now, until time.Time) (position int64, begun bool, err error) {
	err = s.update(ctx, "hold feed", func(ctx context.Context, tx pgx.Tx) error {
		var at *int64
		err := tx.QueryRow(ctx, sqlHoldFeed, holder, store.ToNano(now), store.ToNano(until), int64(log)).Scan(&at)
		if errors.Is(err, pgx.ErrNoRows) {
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
	return s.update(ctx, "place feed", func(ctx context.Context, tx pgx.Tx) error {
		return held(tx.Exec(ctx, sqlPlaceFeed, holder, position, int64(log)))
	})
}

// AdvanceFeed implements store.Webhooks.
func (s *Store) AdvanceFeed(ctx context.Context, log webhook.Log, holder string, from, to int64, occurrences []webhook.Occurrence) error {
	return s.update(ctx, "advance feed", func(ctx context.Context, tx pgx.Tx) error {
		if err := held(tx.Exec(ctx, sqlAdvanceFeed, holder, from, to, int64(log))); err != nil {
			return err
		}
		return enqueue(ctx, tx, occurrences)
	})
}

// LeaveFeed implements store.Webhooks.
func (s *Store) LeaveFeed(ctx context.Context, log webhook.Log, holder string) error {
	return s.update(ctx, "leave feed", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sqlLeaveFeed, holder, int64(log))
		return err
	})
}

// held is ErrLost where a change of the feed found it another's.
func held(tag pgconn.CommandTag, err error) error {
	if err == nil && tag.RowsAffected() == 0 {
		return store.ErrLost
	}
	return err
}
