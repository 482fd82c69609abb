package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/survey/internal/lifecycle"
	"github.com/otklik/otklik/services/survey/internal/store"
)

const patience = 30 * time.Second

// TestOutage breaks connections and stops and kills the server while two replicas store submissions: callers are advised to try again, and those who do find
// every submission stored once, in an order that no reader has to correct.
func TestOutage(t *testing.T) {
	server := pgtest.New(t, pgtest.Durable())
	config := pgkit.DefaultConfig(component)
	var err error
	if config.DSN, err = server.NewDatabase(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := pgkit.Migrate(t.Context(), config, pgkit.Options{Component: component}, Schema()); err != nil {
		t.Fatal(err)
	}
	replicas := []*Store{opened(t, config), opened(t, config)}
	if _, _, err := replicas[0].CreateSurvey(t.Context(), store.Survey{Organization: "acme", ID: "visit", Status: lifecycle.Status{State: lifecycle.Published, Revision: 1}, Body: []byte("x")}, store.Request{}); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	var failures atomic.Int64
	var acknowledged sync.Map
	for r, s := range replicas {
		for w := range 8 {
			wg.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					id := fmt.Sprintf("%d-%d-%d", r, w, i)
					for ctx.Err() == nil {
						err := submit(t, s, id)
						if err == nil {
							acknowledged.Store(id, true)
							break
						}
						failures.Add(1)
						time.Sleep(10 * time.Millisecond)
					}
				}
			})
		}
	}
	// A reader that never looks back.
	var seen []string
	wg.Go(func() {
		var after int64
		for ctx.Err() == nil {
			waitCtx, done := context.WithTimeout(ctx, 100*time.Millisecond)
			_ = replicas[0].AwaitChange(waitCtx, after) // the time is over, the test is over, or there is something to read
			done()
			b, err := replicas[0].ReadChanges(ctx, store.ChangeQuery{After: after, Page: store.Page{Limit: 1000}})
			if err != nil {
				continue
			}
			for _, c := range b.Changes {
				seen, after = append(seen, c.Submission.ID), c.Position
			}
		}
	})

	stored := func() (n int) {
		acknowledged.Range(func(any, any) bool { n++; return true })
		return n
	}
	goesOn := func(after string) {
		t.Helper()
		before := stored()
		testkit.Eventually(t, patience, func() error {
			if n := stored() - before; n < 100 {
				return fmt.Errorf("after %s %d submissions were stored", after, n)
			}
			return nil
		})
	}
	goesOn("the start")
	for range 5 {
		pgtest.Exec(t, server.DSN(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'")
		goesOn("broken connections")
	}
	for what, end := range map[string]func() error{"a stop": server.Stop, "a crash": server.Kill} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if err := replicas[1].Ping(t.Context()); err == nil {
			t.Errorf("ready after %s", what)
		}
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		goesOn(what)
	}
	cancel()
	wg.Wait()
	if failures.Load() == 0 {
		t.Error("nobody noticed the outages")
	}
	count := map[string]int{}
	for _, v := range listed(t, replicas[0]) {
		count[v.ID]++
	}
	acknowledged.Range(func(id, _ any) bool {
		if count[id.(string)] != 1 {
			t.Errorf("%s was acknowledged and is stored %d times", id, count[id.(string)])
		}
		return true
	})
	read := map[string]bool{}
	for _, id := range seen {
		if read[id] {
			t.Errorf("%s was read twice", id)
		}
		read[id] = true
	}
	all := listed(t, replicas[0])
	for _, v := range all[:len(read)] {
		if !read[v.ID] {
			t.Errorf("%s at %d was passed over by the reader", v.ID, v.Position)
		}
	}
}

// submit does what the service does for a submission. Errors must be such that the caller is advised to try again.
func submit(t *testing.T, s *Store, id string) error {
	_, err := s.Status(t.Context(), "acme", "visit")
	if err == nil {
		var out []store.Outcome
		if out, err = accept(t.Context(), s, submission(id)); err == nil && out[0].Err != nil {
			t.Errorf("%s: %v", id, out[0].Err)
		}
	}
	if err != nil && (rpcerr.RetryAfter(err) <= 0 || errors.Is(err, store.ErrClosed)) {
		t.Errorf("%s: %v", id, err)
	}
	return err
}

// TestStuckServer: a server that holds a lock for ever or does not answer costs callers the time that they have, and nobody more.
func TestStuckServer(t *testing.T) {
	config := migrated(t, newest)
	s := opened(t, config)
	tx, err := s.db.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT position FROM log_head FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	outcome := make(chan error, 1)
	go func() {
		_, err := accept(ctx, s, submission("a"))
		outcome <- err
	}()
	testkit.Eventually(t, patience, func() error {
		var waiting bool
		err := s.db.Pool.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)").Scan(&waiting)
		if err == nil && !waiting {
			err = errors.New("no statement waits for the lock")
		}
		return err
	})
	cancel()
	if err := <-outcome; !errors.Is(err, context.Canceled) {
		t.Fatalf("behind a lock: %v", err)
	}
	// Reading goes on.
	if _, err := s.ReadChanges(t.Context(), store.ChangeQuery{Page: store.Page{Limit: 1}}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	// What was under way when its caller gave up is stored; the retry finds it.
	out, err := accept(t.Context(), s, submission("a"))
	if err != nil || !out[0].Replayed {
		t.Fatalf("retry: %+v, %v", out, err)
	}
}

// TestSettledHead: where tables lie on several servers, readers see the head move only when the commit is over everywhere, which is when its lock goes.
func TestSettledHead(t *testing.T) {
	s := opened(t, migrated(t, newest))
	s.distributed = true
	if _, err := accept(t.Context(), s, submission("a")); err != nil {
		t.Fatal(err)
	}
	tx, err := s.db.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT pg_advisory_xact_lock($1)", s.logLock); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if head, err := s.Head(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("during a commit: head %d, %v", head, err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b, err := s.ReadChanges(t.Context(), store.ChangeQuery{Page: store.Page{Limit: 10}}); err != nil || len(b.Changes) != 1 {
		t.Fatalf("after it: %+v, %v", b, err)
	}
	// A group takes the lock.
	if tx, err = s.db.Pool.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT pg_advisory_xact_lock_shared($1)", s.logLock); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := accept(ctx, s, submission("b")); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("during a look at the head: %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}
