package redislog_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/otklik/otklik/libs/testkit/redistest"
)

func TestAnEmptiedRedisLosesNothing(t *testing.T) {
	server := redistest.Server(t)
	w := newWorld(t, server.Address())
	p := w.publisher("p")
	a := w.subscriber("a")
	w.subscriber("b")
	stop := w.keepPublishing(40)
	for range 4 {
		before := w.store.count()
		w.await("work", func() bool { return w.store.count() > before+500 })
		w.flush(t)
	}
	before := w.store.count()
	w.await("work", func() bool { return w.store.count() > before+500 })
	stop()
	w.settled()
	if a.count("otklik.eventlog.refilled") == 0 {
		t.Error("nothing was read from the log")
	}
	// Streams carry again what comes from now on.
	published := p.count("otklik.eventlog.published")
	w.publish(100, 40)
	w.settled()
	w.await("publishing", func() bool { return p.count("otklik.eventlog.published") >= published+100 })
}

func TestARedisThatWasAwayLosesNothing(t *testing.T) {
	server := redistest.Server(t)
	w := newWorld(t, server.Address())
	w.publisher("p")
	w.subscriber("a")
	w.subscriber("b")
	stop := w.keepPublishing(40)
	w.await("work", func() bool { return w.store.count() > 500 })
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * testLease)
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := w.store.count()
	w.await("work", func() bool { return w.store.count() > before+500 })
	stop()
	w.settled()
	// A failure that lasts is told a few times, not at each attempt.
	if n := strings.Count(w.out.String(), "level=WARN"); n > 60 {
		t.Errorf("%d warnings", n)
	}
}

// TestAFullRedisRecovers fills the memory while nobody processes. Events wait in the log; one who begins to process finds everything.
func TestAFullRedisRecovers(t *testing.T) {
	server := redistest.Server(t, "--maxmemory", "6mb", "--maxmemory-policy", "noeviction")
	w := newWorld(t, server.Address())
	w.config.MaxUnprocessed = 1_000_000
	w.log.load = strings.Repeat("x", 2000)
	p := w.publisher("p")
	a := w.subscriber("a")
	w.publish(50, 40)
	w.settled()
	a.stop()
	for range 40 {
		w.publish(100, 40)
	}
	w.await("a full memory", func() bool {
		return redis.HasErrorPrefix(w.plain.Set(t.Context(), "x", strings.Repeat("x", 4000), 0).Err(), "OOM")
	})
	time.Sleep(testLease)
	if n := p.count("otklik.eventlog.published"); n >= 4000 {
		t.Fatalf("%d events published: the memory was not full", n)
	}
	// The one that comes has to get its leases and its groups although nothing can be stored.
	w.subscriber("b")
	w.settled()
	w.publish(100, 40)
	w.settled()
	w.await("empty streams", func() bool { return w.entries() == 0 })
}

func TestAGroupThatIsMissingIsMadeAnew(t *testing.T) {
	w := newWorld(t, redistest.Address(t))
	w.publisher("p")
	w.subscriber("a")
	stop := w.keepPublishing(40)
	for range 5 {
		before := w.store.count()
		w.await("work", func() bool { return w.store.count() > before+300 })
		for p := range w.config.Partitions {
			if err := w.plain.XGroupDestroy(t.Context(), w.stream(p), "scores").Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	stop()
	w.settled()
}

func TestAStreamThatIsMissingIsMadeAnew(t *testing.T) {
	w := newWorld(t, redistest.Address(t))
	w.publisher("p")
	w.subscriber("a")
	stop := w.keepPublishing(40)
	for p := range w.config.Partitions {
		before := w.store.count()
		w.await("work", func() bool { return w.store.count() > before+100 })
		if err := w.plain.Del(t.Context(), w.stream(p)).Err(); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	w.settled()
}

// TestEntriesThatMeanNothingAreReadFromTheLog damages entries in every way.
func TestEntriesThatMeanNothingAreReadFromTheLog(t *testing.T) {
	w := newWorld(t, redistest.Address(t))
	w.publisher("p")
	w.publish(80, 40)
	a := w.subscriber("a")
	w.settled()
	a.stop()
	w.log.append("unspeakable")
	w.publish(80, 40)
	w.await("publishing", func() bool { return w.entries() == 80 })
	for p := range w.config.Partitions {
		entries := w.plain.XRange(t.Context(), w.stream(p), "-", "+").Val()
		for i, e := range entries {
			if i%3 == 1 {
				if err := w.plain.XDel(t.Context(), w.stream(p), e.ID).Err(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	// An entry that nobody knows, at the end.
	for p := range w.config.Partitions {
		fields := [][]any{{"e", "nonsense", "prev", "0"}, {"x", "y"}, {"e", "x", "prev", "y"}}[p%3]
		last := slices.Max(w.log.of(p, w.config.Partitions))
		if err := w.plain.XAdd(t.Context(), &redis.XAddArgs{Stream: w.stream(p), ID: strconv.FormatInt(last+1000, 10) + "-0", Values: fields}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	w.subscriber("b")
	w.publish(400, 40)
	for w.log.next < 3000 {
		w.publish(40, 40)
	}
	w.settled()
	w.await("empty streams", func() bool { return w.entries() == 0 })
}
