package postgres

import (
	"context"
	"hash/fnv"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/survey/internal/store"
)

const (
	sqlHead = `SELECT position FROM log_head`
	// sqlSettledHead waits for a group that is being committed. Over several servers a group becomes visible where the head is before it does so
	// everywhere, and keeps its lock for as long.
	sqlSettledHead = `SELECT position FROM log_head, pg_advisory_xact_lock_shared($1)`
	sqlReadChanges = `SELECT ` + submissionColumns + ` FROM submissions
WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3`
	sqlReadChangesOf = `SELECT ` + submissionColumns + ` FROM submissions
WHERE organization = $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT $4`
)

// readHead reads the position of the last change.
func (s *Store) readHead(ctx context.Context) (int64, error) {
	if err := s.open(); err != nil {
		return 0, err
	}
	var head int64
	query, args := sqlHead, []any(nil)
	if s.distributed {
		query, args = sqlSettledHead, []any{s.logLock}
	}
	err := s.db.Pool.QueryRow(ctx, query, args...).Scan(&head)
	return head, err
}

// lockOf is the number of the advisory lock on the log of a schema.
func lockOf(schema string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("otklik survey log " + schema)) // never fails
	return int64(h.Sum64())
}

// Head implements store.Changes.
func (s *Store) Head(ctx context.Context) (int64, error) {
	head, err := s.readHead(ctx)
	return head, s.fail("read head of the change log", err)
}

// ReadChanges implements store.Changes. The head is read first and bounds the changes: since groups are committed in the order of their positions,
// what lies at or below it is all there, and two statements see the same log without a transaction around them.
func (s *Store) ReadChanges(ctx context.Context, q store.ChangeQuery) (store.ChangeBatch, error) {
	head, err := s.readHead(ctx)
	if err != nil || head <= q.After {
		return store.ChangeBatch{Head: head}, s.fail("read head of the change log", err)
	}
	query, args := sqlReadChanges, []any{q.After, head, q.Limit}
	if q.Organization != "" {
		query, args = sqlReadChangesOf, []any{q.Organization, q.After, head, q.Limit}
	}
	changes, err := list(ctx, s, q.Page, scanChange, func(v store.Change) int { return len(v.Submission.Body) }, query, args...)
	if err != nil {
		return store.ChangeBatch{}, s.fail("read changes", err)
	}
	return q.Batch(changes, head), nil
}

// AwaitChange implements store.Changes.
func (s *Store) AwaitChange(ctx context.Context, after int64) error { return s.head.Await(ctx, after) }

func scanChange(row pgx.Row) (store.Change, error) {
	v, err := scanSubmission(row)
	return store.Change{Position: v.Position, Submission: v}, err
}
