package live_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/live"
)

// TestCellsAndRowsAreOfOneMoment: who has seen so many responses in the cells finds no fewer rows then, and the other way round.
func TestCellsAndRowsAreOfOneMoment(t *testing.T) {
	t.Parallel()
	const batches, size = 30, 200
	b := live.New()
	reload(t, b, marks(1, 0), map[string]*live.Book{})
	// One response in each survey first, so that readers have both from the beginning.
	count(t, b, 1, adding(response("shop", "first", 0)))
	book := b.Book("acme")
	cells := func() int {
		r, err := book.Cube.Query(cube.Query{Survey: "shop", Population: fact.Customer, WithOutcomes: true})
		if err != nil {
			t.Error(err)
			return 0
		}
		return int(r.Survey[0].Outcomes.Responses)
	}
	rows := func() int {
		table, complete := book.Table("shop")
		if !complete {
			t.Error("rows are said to be missing")
		}
		return table.Len()
	}
	var done atomic.Bool
	var readers sync.WaitGroup
	for name, pair := range map[string][2]func() int{"cells, then rows": {cells, rows}, "rows, then cells": {rows, cells}} {
		readers.Go(func() {
			for !done.Load() {
				if first, then := pair[0](), pair[1](); then < first {
					t.Errorf("%s: %d, and %d a moment later", name, first, then)
					return
				}
			}
		})
	}
	for i := range batches {
		d := &delta.Delta{}
		for j := range size {
			d.AddFact(response("shop", fmt.Sprint(i, "-", j), j%40))
		}
		count(t, b, int64(i+2), d)
	}
	done.Store(true)
	readers.Wait()
}
