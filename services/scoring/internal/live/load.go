package live

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// Source lists packed cells; store.Store is one.
type Source interface {
	Cells(ctx context.Context, fn func(organization, survey string, span cell.Span, chunks [][]byte) error) (store.Marks, error)
}

// maxWorkers bounds the goroutines that unpack cells side by side.
const maxWorkers = 8

// blockSpans is the number of spans in a block of a cube: blocks are what cubes that were filled side by side are put together from.
const blockSpans = cube.DaysPerBlock / cell.SpanDays

// Load makes the cubes of all organisations from packed cells, and tells how far they count.
func Load(ctx context.Context, source Source) (map[string]*cube.Cube, store.Marks, error) {
	workers := make([]*worker, min(runtime.GOMAXPROCS(0), maxWorkers))
	var working sync.WaitGroup
	for i := range workers {
		w := &worker{jobs: make(chan job, 1), loaders: make(map[string]*cube.Loader), cubes: make(map[string]*cube.Cube)}
		workers[i] = w
		working.Go(w.run)
	}
	marks, err := source.Cells(ctx, func(organization, survey string, span cell.Span, chunks [][]byte) error {
		block := int(span) / blockSpans
		if span < 0 {
			block = -int(span) / blockSpans
		}
		workers[block%len(workers)].jobs <- job{organization, survey, span, chunks}
		return nil
	})
	for _, w := range workers {
		close(w.jobs)
	}
	working.Wait()
	if err != nil {
		return nil, store.Marks{}, fmt.Errorf("load cells: %w", err)
	}
	cubes, err := join(workers)
	return cubes, marks, err
}

// join puts together what the workers have filled.
func join(workers []*worker) (map[string]*cube.Cube, error) {
	cubes := make(map[string]*cube.Cube)
	for _, w := range workers {
		if w.err != nil {
			return nil, fmt.Errorf("load cells: %w", w.err)
		}
		for organization, c := range w.cubes {
			if cubes[organization] == nil {
				cubes[organization] = c
				continue
			}
			if err := cubes[organization].Absorb(c); err != nil {
				return nil, fmt.Errorf("load cells: %w", err)
			}
		}
	}
	return cubes, nil
}

// job is a span to unpack.
type job struct {
	organization, survey string
	span                 cell.Span
	chunks               [][]byte
}

// worker unpacks spans into cubes of its own.
type worker struct {
	jobs    chan job
	cubes   map[string]*cube.Cube
	loaders map[string]*cube.Loader
	err     error
}

func (w *worker) run() {
	for j := range w.jobs {
		if w.err == nil {
			w.err = w.unpack(j)
		}
	}
	for _, l := range w.loaders {
		if err := l.Close(); w.err == nil {
			w.err = err
		}
	}
}

func (w *worker) unpack(j job) error {
	l := w.loaders[j.organization]
	if l == nil {
		c := cube.New()
		l = c.Loader()
		w.cubes[j.organization], w.loaders[j.organization] = c, l
	}
	err := cell.Sum(j.span, j.chunks, func(k cube.Key) {
		k.Survey = j.survey
		l.Series(k)
	}, l.Cell)
	if err != nil {
		return fmt.Errorf("survey %s, span %d: %w", j.survey, j.span, err)
	}
	return nil
}
