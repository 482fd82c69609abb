package live

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
)

// Book is what is counted of one organisation: cells in a cube, and the rows of each survey in a table. Many goroutines may read while one
// writes.
type Book struct {
	// Cube counts cells.
	Cube *cube.Cube

	mu     sync.RWMutex
	tables map[string]*column.Table
	// short are the surveys of which rows are missing.
	short map[string]bool
}

// NewBook is a book in which nothing is counted.
func NewBook() *Book {
	return &Book{Cube: cube.New(), tables: make(map[string]*column.Table), short: make(map[string]bool)}
}

// Table is the table of a survey, which may be empty. It is not complete when rows of the survey are missing, as of what was counted before
// there were rows: then it must not be asked.
func (b *Book) Table(survey string) (t *column.Table, complete bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if t = b.tables[survey]; t == nil {
		// Nothing is counted yet; asking must not leave a trace.
		t = column.NewTable()
	}
	return t, !b.short[survey]
}

// Complete tells whether no rows are missing.
func (b *Book) Complete() bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.short) == 0
}

// Surveys lists the surveys of which something is counted, in order.
func (b *Book) Surveys() []string { return b.Cube.Surveys() }

// Apply counts a delta. Who sees its cells sees its rows, and the other way round: what is answered from either is of one moment. After an error
// the book is of no use.
func (b *Book) Apply(d *delta.Delta) error {
	surveys := d.Surveys()
	written := make([]column.Written, 0, len(surveys))
	drop := func() {
		for _, w := range written {
			w.Drop()
		}
	}
	for _, survey := range surveys {
		if _, complete := b.Table(survey); !complete {
			continue
		}
		w, err := b.table(survey).Write(d.Rows(survey))
		if err != nil {
			drop()
			return fmt.Errorf("count rows of survey %s: %w", survey, err)
		}
		written = append(written, w)
	}
	err := b.Cube.ApplyWith(&d.Cells, func() {
		for _, w := range written {
			w.Show()
		}
	})
	if err != nil {
		drop()
		return fmt.Errorf("count cells: %w", err)
	}
	for _, survey := range surveys {
		b.audit(survey)
	}
	return nil
}

// table is the table of a survey, made when it is new.
func (b *Book) table(survey string) *column.Table {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.tables[survey]
	if t == nil {
		t = column.NewTable()
		b.tables[survey] = t
	}
	return t
}

// audit compares the number of a survey's rows with the outcomes that the cube counts: they are equal unless something was counted without
// its rows. A table that is not complete is let go.
func (b *Book) audit(survey string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.tables[survey]
	n := int64(0)
	if t != nil {
		n = int64(t.Len())
	}
	if n == outcomes(b.Cube, survey) {
		delete(b.short, survey)
	} else {
		b.short[survey] = true
		n = 0
	}
	if n == 0 {
		delete(b.tables, survey)
	}
}

// auditAll compares all surveys.
func (b *Book) auditAll() {
	surveys := append(b.Cube.Surveys(), slices.Collect(maps.Keys(b.tables))...)
	slices.Sort(surveys)
	for _, survey := range slices.Compact(surveys) {
		b.audit(survey)
	}
}

// outcomes is the number of responses and of refusals that count, of all populations and all time.
func outcomes(c *cube.Cube, survey string) int64 {
	var n int64
	for p := fact.Customer; p.Valid(); p++ {
		r, err := c.Query(cube.Query{Survey: survey, Population: p, WithOutcomes: true})
		if err != nil {
			// A query of one slice for all time is none that a cube refuses.
			return -1
		}
		for _, s := range r.Survey {
			n += s.Outcomes.Responses + s.Outcomes.Refusals()
		}
	}
	return n
}
