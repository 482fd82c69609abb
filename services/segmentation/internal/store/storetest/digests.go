package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/agenda"
	"github.com/otklik/otklik/services/segmentation/internal/digest"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// digestCases are about secret addresses of calendars and about digests.
func digestCases() []testCase {
	return []testCase{
		{"CalendarFeeds", calendarFeedsAreKept}, {"Digests", digestsAreKept}, {"DigestsOnce", digestsBeginOnce}, {"Deliveries", deliveriesAreClaimed},
		{"Unsubscribe", unsubscribing}, {"DigestContent", digestsCount}, {"DigestsResume", digestsResume},
	}
}

func calendarFeedsAreKept(t *testing.T, open Open) {
	s := opened(t, open)
	f := store.CalendarFeed{
		Organization: acme, ID: "a", Owner: "members/m", Key: "apiKeys/k", Roles: []string{"manager"}, Units: store.Units{"company": {"alpha"}},
		Kinds: []agenda.Kind{agenda.Task}, OwnOnly: true, Language: "ky", Zone: "Asia/Bishkek", CreateTime: noon,
	}
	must(t, "create", s.CreateCalendarFeed(t.Context(), f, 2))
	want(t, "create again", s.CreateCalendarFeed(t.Context(), f, 2), store.ErrExists)
	there, err := s.FindCalendarFeed(t.Context(), acme, "apiKeys/k")
	equal(t, "feed", got(t, there, err), f)
	_, err = s.FindCalendarFeed(t.Context(), other, "apiKeys/k")
	want(t, "another organisation's", err, store.ErrNotFound)
	second := f
	second.ID, second.Key, second.CreateTime = "b", "apiKeys/l", noon.Add(time.Hour)
	must(t, "create", s.CreateCalendarFeed(t.Context(), second, 2))
	third := f
	third.ID, third.Key = "c", "apiKeys/m"
	want(t, "too many", s.CreateCalendarFeed(t.Context(), third, 2), store.ErrTooMany)
	list, more, err := s.ListCalendarFeeds(t.Context(), acme, "members/m", 0, 1)
	if got(t, list, err)[0].ID != "b" || !more {
		t.Errorf("first page %+v, more %v", list, more)
	}
	_, err = s.DeleteCalendarFeed(t.Context(), acme, "members/n", "a")
	want(t, "another's", err, store.ErrNotFound)
	gone, err := s.DeleteCalendarFeed(t.Context(), acme, "members/m", "a")
	equal(t, "gone", got(t, gone, err), f)
	_, err = s.FindCalendarFeed(t.Context(), acme, "apiKeys/k")
	want(t, "find", err, store.ErrNotFound)
}

// daily is a digest to n recipients.
func daily(id string, n int) digest.Subscription {
	d := digest.Subscription{
		Organization: acme, ID: id, DisplayName: "all", Language: "ru", Minute: 9 * 60, Zone: "UTC", CreateTime: noon, UpdateTime: noon, NextTime: noon.Add(time.Hour),
	}
	for r := range n {
		d.Recipients = append(d.Recipients, digest.Recipient{Key: fmt.Sprint(id, "-k", r), Address: []byte{byte(r)}, Secret: []byte{1}})
	}
	return d
}

func digestsAreKept(t *testing.T, open Open) {
	s := opened(t, open)
	d, err := s.CreateDigest(t.Context(), daily("a", 2), 2)
	must(t, "create", err)
	_, err = s.CreateDigest(t.Context(), daily("a", 1), 2)
	want(t, "create again", err, store.ErrExists)
	there, err := s.GetDigest(t.Context(), acme, "a")
	equal(t, "digest", got(t, there, err), d)
	there.Disabled, there.NextTime, there.Recipients = true, time.Time{}, there.Recipients[1:]
	changed, err := s.UpdateDigest(t.Context(), there)
	must(t, "update", err)
	_, err = s.UpdateDigest(t.Context(), there)
	want(t, "update an old version", err, store.ErrChanged)
	_, err = s.CreateDigest(t.Context(), daily("b", 1), 2)
	must(t, "create", err)
	_, err = s.CreateDigest(t.Context(), daily("c", 1), 2)
	want(t, "too many", err, store.ErrTooMany)
	list, more, err := s.ListDigests(t.Context(), acme, 1, 5)
	if equal(t, "list", got(t, list, err), []digest.Subscription{changed}); more {
		t.Error("more")
	}
	due, err := s.DueDigests(t.Context(), noon.Add(2*time.Hour), 9)
	if len(got(t, due, err)) != 1 || due[0].ID != "b" {
		t.Errorf("due %+v", due)
	}
	gone, err := s.DeleteDigest(t.Context(), acme, "a")
	equal(t, "gone", got(t, gone, err), changed)
	_, err = s.GetDigest(t.Context(), acme, "a")
	want(t, "get", err, store.ErrNotFound)
}

// A digest that was disabled tells of what happens once it is enabled again.
func digestsResume(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	d, err := s.CreateDigest(ctx, daily("a", 1), 9)
	must(t, "create", err)
	d.Disabled, d.NextTime = true, time.Time{}
	d, err = s.UpdateDigest(ctx, d)
	must(t, "disable", err)
	openCase(t, s, aCase(acme, "one"))
	d.Disabled, d.NextTime, d.UpdateTime = false, noon.Add(50*time.Hour), noon.Add(48*time.Hour)
	d, err = s.UpdateDigest(ctx, d)
	must(t, "enable", err)
	openCase(t, s, aCase(acme, "two"))
	must(t, "begin", s.BeginDigest(ctx, d, "2026-03-04", noon.Add(50*time.Hour), noon.Add(74*time.Hour)))
	sent, _, err := s.ListDeliveries(ctx, acme, "a", 0, 9)
	first := got(t, sent, err)[0]
	equal(t, "since", first.Since, noon.Add(48*time.Hour))
	content, err := s.DigestContent(ctx, acme, first.From, first.To)
	equal(t, "opened", got(t, content, err).Opened, 1)
}

