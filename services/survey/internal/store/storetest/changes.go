package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/survey/internal/store"
)

func changes(t *testing.T, open Open) {
	s := opened(t, open)
	b, err := s.ReadChanges(t.Context(), store.ChangeQuery{Page: store.Page{Limit: 10}})
	if err != nil || len(b.Changes) != 0 || b.Head != 0 || b.More {
		t.Fatalf("empty log: %+v, %v", b, err)
	}
	first := take(t, s, acme, "visit", submission("a"), submission("b"))
	second := take(t, s, globex, "stay", submission("c"))
	refusals, err := s.Accept(t.Context(), acme, "visit", store.KindRefusal, []store.NewSubmission{submission("d")})
	if err != nil {
		t.Fatal(err)
	}
	var wanted []store.Change
	for _, v := range append(append(first, second...), refusals[0].Submission) {
		wanted = append(wanted, store.Change{Position: v.Position, Submission: v})
	}
	head, err := s.Head(t.Context())
	if err != nil || head != wanted[3].Position {
		t.Fatalf("head %d, %v", head, err)
	}
	for _, limit := range []int{1, 3, 4, 10} {
		got, readHead := changesOf(t, s, store.ChangeQuery{Page: store.Page{Limit: limit}})
		equal(t, fmt.Sprintf("changes by %d", limit), got, wanted)
		equal(t, "head", readHead, head)
	}
	got, _ := changesOf(t, s, store.ChangeQuery{After: wanted[1].Position})
	equal(t, "changes after the second", got, wanted[2:])
	if b, err = s.ReadChanges(t.Context(), store.ChangeQuery{Page: store.Page{Limit: 4}}); err != nil || b.More {
		t.Fatalf("more %v after the last, %v", b.More, err)
	}
}

func changesOfOneOrganisation(t *testing.T, open Open) {
	s := opened(t, open)
	for i := range 10 {
		take(t, s, acme, "visit", submission(fmt.Sprint(i)))
		take(t, s, globex, "visit", submission(fmt.Sprint(i)))
	}
	for _, limit := range []int{3, 10, 100} {
		got, head := changesOf(t, s, store.ChangeQuery{Organization: acme, Page: store.Page{Limit: limit, Bytes: 1 << 20}})
		last, err := s.Head(t.Context())
		if err != nil || len(got) != 10 || head != last {
			t.Fatalf("%d changes, head %d of %d, %v", len(got), head, last, err)
		}
		for i, c := range got {
			if c.Submission.Organization != acme || c.Submission.ID != fmt.Sprint(i) {
				t.Fatalf("change %d: %+v", i, c)
			}
		}
	}
	none, head := changesOf(t, s, store.ChangeQuery{Organization: "nobody"})
	if len(none) != 0 || head == 0 {
		t.Fatalf("%d changes, head %d", len(none), head)
	}
}

// changesInOrderWhileWriting tails the log while many write: no change is missed and none comes twice, although positions are given out
// before commits.
func changesInOrderWhileWriting(t *testing.T, open Open) {
	s := opened(t, open)
	const writers, each = 8, 50
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				in := []store.NewSubmission{submission(fmt.Sprintf("%d-%d", w, i)), submission(fmt.Sprintf("%d-%d", w, i-1))}
				if _, err := s.Accept(t.Context(), acme, "visit", store.KindResponse, in); err != nil {
					t.Error(err)
				}
			}
		})
	}
	seen := map[string]int64{}
	var after int64
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for len(seen) < writers*(each+1) {
		if err := s.AwaitChange(ctx, after); err != nil {
			t.Fatalf("after %d of %d changes: %v", len(seen), writers*(each+1), err)
		}
		list, head := changesOf(t, s, store.ChangeQuery{After: after, Page: store.Page{Limit: 17}})
		for _, c := range list {
			if _, ok := seen[c.Submission.ID]; ok || c.Position <= after {
				t.Fatalf("change %d of %s after %d, seen %v", c.Position, c.Submission.ID, after, ok)
			}
			seen[c.Submission.ID], after = c.Position, c.Position
		}
		if head < after {
			t.Fatalf("head %d after %d", head, after)
		}
	}
	wg.Wait()
	if list, _ := changesOf(t, s, store.ChangeQuery{After: after}); len(list) != 0 {
		t.Fatalf("%d changes left", len(list))
	}
}

