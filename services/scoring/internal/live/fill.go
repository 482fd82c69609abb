package live

import (
	"errors"
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/column"
)

// filler unpacks the rows of spans into tables of its own.
type filler struct {
	jobs   chan job
	tables map[topic]*column.Table
	// broken are the surveys of which rows are missing.
	broken map[topic]bool
	err    error
}

func newFiller() *filler {
	return &filler{jobs: make(chan job, 1), tables: make(map[topic]*column.Table), broken: make(map[topic]bool)}
}

func (f *filler) run() {
	for j := range f.jobs {
		if f.err == nil {
			f.err = f.unpack(j)
		}
	}
}

func (f *filler) unpack(j job) error {
	at := topic{j.organization, j.survey}
	if f.broken[at] {
		return nil
	}
	sections, err := cell.Rows(j.chunks)
	if err == nil && len(sections) == 0 {
		return nil
	}
	if err == nil {
		t := f.tables[at]
		if t == nil {
			t = column.NewTable()
			f.tables[at] = t
		}
		err = t.Load(sections)
	}
	if errors.Is(err, column.ErrMissing) {
		// What is taken away was counted before there were rows. That others are missing, too, the number of rows will tell.
		f.broken[at] = true
		delete(f.tables, at)
		return nil
	}
	if err != nil {
		return fmt.Errorf("survey %s, span %d: %w", j.survey, j.span, err)
	}
	return nil
}
