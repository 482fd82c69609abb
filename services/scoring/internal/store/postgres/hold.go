package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// Batches for live ledgers share an advisory lock, which Hold takes for itself alone. Its key is made of a class of our own and of the number of a
// table, so that the stores of several schemas in one database do not meet.
const (
	lockClass = "1869900905"
	lockKey   = lockClass + ", 'board'::regclass::oid::integer"
)

// shareLive keeps Hold away until the end of the transaction.
func shareLive(f *flight) { f.add(`SELECT pg_advisory_xact_lock_shared(` + lockKey + `)`) }

// errLetGo is why the context of a holder ends when the server has let it go.
var errLetGo = fmt.Errorf("the hold on the live ledgers was lost: %w", store.ErrConflict)

// Hold calls fn while no batch is applied to live ledgers. The lock is one of a transaction that gives signs of life: the server ends the session of a
// holder that is stopped.
func (s *Store) Hold(ctx context.Context, fn func(ctx context.Context) error) error {
	err := s.db.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		if err := s.take(ctx, conn.Conn()); err != nil {
			return err
		}
		err := holding(ctx, conn.Conn(), fn)
		// Nothing was written here: how the transaction ends is all the same.
		return errors.Join(err, rollback(context.WithoutCancel(ctx), conn.Conn()))
	})
	if err != nil {
		return fmt.Errorf("hold live ledgers: %w", pgkit.Translate(err))
	}
	return nil
}

// take begins a transaction and takes the lock for itself alone.
func (s *Store) take(ctx context.Context, conn *pgx.Conn) error {
	defer s.watch(ctx)()
	batch := &pgx.Batch{}
	batch.Queue(`BEGIN`)
	batch.Queue(fmt.Sprintf(`SET LOCAL idle_in_transaction_session_timeout = %d`, patience.Milliseconds()))
	batch.Queue(`SELECT pg_advisory_xact_lock(` + lockKey + `)`)
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return errors.Join(err, rollback(context.WithoutCancel(ctx), conn))
	}
	return nil
}

// holding calls fn while another goroutine gives signs of life on the connection.
func holding(ctx context.Context, conn *pgx.Conn, fn func(ctx context.Context) error) error {
	held, letGo := context.WithCancelCause(ctx)
	beating, stop := context.WithCancel(ctx)
	var beats sync.WaitGroup
	beats.Go(func() {
		for pause.For(beating, patience/5) == nil {
			// A sign that is under way when fn is done is awaited: ending it would cost the connection.
			if _, err := conn.Exec(held, `SELECT 1`); err != nil {
				letGo(errLetGo)
				return
			}
		}
	})
	err := fn(held)
	stop()
	beats.Wait()
	lost := errors.Is(context.Cause(held), errLetGo)
	letGo(nil)
	if err != nil && lost && !errors.Is(err, store.ErrConflict) {
		return fmt.Errorf("%w: %w", errLetGo, err)
	}
	return err
}

// watch looks after a transaction that may have to wait for locks: when it has waited for long, those who hold them and give no sign of life
// are let go, again and again. Call what it returns when the transaction has ended.
func (s *Store) watch(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(patience, func() {
		for {
			if err := s.letGo(ctx); err != nil && ctx.Err() == nil {
				s.logger.WarnContext(ctx, "transactions of stopped processes cannot be ended", "error", pgkit.Translate(err))
			}
			if pause.For(ctx, patience) != nil {
				return
			}
		}
	})
	return func() {
		timer.Stop()
		cancel()
	}
}

// letGo ends the sessions that have the lock and have been waiting for their client for long: it was stopped in the middle of sending. The
// server itself ends those that have nothing to do only between statements that were sent one by one.
func (s *Store) letGo(ctx context.Context) error {
	_, err := s.db.Pool.Exec(ctx, `
		SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
		WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
			AND classid::bigint = `+lockClass+` AND objid = 'board'::regclass::oid AND granted
			AND wait_event_type = 'Client' AND state_change < clock_timestamp() - $1::interval AND pid <> pg_backend_pid()`, patience)
	return err
}