func await(t *testing.T, open Open) {
	s := opened(t, open)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	want(t, "await on an empty log", s.AwaitChange(ctx, 0), context.DeadlineExceeded)

	woken := make(chan error, 3)
	for range cap(woken) {
		go func() { woken <- s.AwaitChange(t.Context(), 0) }()
	}
	position := take(t, s, acme, "visit", submission("a"))[0].Position
	for range cap(woken) {
		select {
		case err := <-woken:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(patience):
			t.Fatal("a reader was not woken")
		}
	}
	if err := s.AwaitChange(t.Context(), position-1); err != nil {
		t.Fatal(err)
	}
	// A replay commits nothing to read.
	if _, err := s.Accept(t.Context(), acme, "visit", store.KindResponse, []store.NewSubmission{submission("a")}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	want(t, "await after a replay", s.AwaitChange(ctx, position), context.DeadlineExceeded)
}

func cancellation(t *testing.T, open Open) {
	s := opened(t, open)
	v := create(t, s, draft(acme, "visit"))
	take(t, s, acme, "visit", submission("a"))
	ctx := ended(t)
	for name, call := range map[string]func() error{
		"CreateSurvey": func() error { _, _, err := s.CreateSurvey(ctx, draft(acme, "x"), store.Request{}); return err },
		"GetSurvey":    func() error { _, err := s.GetSurvey(ctx, acme, "visit"); return err },
		"ListSurveys": func() error {
			_, err := s.ListSurveys(ctx, store.SurveyQuery{Organization: acme, Page: store.Page{Limit: 1}})
			return err
		},
		"UpdateSurvey": func() error { _, err := s.UpdateSurvey(ctx, v, nil); return err },
		"DeleteSurvey": func() error { return s.DeleteSurvey(ctx, acme, "visit", 1) },
		"Accept": func() error {
			_, err := s.Accept(ctx, acme, "visit", store.KindResponse, []store.NewSubmission{submission("x")})
			return err
		},
		"ListSubmissions": func() error {
			_, err := s.ListSubmissions(ctx, store.SubmissionQuery{Organization: acme, Survey: "visit", Kind: store.KindResponse, Page: store.Page{Limit: 1}})
			return err
		},
		"Recall": func() error {
			_, err := s.Recall(ctx, acme, "visit", store.KindResponse, "a", submission("a").Fingerprint)
			return err
		},
		"GetSubmission": func() error { _, err := s.GetSubmission(ctx, acme, "visit", store.KindResponse, "a"); return err },
		"GetRevision":   func() error { _, err := s.GetRevision(ctx, acme, "visit", 1); return err },
		"ListRevisions": func() error {
			_, err := s.ListRevisions(ctx, store.RevisionQuery{Organization: acme, Survey: "visit", Page: store.Page{Limit: 1}})
			return err
		},
		"Head":        func() error { _, err := s.Head(ctx); return err },
		"ReadChanges": func() error { _, err := s.ReadChanges(ctx, store.ChangeQuery{Page: store.Page{Limit: 1}}); return err },
		"AwaitChange": func() error { return s.AwaitChange(ctx, 1<<40) },
	} {
		want(t, name, call(), context.Canceled)
	}
	// What was cancelled before it began is not stored.
	_, err := s.GetSubmission(t.Context(), acme, "visit", store.KindResponse, "x")
	want(t, "submission of a cancelled call", err, store.ErrNotFound)
	got, err := s.GetSurvey(t.Context(), acme, "visit")
	if err != nil || got.Version != 1 {
		t.Fatalf("version %d, %v", got.Version, err)
	}
}

// cancellationUnderWay has callers give up while their submissions are on the way: each submission is stored once or not at all, and a retry tells
// which.
func cancellationUnderWay(t *testing.T, open Open) {
	s := opened(t, open)
	const callers, each = 8, 20
	var stored, again atomic.Int64
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				in := []store.NewSubmission{submission(fmt.Sprintf("%d-%d", c, i))}
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*100*time.Microsecond)
				_, err := s.Accept(ctx, acme, "visit", store.KindResponse, in)
				cancel()
				if err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
				acknowledged := err == nil
				out, err := s.Accept(t.Context(), acme, "visit", store.KindResponse, in)
				if err != nil {
					t.Error(err)
					return
				}
				if acknowledged && !out[0].Replayed {
					t.Errorf("%s was acknowledged and not stored", in[0].ID)
				}
				if stored.Add(1); out[0].Replayed {
					again.Add(1)
				}
			}
		})
	}
	wg.Wait()
	list, _ := changesOf(t, s, store.ChangeQuery{})
	seen := map[string]bool{}
	for _, c := range list {
		seen[c.Submission.ID] = true
	}
	equal(t, "changes and identifiers", []int{len(list), len(seen)}, []int{callers * each, callers * each})
}

