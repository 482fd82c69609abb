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

// Source lists packed cells and rows; store.Store is one.
type Source interface {
	Cells(ctx context.Context, fn func(organization, survey string, span cell.Span, chunks [][]byte) error) (store.Marks, error)
}

// maxWorkers bounds the goroutines that unpack cells side by side, and those that unpack rows.
const maxWorkers = 8

// blockSpans is the number of spans in a block of a cube: blocks are what cubes that were filled side by side are put together from.
const blockSpans = cube.DaysPerBlock / cell.SpanDays

// Load makes the books of all organisations from packed cells and rows, and tells how far they count.
func Load(ctx context.Context, source Source) (map[string]*Book, store.Marks, error) {
	workers := make([]*worker, min(runtime.GOMAXPROCS(0), maxWorkers))
	fillers := make([]*filler, len(workers))
	var working sync.WaitGroup
	for i := range workers {
		w := &worker{jobs: make(chan job, 1), loaders: make(map[string]*cube.Loader), cubes: make(map[string]*cube.Cube)}
		f := newFiller()
		workers[i], fillers[i] = w, f
		working.Go(w.run)
		working.Go(f.run)
	}
	var last topic
	surveys := 0
	marks, err := source.Cells(ctx, func(organization, survey string, span cell.Span, chunks [][]byte) error {
		j := job{organization, survey, span, chunks}
		block := int(span) / blockSpans
		if span < 0 {
			block = -int(span) / blockSpans
		}
		workers[block%len(workers)].jobs <- j
		// All spans of a survey are of one table, which is filled in the order of time; those of one survey come together.
		if at := (topic{organization, survey}); at != last {
			last = at
			surveys++
		}
		fillers[surveys%len(fillers)].jobs <- j
		return nil
	})
	for i := range workers {
		close(workers[i].jobs)
		close(fillers[i].jobs)
	}
	working.Wait()
	if err != nil {
		return nil, store.Marks{}, fmt.Errorf("load cells: %w", err)
	}
	books, err := join(workers, fillers)
	return books, marks, err
}

// join puts together what has been filled.
func join(workers []*worker, fillers []*filler) (map[string]*Book, error) {
	books := make(map[string]*Book)
	for _, w := range workers {
		if w.err != nil {
			return nil, fmt.Errorf("load cells: %w", w.err)
		}
		for organization, c := range w.cubes {
			if books[organization] == nil {
				books[organization] = NewBook()
				books[organization].Cube = c
				continue
			}
			if err := books[organization].Cube.Absorb(c); err != nil {
				return nil, fmt.Errorf("load cells: %w", err)
			}
		}
	}
	for _, f := range fillers {
		if f.err != nil {
			return nil, fmt.Errorf("load rows: %w", f.err)
		}
		for at, t := range f.tables {
			// Rows have cells, so that there is a book.
			if b := books[at.organization]; b != nil {
				b.tables[at.survey] = t
			}
		}
	}
	for _, b := range books {
		b.auditAll()
	}
	return books, nil
}

// job is a span to unpack.
type job struct {
	organization, survey string
	span                 cell.Span
	chunks               [][]byte
}

// worker unpacks the cells of spans into cubes of its own.
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
