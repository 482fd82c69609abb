package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/otklik/otklik/services/access/internal/audit"
)

// Bounds of a group of appends.
const (
	// maxGroupEntries is how many entries are committed together at most, beyond the first call's.
	maxGroupEntries = 4000
	// groupTimeout bounds a commit, which serves more callers than the one who began it.
	groupTimeout = 30 * time.Second
)

// appends commits together what comes while another commit is on its way: the appends to one chain wait for each other anyway, since each holds
// the chain's head until its commit.
type appends struct {
	// commit stores entries in one transaction and returns their sequences.
	commit func(ctx context.Context, entries []audit.Entry) ([]int64, error)

	mu      sync.Mutex
	queue   []*appendCall
	running bool
}

// appendCall is a caller who waits. sequences and err are written before done is closed.
type appendCall struct {
	entries   []audit.Entry
	sequences []int64
	err       error
	done      chan struct{}
}

// do appends entries together with those of other callers. When ctx ends they may be stored all the same.
func (a *appends) do(ctx context.Context, entries []audit.Entry) ([]int64, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	call := &appendCall{entries: entries, done: make(chan struct{})}
	a.mu.Lock()
	a.queue = append(a.queue, call)
	if !a.running {
		a.running = true
		go a.run(context.WithoutCancel(ctx))
	}
	a.mu.Unlock()
	select {
	case <-call.done:
		return call.sequences, call.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// run commits group by group until nobody waits.
func (a *appends) run(ctx context.Context) {
	for {
		group := a.take()
		if len(group) == 0 {
			return
		}
		var entries []audit.Entry
		for _, call := range group {
			entries = append(entries, call.entries...)
		}
		bounded, cancel := context.WithTimeout(ctx, groupTimeout)
		sequences, err := a.commit(bounded, entries)
		cancel()
		for _, call := range group {
			if call.err = err; err == nil {
				call.sequences, sequences = sequences[:len(call.entries):len(call.entries)], sequences[len(call.entries):]
			}
			close(call.done)
		}
	}
}

// take takes what waits, up to the bound. When nothing does, the run is over.
func (a *appends) take() []*appendCall {
	a.mu.Lock()
	defer a.mu.Unlock()
	n, size := 0, 0
	for n < len(a.queue) && (n == 0 || size+len(a.queue[n].entries) <= maxGroupEntries) {
		size += len(a.queue[n].entries)
		n++
	}
	group := a.queue[:n:n]
	if a.queue = a.queue[n:]; n == 0 {
		a.running, a.queue = false, nil
	}
	return group
}
