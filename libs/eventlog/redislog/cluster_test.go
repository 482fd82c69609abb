package redislog_test

import (
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit/redistest"
)

// TestOnACluster runs everything on a Redis Cluster, in which keys of different slots cannot be used together, and lets masters die in the
// middle. Redis may forget what it acknowledged then; nothing is lost all the same.
func TestOnACluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.NewCluster(t)
	w := newWorld(t, cluster.Addresses()...)
	w.publish(300, 40)
	w.publisher("p")
	w.subscriber("a")
	b := w.subscriber("b")
	w.settled()
	w.publish(3000, 40)
	w.settled()
	w.await("an even share", func() bool {
		s := w.store.shares()
		return s["a"] == 4 && s["b"] == 4
	})
	w.await("empty streams", func() bool { return w.entries() == 0 })

	// One partition's master dies, and the one of what belongs to all partitions.
	for _, key := range []string{w.stream(0), w.redis.Prefix + ":{answers}:tip"} {
		stop := w.keepPublishing(40)
		before := w.store.count()
		w.await("work", func() bool { return w.store.count() > before+500 })
		master, err := cluster.MasterOf(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if err := master.Kill(); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		w.await("work of all partitions after a failover", func() bool { return w.store.reached(w.config.Partitions).After(begin.Add(time.Second)) })
		t.Logf("all partitions went on %v after a master died", time.Since(begin).Round(time.Millisecond))
		stop()
		w.settled()
		if err := master.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := cluster.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	b.kill()
	w.publish(500, 40)
	w.settled()
	w.await("empty streams", func() bool { return w.entries() == 0 })
}
