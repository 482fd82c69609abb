package postgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
)

const (
	// dropMargin is for how long after its end a month is left alone: clocks of servers and transactions under way.
	dropMargin = 48 * time.Hour
	// dropLockTimeout bounds the wait for the table, since everybody else waits behind it.
	dropLockTimeout = 2 * time.Second

	sqlMonths = `SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'submissions'::regclass ORDER BY c.relname`
)

// monthName is what partitions of months are called.
var monthName = regexp.MustCompile(`^submissions_p(\d{4}_\d{2})$`)

// DropEmptyMonths implements store.Persons: partitions of months that are over and empty are dropped. One that is in use for too long is left for
// the next time.
func (s *Store) DropEmptyMonths(ctx context.Context) (int, error) {
	if err := s.ready("drop empty months"); err != nil {
		return 0, err
	}
	rows, err := s.db.Pool.Query(ctx, sqlMonths)
	if err != nil {
		return 0, s.fail("list months", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return 0, s.fail("list months", err)
	}
	var now time.Time
	if err := s.db.Pool.QueryRow(ctx, "SELECT now()").Scan(&now); err != nil {
		return 0, s.fail("read the clock", err)
	}
	count := 0
	for _, name := range names {
		parts := monthName.FindStringSubmatch(name)
		if parts == nil {
			continue
		}
		month, err := time.Parse("2006_01", parts[1])
		if err != nil || month.AddDate(0, 1, 0).Add(dropMargin).After(now) {
			continue
		}
		dropped, err := s.dropMonth(ctx, name)
		if err != nil && !errors.Is(err, pgkit.ErrBusy) {
			return count, s.fail("drop month "+name, err)
		}
		if dropped {
			count++
		}
	}
	return count, nil
}

// dropMonth drops a partition that is empty. Looking comes first: it locks nothing.
func (s *Store) dropMonth(ctx context.Context, name string) (dropped bool, err error) {
	partition := pgx.Identifier{name}.Sanitize()
	filled := "SELECT EXISTS (SELECT FROM " + partition + ")"
	var full bool
	if err := s.db.Pool.QueryRow(ctx, filled).Scan(&full); err != nil || full {
		return false, err
	}
	err = s.update(ctx, func(ctx context.Context, tx pgx.Tx) error {
		dropped = false
		for _, statement := range []string{
			fmt.Sprintf("SET LOCAL lock_timeout = %d", dropLockTimeout.Milliseconds()),
			// In the order in which statements lock them.
			"LOCK TABLE ONLY submissions IN ACCESS EXCLUSIVE MODE",
			"LOCK TABLE " + partition + " IN ACCESS EXCLUSIVE MODE",
		} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		if err := tx.QueryRow(ctx, filled).Scan(&full); err != nil || full {
			return err
		}
		for _, statement := range []string{"ALTER TABLE submissions DETACH PARTITION " + partition, "DROP TABLE " + partition} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		dropped = true
		return nil
	})
	return dropped, err
}
