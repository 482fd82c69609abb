package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

// deliveryCases are about what is on its way to webhooks.
func deliveryCases() []testCase {
	return []testCase{
		{"EventsReachWhoWantsThem", eventsReachWhoWantsThem},
		{"DeliveriesAreClaimedOnce", deliveriesAreClaimedOnce},
		{"DeliveriesRetryAndEnd", deliveriesRetryAndEnd},
		{"WebhooksThatFailAreDisabled", webhooksThatFailAreDisabled},
		{"DeliveriesAreReplayed", deliveriesAreReplayed},
		{"DeliveriesAreSwept", deliveriesAreSwept},
		{"FeedHasOneHolder", feedHasOneHolder},
	}
}

func occurrence(organization string, event webhook.Event, resource string) webhook.Occurrence {
	return webhook.Occurrence{Organization: organization, Event: event, Resource: resource, Time: noon}
}

func enqueue(t testing.TB, s store.Webhooks, occurrences ...webhook.Occurrence) {
	t.Helper()
	if err := s.EnqueueEvents(t.Context(), occurrences); err != nil {
		t.Fatal(err)
	}
}

// deliveries are those of a webhook, the newest first.
func deliveries(t testing.TB, s store.Webhooks, w webhook.Ref) []webhook.Delivery {
	t.Helper()
	all, more, err := s.ListDeliveries(t.Context(), w, store.Query{Limit: 100})
	if err != nil || more {
		t.Fatalf("list deliveries: %v, %v", more, err)
	}
	return all
}

