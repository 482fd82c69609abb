package export_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/export"
)

// pages has rows that come by pages of a thousand: it can be gone on with behind whole ones alone. A cursor is known until `expired` tells that it is not.
type pages struct {
	source
	expired bool
	stale   int
}

func (p *pages) Rows(_ context.Context, _ export.Order, after export.Mark, fn func(export.Mark, []export.Cell) error) error {
	at := 0
	if after.Cursor != "" {
		if p.expired {
			p.stale++
			return export.ErrStale
		}
		var err error
		if at, err = strconv.Atoi(after.Cursor); err != nil {
			return err
		}
	}
	for i := at + 1; i <= int(p.n); i++ {
		if err := fn(export.Mark{}, []export.Cell{{Text: fmt.Sprint(i)}, {Text: strings.Repeat("x", 100)}, {}}); err != nil {
			return err
		}
		if i%1000 == 0 {
			if err := fn(export.Mark{Cursor: fmt.Sprint(i)}, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// TestEveryRowOfPagesOnce: where rows come by pages, too, each is in the file once when the process that writes dies: the next one goes on behind the last whole page that
// is kept, or begins anew where the source does not know that page any more.
func TestEveryRowOfPagesOnce(t *testing.T) {
	t.Parallel()
	for _, expired := range []bool{false, true} {
		k, p := &kept{dies: 2, cancels: -1}, &pages{source: source{n: 100_500}, expired: expired}
		run(t, k, p, export.CSV, 1<<30)
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(k.file.String(), "\ufeff"))).ReadAll()
		if err != nil || k.e.State != export.Succeeded || len(rows) != 100_501 || k.e.Rows != 100_500 || expired != (p.stale == 1) {
			t.Fatalf("expired %t: %d rows, %+v, %d times stale, %v", expired, len(rows), k.e, p.stale, err)
		}
		for i, row := range rows[1:] {
			if row[0] != fmt.Sprint(i+1) {
				t.Fatalf("expired %t: row %d is %q", expired, i, row[0])
			}
		}
	}
}
