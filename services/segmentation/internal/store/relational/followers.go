package relational

import (
	"context"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	sqlFollower      = `SELECT position FROM followers WHERE follower = $1`
	sqlBeginFollower = `INSERT INTO followers (follower, position) VALUES ($1, $2) ON CONFLICT (follower) DO NOTHING`
	sqlMoveFollower  = `UPDATE followers SET position = $3 WHERE follower = $1 AND position = $2`
)

// FollowerPosition implements store.Followers.
func (s *Store) FollowerPosition(ctx context.Context, follower string) (int64, error) {
	n, err := positionOf(ctx, s.db, follower)
	return n, s.db.Explain("read position of follower", err)
}

// MoveFollower implements store.Followers.
func (s *Store) MoveFollower(ctx context.Context, follower string, from, to int64) error {
	return s.write(ctx, "move follower", func(ctx context.Context, w *writing) error { return w.advance(ctx, follower, from, to) })
}

// SetAside implements store.Followers.
func (s *Store) SetAside(ctx context.Context, from, to int64, letter store.DeadLetter) error {
	return s.write(ctx, "set aside", func(ctx context.Context, w *writing) error {
		if err := w.advance(ctx, letter.Follower, from, to); err != nil {
			return err
		}
		_, err := w.Exec(ctx, sqlAddLetter, letter.Organization, w.next(deadLetters), letter.Follower, letter.Resource, letter.Person, letter.Position, letter.Reason,
			letter.Event, relational.ToMicro(letter.CreateTime))
		return err
	})
}

// advance moves a follower from a position to another one in the transaction of what it applies. Of two processes that both believe that they lead, one finds
// that the follower was moved: store.ErrLost. With store.Unmoved it stays where it is.
func (w *writing) advance(ctx context.Context, follower string, from, to int64) error {
	if from == store.Unmoved && to == store.Unmoved {
		return nil
	}
	n, err := w.Exec(ctx, sqlMoveFollower, follower, from, to)
	if err != nil || n > 0 || from != 0 {
		return held(n, err)
	}
	return held(w.Exec(ctx, sqlBeginFollower, follower, to))
}
