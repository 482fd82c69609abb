package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/store/sqlite"
)

// batchRows is how many responses are stored at a time, so that each span of time has several chunks, as in a store that has grown.
const batchRows = 25_000

// fill makes a store with n responses: all that queries are answered from, cells and rows, without the facts that rebuilds and erasures read.
func fill(ctx context.Context, path string, n int) (err error) {
	st, err := sqlite.Open(ctx, path)
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	defer func() {
		if err = errors.Join(err, st.Close()); err != nil {
			// Half a store would be taken for a whole one.
			err = errors.Join(err, os.Remove(path))
		}
	}()
	if err := st.Partition(ctx, 1); err != nil {
		return fmt.Errorf("divide the log: %w", err)
	}
	for first := 0; first < n; first += batchRows {
		end := min(n, first+batchRows)
		var d delta.Delta
		if err := generate(n, first, end, func(i int, r *response) error {
			d.AddFact(r.fact(i))
			return nil
		}); err != nil {
			return err
		}
		marks, err := st.Marks(ctx)
		if err != nil {
			return fmt.Errorf("read the marks: %w", err)
		}
		from := marks.Cursors[0]
		if err := st.Apply(ctx, store.Batch{
			From: from, To: store.Cursor{Position: int64(end), AsOf: firstDay.AddDate(0, 0, days)},
			Changes: []store.Changes{{Ledger: store.Ledger{Organization: organization}, Cells: cell.Pack(&d)}},
		}); err != nil {
			return fmt.Errorf("store rows: %w", err)
		}
	}
	return nil
}
