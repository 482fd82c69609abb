package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/otklik/otklik/services/survey/internal/store"
)

// counted counts to the end, a few positions at a time, and returns what is stored of an organisation.
func counted(t testing.TB, s store.Store, org string) store.Usage {
	t.Helper()
	for {
		more, err := s.CountUsage(t.Context(), 3)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
	}
	u, err := s.GetUsage(t.Context(), org)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// stored is what the lists say that an organisation stores.
func stored(t testing.TB, s store.Store, org string) (u store.Usage) {
	t.Helper()
	list, _ := changesOf(t, s, store.ChangeQuery{Organization: org})
	for _, c := range list {
		if c.Submission.Kind != store.KindRemoval {
			u.Submissions++
			u.Bytes += int64(len(c.Submission.Body))
		}
	}
	return u
}

func usage(t *testing.T, open Open) {
	s := opened(t, open)
	equal(t, "of nothing", counted(t, s, acme), store.Usage{})
	var mine []store.Submission
	for i := range 8 {
		v := submission(fmt.Sprint(i))
		v.Body = make([]byte, 10*i)
		mine = append(mine, take(t, s, acme, "visit", v)...)
	}
	take(t, s, globex, "visit", submission("a"))
	equal(t, "mine", counted(t, s, acme), store.Usage{Submissions: 8, Bytes: 280})
	equal(t, "theirs", counted(t, s, globex), store.Usage{Submissions: 1, Bytes: 9})
	equal(t, "again", counted(t, s, acme), store.Usage{Submissions: 8, Bytes: 280})
	// Some that are counted and one that is not.
	mine = append(mine, take(t, s, acme, "visit", submission("late"))...)
	r := store.Removals{Organization: acme, Items: []store.Removal{removal(mine[7], ""), removal(mine[8], "")}}
	if _, err := s.Remove(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := s.Rewrite(t.Context(), acme, []store.NewBody{{Position: mine[6].Position, Body: make([]byte, 5)}}); err != nil {
		t.Fatal(err)
	}
	equal(t, "after removals", counted(t, s, acme), store.Usage{Submissions: 7, Bytes: 155})
	equal(t, "theirs", counted(t, s, globex), store.Usage{Submissions: 1, Bytes: 9})
}

// usageWhileRemoving: however counting, storing, rewriting and removing interleave, the count is that of what is stored.
func usageWhileRemoving(t *testing.T, open Open) {
	s := opened(t, open)
	var wg, counting sync.WaitGroup
	done := make(chan struct{})
	counting.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if _, err := s.CountUsage(t.Context(), 2); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for w := range 3 {
		wg.Go(func() {
			for i := range 20 {
				out, err := s.Accept(t.Context(), acme, "visit", store.KindResponse, []store.NewSubmission{submission(fmt.Sprintf("%d-%d", w, i))})
				if err == nil && i%3 == 0 {
					_, err = s.Remove(t.Context(), store.Removals{Organization: acme, Items: []store.Removal{removal(out[0].Submission, "")}})
				}
				if err == nil && i%3 == 1 {
					err = s.Rewrite(t.Context(), acme, []store.NewBody{{Position: out[0].Submission.Position, Body: make([]byte, i)}})
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	close(done)
	counting.Wait()
	equal(t, "usage", counted(t, s, acme), stored(t, s, acme))
}

func progress(t *testing.T, open Open) {
	s := opened(t, open)
	for _, position := range []int64{0, 7, 3} {
		if position > 0 {
			if err := s.SetProgress(t.Context(), "words", position); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := s.Progress(t.Context(), "words"); err != nil || got != position {
			t.Fatalf("%d, want %d, %v", got, position, err)
		}
	}
}
