package redislog_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit/redistest"
)

// keepPublishing appends events until it is stopped.
func (w *world) keepPublishing(people int) (stop func()) {
	var over atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; !over.Load(); i++ {
			w.log.append("person-" + strconv.Itoa(i%people))
			if i%20 == 0 {
				time.Sleep(2 * time.Millisecond)
			}
		}
	})
	return func() {
		over.Store(true)
		wg.Wait()
	}
}

func TestAnotherPublisherGoesOn(t *testing.T) {
	w := newWorld(t, redistest.Address(t))
	w.subscriber("s")
	stop := w.keepPublishing(40)
	var publishers []*process
	for i := range 4 {
		publishers = append(publishers, w.publisher("p"+strconv.Itoa(i)))
		time.Sleep(100 * time.Millisecond)
		if i > 0 {
			publishers[i-1].kill()
			time.Sleep(2 * testLease)
		}
	}
	stop()
	w.settled()
	if n := publishers[3].count("otklik.eventlog.published"); n == 0 {
		t.Error("the last publisher has published nothing")
	}
}

// TestAPublisherThatWasAsleepDoesNoHarm wakes a publisher in the middle of what it did, when another one has long gone on.
func TestAPublisherThatWasAsleepDoesNoHarm(t *testing.T) {
	w := newWorld(t, redistest.Address(t))
	w.subscriber("s")
	stop := w.keepPublishing(40)
	a := w.publisher("a")
	w.publisher("b")
	for range 3 {
		w.await("publishing", func() bool { return w.store.count() > 0 })
		a.freeze()
		time.Sleep(3 * testLease)
		before := w.store.count()
		w.await("publishing by another one", func() bool { return w.store.count() > before })
		a.thaw()
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	w.settled()
}

// TestPublishersThatAllBelieveToBeTheOneLeaveAnUnbrokenChain takes the lease away all the time, so that several publish at once. Every event is in
// its stream once, and each names the one before it.
func TestPublishersThatAllBelieveToBeTheOneLeaveAnUnbrokenChain(t *testing.T) {
	w := newWorld(t, redistest.Address(t))
	w.config.Partitions = 2
	for i := range 3 {
		w.publisher("p" + strconv.Itoa(i))
	}
	w.await("streams", func() bool { return w.plain.Exists(t.Context(), w.redis.Prefix+":{answers}:tip").Val() == 1 })
	stop := w.keepPublishing(40)
	for end := time.Now().Add(5 * testLease); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if err := w.plain.Del(t.Context(), w.redis.Prefix+":{answers}:publisher").Err(); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	total := w.log.count()
	w.await("publishing of all", func() bool { return w.entries() >= int64(total) })
	for p := range w.config.Partitions {
		prev := "0"
		var got []int64
		for _, e := range w.plain.XRange(t.Context(), w.stream(p), "-", "+").Val() {
			position, _, _ := strings.Cut(e.ID, "-")
			if e.Values["prev"] != prev {
				t.Errorf("partition %d: entry %s says that %v is before it, but %s is", p, e.ID, e.Values["prev"], prev)
			}
			prev = position
			n, err := strconv.ParseInt(position, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, n)
		}
		if want := w.log.of(p, w.config.Partitions); !slices.Equal(got, want) {
			t.Errorf("partition %d holds %d events, want %d", p, len(got), len(want))
		}
	}
	if n := strings.Count(w.out.String(), "publishing events"); n < 3 {
		t.Errorf("the lease was taken %d times only", n)
	}
}

func TestTheEntriesOfADeadSubscriberAreTakenOver(t *testing.T) {
	w := newWorld(t, redistest.Address(t))
	w.publisher("p")
	w.publish(100, 40)
	a := w.subscriber("a")
	w.settled()
	// It reads and does not get to apply.
	stuck := make(chan struct{})
	w.store.mu.Lock()
	w.store.hold = func(string, int) { <-stuck }
	w.store.mu.Unlock()
	w.publish(400, 40)
	w.await("reading", func() bool { return w.pending("scores") >= 400 })
	a.gate.set(cut)
	w.store.mu.Lock()
	w.store.hold = nil
	w.store.mu.Unlock()
	close(stuck)
	a.kill()
	opened := w.log.opens()
	b := w.subscriber("b")
	w.settled()
	if n := b.count("otklik.eventlog.reclaimed"); n != 400 {
		t.Errorf("%d entries taken over, want 400", n)
	}
	if n := w.log.opens() - opened; n > w.config.Partitions {
		t.Errorf("%d partitions were read from the log although Redis held all", n)
	}
	w.await("nothing pending", func() bool { return w.pending("scores") == 0 })
	w.await("forgetting of the dead", func() bool {
		for p := range w.config.Partitions {
			for _, c := range w.plain.XInfoConsumers(t.Context(), w.stream(p), "scores").Val() {
				if c.Name == "a" {
					return false
				}
			}
		}
		return true
	})
}

// pending is the number of entries that a group has read and not acknowledged.
func (w *world) pending(group string) int64 {
	var n int64
	for p := range w.config.Partitions {
		if sum := w.plain.XPending(context.Background(), w.stream(p), group).Val(); sum != nil {
			n += sum.Count
		}
	}
	return n
}

// TestASubscriberThatWasAsleepDoesNoHarm puts one to sleep while it applies, for longer than its lease lasts, until others have applied the
// same events and more; what it wakes up with is refused.
func TestASubscriberThatWasAsleepDoesNoHarm(t *testing.T) {
	w := newWorld(t, redistest.Address(t))
	w.publisher("p")
	a, b := w.subscriber("a"), w.subscriber("b")
	stop := w.keepPublishing(40)
	for i, sleeper := range []*process{a, b, a} {
		w.await("a share for both", func() bool { s := w.store.shares(); return s["a"] == 4 && s["b"] == 4 })
		asleep := make(chan int, 1)
		w.onApply([]string{"a", "b", "a"}[i], func(partition int) {
			sleeper.freeze()
			asleep <- partition
		})
		partition := <-asleep
		// The one who takes the partition over applies what the sleeper is about to apply, and more.
		before := len(w.store.of(partition))
		w.await("takeover", func() bool { return len(w.store.of(partition)) > before+300 })
		sleeper.thaw()
		w.await("a conflict", func() bool { return w.store.refused() > i })
	}
	stop()
	w.settled()
	w.await("nothing pending", func() bool { return w.pending("scores") == 0 })
}

// onApply does something the next time that a process is about to commit.
func (w *world) onApply(name string, do func(partition int)) {
	var once sync.Once
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	w.store.hold = func(who string, partition int) {
		if who == name {
			once.Do(func() { do(partition) })
		}
	}
}

// TestASlowGroupHoldsPublishingBack never lets more than the limit wait, and loses nothing.
func TestASlowGroupHoldsPublishingBack(t *testing.T) {
	w := newWorld(t, redistest.Address(t))
	w.config.MaxUnprocessed = 20
	p := w.publisher("p")
	w.store.hold = func(string, int) { time.Sleep(2 * time.Millisecond) }
	w.subscriber("a")
	w.publish(40, 40)
	w.settled()
	w.publish(4000, 40)
	most := int64(0)
	for w.store.count() < w.log.count() {
		for p := range w.config.Partitions {
			most = max(most, w.plain.XLen(t.Context(), w.stream(p)).Val())
		}
		time.Sleep(time.Millisecond)
	}
	w.settled()
	if most > 20 {
		t.Errorf("%d events waited in a partition, want at most 20", most)
	}
	if p.count("otklik.eventlog.backpressure.waits") == 0 {
		t.Error("publishing has not waited")
	}
}

// TestOnePartitionThatStandsStillDoesNotStopTheOthers holds one partition's sink; the events of the others go on, and its own are caught up on.
func TestOnePartitionThatStandsStillDoesNotStopTheOthers(t *testing.T) {
	w := newWorld(t, redistest.Address(t))
	w.config.MaxUnprocessed = 50
	w.publisher("p")
	stuck := make(chan struct{})
	w.store.hold = func(_ string, partition int) {
		if partition == 3 {
			<-stuck
		}
	}
	w.subscriber("a")
	stop := w.keepPublishing(40)
	time.Sleep(6 * testLease)
	stop()
	others := func() (n int) {
		for p := range w.config.Partitions {
			if p != 3 {
				n += len(w.log.of(p, w.config.Partitions)) - len(w.store.of(p))
			}
		}
		return n
	}
	w.await("all but one partition", func() bool { return others() == 0 })
	if n := len(w.store.of(3)); n != 0 {
		t.Fatalf("the partition that stands still has applied %d events", n)
	}
	close(stuck)
	w.settled()
	w.await("empty streams", func() bool { return w.entries() == 0 })
	opened := w.log.opens()
	w.publish(1000, 40)
	w.settled()
	if n := w.log.opens() - opened; n > 1 {
		t.Errorf("the log was opened %d times for what Redis holds again", n)
	}
}

// TestARestoredLogIsFollowedAnew: the log ends before what was published and applied, because a backup was restored.
func TestARestoredLogIsFollowedAnew(t *testing.T) {
	w := newWorld(t, redistest.Address(t))
	p := w.publisher("p")
	w.subscriber("a")
	w.publish(400, 40)
	w.settled()
	p.stop()
	w.log.cutTo(150)
	w.publish(10, 7)
	w.publisher("q")
	w.await("a new beginning", func() bool { return w.store.missing(w.log, w.config.Partitions) == "" })
	w.publish(400, 40)
	w.settled()
}

func TestAnotherNumberOfPartitionsIsRefused(t *testing.T) {
	w := newWorld(t, redistest.Address(t))
	w.publisher("p")
	w.subscriber("a")
	w.publish(40, 40)
	w.settled()
	w.config.Partitions = 5
	others := []*process{w.publisher("q"), w.subscriber("b")}
	for _, p := range others {
		select {
		case <-p.done:
		case <-time.After(10 * time.Second):
			t.Fatal("it runs")
		}
		if p.err == nil || !strings.Contains(p.err.Error(), "events.partitions") || !strings.Contains(p.err.Error(), "in 8, the configuration says 5") {
			t.Errorf("error %v", p.err)
		}
	}
	w.config.Partitions = 8
	w.publish(40, 40)
	w.settled()
}
