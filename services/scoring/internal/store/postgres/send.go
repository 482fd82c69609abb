package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/otklik/otklik/libs/pgkit"
)

// cancelPatience is how long the outcome of a flight is awaited whose caller has gone.
const cancelPatience = 3 * time.Second

// send commits a flight. What keeps its locks for too long is let go. When ctx ends, the server is asked to give the flight up, and what became of it is
// awaited: it must not be committed when the caller has been told otherwise.
func (s *Store) send(ctx context.Context, f *flight) error {
	defer s.watch(ctx)()
	return s.db.Pool.AcquireFunc(ctx, func(pooled *pgxpool.Conn) error {
		conn := pooled.Conn()
		flying, abandon := context.WithCancel(context.WithoutCancel(ctx))
		defer abandon()
		asked := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			defer close(asked)
			giveUp(flying, conn)
			time.AfterFunc(cancelPatience, abandon)
		})
		err := f.commit(flying, conn)
		if stop() {
			return err
		}
		// The request may have come too late for the flight; it must not meet the next one.
		<-asked
		closing := conn.Close(flying)
		if err == nil {
			return nil
		}
		if pgkit.Code(err) == codeQueryCanceled {
			err = nil
		}
		return errors.Join(ctx.Err(), err, closing)
	})
}

// giveUp asks the server to give up what a connection is doing. That it may not hear is of no consequence: the connection is closed then.
func giveUp(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(ctx, cancelPatience)
	defer cancel()
	_ = conn.PgConn().CancelRequest(ctx)
}

// flightOf sends statements that are made by fn as one transaction.
func (s *Store) flightOf(ctx context.Context, fn func(f *flight)) error {
	f := newFlight()
	fn(f)
	return s.send(ctx, f)
}
