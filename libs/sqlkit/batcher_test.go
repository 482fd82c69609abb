package sqlkit_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/libs/testkit"
)

var errOwn = errors.New("own error of the operation")

func insert(id string, worker int) sqlkit.Operation {
	return func(ctx context.Context, tx *sqlkit.Tx) error {
		_, err := tx.ExecContext(ctx, insertOp, id, worker, benchBody)
		return err
	}
}

func count(t *testing.T, db *sqlkit.DB) int {
	t.Helper()
	var n int
	if err := db.QueryRow(t.Context(), `SELECT COUNT(*) FROM ops`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// block occupies the batcher until release is closed; it returns when the batcher is occupied.
func block(t *testing.T, b *sqlkit.Batcher, release <-chan struct{}) (result <-chan error) {
	t.Helper()
	started, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- b.Do(context.Background(), func(context.Context, *sqlkit.Tx) error {
			close(started)
			<-release
			return nil
		})
	}()
	<-started
	return done
}

func awaitQueued(t *testing.T, b *sqlkit.Batcher, n int) {
	t.Helper()
	testkit.Eventually(t, time.Minute, func() error {
		if queued := b.Stats().Queued; queued < n {
			return fmt.Errorf("%d of %d operations are queued", queued, n)
		}
		return nil
	})
}

func TestQueuedOperationCanBeWithdrawn(t *testing.T) {
	db := openOps(t)
	b := sqlkit.NewBatcher(db, 0)
	release := make(chan struct{})
	blocked := block(t, b, release)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Do(ctx, insert("a", 1)) }()
	awaitQueued(t, b, 1)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("withdrawn: %v", err)
	}
	close(release)
	if err := errors.Join(<-blocked, b.Close()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows of a withdrawn operation", n)
	}
}

func TestRunningOperationIsAwaited(t *testing.T) {
	db := openOps(t)
	b := sqlkit.NewBatcher(db, 0)
	ctx, cancel := context.WithCancel(t.Context())
	err := b.Do(ctx, func(opCtx context.Context, tx *sqlkit.Tx) error {
		cancel()
		if opCtx.Err() != nil {
			return fmt.Errorf("the caller's end reached the operation: %w", opCtx.Err())
		}
		return insert("a", 1)(opCtx, tx)
	})
	if err != nil {
		t.Errorf("the commit is not reported: %v", err)
	}
	if n := count(t, db); n != 1 {
		t.Errorf("%d rows", n)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCloseDrains(t *testing.T) {
	db := openOps(t)
	b := sqlkit.NewBatcher(db, 2)
	release := make(chan struct{})
	blocked := block(t, b, release)
	const n = 7
	done := make(chan error, n)
	for i := range n {
		go func() { done <- b.Do(t.Context(), insert(strconv.Itoa(i), i)) }()
	}
	awaitQueued(t, b, n)
	closed := make(chan error, 1)
	go func() { closed <- b.Close() }()
	close(release)
	for range n {
		if err := <-done; err != nil {
			t.Errorf("a queued operation failed: %v", err)
		}
	}
	if err := errors.Join(<-blocked, <-closed, b.Close()); err != nil {
		t.Fatal(err)
	}
	if err := b.Do(t.Context(), insert("late", 1)); !errors.Is(err, sqlkit.ErrClosed) {
		t.Errorf("after closing: %v", err)
	}
	if got := count(t, db); got != n {
		t.Errorf("%d rows, want %d", got, n)
	}
	if s := b.Stats(); s.Operations != n+1 || s.Queued != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestPanicGoesOnInTheCaller(t *testing.T) {
	b := sqlkit.NewBatcher(openOps(t), 0)
	defer func() {
		if p := recover(); p != "boom" {
			t.Errorf("recovered %v", p)
		}
		if err := b.Do(t.Context(), insert("a", 1)); err != nil {
			t.Errorf("after a panic: %v", err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}()
	_ = b.Do(t.Context(), func(context.Context, *sqlkit.Tx) error { panic("boom") })
}

func TestOperationsSeeEachOther(t *testing.T) {
	db := openOps(t)
	b := sqlkit.NewBatcher(db, 0)
	release := make(chan struct{})
	blocked := block(t, b, release)
	const n = 20
	results := make(chan bool, n)
	for range n {
		go func() {
			created := false
			err := b.Do(t.Context(), func(ctx context.Context, tx *sqlkit.Tx) error {
				var have int
				if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM ops WHERE id = ?`, "same").Scan(&have); err != nil {
					return err
				}
				if have > 0 {
					return nil
				}
				created = true
				return insert("same", 1)(ctx, tx)
			})
			results <- err == nil && created
		}()
	}
	awaitQueued(t, b, n)
	close(release)
	created := 0
	for range n {
		if <-results {
			created++
		}
	}
	if created != 1 {
		t.Errorf("%d of %d operations in one batch created the same row", created, n)
	}
	if err := errors.Join(<-blocked, b.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestReturningIsUndoneToo(t *testing.T) {
	db := openOps(t)
	b := sqlkit.NewBatcher(db, 0)
	err := b.Do(t.Context(), func(ctx context.Context, tx *sqlkit.Tx) error {
		var id string
		if err := tx.QueryRowContext(ctx, `INSERT INTO ops (id) VALUES ('r') RETURNING id`).Scan(&id); err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `INSERT INTO ops (id) VALUES ('s') RETURNING id`)
		if err != nil {
			return err
		}
		defer rows.Close()
		return errors.Join(rows.Err(), errOwn)
	})
	if !errors.Is(err, errOwn) {
		t.Errorf("got %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows of an operation that failed", n)
	}
}

// TestFullDisk fills a database whose size is limited, as a full disk limits it, frees room and goes on.
func TestFullDisk(t *testing.T) {
	db := openOps(t)
	limit := func(pages int) {
		t.Helper()
		if _, err := db.Write.Exec(fmt.Sprintf(`PRAGMA max_page_count = %d`, pages)); err != nil {
			t.Fatal(err)
		}
	}
	limit(100)
	b := sqlkit.NewBatcher(db, 50)
	const callers, each = 20, 200
	var mu sync.Mutex
	acknowledged := make(map[string]bool)
	full := 0
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%d-%d", caller, i)
				err := b.Do(t.Context(), insert(id, caller))
				mu.Lock()
				switch {
				case err == nil:
					acknowledged[id] = true
				case errors.Is(err, sqlkit.ErrFull):
					full++
				default:
					t.Errorf("another error: %v", err)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if full == 0 || len(acknowledged) == 0 {
		t.Fatalf("%d operations met a full disk, %d were acknowledged: the test tests nothing", full, len(acknowledged))
	}
	if err := db.Update(t.Context(), func(ctx context.Context, tx *sqlkit.Tx) error {
		for i := range 1000 {
			if err := insert(fmt.Sprintf("update-%d", i), 0)(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	}); !errors.Is(err, sqlkit.ErrFull) {
		t.Errorf("Update on a full disk: %v", err)
	}
	if n := count(t, db); n != len(acknowledged) {
		t.Errorf("%d rows, %d acknowledged", n, len(acknowledged))
	}
	limit(1 << 30)
	if err := b.Do(t.Context(), insert("after", 1)); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db); n != len(acknowledged)+1 {
		t.Errorf("%d rows, %d acknowledged", n, len(acknowledged)+1)
	}
}
