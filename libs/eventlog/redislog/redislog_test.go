package redislog_test

import (
	"context"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit/redistest"
)

func TestEachEventOnceAndInOrder(t *testing.T) {
	w := newWorld(t, redistest.Address(t))
	w.publish(500, 40)
	w.subscriber("b")
	w.publisher("a")
	w.subscriber("c")
	for range 30 {
		w.publish(100, 40)
		time.Sleep(5 * time.Millisecond)
	}
	w.settled()
	w.await("an even share", func() bool {
		s := w.store.shares()
		return s["b"] == 4 && s["c"] == 4
	})
	w.publish(1000, 40)
	w.settled()
}

func TestWatermarkMovesWhileNothingHappens(t *testing.T) {
	w := newWorld(t, redistest.Address(t))
	w.publisher("a")
	w.subscriber("b")
	w.publish(3, 3)
	w.settled()
	begin := time.Now()
	w.await("a later watermark of all partitions", func() bool { return w.store.reached(w.config.Partitions).After(begin) })
}

func TestEventsAreRemovedWhenAllGroupsHaveThem(t *testing.T) {
	w := newWorld(t, redistest.Address(t))
	w.publisher("a")
	b := w.subscriber("b")
	other := newMemStore()
	c := w.subscriberOf("comments", "c", other)
	w.publish(200, 40)
	w.settled()
	// The first events were in the log before there were streams; from the next ones on the streams hold all.
	w.publish(200, 40)
	w.settled()
	w.await("the other group", func() bool { return other.count() == 400 })
	w.await("empty streams", func() bool { return w.entries() == 0 })
	// One group stands still: what it has not processed stays, although the other one has.
	c.kill()
	w.publish(400, 40)
	w.settled()
	time.Sleep(1200 * time.Millisecond)
	if n := w.entries(); n != 400 {
		t.Errorf("%d entries left, want 400", n)
	}
	b.stop()
	opened := w.log.opens()
	w.subscriberOf("comments", "d", other)
	w.await("the other group", func() bool { return other.count() == 800 })
	w.check(other)
	if n := w.log.opens() - opened; n != 0 {
		t.Errorf("%d partitions were read from the log, want none: Redis held all\n%s", n, w.out.tail())
	}
	w.await("empty streams", func() bool { return w.entries() == 0 })
}

// TestLagIsMeasured tells how many events wait and how old the newest is that does not, while the sink stands still and when it has caught up.
func TestLagIsMeasured(t *testing.T) {
	w := newWorld(t, redistest.Address(t))
	w.publisher("p")
	a := w.subscriber("a")
	for range 2 {
		w.publish(40, 40)
		w.settled()
	}
	stuck := make(chan struct{})
	w.store.mu.Lock()
	w.store.hold = func(string, int) { <-stuck }
	w.store.mu.Unlock()
	w.publish(800, 40)
	w.await("a lag in events", func() bool { return a.count("otklik.eventlog.lag.events") == 800 })
	w.await("a lag in seconds of all partitions", func() bool { return a.seconds("otklik.eventlog.lag") > 1 })
	close(stuck)
	w.settled()
	w.await("no lag", func() bool { return a.count("otklik.eventlog.lag.events") == 0 && a.seconds("otklik.eventlog.lag") < 1 })
}

// entries is the number of entries in all streams.
func (w *world) entries() int64 {
	var n int64
	for p := range w.config.Partitions {
		n += w.plain.XLen(context.Background(), w.stream(p)).Val()
	}
	return n
}

func (w *world) flush(t *testing.T) {
	t.Helper()
	if err := w.plain.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
}
