package ingest_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// One process follows at a time; when it leaves, the other does, and when it dies, the other does after the lease.
func TestOneProcessFollows(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	one, stop := f.follow(t, "one")
	f.log.add(f.event(t, "r1", "", said("first", "", 1)))
	f.await(t, 1)
	two, stopTwo := f.follow(t, "two")
	f.log.add(f.event(t, "r2", "", said("second", "", 1)))
	f.await(t, 2)
	// What is stored is noted a moment later.
	testkit.Eventually(t, patience, func() error {
		if a, b := one.Status(), two.Status(); !a.Leads || !a.Connected || a.Position != 2 || a.Head != 2 || b.Leads || b.Connected {
			return fmt.Errorf("%+v, %+v", a, b)
		}
		return nil
	})
	if want := noon.Add(2 * time.Minute); !one.Status().AsOf.Equal(want) {
		t.Errorf("as of %v, want %v", one.Status().AsOf, want)
	}
	stop()
	f.log.add(f.event(t, "r3", "", said("third", "", 1)))
	f.await(t, 3)
	testkit.Eventually(t, patience, func() error {
		if a, b := one.Status(), two.Status(); a.Leads || a.Connected || !b.Leads {
			return fmt.Errorf("%+v, %+v", a, b)
		}
		return nil
	})
	stopTwo()

	// A process that died still holds the feed: its lease has to end.
	if _, err := f.store.HoldFeed(t.Context(), "dead", f.clock.Now(), f.clock.Now().Add(30*time.Second)); err != nil {
		t.Fatal(err)
	}
	_, _ = f.follow(t, "three")
	f.log.add(f.event(t, "r4", "", said("fourth", "", 1)))
	time.Sleep(100 * time.Millisecond)
	if c, err := f.store.Cursor(t.Context()); err != nil || c.Position != 3 {
		t.Errorf("%+v, %v: the feed is another's", c, err)
	}
	f.clock.Advance(31 * time.Second)
	f.await(t, 4)
}

// Who lost the feed without noticing stores nothing.
func TestWhoLostTheFeedStoresNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	one, _ := f.follow(t, "one")
	f.log.add(f.event(t, "r1", "", said("first", "", 1)))
	f.await(t, 1)
	f.clock.Advance(31 * time.Second)
	if _, err := f.store.HoldFeed(t.Context(), "two", f.clock.Now(), f.clock.Now().Add(30*time.Second)); err != nil {
		t.Fatal(err)
	}
	f.log.add(f.event(t, "r2", "", said("second", "", 1)))
	testkit.Eventually(t, patience, func() error {
		if s := one.Status(); s.Leads || s.Connected {
			return fmt.Errorf("it still believes to lead: %+v", s)
		}
		return nil
	})
	if c, err := f.store.Cursor(t.Context()); err != nil || c.Position != 1 {
		t.Errorf("%+v, %v", c, err)
	}
}

// A log that ends before what was read of it is another one: it is read from its beginning, and what it does not know goes.
func TestAnotherLog(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, _ = f.follow(t, "one")
	f.log.add(f.event(t, "r1", "", said("first", "", 1)), f.event(t, "r2", "", said("second", "", 1)), f.event(t, "r3", "", said("third", "", 1)))
	f.await(t, 3)
	f.log.exchange(f.event(t, "r2", "", said("second", "", 1)), f.event(t, "r4", "", said("fourth", "", 1)))
	testkit.Eventually(t, patience, func() error {
		texts := map[string]bool{}
		for _, c := range f.comments(t) {
			texts[c.Text] = true
		}
		if len(texts) != 2 || !texts["second"] || !texts["fourth"] {
			return fmt.Errorf("there is %v", texts)
		}
		return nil
	})
	c, err := f.store.Cursor(t.Context())
	if err != nil || c.Position != 2 || c.Pass != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	// An empty log is rather a survey service on another database: what people said of comments cannot be had again, and nothing goes.
	f.log.exchange()
	testkit.Eventually(t, patience, func() error {
		if c, err := f.store.Cursor(t.Context()); err != nil || c.Pass != 2 {
			return fmt.Errorf("the log is not begun anew: %+v, %w", c, err)
		}
		return nil
	})
	time.Sleep(200 * time.Millisecond)
	if n := len(f.comments(t)); n != 2 {
		t.Errorf("%d comments are left", n)
	}
}

// A log that cannot be reached is followed on when it is back, each event once.
func TestLogThatWasAway(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, _ = f.follow(t, "one")
	f.log.add(f.event(t, "r1", "", said("first", "", 1)))
	f.await(t, 1)
	f.log.change(func() { f.log.down = true })
	f.log.add(f.event(t, "r2", "", said("second", "", 1)))
	time.Sleep(50 * time.Millisecond)
	f.log.change(func() { f.log.down = false })
	f.await(t, 2)
	if n := len(f.comments(t)); n != 2 {
		t.Errorf("%d comments, want 2", n)
	}
}

// Stopping gives the feed up at once.
func TestStoppingLeavesTheFeed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, stop := f.follow(t, "one")
	f.log.add(f.event(t, "r1", "", said("first", "", 1)))
	f.await(t, 1)
	stop()
	_, err := f.store.HoldFeed(t.Context(), "two", f.clock.Now(), f.clock.Now().Add(time.Second))
	if errors.Is(err, store.ErrLost) || err != nil {
		t.Errorf("%v: want the feed free", err)
	}
}
