package sqlite

import (
	"context"
	"slices"
	"time"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// ApplyEvents implements store.Feed. What was erased is moved out of the write-ahead log, too.
func (s *Store) ApplyEvents(ctx context.Context, holder string, batch store.Batch) error {
	if err := s.Store.ApplyEvents(ctx, holder, batch); err != nil {
		return err
	}
	if slices.ContainsFunc(batch.Removals, func(r store.Removal) bool { return r.Erasure != "" }) {
		s.db.EmptyLog(ctx)
	}
	return nil
}

// ForgetWords implements store.Comments. What was forgotten is moved out of the write-ahead log, too.
func (s *Store) ForgetWords(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := s.Store.ForgetWords(ctx, before, limit)
	if n > 0 {
		s.db.EmptyLog(ctx)
	}
	return n, err
}
