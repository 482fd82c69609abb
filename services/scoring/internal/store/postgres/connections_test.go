package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// TestHolderFindsConnections: batches that wait for a holder of the same process leave it connections to work with, however many they are.
func TestHolderFindsConnections(t *testing.T) {
	t.Parallel()
	const partitions = 48
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dsn := migrated(t)
	s, other := opened(t, dsn), opened(t, dsn)
	if err := s.Partition(ctx, partitions); err != nil {
		t.Fatal(err)
	}
	var waiting sync.WaitGroup
	defer waiting.Wait()
	err := s.Hold(ctx, func(ctx context.Context) error {
		for p := range partitions {
			waiting.Go(func() {
				if err := s.Apply(t.Context(), store.Batch{Partition: p, To: store.Cursor{Position: 1}}); err != nil {
					t.Errorf("partition %d: %v", p, err)
				}
			})
		}
		testkit.Eventually(t, 20*time.Second, func() error {
			if n := count(t, dsn, `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`); n < 7 {
				return fmt.Errorf("%d batches wait", n)
			}
			return nil
		})
		asking, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		_, err := s.Marks(asking)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	waiting.Wait()
	for p, c := range marks(t, other).Cursors {
		if c.Version != 1 {
			t.Errorf("partition %d: %+v", p, c)
		}
	}
}
