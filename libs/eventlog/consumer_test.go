package eventlog_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/rpcerr"
)

// follow runs a consumer in a bubble until everything is quiet, and returns it; stop ends it.
func follow(t *testing.T, log *fakeLog, sink *fakeSink, config eventlog.Config) (c *eventlog.Consumer[event], stop func()) {
	t.Helper()
	c = eventlog.New(config, log, sink, seqOf)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	return c, func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run returned %v", err)
		}
	}
}

func upTo(n int64) []int64 {
	all := make([]int64, 0, n)
	for i := int64(1); i <= n; i++ {
		all = append(all, i)
	}
	return all
}

func TestFollowsAndReportsProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, sink := newLog(10, 3), &fakeSink{}
		c, stop := follow(t, log, sink, eventlog.Config{})
		synctest.Wait()
		if !slices.Equal(sink.applied, upTo(10)) {
			t.Errorf("applied %v", sink.applied)
		}
		s := c.Status()
		if !s.Connected || s.Position != 10 || s.Head != 10 {
			t.Errorf("status %+v", s)
		}
		log.append(5)
		synctest.Wait()
		if !slices.Equal(sink.applied, upTo(15)) {
			t.Errorf("applied %v", sink.applied)
		}
		stop()
		if c.Status().Connected {
			t.Error("connected after the end")
		}
	})
}

func TestMergesWhatHasQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog(1000, 10)
		gate := make(chan struct{})
		sink := &gatedSink{gate: gate}
		c := eventlog.New(eventlog.Config{MaxBatch: 95, Queue: 1000}, log, sink, seqOf)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Run(ctx) }()
		synctest.Wait()
		// The first batch is being applied; all others have queued behind it.
		close(gate)
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if !slices.Equal(sink.applied, upTo(1000)) {
			t.Errorf("applied %d events", len(sink.applied))
		}
		// A batch of the source is not split, so that 95 becomes 100.
		if largest := slices.Max(sink.batches); largest != 100 || len(sink.batches) > 12 {
			t.Errorf("batches of %v", sink.batches)
		}
	})
}

// gatedSink waits for a gate before it applies.
type gatedSink struct {
	fakeSink
	gate chan struct{}
}

func (s *gatedSink) Apply(ctx context.Context, events []event) (int64, error) {
	<-s.gate
	return s.fakeSink.Apply(ctx, events)
}

func TestReconnectsWithBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, sink := newLog(3, 1), &fakeSink{}
		log.openErr = errBroken
		begin := time.Now()
		c, stop := follow(t, log, sink, eventlog.Config{MinBackoff: 100 * time.Millisecond, MaxBackoff: time.Second})
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := c.Status(); s.Connected || s.Position != 0 {
			t.Errorf("status %+v", s)
		}
		log.mu.Lock()
		tries := log.opened
		log.openErr = nil
		log.mu.Unlock()
		// Waits are 0.5 to 1 s once they have grown.
		if tries < 60 || tries > 130 {
			t.Errorf("%d attempts in %v", tries, time.Since(begin))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if s := c.Status(); !s.Connected || s.Position != 3 {
			t.Errorf("status %+v", s)
		}
		stop()
	})
}

// TestAGoodStreamEndsTheLongWaits: a stream that delivers before it breaks is followed by a short wait, however many there were before it.
func TestAGoodStreamEndsTheLongWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, sink := newLog(10, 1), &fakeSink{}
		log.breaks = []int{0, 0, 0, 1, 1, 1, 1, 1, 1, 1}
		begin := time.Now()
		sink.wait = make(chan struct{})
		_, stop := follow(t, log, sink, eventlog.Config{MinBackoff: time.Second, MaxBackoff: time.Hour})
		<-sink.wait
		// At most 1+2+4 s for the first three and 1 s for each of the others; without the reset the last wait alone would be minutes.
		if took := time.Since(begin); took > 15*time.Second {
			t.Errorf("took %v", took)
		}
		stop()
	})
}

func TestHeartbeatMovesTheWatermark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &scripted{batches: []eventlog.Batch[event]{
			{Events: []event{{seq: 1}}, AsOf: time.Unix(10, 0), Head: 1},
			{AsOf: time.Unix(20, 0), Head: 1},
			{AsOf: time.Unix(15, 0)},
		}}
		sink := &fakeSink{}
		c := eventlog.New(eventlog.Config{}, src, sink, seqOf)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Run(ctx) }()
		synctest.Wait()
		if s := c.Status(); s.Position != 1 || s.Head != 1 {
			t.Errorf("status %+v", s)
		}
		if len(sink.reached) == 0 || !slices.ContainsFunc(sink.reached, time.Unix(20, 0).Equal) {
			t.Errorf("reached %v", sink.reached)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// scripted delivers given batches and then waits.
type scripted struct {
	ctx     context.Context
	batches []eventlog.Batch[event]
}

func (s *scripted) Open(ctx context.Context, _ int64) (eventlog.Stream[event], error) {
	s.ctx = ctx
	return s, nil
}

func (s *scripted) Recv() (eventlog.Batch[event], error) {
	if len(s.batches) == 0 {
		<-s.ctx.Done()
		return eventlog.Batch[event]{}, s.ctx.Err()
	}
	b := s.batches[0]
	s.batches = s.batches[1:]
	return b, nil
}

func TestEndWhileTryingAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, sink := newLog(5, 5), &fakeSink{}
		c, stop := follow(t, log, sink, eventlog.Config{})
		synctest.Wait()
		sink.mu.Lock()
		sink.failures = 1 << 30
		sink.mu.Unlock()
		log.append(5)
		time.Sleep(time.Hour)
		synctest.Wait()
		if s := c.Status(); s.Position != 5 || s.Head != 10 {
			t.Errorf("status %+v", s)
		}
		stop()
		if !slices.Equal(sink.applied, upTo(5)) {
			t.Errorf("applied %v", sink.applied)
		}
	})
}

