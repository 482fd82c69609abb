package lead

import (
	"context"
	"time"

	"github.com/otklik/otklik/libs/relational"
)

const (
	sqlLead     = `UPDATE leader SET holder = $1, until = $3 WHERE id = 1 AND (holder = $1 OR until <= $2)`
	sqlStepDown = `UPDATE leader SET holder = '', until = 0 WHERE id = 1 AND holder = $1`
)

// Table is a lease in a database: the row 1 of its table leader, with the columns id, holder and until.
type Table struct{ db relational.Database }

var _ Lease = Table{}

// In is the lease in a database.
func In(db relational.Database) Table { return Table{db} }

// Lead implements Lease.
func (t Table) Lead(ctx context.Context, holder string, now, until time.Time) error {
	err := t.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		n, err := w.Exec(ctx, sqlLead, holder, relational.ToMicro(now), relational.ToMicro(until))
		if err == nil && n == 0 {
			return ErrLost
		}
		return err
	})
	return t.db.Explain("lead", err)
}

// StepDown implements Lease.
func (t Table) StepDown(ctx context.Context, holder string) error {
	err := t.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		_, err := w.Exec(ctx, sqlStepDown, holder)
		return err
	})
	return t.db.Explain("step down", err)
}