// However many processes begin a digest, it has one delivery for each recipient and day.
func digestsBeginOnce(t *testing.T, open Open) {
	s := opened(t, open)
	d, err := s.CreateDigest(t.Context(), daily("a", 3), 9)
	must(t, "create", err)
	var work sync.WaitGroup
	var mu sync.Mutex
	begun := 0
	for range 8 {
		work.Go(func() {
			err := s.BeginDigest(t.Context(), d, "2026-03-02", noon.Add(time.Hour), noon.Add(25*time.Hour))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				begun++
				return
			}
			want(t, "begin", err, store.ErrLost)
		})
	}
	work.Wait()
	equal(t, "begun", begun, 1)
	list, _, err := s.ListDeliveries(t.Context(), acme, "a", 0, 9)
	equal(t, "deliveries", len(got(t, list, err)), 3)
	there, err := s.GetDigest(t.Context(), acme, "a")
	equal(t, "next", got(t, there, err).NextTime, noon.Add(25*time.Hour))
}

func deliveriesAreClaimed(t *testing.T, open Open) {
	s := opened(t, open)
	d, err := s.CreateDigest(t.Context(), daily("a", 1), 9)
	must(t, "create", err)
	now := noon.Add(time.Hour)
	must(t, "begin", s.BeginDigest(t.Context(), d, "2026-03-02", now, noon.Add(25*time.Hour)))
	first, err := s.ClaimDeliveries(t.Context(), now, now.Add(time.Minute), 9)
	if len(got(t, first, err)) != 1 || first[0].Attempts != 1 || first[0].Day != "2026-03-02" {
		t.Fatalf("claimed %+v", first)
	}
	none, err := s.ClaimDeliveries(t.Context(), now, now.Add(time.Minute), 9)
	equal(t, "claimed meanwhile", len(got(t, none, err)), 0)
	// Its process died: another one takes it.
	second, err := s.ClaimDeliveries(t.Context(), now.Add(time.Minute), now.Add(2*time.Minute), 9)
	equal(t, "attempts", got(t, second, err)[0].Attempts, 2)
	want(t, "settle what was lost", s.SettleDelivery(t.Context(), first[0]), store.ErrLost)
	sent := second[0]
	sent.State, sent.NextTime, sent.SendTime, sent.Failure = digest.Sent, time.Time{}, now, ""
	must(t, "settle", s.SettleDelivery(t.Context(), sent))
	list, _, err := s.ListDeliveries(t.Context(), acme, "a", 0, 9)
	equal(t, "delivery", got(t, list, err), []digest.Delivery{sent})
	none, err = s.ClaimDeliveries(t.Context(), now.Add(time.Hour), now.Add(2*time.Hour), 9)
	equal(t, "claimed after", len(got(t, none, err)), 0)
	n, err := s.SweepDeliveries(t.Context(), now, 9)
	equal(t, "swept too early", got(t, n, err), 0)
	n, err = s.SweepDeliveries(t.Context(), now.Add(time.Hour), 9)
	equal(t, "swept", got(t, n, err), 1)
}

func unsubscribing(t *testing.T, open Open) {
	s := opened(t, open)
	d, err := s.CreateDigest(t.Context(), daily("a", 2), 9)
	must(t, "create", err)
	must(t, "begin", s.BeginDigest(t.Context(), d, "2026-03-02", noon, noon.Add(time.Hour)))
	want(t, "an unknown key", s.Unsubscribe(t.Context(), acme, "x", noon), store.ErrNotFound)
	want(t, "another organisation's", s.Unsubscribe(t.Context(), other, "a-k0", noon), store.ErrNotFound)
	must(t, "unsubscribe", s.Unsubscribe(t.Context(), acme, "a-k0", noon))
	must(t, "again", s.Unsubscribe(t.Context(), acme, "a-k0", noon.Add(time.Hour)))
	there, err := s.GetDigest(t.Context(), acme, "a")
	equal(t, "time", got(t, there, err).Recipients[0].UnsubscribeTime, noon)
	claimed, err := s.ClaimDeliveries(t.Context(), noon, noon.Add(time.Minute), 9)
	if len(got(t, claimed, err)) != 1 || claimed[0].Key != "a-k1" {
		t.Errorf("to be sent: %+v", claimed)
	}
	// Who wrote the subscription from what was read before does not subscribe anybody again.
	there.Recipients[0].UnsubscribeTime = time.Time{}
	_, err = s.UpdateDigest(t.Context(), there)
	must(t, "update", err)
	there, err = s.GetDigest(t.Context(), acme, "a")
	must(t, "begin", s.BeginDigest(t.Context(), got(t, there, err), "2026-03-03", noon.Add(time.Hour), noon.Add(25*time.Hour)))
	list, _, err := s.ListDeliveries(t.Context(), acme, "a", 0, 9)
	for _, l := range got(t, list, err) {
		if l.Key != "a-k1" {
			t.Errorf("to be sent: %+v", l)
		}
	}
}

func digestsCount(t *testing.T, open Open) {
	s := opened(t, open)
	c, err := s.DigestContent(t.Context(), acme, 0, 100)
	got(t, c, err)
	if c.Opened+c.Due+c.Breached+c.Closed != 0 || len(c.Lights)+len(c.Segments)+len(c.Late) != 0 {
		t.Errorf("of nothing: %+v", c)
	}
}
