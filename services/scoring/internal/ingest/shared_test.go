package ingest_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/store"
)

// shared makes a store of one process seem to be one of several: it keeps what batches add to the cells, so that others can follow.
type shared struct {
	store.Store

	// live is held, shared, by batches for live ledgers, and by Hold for itself.
	live sync.RWMutex

	mu     sync.Mutex
	deltas []store.Delta
	// forget is called with the store locked and tells whether what others ask for is to seem forgotten; nil means never.
	forget func() bool
}

// Shared says so.
func (s *shared) Shared() bool { return true }

// Apply keeps what the batch adds.
func (s *shared) Apply(ctx context.Context, b store.Batch) error {
	if b.Rebuild != (store.Ledger{}) {
		return s.Store.Apply(ctx, b)
	}
	s.live.RLock()
	defer s.live.RUnlock()
	// The cursor and the deltas move together.
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.Store.Apply(ctx, b); err != nil {
		return err
	}
	for _, c := range b.Changes {
		if len(c.Cells) > 0 {
			s.deltas = append(s.deltas, store.Delta{
				Partition: b.Partition, Version: b.From.Version + 1, Organization: c.Ledger.Organization, Cells: c.Cells,
			})
		}
	}
	return nil
}

// Enrich keeps what the batch adds.
func (s *shared) Enrich(ctx context.Context, b store.EnrichmentBatch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.Store.Enrich(ctx, b); err != nil {
		return err
	}
	for _, c := range b.Changes {
		if len(c.Ledger.Cells) > 0 {
			s.deltas = append(s.deltas, store.Delta{
				Version: b.At.Cursors[0].Version + 1, Organization: c.Ledger.Ledger.Organization, Cells: c.Ledger.Cells,
			})
		}
	}
	return nil
}

// Hold keeps batches out. The store's own would, too, but batches that wait for it hold what Follow needs.
func (s *shared) Hold(ctx context.Context, fn func(ctx context.Context) error) error {
	s.live.Lock()
	defer s.live.Unlock()
	return fn(ctx)
}

// Follow returns what was kept.
func (s *shared) Follow(ctx context.Context, since store.Marks) ([]store.Delta, store.Marks, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, err := s.Marks(ctx)
	if err != nil {
		return nil, store.Marks{}, err
	}
	if now.Same(since) {
		return nil, now, nil
	}
	if now.Epoch != since.Epoch || len(now.Cursors) != len(since.Cursors) || s.forget != nil && s.forget() {
		return nil, store.Marks{}, store.ErrBehind
	}
	var deltas []store.Delta
	for _, d := range s.deltas {
		if v := d.Version; v > since.Cursors[d.Partition].Version && v <= now.Cursors[d.Partition].Version {
			deltas = append(deltas, d)
		}
	}
	return deltas, now, nil
}

// faults is a source of faults that several stores share.
type faults struct {
	mu     sync.Mutex
	random *rand.Rand
	oneIn  int
}

func (f *faults) set(oneIn int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.oneIn = oneIn
}

// one tells whether it is time for a fault.
func (f *faults) one() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.oneIn > 0 && f.random.IntN(f.oneIn) == 0
}

// flaky is what one process has of a shared store: it fails at random, before or after it has done what was asked.
type flaky struct {
	store.Store
	faults *faults
}

func (f *flaky) fault() error {
	if f.faults.one() {
		return errFault
	}
	return nil
}

// Marks fails at random.
func (f *flaky) Marks(ctx context.Context) (store.Marks, error) {
	m, err := f.Store.Marks(ctx)
	return m, errors.Join(err, f.fault())
}

// Apply fails at random.
func (f *flaky) Apply(ctx context.Context, b store.Batch) error {
	if err := f.fault(); err != nil {
		return err
	}
	if err := f.Store.Apply(ctx, b); err != nil {
		return err
	}
	return f.fault()
}

// Enrich fails at random.
func (f *flaky) Enrich(ctx context.Context, b store.EnrichmentBatch) error {
	if err := f.fault(); err != nil {
		return err
	}
	if err := f.Store.Enrich(ctx, b); err != nil {
		return err
	}
	return f.fault()
}

// Follow fails at random.
func (f *flaky) Follow(ctx context.Context, since store.Marks) ([]store.Delta, store.Marks, error) {
	if err := f.fault(); err != nil {
		return nil, store.Marks{}, err
	}
	return f.Store.Follow(ctx, since)
}

// FinishRebuild fails at random.
func (f *flaky) FinishRebuild(ctx context.Context, l store.Ledger, at store.Marks, changed int64, ended time.Time) (store.Rebuild, error) {
	if err := f.fault(); err != nil {
		return store.Rebuild{}, err
	}
	r, err := f.Store.FinishRebuild(ctx, l, at, changed, ended)
	if err != nil {
		return r, err
	}
	if err := f.fault(); err != nil {
		return store.Rebuild{}, err
	}
	return r, nil
}
