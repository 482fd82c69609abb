package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/survey/internal/store"
)

func submission(id string) store.NewSubmission {
	return store.NewSubmission{ID: id, Fingerprint: []byte("print of " + id), Revision: 1, Body: []byte("body of " + id)}
}

// accept stores responses of acme to the survey visit.
func accept(ctx context.Context, s *Store, in ...store.NewSubmission) ([]store.Outcome, error) {
	return s.Accept(ctx, "acme", "visit", store.KindResponse, in)
}

func listed(t testing.TB, s *Store) []store.Submission {
	t.Helper()
	all, err := s.ListSubmissions(t.Context(), store.SubmissionQuery{Organization: "acme", Survey: "visit", Kind: store.KindResponse, Page: store.Page{Limit: 100_000}})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestDetach takes an old month out of the tables while submissions are stored and read: nobody meets an error, lists and the log go on without its
// rows, and its identifiers stay used.
func TestDetach(t *testing.T) {
	config := migrated(t, newest)
	s := opened(t, config)
	const old = 50
	for i := range old {
		if _, err := accept(t.Context(), s, submission(fmt.Sprintf("old-%d", i))); err != nil {
			t.Fatal(err)
		}
	}
	kept := listed(t, s)
	pgtest.Exec(t, config.DSN, `SET search_path = survey;
		CREATE TABLE submissions_p2001_01 PARTITION OF submissions FOR VALUES FROM ('2001-01-01Z') TO ('2001-02-01Z');
		UPDATE submissions SET accept_time = '2001-01-15Z';
		UPDATE identifiers SET accept_time = '2001-01-15Z';`)
	if moved := listed(t, s); len(moved) != old {
		t.Fatalf("%d submissions, want %d", len(moved), old)
	}

	var stored atomic.Int64
	var wg sync.WaitGroup
	done := make(chan struct{})
	finish := sync.OnceFunc(func() {
		close(done)
		wg.Wait()
	})
	defer finish()
	during := func(step func(i int) error) {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				if err := step(i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for w := range 4 {
		during(func(i int) error {
			_, err := accept(t.Context(), s, submission(fmt.Sprintf("new-%d-%d", w, i)))
			if err == nil {
				stored.Add(1)
			}
			return err
		})
	}
	during(func(int) error {
		_, err := s.ListSubmissions(t.Context(), store.SubmissionQuery{Organization: "acme", Survey: "visit", Kind: store.KindResponse, Page: store.Page{Limit: 20}})
		return err
	})
	during(func(int) error {
		_, err := s.ReadChanges(t.Context(), store.ChangeQuery{Page: store.Page{Limit: 20}})
		return err
	})
	goesOn := func() {
		t.Helper()
		before := stored.Load()
		testkit.Eventually(t, patience, func() error {
			if n := stored.Load() - before; n < 100 {
				return fmt.Errorf("%d submissions were stored", n)
			}
			return nil
		})
	}
	goesOn()
	pgtest.Exec(t, config.DSN, `ALTER TABLE survey.submissions DETACH PARTITION survey.submissions_p2001_01`)
	goesOn()
	finish()

	left := listed(t, s)
	if int64(len(left)) != stored.Load() || left[0].Position <= kept[old-1].Position {
		t.Fatalf("%d submissions from %d on, want %d after %d", len(left), left[0].Position, stored.Load(), kept[old-1].Position)
	}
	log, err := s.ReadChanges(t.Context(), store.ChangeQuery{Page: store.Page{Limit: 10}})
	if err != nil || log.Changes[0].Submission.ID != left[0].ID || log.Head != left[len(left)-1].Position {
		t.Fatalf("log begins with %+v, head %d, %v", log.Changes[0], log.Head, err)
	}
	other := submission("old-8")
	other.Fingerprint = []byte("other")
	out, err := accept(t.Context(), s, submission("old-7"), other, submission("another"))
	if err != nil || !out[0].Replayed || out[0].Submission.Position != kept[7].Position || !errors.Is(out[1].Err, store.ErrIDReused) || out[2].Replayed {
		t.Fatalf("identifiers of the old month: %+v, %v", out, err)
	}
	if _, err := s.GetSubmission(t.Context(), "acme", "visit", store.KindResponse, "old-7"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("get: %v", err)
	}
	if _, err := s.Recall(t.Context(), "acme", "visit", store.KindResponse, "old-7", other.Fingerprint); !errors.Is(err, store.ErrIDReused) {
		t.Errorf("recall with other content: %v", err)
	}
	if _, err := s.Recall(t.Context(), "acme", "visit", store.KindResponse, "old-7", submission("old-7").Fingerprint); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("recall: %v", err)
	}
}

// TestMissingMonth: submissions of a month for which nobody made a partition are stored all the same, and move there when it is made.
func TestMissingMonth(t *testing.T) {
	config := migrated(t, newest)
	s := opened(t, config)
	pgtest.Exec(t, config.DSN, `SET search_path = survey; DO $$ DECLARE p regclass; BEGIN
		FOR p IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'submissions'::regclass AND inhrelid <> 'submissions_default'::regclass LOOP
			EXECUTE 'DROP TABLE ' || p;
		END LOOP; END $$`)
	if _, err := accept(t.Context(), s, submission("a"), submission("b")); err != nil {
		t.Fatal(err)
	}
	var now time.Time
	if err := s.db.Pool.QueryRow(t.Context(), `SELECT accept_time FROM submissions_default LIMIT 1`).Scan(&now); err != nil {
		t.Fatal(err)
	}
	if err := s.db.EnsurePartitions(t.Context(), Schema(), now); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := s.db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM submissions_default`).Scan(&left); err != nil || left != 0 {
		t.Fatalf("%d rows left, %v", left, err)
	}
	out, err := accept(t.Context(), s, submission("a"), submission("c"))
	if err != nil || !out[0].Replayed || len(listed(t, s)) != 3 {
		t.Fatalf("%+v, %v", out, err)
	}
}
