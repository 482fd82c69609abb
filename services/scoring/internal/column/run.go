package column

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Query counts rows. ErrQuery when the query contradicts itself, ErrTooMany when the answer would exceed its limit. It counts the rows at the
// time of the call, whatever is applied meanwhile.
func (t *Table) Query(q Query) (Result, error) {
	s := t.seen.Load()
	p, err := t.plan(&q, s)
	if err != nil {
		return Result{}, err
	}
	w, err := p.count()
	if err != nil {
		return Result{}, err
	}
	t.trim(s)
	b := resultBuilder{worker: w}
	if q.Pooled {
		if b.pooled, err = p.pool(w, t.poolRows); err != nil {
			return Result{}, err
		}
	}
	return b.result()
}

// count counts all blocks side by side, on as many processors as there are.
func (p *plan) count() (*worker, error) {
	units := p.units()
	workers := make([]*worker, max(1, min(runtime.GOMAXPROCS(0), len(units))))
	err := parallel(len(workers), func(i int, next func() int) error {
		w := newWorker(p)
		defer w.leave()
		workers[i] = w
		for at := next(); at < len(units); at = next() {
			if err := w.countUnit(units[at]); err != nil {
				return err
			}
		}
		return w.check()
	})
	if err != nil {
		return nil, err
	}
	for _, other := range workers[1:] {
		workers[0].absorb(other)
	}
	return workers[0], workers[0].check()
}

// units are what is counted at one go: runs of which counts will do, and the other blocks one by one.
func (p *plan) units() [][]*block {
	blocks := p.state.blocks
	if !p.plain {
		return slices.Collect(slices.Chunk(blocks, 1))
	}
	var units [][]*block
	for range p.state.runs {
		units = append(units, blocks[:runBlocks:runBlocks])
		blocks = blocks[runBlocks:]
	}
	return slices.AppendSeq(units, slices.Chunk(blocks, 1))
}

func (w *worker) countUnit(blocks []*block) error {
	if len(blocks) == runBlocks {
		i := slices.IndexFunc(w.state.runs, func(r *run) bool { return r.blocks[0] == blocks[0] })
		if w.recallRun(w.state.runs[i]) {
			return w.check()
		}
	}
	for _, b := range blocks {
		if !w.recallBlock(b) && w.choose(b) {
			w.group(b)
			w.split(b)
			w.count(b)
		}
		if err := w.check(); err != nil {
			return err
		}
	}
	return nil
}

// check tells whether the worker may go on.
func (w *worker) check() error {
	if w.factor != nil {
		w.factor.mu.Lock()
		defer w.factor.mu.Unlock()
		if w.factor.err != nil {
			return w.factor.err
		}
	}
	if !w.tree.flat() && w.Limit > 0 && w.cells() > w.Limit {
		return fmt.Errorf("more than %d: %w", w.Limit, ErrTooMany)
	}
	return nil
}

// parallel runs n functions side by side; next hands out numbers from 0 on. The first error ends all: what next hands out is beyond any
// number then.
func parallel(n int, run func(i int, next func() int) error) error {
	var counter atomic.Int64
	next := func() int { return int(counter.Add(1) - 1) }
	if n == 1 {
		return run(0, next)
	}
	errs := make([]error, n)
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			if errs[i] = run(i, next); errs[i] != nil {
				counter.Store(1 << 40)
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
