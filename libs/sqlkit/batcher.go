package sqlkit

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// DefaultBatch is the most operations that a Batcher puts in one transaction unless told otherwise.
const DefaultBatch = 512

// Batcher commits small writes together: while one transaction is on its way to the disk others queue, and the next transaction takes all
// that have queued. There is no timer, so that a lone write waits for nothing.
type Batcher struct {
	db  *DB
	max int

	mu     sync.Mutex
	wake   *sync.Cond
	queue  []*operation
	closed bool

	done    chan struct{}
	flushes atomic.Int64
	ops     atomic.Int64

	// pool reuses operations with their channels.
	pool sync.Pool
}

// Operation is one write of a batch. It must be quick and wait for nothing. When it returns an error whatever it did is undone, the error
// is handed to the caller of Do, and the neighbours in the batch are not affected.
type Operation func(ctx context.Context, tx *Tx) error

type operation struct {
	ctx   context.Context
	fn    Operation
	state atomic.Int32
	done  chan struct{}
	// err and panicked are written before done is signalled.
	err      error
	panicked any
}

// States of an operation.
const (
	stateQueued int32 = iota
	stateRunning
	stateWithdrawn
)

// NewBatcher starts a batcher over the writing connection of db. max is the most operations in one transaction; 0 means DefaultBatch. Close
// it before db.
func NewBatcher(db *DB, max int) *Batcher {
	if max <= 0 {
		max = DefaultBatch
	}
	b := &Batcher{db: db, max: max, done: make(chan struct{})}
	b.wake = sync.NewCond(&b.mu)
	b.pool.New = func() any { return &operation{done: make(chan struct{}, 1)} }
	go b.run()
	return b
}

// Do runs fn in a transaction together with other operations and returns after the commit. When the result is nil, what fn did is on the
// disk. Errors: that of fn (then nothing of fn is written), ctx's error when ctx ended before fn ran (fn then never runs), ErrClosed,
// ErrFull, ErrBusy, or that of the commit, which leaves open whether it was written. Once fn runs, the result of the commit is awaited even if ctx ends. fn's context keeps the values
// of ctx but not its end. A panic of fn undoes it and goes on in the caller.
func (b *Batcher) Do(ctx context.Context, fn Operation) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	op := b.pool.Get().(*operation)
	op.ctx, op.fn = ctx, fn
	op.state.Store(stateQueued)

	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		b.release(op)
		return ErrClosed
	}
	b.queue = append(b.queue, op)
	if len(b.queue) == 1 {
		b.wake.Signal()
	}
	b.mu.Unlock()

	select {
	case <-op.done:
	case <-ctx.Done():
		if op.state.CompareAndSwap(stateQueued, stateWithdrawn) {
			// The queue still holds op, so that it cannot be used again.
			return ctx.Err()
		}
		<-op.done
	}
	err, panicked := op.err, op.panicked
	b.release(op)
	if panicked != nil {
		panic(panicked)
	}
	return err
}

func (b *Batcher) release(op *operation) {
	op.ctx, op.fn, op.err, op.panicked = nil, nil, nil, nil
	b.pool.Put(op)
}

// Close lets the queued operations finish and then stops. Operations that come later get ErrClosed. Safe to call twice.
func (b *Batcher) Close() error {
	b.mu.Lock()
	b.closed = true
	b.wake.Signal()
	b.mu.Unlock()
	<-b.done
	return nil
}

// BatcherStats counts since the start of a Batcher.
type BatcherStats struct {
	// Transactions that were committed or failed.
	Transactions int64
	// Operations in them.
	Operations int64
	// Queued operations now.
	Queued int
}

// Stats returns the counts so far.
func (b *Batcher) Stats() BatcherStats {
	b.mu.Lock()
	queued := len(b.queue)
	b.mu.Unlock()
	return BatcherStats{Transactions: b.flushes.Load(), Operations: b.ops.Load(), Queued: queued}
}

func (b *Batcher) run() {
	defer close(b.done)
	var batch []*operation
	for {
		// Let the goroutines that the last commit woke, or that are about to queue, run first: on a busy machine this makes the batches
		// larger, on an idle one it costs nothing.
		runtime.Gosched()
		b.mu.Lock()
		for len(b.queue) == 0 && !b.closed {
			b.wake.Wait()
			// The first of many wakes this goroutine: let the others queue, too.
			b.mu.Unlock()
			runtime.Gosched()
			b.mu.Lock()
		}
		if len(b.queue) == 0 {
			b.mu.Unlock()
			return
		}
		n := min(len(b.queue), b.max)
		batch = append(batch[:0], b.queue[:n]...)
		rest := copy(b.queue, b.queue[n:])
		clear(b.queue[rest:])
		b.queue = b.queue[:rest]
		b.mu.Unlock()

		b.flush(batch)
		clear(batch)
	}
}

// flush runs a batch in one transaction and tells every caller the outcome.
func (b *Batcher) flush(batch []*operation) {
	live := batch[:0]
	for _, op := range batch {
		if op.state.CompareAndSwap(stateQueued, stateRunning) {
			live = append(live, op)
		}
	}
	if len(live) == 0 {
		return
	}
	if err := b.transact(live); err != nil {
		for _, op := range live {
			// An operation that failed by itself keeps its own error, but that it was not written is true either way.
			if op.err == nil && op.panicked == nil {
				op.err = err
			}
		}
	}
	b.flushes.Add(1)
	b.ops.Add(int64(len(live)))
	for _, op := range live {
		op.done <- struct{}{}
	}
}

// transact runs the operations in one transaction. Its error is that of all of them.
func (b *Batcher) transact(live []*operation) error {
	ctx := context.Background()
	tx, err := b.db.Write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin batch: %w", Translate(err))
	}
	t := &Tx{tx: tx, stmts: b.db.writeStmts}
	for _, op := range live {
		t.beginOperation()
		runOperation(op, t)
		t.endOperation(ctx, op.err == nil && op.panicked == nil)
		if t.broken != nil {
			broken := t.broken
			// SQLite may have ended the transaction already, in which case the rollback fails: there is nothing left to undo.
			_ = t.finish(ctx, tx.Rollback)
			return fmt.Errorf("run batch: %w", broken)
		}
	}
	if err := t.finish(ctx, tx.Commit); err != nil {
		return fmt.Errorf("commit batch: %w", Translate(err))
	}
	return nil
}

func runOperation(op *operation, t *Tx) {
	defer func() {
		if p := recover(); p != nil {
			op.panicked = p
		}
	}()
	// Without the caller's end: interrupting a statement would undo the whole transaction, the neighbours' work too.
	op.err = op.fn(context.WithoutCancel(op.ctx), t)
}
