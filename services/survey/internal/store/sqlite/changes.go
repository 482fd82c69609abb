package sqlite

import (
	"context"
	"fmt"

	"github.com/otklik/otklik/services/survey/internal/store"
)

const (
	sqlHead        = `SELECT coalesce(max(position), 0) FROM changes`
	changeColumns  = `s.position, s.organization, s.survey, s.kind, s.id, s.revision, s.count_time, s.trace, s.body`
	sqlReadChanges = `SELECT ` + changeColumns + ` FROM changes c JOIN submissions s ON s.position = c.position
WHERE c.position > ? AND c.position <= ? ORDER BY c.position LIMIT ?`
	sqlReadChangesOf = `SELECT ` + changeColumns + ` FROM changes c JOIN submissions s ON s.position = c.position
WHERE c.organization = ? AND c.position > ? AND c.position <= ? ORDER BY c.position LIMIT ?`
)

// Head implements store.Changes.
func (s *Store) Head(ctx context.Context) (int64, error) {
	var head int64
	err := s.db.QueryRow(ctx, sqlHead).Scan(&head)
	return head, s.fail("read head of the change log", err)
}

// ReadChanges implements store.Changes. The head is read first and bounds the changes: what lies below it never changes, so that two
// statements see the same log without a transaction around them.
func (s *Store) ReadChanges(ctx context.Context, q store.ChangeQuery) (store.ChangeBatch, error) {
	head, err := s.Head(ctx)
	if err != nil || head <= q.After {
		return store.ChangeBatch{Head: head}, err
	}
	query, args := sqlReadChanges, []any{q.After, head, q.Limit}
	if q.Organization != "" {
		query, args = sqlReadChangesOf, []any{q.Organization, q.After, head, q.Limit}
	}
	rows, err := s.db.Query(ctx, query, args...)
	if err != nil {
		return store.ChangeBatch{}, s.fail("read changes", err)
	}
	changes, err := collect(rows, q.Page, scanChange, func(v store.Change) int { return len(v.Submission.Body) })
	if err != nil {
		return store.ChangeBatch{}, s.fail("read changes", err)
	}
	return q.Batch(changes, head), nil
}

// AwaitChange implements store.Changes.
func (s *Store) AwaitChange(ctx context.Context, after int64) error { return s.head.Await(ctx, after) }

func scanChange(row scanner) (store.Change, error) {
	v, err := scanSubmission(row)
	if err != nil {
		return store.Change{}, fmt.Errorf("read change: %w", err)
	}
	return store.Change{Position: v.Position, Submission: v}, nil
}
