package sqlkit_test

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/otklik/otklik/libs/sqlkit"
)

const insertOp = `INSERT INTO ops (id, worker, body) VALUES (?, ?, ?)`

var benchBody = make([]byte, 300)

// BenchmarkWrites compares one transaction per row with the batcher, each row by a caller that waits for the disk.
// The figure that counts is the ratio of the two in one run.
func BenchmarkWrites(b *testing.B) {
	for _, callers := range []int{1, 64, 512} {
		b.Run(fmt.Sprintf("transaction-per-row/callers=%d", callers), func(b *testing.B) { benchRows(b, callers) })
		b.Run(fmt.Sprintf("batcher/callers=%d", callers), func(b *testing.B) { benchBatcher(b, callers, nil) })
	}
}

func benchRows(b *testing.B, callers int) {
	db := openOps(b)
	parallel(b, callers, func(i int64) error {
		return db.Update(b.Context(), func(ctx context.Context, tx *sqlkit.Tx) error {
			_, err := tx.ExecContext(ctx, insertOp, strconv.FormatInt(i, 36), i, benchBody)
			return err
		})
	})
}

func benchBatcher(b *testing.B, callers int, before sqlkit.Operation) {
	db := openOps(b)
	batcher := sqlkit.NewBatcher(db, 0)
	parallel(b, callers, func(i int64) error {
		return batcher.Do(b.Context(), func(ctx context.Context, tx *sqlkit.Tx) error {
			if before != nil {
				if err := before(ctx, tx); err != nil {
					return err
				}
			}
			_, err := tx.ExecContext(ctx, insertOp, strconv.FormatInt(i, 36), i, benchBody)
			return err
		})
	})
	s := batcher.Stats()
	b.ReportMetric(float64(s.Operations)/float64(s.Transactions), "ops/tx")
	if err := batcher.Close(); err != nil {
		b.Fatal(err)
	}
}

// parallel spreads b.N writes over callers.
func parallel(b *testing.B, callers int, write func(i int64) error) {
	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	done := make(chan error, callers)
	for range callers {
		go func() {
			for {
				i := next.Add(1)
				if i > int64(b.N) {
					done <- nil
					return
				}
				if err := write(i); err != nil {
					done <- err
					return
				}
			}
		}()
	}
	for range callers {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
