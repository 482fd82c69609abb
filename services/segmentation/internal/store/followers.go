package store

import "context"

// Unmoved is the position of a follower that applies something beside what it follows, such as a dead letter: from and to are Unmoved, and the follower stays
// where it is.
const Unmoved int64 = -1

// Followers keeps how far the followers of other services have come. What a follower applies is stored by methods of its own, which move it in the same
// transaction.
type Followers interface {
	// FollowerPosition is the position of the last event that a follower applied; 0 when it has begun with none.
	FollowerPosition(ctx context.Context, follower string) (int64, error)
	// MoveFollower moves a follower from a position to another one, without anything else: nothing is to be applied, or the log is another one than before,
	// whose positions say nothing about those of this one. Errors: ErrLost when it is not at from.
	MoveFollower(ctx context.Context, follower string, from, to int64) error
	// SetAside moves a follower past an event that cannot be applied, and keeps it as a dead letter. Errors: ErrLost when it is not at from.
	SetAside(ctx context.Context, from, to int64, letter DeadLetter) error
}
