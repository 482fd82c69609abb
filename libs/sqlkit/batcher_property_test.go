package sqlkit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/sqlkit"
)

// plan is what one operation of the property test does.
type plan struct {
	id      string
	outcome outcome
	writes  int
}

type outcome int

const (
	succeed outcome = iota
	failAfterWrites
	conflict
	panics
	cancelled
	outcomes
)

// TestAcknowledgedIsWrittenOnce: whatever mixture of operations runs at the same time, the table holds every row of every acknowledged
// operation, and no row of any other.
func TestAcknowledgedIsWrittenOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "db")
		if err != nil {
			rt.Fatal(err)
		}
		db, err := sqlkit.OpenSQLite(t.Context(), dir+"/ops.db")
		if err != nil {
			rt.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Write.Exec(`CREATE TABLE ops (id TEXT, part INTEGER, PRIMARY KEY (id, part))`); err != nil {
			rt.Fatal(err)
		}
		b := sqlkit.NewBatcher(db, rapid.IntRange(1, 20).Draw(rt, "max"))
		plans := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) plan {
			return plan{
				// Few ids, so that operations meet.
				id:      strconv.Itoa(rapid.IntRange(0, 15).Draw(rt, "id")),
				outcome: outcome(rapid.IntRange(0, int(outcomes)-1).Draw(rt, "outcome")),
				writes:  rapid.IntRange(0, 3).Draw(rt, "writes"),
			}
		}), 1, 60).Draw(rt, "plans")

		acknowledged := make(map[string]int)
		var mu sync.Mutex
		var wg sync.WaitGroup
		for _, p := range plans {
			wg.Go(func() {
				err := run(t.Context(), b, p)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil && p.outcome == succeed:
					if _, twice := acknowledged[p.id]; twice && p.writes > 0 {
						rt.Errorf("operation %s was acknowledged twice", p.id)
					}
					if p.writes > 0 {
						acknowledged[p.id] = p.writes
					}
				case err == nil:
					rt.Errorf("%+v was acknowledged", p)
				case p.outcome == succeed && !sqlkit.IsUniqueViolation(err):
					rt.Errorf("%+v failed: %v", p, err)
				case p.outcome == failAfterWrites && !errors.Is(err, errOwn) && !sqlkit.IsUniqueViolation(err):
					rt.Errorf("%+v lost its own error: %v", p, err)
				}
			})
		}
		wg.Wait()
		if err := b.Close(); err != nil {
			rt.Fatal(err)
		}
		stored := make(map[string]int)
		rows, err := db.Query(t.Context(), `SELECT id, COUNT(*) FROM ops GROUP BY id`)
		if err != nil {
			rt.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			var n int
			if err := rows.Scan(&id, &n); err != nil {
				rt.Fatal(err)
			}
			stored[id] = n
		}
		if err := rows.Err(); err != nil {
			rt.Fatal(err)
		}
		if fmt.Sprint(stored) != fmt.Sprint(acknowledged) {
			rt.Fatalf("stored %v, acknowledged %v", stored, acknowledged)
		}
	})
}

func run(ctx context.Context, b *sqlkit.Batcher, p plan) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panicked: %v", v)
		}
	}()
	if p.outcome == cancelled {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		cancel()
	}
	return b.Do(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		for part := range p.writes {
			if _, err := tx.ExecContext(ctx, `INSERT INTO ops (id, part) VALUES (?, ?)`, p.id, part); err != nil {
				return err
			}
		}
		switch p.outcome {
		case failAfterWrites:
			return errOwn
		case conflict:
			if _, err := tx.ExecContext(ctx, `INSERT INTO ops (id, part) VALUES (?, 100), (?, 100)`, p.id, p.id); err != nil {
				return err
			}
		case panics:
			panic("operation " + p.id)
		}
		return nil
	})
}