func reopen(t *testing.T, open Open) {
	s := open(t)
	create(t, s, draft(acme, "visit"))
	first := take(t, s, acme, "visit", submission("a"))[0]
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, open)
	got, err := s.GetSubmission(t.Context(), acme, "visit", store.KindResponse, "a")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "after reopening", got, first)
	if err := s.AwaitChange(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	out, err := s.Accept(t.Context(), acme, "visit", store.KindResponse, []store.NewSubmission{submission("a"), submission("b")})
	if err != nil || !out[0].Replayed || out[1].Submission.Position <= first.Position {
		t.Fatalf("%+v, %v", out, err)
	}
}

func useAfterClose(t *testing.T, open Open) {
	s := open(t)
	create(t, s, draft(acme, "visit"))
	if _, err := s.Status(t.Context(), acme, "visit"); err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 1)
	go func() { waiting <- s.AwaitChange(t.Context(), 0) }()
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	testkit.Eventually(t, patience, func() error {
		select {
		case err = <-waiting:
			return nil
		default:
			return errors.New("the reader still waits")
		}
	})
	want(t, "a waiting reader", err, store.ErrClosed)
	page := store.Page{Limit: 1}
	for name, call := range map[string]func() error{
		"Ping": func() error { return s.Ping(t.Context()) },
		"CreateSurvey": func() error {
			_, _, err := s.CreateSurvey(t.Context(), draft(acme, "other"), store.Request{})
			return err
		},
		"GetSurvey": func() error { _, err := s.GetSurvey(t.Context(), acme, "visit"); return err },
		"Status":    func() error { _, err := s.Status(t.Context(), acme, "visit"); return err },
		"ListSurveys": func() error {
			_, err := s.ListSurveys(t.Context(), store.SurveyQuery{Organization: acme, Page: page})
			return err
		},
		"UpdateSurvey": func() error { _, err := s.UpdateSurvey(t.Context(), draft(acme, "visit"), nil); return err },
		"DeleteSurvey": func() error { return s.DeleteSurvey(t.Context(), acme, "visit", 1) },
		"GetRevision":  func() error { _, err := s.GetRevision(t.Context(), acme, "visit", 1); return err },
		"ListRevisions": func() error {
			_, err := s.ListRevisions(t.Context(), store.RevisionQuery{Organization: acme, Survey: "visit", Page: page})
			return err
		},
		"Accept": func() error {
			_, err := s.Accept(t.Context(), acme, "visit", store.KindResponse, []store.NewSubmission{submission("a")})
			return err
		},
		"Recall": func() error { _, err := s.Recall(t.Context(), acme, "visit", store.KindResponse, "a", nil); return err },
		"GetSubmission": func() error {
			_, err := s.GetSubmission(t.Context(), acme, "visit", store.KindResponse, "a")
			return err
		},
		"ListSubmissions": func() error {
			_, err := s.ListSubmissions(t.Context(), store.SubmissionQuery{Organization: acme, Survey: "visit", Kind: store.KindResponse, Page: page})
			return err
		},
		"Head":        func() error { _, err := s.Head(t.Context()); return err },
		"ReadChanges": func() error { _, err := s.ReadChanges(t.Context(), store.ChangeQuery{Page: page}); return err },
		"AwaitChange": func() error { return s.AwaitChange(t.Context(), 0) },
	} {
		want(t, name, call(), store.ErrClosed)
	}
}
