package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/services/survey/internal/lifecycle"
	"github.com/otklik/otklik/services/survey/internal/store"
)

func surveyRoundTrip(t *testing.T, open Open) {
	s := opened(t, open)
	in := draft(acme, "visit")
	stored := create(t, s, in)
	if stored.Version != 1 || stored.Order == 0 {
		t.Fatalf("version %d, order %d", stored.Version, stored.Order)
	}
	got, err := s.GetSurvey(t.Context(), acme, "visit")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "read after create", got, stored)
	in.Version, in.Order = stored.Version, stored.Order
	equal(t, "stored", stored, in)
	_, err = s.GetSurvey(t.Context(), acme, "other")
	want(t, "get missing", err, store.ErrNotFound)
}

func surveyConflicts(t *testing.T, open Open) {
	s := opened(t, open)
	create(t, s, draft(acme, "visit"))
	second := draft(acme, "visit")
	second.Body = []byte("another")
	_, _, err := s.CreateSurvey(t.Context(), second, store.Request{})
	want(t, "create again", err, store.ErrExists)
	got, err := s.GetSurvey(t.Context(), acme, "visit")
	if err != nil || string(got.Body) != "body of visit" {
		t.Fatalf("body %q, %v", got.Body, err)
	}
	// A refused creation leaves its request id unused.
	request := store.Request{Key: "r", Fingerprint: []byte("x")}
	_, _, err = s.CreateSurvey(t.Context(), second, request)
	want(t, "create again with a request", err, store.ErrExists)
	second.ID = "visit-2"
	if _, replayed, err := s.CreateSurvey(t.Context(), second, request); err != nil || replayed {
		t.Fatalf("create with the request id: replayed %v, %v", replayed, err)
	}
}

func surveyUpdates(t *testing.T, open Open) {
	s := opened(t, open)
	v := create(t, s, draft(acme, "visit"))
	next := v
	next.Status = lifecycle.Status{State: lifecycle.Closed, Revision: 1, CloseTime: noon.Add(time.Hour)}
	next.UpdateTime, next.Body = noon.Add(time.Minute), []byte("new")
	revision := store.Revision{Organization: acme, Survey: "visit", Number: 1, PublishTime: noon, Body: []byte("asked")}
	stored, err := s.UpdateSurvey(t.Context(), next, &revision)
	if err != nil {
		t.Fatal(err)
	}
	next.Version = 2
	equal(t, "updated", stored, next)
	got, err := s.GetSurvey(t.Context(), acme, "visit")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "read", got, next)

	_, err = s.UpdateSurvey(t.Context(), v, nil)
	want(t, "update an old version", err, store.ErrChanged)
	// Nothing of a refused update is stored, the revision neither.
	revision.Number = 2
	_, err = s.UpdateSurvey(t.Context(), v, &revision)
	want(t, "publish an old version", err, store.ErrChanged)
	_, err = s.GetRevision(t.Context(), acme, "visit", 2)
	want(t, "its revision", err, store.ErrNotFound)
	v.ID = "other"
	_, err = s.UpdateSurvey(t.Context(), v, nil)
	want(t, "update missing", err, store.ErrNotFound)
}

func surveyDeletes(t *testing.T, open Open) {
	s := opened(t, open)
	v := create(t, s, draft(acme, "visit"))
	want(t, "delete another version", s.DeleteSurvey(t.Context(), acme, "visit", 7), store.ErrChanged)
	if _, err := s.Status(t.Context(), acme, "visit"); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteSurvey(t.Context(), acme, "visit", v.Version); err != nil {
		t.Fatal(err)
	}
	_, err := s.GetSurvey(t.Context(), acme, "visit")
	want(t, "get deleted", err, store.ErrNotFound)
	_, err = s.Status(t.Context(), acme, "visit")
	want(t, "status of deleted", err, store.ErrNotFound)
	want(t, "delete again", s.DeleteSurvey(t.Context(), acme, "visit", v.Version), store.ErrNotFound)
	again := create(t, s, draft(acme, "visit"))
	if again.Order <= v.Order {
		t.Fatalf("order %d after %d", again.Order, v.Order)
	}
}

func createReplay(t *testing.T, open Open) {
	s := opened(t, open)
	request := store.Request{Key: "request-1", Fingerprint: []byte("print")}
	first, replayed, err := s.CreateSurvey(t.Context(), draft(acme, "a"), request)
	if err != nil || replayed {
		t.Fatalf("replayed %v, %v", replayed, err)
	}
	// A retry may bring another server-made identifier.
	second, replayed, err := s.CreateSurvey(t.Context(), draft(acme, "b"), request)
	if err != nil || !replayed {
		t.Fatalf("replayed %v, %v", replayed, err)
	}
	equal(t, "replay", second, first)
	_, err = s.GetSurvey(t.Context(), acme, "b")
	want(t, "survey of the retry", err, store.ErrNotFound)
	// The same identifier is a retry first and a conflict second.
	if _, replayed, err = s.CreateSurvey(t.Context(), draft(acme, "a"), request); err != nil || !replayed {
		t.Fatalf("replayed %v, %v", replayed, err)
	}
	_, _, err = s.CreateSurvey(t.Context(), draft(acme, "c"), store.Request{Key: "request-1", Fingerprint: []byte("other")})
	want(t, "other content", err, store.ErrIDReused)
	if _, replayed, err = s.CreateSurvey(t.Context(), draft(globex, "a"), request); err != nil || replayed {
		t.Fatalf("another organisation: replayed %v, %v", replayed, err)
	}
	if err := s.DeleteSurvey(t.Context(), acme, "a", 1); err != nil {
		t.Fatal(err)
	}
	_, _, err = s.CreateSurvey(t.Context(), draft(acme, "d"), request)
	want(t, "retry after deletion", err, store.ErrNotFound)
}

func createReplayConcurrently(t *testing.T, open Open) {
	s := opened(t, open)
	const calls = 16
	request := store.Request{Key: "request-1", Fingerprint: []byte("print")}
	var mu sync.Mutex
	var fresh int
	found := map[string]bool{}
	var wg sync.WaitGroup
	for i := range calls {
		wg.Go(func() {
			v, replayed, err := s.CreateSurvey(t.Context(), draft(acme, fmt.Sprintf("v-%d", i)), request)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			found[v.ID] = true
			if !replayed {
				fresh++
			}
		})
	}
	wg.Wait()
	list, err := s.ListSurveys(t.Context(), store.SurveyQuery{Organization: acme, Page: store.Page{Limit: 100}})
	if err != nil || len(list) != 1 || fresh != 1 || len(found) != 1 {
		t.Fatalf("%d surveys, %d created, %v returned, %v", len(list), fresh, found, err)
	}
}

func surveyPages(t *testing.T, open Open) {
	s := opened(t, open)
	for i := range 7 {
		v := create(t, s, draft(acme, fmt.Sprintf("v%d", i)))
		if i == 3 {
			v.Status.State = lifecycle.Archived
			if _, err := s.UpdateSurvey(t.Context(), v, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	create(t, s, draft(globex, "foreign"))
	read := func(archived bool) (got []string) {
		q := store.SurveyQuery{Organization: acme, Archived: archived, Page: store.Page{Limit: 2}}
		for {
			page, err := s.ListSurveys(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				return got
			}
			for _, v := range page {
				got = append(got, v.ID)
			}
			q.Before = page[len(page)-1].Order
			// Created while pages are read: it belongs before the first page.
			create(t, s, draft(acme, fmt.Sprintf("late-%v-%d", archived, q.Before)))
		}
	}
	equal(t, "open surveys", read(false), []string{"v6", "v5", "v4", "v2", "v1", "v0"})
	got := read(true)
	equal(t, "all surveys", got[len(got)-7:], []string{"v6", "v5", "v4", "v3", "v2", "v1", "v0"})
}

// surveyPagesStable reads pages while others create surveys: what was there is read once, and later pages hold nothing new.
func surveyPagesStable(t *testing.T, open Open) {
	s := opened(t, open)
	const early = 20
	for i := range early {
		create(t, s, draft(acme, fmt.Sprintf("early-%02d", i)))
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 3 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				if _, _, err := s.CreateSurvey(t.Context(), draft(acme, fmt.Sprintf("late-%d-%d", w, i)), store.Request{}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	var got []string
	first, err := s.ListSurveys(t.Context(), store.SurveyQuery{Organization: acme, Page: store.Page{Limit: 5}})
	if err != nil || len(first) == 0 {
		t.Fatalf("%d surveys, %v", len(first), err)
	}
	before := first[len(first)-1].Order
	for page := first; len(page) > 0; {
		for _, v := range page {
			got = append(got, v.ID)
			if v.Order > first[0].Order {
				t.Errorf("%s was created after the first page was read", v.ID)
			}
		}
		if page, err = s.ListSurveys(t.Context(), store.SurveyQuery{Organization: acme, Before: before, Page: store.Page{Limit: 5}}); err != nil {
			t.Fatal(err)
		}
		if len(page) > 0 {
			before = page[len(page)-1].Order
		}
	}
	close(done)
	wg.Wait()
	tail := got[max(0, len(got)-early):]
	for i, id := range tail {
		equal(t, "survey", id, fmt.Sprintf("early-%02d", len(tail)-1-i))
	}
	equal(t, "surveys that were there", len(tail), early)
}

func status(t *testing.T, open Open) {
	s := opened(t, open)
	_, err := s.Status(t.Context(), acme, "visit")
	want(t, "status of nothing", err, store.ErrNotFound)
	v := create(t, s, draft(acme, "visit"))
	for _, next := range []lifecycle.Status{
		{State: lifecycle.Draft},
		{State: lifecycle.Published, Revision: 1},
		{State: lifecycle.Closed, Revision: 1, CloseTime: noon.Add(123456789)},
		{State: lifecycle.Published, Revision: 1},
		{State: lifecycle.Archived, Revision: 1},
	} {
		v.Status = next
		if v, err = s.UpdateSurvey(t.Context(), v, nil); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			got, err := s.Status(t.Context(), acme, "visit")
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "status", got, next)
		}
		_, err := s.Status(t.Context(), globex, "visit")
		want(t, "status for another organisation", err, store.ErrNotFound)
	}
}

// statusFollowsConcurrentChanges looks for a status that is older than a change that was acknowledged before.
func statusFollowsConcurrentChanges(t *testing.T, open Open) {
	s := opened(t, open)
	v := create(t, s, draft(acme, "visit"))
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := s.Status(t.Context(), acme, "visit"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 50 {
		v.Status.Revision = int32(i)
		var err error
		if v, err = s.UpdateSurvey(t.Context(), v, nil); err != nil {
			t.Fatal(err)
		}
		got, err := s.Status(t.Context(), acme, "visit")
		if err != nil || got.Revision != int32(i) {
			t.Fatalf("status %+v after change %d, %v", got, i, err)
		}
	}
	close(done)
	readers.Wait()
}

func updatesCompete(t *testing.T, open Open) {
	s := opened(t, open)
	v := create(t, s, draft(acme, "visit"))
	const writers = 12
	var won sync.Map
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			next := v
			next.Body = fmt.Appendf(nil, "writer %d", i)
			switch _, err := s.UpdateSurvey(t.Context(), next, nil); {
			case err == nil:
				won.Store(i, next.Body)
			case !errors.Is(err, store.ErrChanged):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := s.GetSurvey(t.Context(), acme, "visit")
	if err != nil || got.Version != 2 {
		t.Fatalf("version %d, %v", got.Version, err)
	}
	n := 0
	won.Range(func(_, body any) bool {
		n++
		equal(t, "body", string(got.Body), string(body.([]byte)))
		return true
	})
	equal(t, "winners", n, 1)
}

func revisions(t *testing.T, open Open) {
	s := opened(t, open)
	v := create(t, s, draft(acme, "visit"))
	for n := int32(1); n <= 5; n++ {
		v.Status = lifecycle.Status{State: lifecycle.Published, Revision: n}
		r := store.Revision{Organization: acme, Survey: "visit", Number: n, PublishTime: noon.Add(time.Duration(n)), Body: fmt.Appendf(nil, "r%d", n)}
		var err error
		if v, err = s.UpdateSurvey(t.Context(), v, &r); err != nil {
			t.Fatal(err)
		}
		got, err := s.GetRevision(t.Context(), acme, "visit", n)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "revision", got, r)
	}
	for _, k := range []struct {
		org, survey string
		n           int32
	}{{acme, "visit", 6}, {acme, "other", 1}, {globex, "visit", 1}} {
		_, err := s.GetRevision(t.Context(), k.org, k.survey, k.n)
		want(t, fmt.Sprint(k), err, store.ErrNotFound)
	}
	var got []int32
	q := store.RevisionQuery{Organization: acme, Survey: "visit", Page: store.Page{Limit: 2}}
	for {
		page, err := s.ListRevisions(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, r := range page {
			got = append(got, r.Number)
		}
		q.Before = page[len(page)-1].Number
	}
	equal(t, "revisions", got, []int32{5, 4, 3, 2, 1})
	none, err := s.ListRevisions(t.Context(), store.RevisionQuery{Organization: globex, Survey: "visit", Page: store.Page{Limit: 2}})
	if err != nil || len(none) != 0 {
		t.Fatalf("revisions for another organisation: %v, %v", none, err)
	}
}