// TestExactlyOnceWhateverBreaks: with streams that break, events that come again and a sink that fails for a while, every event is
// applied exactly once and in order.
func TestExactlyOnceWhateverBreaks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 60).Draw(rt, "events")
		log := newLog(n, rapid.IntRange(1, 10).Draw(rt, "size"))
		log.breaks = rapid.SliceOfN(rapid.IntRange(0, 5), 0, 5).Draw(rt, "breaks")
		log.overlap = rapid.IntRange(0, 5).Draw(rt, "overlap")
		sink := &fakeSink{failures: rapid.IntRange(0, 8).Draw(rt, "failures")}
		config := eventlog.Config{MaxBatch: rapid.IntRange(1, 20).Draw(rt, "max"), Queue: rapid.IntRange(1, 4).Draw(rt, "queue")}
		synctest.Test(t, func(t *testing.T) {
			// The log was made outside of the bubble, to which its channel must belong.
			log.grown = make(chan struct{})
			c, stop := follow(t, log, sink, config)
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			if s := c.Status(); s.Position != int64(n) {
				rt.Errorf("status %+v", s)
			}
			stop()
		})
		if want := upTo(int64(n)); !slices.Equal(sink.applied, want) {
			rt.Errorf("applied %v, want %v", sink.applied, want)
		}
	})
}

// TestTellsWhatIsCommitted tells the stream how far the sink has come, never before the sink is there, and of events that come again too.
func TestTellsWhatIsCommitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, sink := newLog(20, 4), &fakeSink{position: 6, failures: 0}
		log.overlap = 6
		_, stop := follow(t, log, sink, eventlog.Config{MaxBatch: 1})
		synctest.Wait()
		stop()
		if want := []int64{6, 8, 12, 16, 20}; !slices.Equal(log.committed, want) {
			t.Errorf("told of %v, want %v", log.committed, want)
		}
		for i, position := range log.committed[1:] {
			if done := sink.positions[i]; done != position {
				t.Errorf("told of %d when the sink was at %d", position, done)
			}
		}
	})
}

// TestAShutdownOfTheSourceIsNoFailure reconnects after a source has ended its stream because it stops, without a warning.
func TestAShutdownOfTheSourceIsNoFailure(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"shutdown": {rpcerr.New(codes.Unavailable, rpcerr.ReasonShuttingDown, "the server is shutting down").GRPCStatus().Err(), "INFO"},
		"failure":  {errBroken, "WARN"},
	} {
		synctest.Test(t, func(t *testing.T) {
			log, sink := newLog(10, 5), &fakeSink{}
			log.breaks, log.breakErr = []int{1}, c.err
			var out bytes.Buffer
			_, stop := follow(t, log, sink, eventlog.Config{Logger: slog.New(slog.NewTextHandler(&out, nil))})
			time.Sleep(time.Minute)
			synctest.Wait()
			stop()
			if !slices.Equal(sink.applied, upTo(10)) {
				t.Errorf("%s: applied %v", name, sink.applied)
			}
			if got := out.String(); strings.Count(got, "level=") != 1 || !strings.Contains(got, "level="+c.want) {
				t.Errorf("%s: logged %q, want one line of level %s", name, got, c.want)
			}
		})
	}
}

// TestFollowsASinkThatWasMoved opens the source where the sink is when the events at hand do not continue it.
func TestFollowsASinkThatWasMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, sink := newLog(10, 3), &movedSink{}
		_, stop := follow(t, log, &sink.fakeSink, eventlog.Config{})
		stop()
		c := eventlog.New(eventlog.Config{}, log, sink, seqOf)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Run(ctx) }()
		synctest.Wait()
		// Somebody starts over.
		sink.mu.Lock()
		sink.applied, sink.position, sink.moved = nil, 0, true
		sink.mu.Unlock()
		log.append(5)
		time.Sleep(time.Minute)
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if !slices.Equal(sink.applied, upTo(15)) {
			t.Errorf("applied %v", sink.applied)
		}
	})
}

// movedSink refuses events once it was moved, until its position is asked for.
type movedSink struct {
	fakeSink
	moved bool
}

func (s *movedSink) Position(ctx context.Context) (int64, error) {
	s.mu.Lock()
	s.moved = false
	s.mu.Unlock()
	return s.fakeSink.Position(ctx)
}

func (s *movedSink) Apply(ctx context.Context, events []event) (int64, error) {
	s.mu.Lock()
	moved := s.moved
	s.mu.Unlock()
	if moved {
		return 0, eventlog.ErrMoved
	}
	return s.fakeSink.Apply(ctx, events)
}
