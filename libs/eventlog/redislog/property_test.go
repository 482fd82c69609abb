package redislog_test

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/testkit/redistest"
)

// TestWhateverHappens lets random things happen to publishers, subscribers and Redis while events come; afterwards each event has had its effect
// once and in the order of its partition.
func TestWhateverHappens(t *testing.T) {
	t.Parallel()
	// A run takes half a second, most of which is waiting for leases to end; -rapid.checks asks for more of them.
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("30"); err != nil {
			t.Fatal(err)
		}
	}
	server := redistest.Server(t)
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		w := makeWorld(rt, fmt.Sprintf("run-%d", runs), server.Address())
		defer w.end()
		w.config.Lease = 150 * time.Millisecond
		w.config.Partitions = rapid.IntRange(1, 5).Draw(rt, "partitions")
		w.config.MaxUnprocessed = rapid.SampledFrom([]int{3, 30, 10_000}).Draw(rt, "limit")
		m := &model{world: w, rt: rt, running: make(map[string]*process)}
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			m.step()
		}
		m.recover()
		w.settled()
	})
}

// model is what may happen.
type model struct {
	*world
	rt      *rapid.T
	running map[string]*process
	made    int
}

func (m *model) step() {
	switch what := rapid.SampledFrom([]string{
		"publish", "publish", "publish", "publisher", "subscriber", "subscriber", "stop", "kill", "freeze", "thaw", "flush", "group", "stream", "tip", "wait", "wait",
	}).Draw(m.rt, "what"); what {
	case "publish":
		m.publish(rapid.IntRange(1, 60).Draw(m.rt, "events"), rapid.IntRange(1, 20).Draw(m.rt, "people"))
	case "publisher", "subscriber":
		m.begin(what)
	case "stop", "kill", "freeze", "thaw":
		m.treat(what)
	case "flush":
		m.do(m.plain.FlushAll(context.Background()).Err())
	case "group":
		for p := range m.config.Partitions {
			_ = m.plain.XGroupDestroy(context.Background(), m.stream(p), "scores").Err() // it need not be there
		}
	case "stream":
		p := rapid.IntRange(0, m.config.Partitions-1).Draw(m.rt, "partition")
		m.do(m.plain.Del(context.Background(), m.world.stream(p)).Err())
	case "tip":
		m.do(m.plain.Del(context.Background(), m.redis.Prefix+":{answers}:tip").Err())
	case "wait":
		time.Sleep(time.Duration(rapid.IntRange(1, 60).Draw(m.rt, "ms")) * time.Millisecond)
	}
}

func (m *model) do(err error) {
	if err != nil {
		m.rt.Fatalf("%v", err)
	}
}

// begin starts a process.
func (m *model) begin(what string) {
	if len(m.running) >= 5 {
		return
	}
	m.made++
	name := what + strconv.Itoa(m.made)
	if what == "publisher" {
		m.running[name] = m.publisher(name)
	} else {
		m.running[name] = m.subscriber(name)
	}
}

// treat does something to a process.
func (m *model) treat(what string) {
	if len(m.running) == 0 {
		return
	}
	names := make([]string, 0, len(m.running))
	for i := 1; i <= m.made; i++ {
		for _, kind := range []string{"publisher", "subscriber"} {
			if name := kind + strconv.Itoa(i); m.running[name] != nil {
				names = append(names, name)
			}
		}
	}
	name := rapid.SampledFrom(names).Draw(m.rt, "process")
	switch p := m.running[name]; what {
	case "stop":
		p.stop()
		delete(m.running, name)
	case "kill":
		p.kill()
		delete(m.running, name)
	case "freeze":
		p.freeze()
	case "thaw":
		p.thaw()
	}
}

// recover wakes everybody and makes sure that there is a process of each kind.
func (m *model) recover() {
	for _, p := range m.running {
		p.thaw()
	}
	m.made++
	m.publisher("publisher" + strconv.Itoa(m.made))
	m.subscriber("subscriber" + strconv.Itoa(m.made))
}
