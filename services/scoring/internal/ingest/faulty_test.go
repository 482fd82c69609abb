package ingest_test

import (
	"context"
	"errors"
	"math/rand/v2"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

var errFault = errors.New("the storage failed")

// faulty is a store that fails at random, before or after it has done what was asked.
type faulty struct {
	store.Store
	random *rand.Rand
	// oneIn is the reciprocal of the chance of a fault; 0 means none.
	oneIn int
}

func (f *faulty) fault() error {
	if f.oneIn > 0 && f.random.IntN(f.oneIn) == 0 {
		return errFault
	}
	return nil
}

// Marks fails at random.
func (f *faulty) Marks(ctx context.Context) (store.Marks, error) {
	if err := f.fault(); err != nil {
		return store.Marks{}, err
	}
	return f.Store.Marks(ctx)
}

// Apply fails at random, before or after the batch is stored.
func (f *faulty) Apply(ctx context.Context, b store.Batch) error {
	if err := f.fault(); err != nil {
		return err
	}
	if err := f.Store.Apply(ctx, b); err != nil {
		return err
	}
	return f.fault()
}

// Outcomes fails at random.
func (f *faulty) Outcomes(ctx context.Context, l store.Ledger, i []store.Invitation) (map[store.Invitation]fact.Outcome, error) {
	if err := f.fault(); err != nil {
		return nil, err
	}
	return f.Store.Outcomes(ctx, l, i)
}

// Stored fails at random.
func (f *faulty) Stored(ctx context.Context, l store.Ledger, r []store.Record) ([]bool, error) {
	if err := f.fault(); err != nil {
		return nil, err
	}
	return f.Store.Stored(ctx, l, r)
}

// seeded draws the seed of a random log.
func seeded(t *rapid.T) *rand.Rand {
	return rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
}

// seededBy is a source of random numbers.
func seededBy(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }
