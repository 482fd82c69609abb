package storetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/alert"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

func alertRules(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	want := watched(acme, "stores")
	want.Version = 1
	wantEqual(t, "created", watch(t, s, watched(acme, "stores")), want)
	watch(t, s, watched(acme, "calls"))
	watch(t, s, watched(globex, "stores"))
	got, err := s.AlertRule(ctx, acme, "stores")
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "read", got, want)
	list, err := s.ListAlertRules(ctx, acme, "", 10)
	if err != nil || len(list) != 2 || list[0].ID != "calls" || list[1].ID != "stores" {
		t.Errorf("list %+v, %v", list, err)
	}
	if list, err = s.ListAlertRules(ctx, acme, "calls", 1); err != nil || len(list) != 1 || list[0].ID != "stores" {
		t.Errorf("second page %+v, %v", list, err)
	}
	got.DisplayName, got.Due, got.UpdatedBy = "Магазины", noon.Add(time.Hour), "key-2"
	want = got
	want.Revision, want.Version = 2, 2
	next, err := s.UpdateAlertRule(ctx, got, nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "updated", next, want)
	if err := s.DeleteAlertRule(ctx, acme, "stores", noon); err != nil {
		t.Fatal(err)
	}
	for name, ask := range map[string]func() error{
		"a rule that was deleted":    func() error { _, err := s.AlertRule(ctx, acme, "stores"); return err },
		"to delete it again":         func() error { return s.DeleteAlertRule(ctx, acme, "stores", noon) },
		"to update it":               func() error { _, err := s.UpdateAlertRule(ctx, next, nil, noon); return err },
		"a rule of another's":        func() error { _, err := s.AlertRule(ctx, globex, "calls"); return err },
		"an alert that there is not": func() error { _, err := s.GetAlert(ctx, acme, "calls", 1); return err },
	} {
		if err := ask(); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", name, err)
		}
	}
	if _, err := s.AlertRule(ctx, globex, "stores"); err != nil {
		t.Errorf("the other organisation's rule: %v", err)
	}
}

func alertRulesConflict(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	r := watch(t, s, watched(acme, "stores"))
	if _, err := s.CreateAlertRule(ctx, watched(acme, "stores"), most); !errors.Is(err, store.ErrTaken) {
		t.Errorf("the same identifier: %v, want ErrTaken", err)
	}
	evaluated := finish(t, s, r)
	if evaluated.Revision != 1 || evaluated.Version != 2 {
		t.Errorf("evaluated %+v", evaluated)
	}
	if _, err := s.UpdateAlertRule(ctx, r, nil, noon); !errors.Is(err, store.ErrChanged) {
		t.Errorf("an update of what was evaluated since: %v, want ErrChanged", err)
	}
	if _, err := s.FinishEvaluation(ctx, r, []alert.Update{change("north", 1)}, noon); !errors.Is(err, store.ErrChanged) {
		t.Errorf("the same evaluation again: %v, want ErrChanged", err)
	}
	if live := liveAlerts(t, s, r); len(live) != 0 {
		t.Errorf("alerts of an evaluation that was not stored: %+v", live)
	}
	gone := evaluated
	gone.ID = "gone"
	if _, err := s.FinishEvaluation(ctx, gone, nil, noon); !errors.Is(err, store.ErrChanged) {
		t.Errorf("an evaluation of no rule: %v, want ErrChanged", err)
	}
	for _, id := range []string{"a", "b", "c", "d"} {
		watch(t, s, watched(acme, id))
	}
	if _, err := s.CreateAlertRule(ctx, watched(acme, "e"), most); !errors.Is(err, store.ErrTooMany) {
		t.Errorf("one more than there may be: %v, want ErrTooMany", err)
	}
	if _, err := s.AlertRule(ctx, acme, "e"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("one more than there may be is stored: %v", err)
	}
}

func alertRulesAreClaimed(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	for i, id := range []string{"late", "early", "never"} {
		r := watched(acme, id)
		r.Due = noon.Add(-time.Duration(i) * time.Hour)
		if id == "never" {
			r.Due = time.Time{}
		}
		watch(t, s, r)
	}
	claim := func(due, now time.Time, limit int) (ids []string) {
		t.Helper()
		rules, err := s.ClaimAlertRules(ctx, due, now, now.Add(time.Minute), limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rules {
			ids = append(ids, r.ID)
		}
		return ids
	}
	if got := claim(noon.Add(-2*time.Hour), noon, 10); len(got) != 0 {
		t.Errorf("before anything is due: %v", got)
	}
	wantEqual(t, "the one due longest", claim(noon, noon, 1), []string{"early"})
	wantEqual(t, "the other one", claim(noon, noon, 10), []string{"late"})
	if got := claim(noon, noon.Add(time.Second), 10); len(got) != 0 {
		t.Errorf("while they are claimed: %v", got)
	}
	wantEqual(t, "when a claim is over", claim(noon.Add(-time.Hour), noon.Add(2*time.Minute), 10), []string{"early"})
	r, err := s.AlertRule(ctx, acme, "early")
	if err != nil {
		t.Fatal(err)
	}
	// Who claimed a rule goes on after a failure, and while it is due by what was counted.
	r.Progress.Error = "down"
	r = finish(t, s, r)
	r.Due, r.Progress = noon.Add(-time.Minute), store.AlertProgress{EvaluatedTo: noon.Add(-time.Hour), AsOf: noon.Add(time.Second), Units: 7}
	r = finish(t, s, r)
	if got := claim(noon.Add(-time.Minute), noon.Add(2*time.Minute), 10); slices.Contains(got, "early") {
		t.Errorf("while it is evaluated: %v", got)
	}
	// When it is done the next period can be claimed at once.
	r.Due, r.Progress.EvaluatedTo = noon.Add(time.Minute), noon
	stored := finish(t, s, r)
	wantEqual(t, "progress", stored.Progress, r.Progress)
	if got := claim(noon.Add(time.Minute), noon.Add(2*time.Minute), 10); !slices.Contains(got, "early") {
		t.Errorf("after an evaluation: %v", got)
	}
}

func alerts(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	r := finish(t, s, watch(t, s, watched(acme, "stores")), change("north\x00", 1), change("", 1))
	live := liveAlerts(t, s, r)
	if len(live) != 2 || live[0].Number >= live[1].Number {
		t.Fatalf("live %+v", live)
	}
	want := change("north\x00", 1).Alert
	want.Number = live[0].Number
	wantEqual(t, "alert", live[0], want)
	over := live[0]
	over.State, over.Resolution, over.ResolveTime = alert.Resolved, alert.Back, noon.Add(5*time.Hour)
	finish(t, s, r, alert.Update{Alert: over, Kind: alert.Ended})
	if rest := liveAlerts(t, s, r); len(rest) != 1 || rest[0].Unit != "" {
		t.Errorf("live after one is over: %+v", rest)
	}
	got, err := s.GetAlert(ctx, acme, "stores", over.Number)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "the one that is over", got, over)
	if _, err := s.GetAlert(ctx, globex, "stores", over.Number); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of another organisation: %v, want ErrNotFound", err)
	}
	if err := s.DeleteAlertRule(ctx, acme, "stores", noon); err != nil {
		t.Fatal(err)
	}
	if list, err := s.ListAlerts(ctx, store.AlertQuery{Organization: acme, Limit: 10}); err != nil || len(list) != 0 {
		t.Errorf("alerts of a rule that is gone: %+v, %v", list, err)
	}
}

func alertsAreListed(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	stores := finish(t, s, watch(t, s, watched(acme, "stores")), change("north", 1), change("south", 3), change("east", 2))
	calls := change("north", 2)
	calls.Alert.Subject.Survey = "calls"
	finish(t, s, watch(t, s, watched(acme, "calls")), calls)
	finish(t, s, watch(t, s, watched(globex, "stores")), change("north", 9))
	over := liveAlerts(t, s, stores)[0]
	over.State = alert.Resolved
	finish(t, s, stores, alert.Update{Alert: over})
	list := func(q store.AlertQuery) (found []string) {
		t.Helper()
		q.Organization, q.Limit = acme, max(q.Limit, 1)
		for {
			page, err := s.ListAlerts(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range page {
				found = append(found, f.Rule+"/"+f.Unit)
				q.Before = store.AlertPlace{FirstSeen: f.FirstSeen, Number: f.Number}
			}
			if len(page) < q.Limit {
				return found
			}
		}
	}
	north := "north"
	for name, c := range map[string]struct {
		query store.AlertQuery
		want  []string
	}{
		"all, one a page":  {store.AlertQuery{}, []string{"stores/south", "calls/north", "stores/east", "stores/north"}},
		"all, three":       {store.AlertQuery{Limit: 3}, []string{"stores/south", "calls/north", "stores/east", "stores/north"}},
		"of a rule":        {store.AlertQuery{Rule: "calls"}, []string{"calls/north"}},
		"of a survey":      {store.AlertQuery{Survey: "shop"}, []string{"stores/south", "stores/east", "stores/north"}},
		"of a unit":        {store.AlertQuery{Unit: &north}, []string{"calls/north", "stores/north"}},
		"in states":        {store.AlertQuery{States: []alert.State{alert.Resolved, alert.Silenced}}, []string{"stores/north"}},
		"since some time":  {store.AlertQuery{Since: noon.Add(2 * time.Hour)}, []string{"stores/south", "calls/north", "stores/east"}},
		"of another state": {store.AlertQuery{States: []alert.State{alert.Silenced}}, nil},
	} {
		wantEqual(t, name, list(c.query), c.want)
	}
}

func alertEvents(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	read := func(org string, after int64, limit int) ([]store.AlertEvent, store.AlertHead) {
		t.Helper()
		events, head, err := s.AlertEvents(ctx, org, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		return events, head
	}
	if events, head := read("", 0, 10); len(events) != 0 || head != (store.AlertHead{}) {
		t.Errorf("before anything happened: %+v, %+v", events, head)
	}
	quiet := change("quiet", 1)
	quiet.Kind, quiet.Alert.State, quiet.Alert.Told = 0, alert.Silenced, nil
	r := finish(t, s, watch(t, s, watched(acme, "stores")), change("north", 1), quiet, change("south", 1))
	finish(t, s, watch(t, s, watched(globex, "stores")), change("west", 1))
	if err := s.DeleteAlertRule(ctx, acme, "stores", noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	events, head := read("", 0, 10)
	if len(events) != 5 || head.Position != events[4].Position || head.Last != head.Position {
		t.Fatalf("events %+v, head %+v", events, head)
	}
	for i, want := range []struct {
		unit string
		kind alert.Kind
	}{{"north", alert.Opened}, {"south", alert.Opened}, {"west", alert.Opened}, {"north", alert.Ended}, {"south", alert.Ended}} {
		e := events[i]
		if e.Alert.Unit != want.unit || e.Kind != want.kind || e.Rule != "stores" || e.RuleName != r.DisplayName || i > 0 && e.Position <= events[i-1].Position {
			t.Errorf("event %d: %+v", i, e)
		}
	}
	first := change("north", 1).Alert
	first.Number, first.Life = events[0].Alert.Number, nil
	wantEqual(t, "the alert as it was", events[0].Alert, first)
	if events[3].Alert.Resolution != alert.RuleChanged || !events[3].Time.Equal(noon.Add(time.Hour)) {
		t.Errorf("the end: %+v", events[3])
	}
	own, head := read(globex, 0, 10)
	if len(own) != 1 || own[0].Alert.Unit != "west" || head.Position != own[0].Position || head.Last != events[4].Position {
		t.Errorf("of one organisation: %+v, %+v", own, head)
	}
	rest, _ := read("", events[1].Position, 2)
	wantEqual(t, "a page", rest, events[2:4])
	if n, err := s.SweepAlertEvents(ctx, noon.Add(time.Minute), 2); err != nil || n != 2 {
		t.Errorf("swept %d, %v", n, err)
	}
	if n, err := s.SweepAlertEvents(ctx, noon.Add(time.Minute), 10); err != nil || n != 1 {
		t.Errorf("swept %d, %v", n, err)
	}
	left, head := read("", 0, 10)
	wantEqual(t, "after sweeping", left, events[3:])
	if head.Last != events[4].Position {
		t.Errorf("head %+v", head)
	}
}

// alertsCompete evaluates a rule by several processes: each period is evaluated once, and readers see events in order.
func alertsCompete(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	const periods, processes = 12, 4
	for _, id := range []string{"a", "b"} {
		watch(t, s, watched(acme, id))
	}
	var all sync.WaitGroup
	done := make(chan struct{})
	var seen []int64
	reader := sync.WaitGroup{}
	reader.Go(func() {
		last := int64(0)
		for ended := false; ; {
			events, _, err := s.AlertEvents(ctx, "", last, 5)
			if err != nil {
				t.Errorf("events: %v", err)
				return
			}
			for _, e := range events {
				seen = append(seen, e.Position)
				last = e.Position
			}
			if ended && len(events) == 0 {
				return
			}
			select {
			case <-done:
				ended = true
			default:
			}
		}
	})
	for range processes {
		all.Go(func() {
			for {
				left := 0
				for _, id := range []string{"a", "b"} {
					r, err := s.AlertRule(ctx, acme, id)
					if err != nil {
						t.Errorf("rule: %v", err)
						return
					}
					if r.Progress.Units >= periods {
						continue
					}
					left++
					r.Progress.Units++
					if _, err := s.FinishEvaluation(ctx, r, []alert.Update{change("u", r.Progress.Units)}, noon); err != nil && !errors.Is(err, store.ErrChanged) {
						t.Errorf("finish: %v", err)
						return
					}
				}
				if left == 0 {
					return
				}
			}
		})
	}
	all.Wait()
	close(done)
	reader.Wait()
	if len(seen) != 2*periods {
		t.Errorf("%d events were seen, want %d", len(seen), 2*periods)
	}
}
