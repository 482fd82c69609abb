package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/otklik/otklik/services/survey/internal/lifecycle"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// RunShared runs the cases of several stores over the same data, as replicas of the service have them. For backends that can be shared.
func RunShared(t *testing.T, newOpen func(t testing.TB) Open) {
	run(t, newOpen, []testCase{
		{"ReplicasKeepTheOrder", replicasKeepTheOrder},
		{"ReplicasReplay", replicasReplay},
		{"ReplicasSeeStatusesAtOnce", replicasSeeStatusesAtOnce},
		{"ReplicasCompete", replicasCompete},
		{"ReplicasCreateSurveysOnce", replicasCreateSurveysOnce},
		{"ReplicasListSurveysStably", replicasListSurveysStably},
		{"ReplicasCloseApart", replicasCloseApart},
	})
}

// replicas opens several stores.
func replicas(t testing.TB, open Open, n int) []store.Store {
	out := make([]store.Store, n)
	for i := range out {
		out[i] = opened(t, open)
	}
	return out
}

// replicasKeepTheOrder tails the log in each replica while all of them write: every reader sees all changes, in the same order, none late.
func replicasKeepTheOrder(t *testing.T, open Open) {
	all := replicas(t, open, 3)
	const writers, each = 4, 40
	total := len(all) * writers * each
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var wg sync.WaitGroup
	for r, s := range all {
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					// The second is a replay, but for the first round.
					in := []store.NewSubmission{submission(fmt.Sprintf("%d-%d-%d", r, w, i)), submission(fmt.Sprintf("%d-%d-%d", r, w, max(i-1, 0)))}
					if _, err := s.Accept(t.Context(), acme, "visit", store.KindResponse, in); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	seen := make([][]int64, len(all))
	for r, s := range all {
		wg.Go(func() {
			var after int64
			known := map[string]bool{}
			for len(known) < total {
				if err := s.AwaitChange(ctx, after); err != nil {
					t.Errorf("replica %d after %d of %d changes: %v", r, len(known), total, err)
					return
				}
				b, err := s.ReadChanges(ctx, store.ChangeQuery{After: after, Page: store.Page{Limit: 23}})
				if err != nil {
					t.Error(err)
					return
				}
				for _, c := range b.Changes {
					if c.Position <= after || c.Position > b.Head || known[c.Submission.ID] {
						t.Errorf("replica %d: change %d of %s after %d, head %d, seen %v", r, c.Position, c.Submission.ID, after, b.Head, known[c.Submission.ID])
						return
					}
					known[c.Submission.ID], after = true, c.Position
					seen[r] = append(seen[r], c.Position)
				}
				if !b.More {
					after = b.Head
				}
			}
		})
	}
	wg.Wait()
	for r := range seen {
		equal(t, fmt.Sprintf("changes seen by replica %d", r), seen[r], seen[0])
	}
}

// replicasReplay has the same identifiers used through all replicas at once.
func replicasReplay(t *testing.T, open Open) {
	all := replicas(t, open, 3)
	const each = 60
	var fresh, replayed, reused atomic.Int64
	var wg sync.WaitGroup
	for r, s := range all {
		for w := range 3 {
			wg.Go(func() {
				for i := range each {
					in := submission(fmt.Sprintf("id-%d", i))
					in.Body = fmt.Appendf(nil, "body of %d", i)
					if r == 2 && w == 2 {
						in.Fingerprint, in.Body = []byte("other"), []byte("other")
					}
					out, err := s.Accept(t.Context(), acme, "visit", store.KindResponse, []store.NewSubmission{in})
					switch {
					case err != nil:
						t.Error(err)
					case out[0].Err != nil:
						reused.Add(1)
					case string(out[0].Submission.Body) != string(in.Body):
						t.Errorf("%s was answered with %q", in.ID, out[0].Submission.Body)
					case out[0].Replayed:
						replayed.Add(1)
					default:
						fresh.Add(1)
					}
				}
			})
		}
	}
	wg.Wait()
	equal(t, "stored", fresh.Load(), int64(each))
	equal(t, "others", replayed.Load()+reused.Load(), int64(8*each))
	for r, s := range all {
		list, _ := changesOf(t, s, store.ChangeQuery{})
		equal(t, fmt.Sprintf("changes in replica %d", r), len(list), each)
	}
}

// replicasSeeStatusesAtOnce looks in one replica for what another has just acknowledged, while that one is busy answering others.
func replicasSeeStatusesAtOnce(t *testing.T, open Open) {
	all := replicas(t, open, 2)
	v := create(t, all[0], draft(acme, "visit"))
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := all[1].Status(t.Context(), acme, "visit"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 60 {
		v.Status = lifecycle.Status{State: lifecycle.Published, Revision: int32(i)}
		var err error
		if v, err = all[0].UpdateSurvey(t.Context(), v, nil); err != nil {
			t.Fatal(err)
		}
		got, err := all[1].Status(t.Context(), acme, "visit")
		if err != nil || got.Revision != int32(i) {
			t.Fatalf("status %+v after change %d, %v", got, i, err)
		}
	}
	close(done)
	readers.Wait()
	if err := all[0].DeleteSurvey(t.Context(), acme, "visit", v.Version); err != nil {
		t.Fatal(err)
	}
	_, err := all[1].Status(t.Context(), acme, "visit")
	want(t, "status of a survey deleted elsewhere", err, store.ErrNotFound)
}

// replicasCompete changes one survey through all replicas: each version has one successor.
func replicasCompete(t *testing.T, open Open) {
	all := replicas(t, open, 3)
	create(t, all[0], draft(acme, "visit"))
	const each = 15
	var wg sync.WaitGroup
	for r, s := range all {
		wg.Go(func() {
			for i := 0; i < each; {
				v, err := s.GetSurvey(t.Context(), acme, "visit")
				if err != nil {
					t.Error(err)
					return
				}
				v.Body = fmt.Appendf(v.Body, "|%d", r)
				switch _, err := s.UpdateSurvey(t.Context(), v, nil); {
				case err == nil:
					i++
				case !errors.Is(err, store.ErrChanged):
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	got, err := all[0].GetSurvey(t.Context(), acme, "visit")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "version", got.Version, int64(1+len(all)*each))
	equal(t, "changes that got lost", len(got.Body), len("body of visit")+len(all)*each*len("|0"))
}

// replicasCreateSurveysOnce creates the same survey through all replicas: with a request it is created once and returned to everybody, without
// one everybody else is told that it exists.
func replicasCreateSurveysOnce(t *testing.T, open Open) {
	all := replicas(t, open, 3)
	var fresh, exists atomic.Int64
	var found sync.Map
	var wg sync.WaitGroup
	for r, s := range all {
		for i := range 4 {
			wg.Go(func() {
				v, replayed, err := s.CreateSurvey(t.Context(), draft(acme, fmt.Sprintf("v-%d-%d", r, i)), store.Request{Key: "r", Fingerprint: []byte("x")})
				if err != nil {
					t.Error(err)
				}
				if !replayed {
					fresh.Add(1)
				}
				found.Store(v.ID, true)
			})
			wg.Go(func() {
				switch _, _, err := s.CreateSurvey(t.Context(), draft(acme, "same"), store.Request{}); {
				case errors.Is(err, store.ErrExists):
					exists.Add(1)
				case err != nil:
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	names := 0
	found.Range(func(any, any) bool { names++; return true })
	equal(t, "created by request", []int64{fresh.Load(), int64(names)}, []int64{1, 1})
	equal(t, "refused", exists.Load(), int64(len(all)*4-1))
	list, err := all[1].ListSurveys(t.Context(), store.SurveyQuery{Organization: acme, Page: store.Page{Limit: 100}})
	if err != nil || len(list) != 2 {
		t.Fatalf("%d surveys, %v", len(list), err)
	}
}

// replicasListSurveysStably reads pages while replicas create surveys: what is created meanwhile appears on none of the later pages.
func replicasListSurveysStably(t *testing.T, open Open) {
	all := replicas(t, open, 3)
	const early = 30
	for i := range early {
		create(t, all[i%len(all)], draft(acme, fmt.Sprintf("early-%d", i)))
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for r, s := range all {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				if _, _, err := s.CreateSurvey(t.Context(), draft(acme, fmt.Sprintf("late-%d-%d", r, i)), store.Request{}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 10 {
		first, err := all[0].ListSurveys(t.Context(), store.SurveyQuery{Organization: acme, Page: store.Page{Limit: 1}})
		if err != nil || len(first) != 1 {
			t.Fatalf("%d surveys, %v", len(first), err)
		}
		var pages [2][]string
		for i := range pages {
			q := store.SurveyQuery{Organization: acme, Before: first[0].Order, Page: store.Page{Limit: 4}}
			// The youngest are those that could still be joined by others.
			for range 4 {
				page, err := all[i].ListSurveys(t.Context(), q)
				if err != nil || len(page) != q.Limit {
					t.Fatalf("%d surveys, %v", len(page), err)
				}
				for _, v := range page {
					pages[i] = append(pages[i], v.ID)
				}
				q.Before = page[len(page)-1].Order
			}
		}
		equal(t, "pages read later", pages[1], pages[0])
	}
	close(done)
	wg.Wait()
}

func replicasCloseApart(t *testing.T, open Open) {
	all := replicas(t, open, 2)
	create(t, all[0], draft(acme, "visit"))
	if err := all[0].Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := all[1].Status(t.Context(), acme, "visit"); err != nil {
		t.Fatal(err)
	}
	take(t, all[1], acme, "visit", submission("a"))
	if err := all[1].AwaitChange(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
}
