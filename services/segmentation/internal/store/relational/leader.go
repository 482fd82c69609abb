package relational

import (
	"context"
	"time"

	"github.com/otklik/otklik/libs/relational"
)

const (
	sqlLead     = `UPDATE leader SET holder = $1, until = $3 WHERE id = 1 AND (holder = $1 OR until <= $2)`
	sqlStepDown = `UPDATE leader SET holder = '', until = 0 WHERE id = 1 AND holder = $1`
)

// Lead implements store.Leader.
func (s *Store) Lead(ctx context.Context, holder string, now, until time.Time) error {
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		return held(w.Exec(ctx, sqlLead, holder, relational.ToMicro(now), relational.ToMicro(until)))
	})
	return s.db.Explain("lead", err)
}

// StepDown implements store.Leader.
func (s *Store) StepDown(ctx context.Context, holder string) error {
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		_, err := w.Exec(ctx, sqlStepDown, holder)
		return err
	})
	return s.db.Explain("step down", err)
}