func claim(t testing.TB, s store.Webhooks, w webhook.Ref, now time.Time, limit int) []webhook.Delivery {
	t.Helper()
	all, err := s.ClaimDeliveries(t.Context(), w, now, now.Add(time.Minute), limit)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func finish(t testing.TB, s store.Webhooks, o webhook.Outcome) {
	t.Helper()
	if err := s.FinishDelivery(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

func due(t testing.TB, s store.Webhooks, now time.Time) []webhook.Ref {
	t.Helper()
	return dueAfter(t, s, webhook.Ref{}, now, 10)
}

func dueAfter(t testing.TB, s store.Webhooks, after webhook.Ref, now time.Time, limit int) []webhook.Ref {
	t.Helper()
	refs, err := s.DueWebhooks(t.Context(), after, now, limit)
	if err != nil {
		t.Fatal(err)
	}
	return refs
}

func eventsReachWhoWantsThem(t *testing.T, open Open) {
	s := opened(t, open)
	both := addHook(t, s, hook(acme, "both", webhook.ResponseAccepted, webhook.PersonErased))
	one := addHook(t, s, hook(acme, "one", webhook.PersonErased))
	off := hook(acme, "off", webhook.PersonErased)
	off.Disabled = true
	addHook(t, s, off)
	events := []webhook.Occurrence{
		occurrence(acme, webhook.ResponseAccepted, "surveys/s/responses/r"), occurrence(acme, webhook.PersonErased, "erasures/e"),
		occurrence(acme, webhook.RefusalRecorded, "surveys/s/refusals/f"), occurrence(globex, webhook.PersonErased, "erasures/e"),
	}
	enqueue(t, s, events...)
	// Told twice, sent once.
	enqueue(t, s, events...)
	enqueue(t, s)
	equal(t, "both", len(deliveries(t, s, both.Ref)), 2)
	got := deliveries(t, s, one.Ref)
	equal(t, "one", got, []webhook.Delivery{{
		Webhook: one.Ref, ID: webhook.DeliveryID(one.Ref, events[1]), Event: webhook.PersonErased, Resource: "erasures/e", State: webhook.Pending,
		CreateTime: noon, NextTime: noon,
	}})
	equal(t, "off", len(deliveries(t, s, off.Ref)), 0)
	equal(t, "due", due(t, s, noon), []webhook.Ref{both.Ref, one.Ref})
	equal(t, "due before", due(t, s, noon.Add(-time.Second)), nil)
	equal(t, "the first", dueAfter(t, s, webhook.Ref{}, noon, 1), []webhook.Ref{both.Ref})
	equal(t, "the next", dueAfter(t, s, both.Ref, noon, 1), []webhook.Ref{one.Ref})
	equal(t, "after the last", dueAfter(t, s, one.Ref, noon, 1), nil)
	equal(t, "after another organisation", dueAfter(t, s, webhook.Ref{Organization: "aaa", ID: "z"}, noon, 9), []webhook.Ref{both.Ref, one.Ref})
}

func deliveriesAreClaimedOnce(t *testing.T, open Open) {
	s := opened(t, open)
	w := addHook(t, s, hook(acme, "h", webhook.Ping))
	for i := range 20 {
		d := webhook.Delivery{Webhook: w.Ref, ID: webhook.NewDeliveryID(), Event: webhook.Ping, Resource: "webhooks/h", State: webhook.Pending, CreateTime: noon, NextTime: noon.Add(time.Duration(i))}
		want(t, "add", s.AddDelivery(t.Context(), d), nil)
	}
	want(t, "add to none", s.AddDelivery(t.Context(), webhook.Delivery{Webhook: ref(globex, "h"), ID: "x", CreateTime: noon}), store.ErrNotFound)
	now := noon.Add(time.Second)
	var mu sync.Mutex
	seen := make(map[string]int)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 4 {
				claimed, err := s.ClaimDeliveries(t.Context(), w.Ref, now, now.Add(time.Minute), 3)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, d := range claimed {
					seen[d.ID]++
					if d.Attempts != 1 || !d.NextTime.Equal(now.Add(time.Minute)) {
						t.Errorf("claimed %+v", d)
					}
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was claimed %d times", id, n)
		}
	}
	equal(t, "claimed", len(seen), 20)
	// Whoever claimed them is gone: they are due again.
	equal(t, "claimed again", len(claim(t, s, w.Ref, now.Add(time.Minute), 100)), 20)
}

func deliveriesRetryAndEnd(t *testing.T, open Open) {
	s := opened(t, open)
	w := addHook(t, s, hook(acme, "h", webhook.PersonErased))
	enqueue(t, s, occurrence(acme, webhook.PersonErased, "erasures/e"))
	first := claim(t, s, w.Ref, noon, 1)[0]
	later := noon.Add(time.Hour)
	finish(t, s, webhook.Outcome{Delivery: first, State: webhook.Pending, NextTime: later, Result: "status 500", Time: noon.Add(time.Second)})
	got := deliveries(t, s, w.Ref)[0]
	equal(t, "waits", []any{got.State, got.Attempts, got.NextTime, got.LastResult}, []any{webhook.Pending, 1, later, "status 500"})
	equal(t, "failing", getHook(t, s, w.Ref).FailingSince, noon.Add(time.Second))
	// What is noted late changes nothing.
	finish(t, s, webhook.Outcome{Delivery: first, State: webhook.Delivered, Result: "status 200", Time: later, Succeeded: true})
	equal(t, "still waits", deliveries(t, s, w.Ref)[0], got)

	second := claim(t, s, w.Ref, later, 1)[0]
	finish(t, s, webhook.Outcome{Delivery: second, State: webhook.Delivered, Result: "status 204", Time: later, Succeeded: true})
	got = deliveries(t, s, w.Ref)[0]
	equal(t, "delivered", []any{got.State, got.Attempts, got.NextTime.IsZero(), got.LastResult}, []any{webhook.Delivered, 2, true, "status 204"})
	hooked := getHook(t, s, w.Ref)
	equal(t, "webhook", []any{hooked.LastSuccessTime, hooked.LastFailureTime, hooked.FailingSince.IsZero(), hooked.Version}, []any{later, noon.Add(time.Second), true, int64(1)})
	equal(t, "due", due(t, s, later.Add(time.Hour)), nil)
	one, err := s.GetDelivery(t.Context(), w.Ref, second.ID)
	want(t, "get", err, nil)
	equal(t, "got", one, got)
	_, err = s.GetDelivery(t.Context(), ref(globex, "h"), second.ID)
	want(t, "another organisation's", err, store.ErrNotFound)
}

func webhooksThatFailAreDisabled(t *testing.T, open Open) {
	s := opened(t, open)
	w := addHook(t, s, hook(acme, "h", webhook.PersonErased))
	fail := func(resource string, at time.Time, gone bool) webhook.Webhook {
		t.Helper()
		enqueue(t, s, occurrence(acme, webhook.PersonErased, resource))
		d := claim(t, s, w.Ref, at, 1)[0]
		finish(t, s, webhook.Outcome{Delivery: d, State: webhook.Failed, Result: "status 500", Time: at, Gone: gone})
		return getHook(t, s, w.Ref)
	}
	equal(t, "first failure", fail("erasures/1", noon, false).Disabled, false)
	equal(t, "almost five days", fail("erasures/2", noon.Add(webhook.DisableAfter-time.Second), false).Disabled, false)
	got := fail("erasures/3", noon.Add(webhook.DisableAfter), false)
	equal(t, "five days", []any{got.Disabled, got.Version}, []any{true, int64(2)})
	enqueue(t, s, occurrence(acme, webhook.PersonErased, "erasures/4"))
	equal(t, "nothing more", len(deliveries(t, s, w.Ref)), 3)
	got.Disabled = false
	got, err := s.UpdateWebhook(t.Context(), got)
	want(t, "enable", err, nil)
	equal(t, "begins anew", got.FailingSince.IsZero(), true)
	equal(t, "gone", fail("erasures/5", noon.Add(webhook.DisableAfter+time.Hour), true).Disabled, true)
}

func deliveriesAreReplayed(t *testing.T, open Open) {
	s := opened(t, open)
	w := addHook(t, s, hook(acme, "h", webhook.PersonErased))
	enqueue(t, s, occurrence(acme, webhook.PersonErased, "erasures/e"))
	d := claim(t, s, w.Ref, noon, 1)[0]
	finish(t, s, webhook.Outcome{Delivery: d, State: webhook.Failed, Result: "status 500", Time: noon})
	at := noon.Add(time.Hour)
	got, err := s.ReplayDelivery(t.Context(), w.Ref, d.ID, at)
	want(t, "replay", err, nil)
	equal(t, "replayed", []any{got.ID, got.State, got.Attempts, got.NextTime}, []any{d.ID, webhook.Pending, 0, at})
	equal(t, "claimed", claim(t, s, w.Ref, at, 1)[0].Attempts, 1)
	_, err = s.ReplayDelivery(t.Context(), ref(globex, "h"), d.ID, at)
	want(t, "another organisation's", err, store.ErrNotFound)
	// It is not swept as what ended before.
	n, err := s.SweepDeliveries(t.Context(), at.Add(time.Hour), at.Add(time.Hour), 10)
	equal(t, "swept", []any{n, err}, []any{0, error(nil)})
}

func deliveriesAreSwept(t *testing.T, open Open) {
	s := opened(t, open)
	w := addHook(t, s, hook(acme, "h", webhook.PersonErased))
	for i, state := range []webhook.State{webhook.Delivered, webhook.Delivered, webhook.Failed, webhook.Pending} {
		enqueue(t, s, occurrence(acme, webhook.PersonErased, "erasures/"+string(rune('a'+i))))
		d := claim(t, s, w.Ref, noon, 1)[0]
		finish(t, s, webhook.Outcome{Delivery: d, State: state, NextTime: noon.Add(time.Hour), Time: noon.Add(time.Duration(i) * time.Minute), Succeeded: state == webhook.Delivered})
	}
	sweep := func(delivered, failed time.Time, limit int) int {
		t.Helper()
		n, err := s.SweepDeliveries(t.Context(), delivered, failed, limit)
		want(t, "sweep", err, nil)
		return n
	}
	equal(t, "nothing is old", sweep(noon, noon, 10), 0)
	equal(t, "one was delivered", sweep(noon.Add(time.Second), noon, 10), 1)
	equal(t, "one at a time", sweep(noon.Add(time.Hour), noon.Add(time.Hour), 1), 1)
	equal(t, "the rest", sweep(noon.Add(time.Hour), noon.Add(time.Hour), 10), 1)
	equal(t, "what is pending stays", len(deliveries(t, s, w.Ref)), 1)
}

func feedHasOneHolder(t *testing.T, open Open) {
	s := opened(t, open)
	wanted := func(is bool) {
		t.Helper()
		got, err := s.WantsFeed(t.Context(), webhook.Answers)
		equal(t, "wanted", []any{got, err}, []any{is, error(nil)})
	}
	wanted(false)
	addHook(t, s, hook(acme, "e", webhook.PersonErased))
	wanted(false)
	w := addHook(t, s, hook(acme, "r", webhook.ResponseAccepted))
	wanted(true)
	until := noon.Add(time.Minute)
	hold := func(holder string, now time.Time) (int64, bool, error) {
		return s.HoldFeed(t.Context(), webhook.Answers, holder, now, now.Add(time.Minute))
	}
	_, begun, err := hold("a", noon)
	equal(t, "first", []any{begun, err}, []any{false, error(nil)})
	_, _, err = hold("b", noon.Add(time.Second))
	want(t, "another", err, store.ErrLost)
	start := int64(7)
	want(t, "place as another", s.PlaceFeed(t.Context(), webhook.Answers, "b", &start), store.ErrLost)
	want(t, "place", s.PlaceFeed(t.Context(), webhook.Answers, "a", &start), nil)
	read := occurrence(acme, webhook.ResponseAccepted, "surveys/s/responses/r")
	want(t, "advance", s.AdvanceFeed(t.Context(), webhook.Answers, "a", 7, 9, []webhook.Occurrence{read}), nil)
	want(t, "advance from elsewhere", s.AdvanceFeed(t.Context(), webhook.Answers, "a", 7, 9, nil), store.ErrLost)
	want(t, "advance as another", s.AdvanceFeed(t.Context(), webhook.Answers, "b", 9, 10, []webhook.Occurrence{occurrence(acme, webhook.ResponseAccepted, "x")}), store.ErrLost)
	equal(t, "enqueued", len(deliveries(t, s, w.Ref)), 1)
	at, begun, err := hold("b", until)
	equal(t, "after the lease", []any{at, begun, err}, []any{int64(9), true, error(nil)})
	want(t, "the one before", s.AdvanceFeed(t.Context(), webhook.Answers, "a", 9, 10, nil), store.ErrLost)
	want(t, "leave", s.LeaveFeed(t.Context(), webhook.Answers, "b"), nil)
	_, _, err = hold("a", until)
	want(t, "after it was left", err, nil)
	want(t, "forget", s.PlaceFeed(t.Context(), webhook.Answers, "a", nil), nil)
	_, begun, err = hold("a", until)
	equal(t, "forgotten", []any{begun, err}, []any{false, error(nil)})
	// Other logs have other holders and other positions, and other webhooks want them.
	for log, event := range map[webhook.Log]webhook.Event{webhook.Alerts: webhook.AlertResolved, webhook.Attention: webhook.SegmentLeft, webhook.Deliveries: webhook.ReportOverdue} {
		otherWanted := func(is bool) {
			t.Helper()
			got, err := s.WantsFeed(t.Context(), log)
			equal(t, "another log wanted", []any{got, err}, []any{is, error(nil)})
		}
		otherWanted(false)
		addHook(t, s, hook(acme, event.String(), event))
		otherWanted(true)
		_, begun, err = s.HoldFeed(t.Context(), log, "c", until, until.Add(time.Minute))
		equal(t, "another log", []any{begun, err}, []any{false, error(nil)})
		want(t, "place another log", s.PlaceFeed(t.Context(), log, "c", &start), nil)
		want(t, "advance another log", s.AdvanceFeed(t.Context(), log, "c", 7, 8, nil), nil)
		want(t, "advance by the other's holder", s.AdvanceFeed(t.Context(), log, "a", 8, 9, nil), store.ErrLost)
		want(t, "leave another log", s.LeaveFeed(t.Context(), log, "c"), nil)
	}
	_, begun, err = hold("a", until)
	equal(t, "the first log", []any{begun, err}, []any{false, error(nil)})
}
