package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/eventlog"
)

// errBroken is a failure that goes away.
var errBroken = errors.New("broken for now")

type event struct {
	seq    int64
	poison bool
}

func seqOf(e event) int64 { return e.seq }

// fakeLog is a source whose streams deliver what is appended and break when told to.
type fakeLog struct {
	mu     sync.Mutex
	events []event
	// size is the most events in a batch.
	size int
	// breaks says after how many batches each stream breaks; streams beyond the list do not.
	breaks []int
	// overlap is how many events before the position a new stream delivers again.
	overlap int
	opened  int
	grown   chan struct{}
	openErr error
}

func newLog(n int, size int) *fakeLog {
	l := &fakeLog{size: size, grown: make(chan struct{})}
	l.append(n)
	return l
}

func (l *fakeLog) append(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range n {
		l.events = append(l.events, event{seq: int64(len(l.events) + 1)})
	}
	close(l.grown)
	l.grown = make(chan struct{})
}

func (l *fakeLog) Open(ctx context.Context, after int64) (eventlog.Stream[event], error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opened++
	if l.openErr != nil {
		return nil, l.openErr
	}
	left := -1
	if l.opened <= len(l.breaks) {
		left = l.breaks[l.opened-1]
	}
	return &fakeStream{ctx: ctx, log: l, next: max(0, int(after)-l.overlap), left: left}, nil
}

type fakeStream struct {
	ctx  context.Context
	log  *fakeLog
	next int
	left int
}

func (s *fakeStream) Recv() (eventlog.Batch[event], error) {
	for {
		s.log.mu.Lock()
		grown, head := s.log.grown, len(s.log.events)
		end := min(head, s.next+s.log.size)
		batch := slices.Clone(s.log.events[min(s.next, end):end])
		s.log.mu.Unlock()
		if len(batch) > 0 {
			if s.left == 0 {
				return eventlog.Batch[event]{}, errBroken
			}
			s.left--
			s.next = end
			return eventlog.Batch[event]{Events: batch, Head: int64(head), AsOf: time.Unix(int64(end), 0)}, nil
		}
		select {
		case <-grown:
		case <-s.ctx.Done():
			return eventlog.Batch[event]{}, s.ctx.Err()
		}
	}
}

// fakeSink applies events to a list, all or none, and fails when told to.
type fakeSink struct {
	mu       sync.Mutex
	applied  []int64
	aside    []int64
	position int64
	batches  []int
	// failures counts down transient failures of each method.
	failures int
	// wait, if not nil, is closed when event 10 is applied.
	wait chan struct{}
}

func (s *fakeSink) fail() error {
	if s.failures > 0 {
		s.failures--
		return errBroken
	}
	return nil
}

func (s *fakeSink) Position(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.position, s.fail()
}

func (s *fakeSink) Apply(_ context.Context, events []event) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fail(); err != nil {
		return 0, err
	}
	for _, e := range events {
		if e.poison {
			return 0, fmt.Errorf("apply: %w", eventlog.Permanent(errors.New("poison")))
		}
	}
	for _, e := range events {
		s.applied = append(s.applied, e.seq)
	}
	s.batches = append(s.batches, len(events))
	s.position = events[len(events)-1].seq
	if s.wait != nil && s.position == 10 {
		close(s.wait)
	}
	return s.position, nil
}

func (s *fakeSink) SetAside(_ context.Context, e event, cause error) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !errors.Is(cause, eventlog.ErrPermanent) {
		return 0, fmt.Errorf("the cause is %w", cause)
	}
	if err := s.fail(); err != nil {
		return 0, err
	}
	s.aside = append(s.aside, e.seq)
	s.position = e.seq
	return s.position, nil
}

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
		if !s.Connected || s.Position != 10 || s.Head != 10 || s.Applied != 10 || s.SetAside != 0 || s.LastError != "" || !s.AsOf.Equal(time.Unix(10, 0)) {
			t.Errorf("status %+v", s)
		}
		if lag, ok := s.Lag(time.Unix(12, 0)); !ok || lag != 2*time.Second {
			t.Errorf("lag %v, %v", lag, ok)
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
		if _, ok := (eventlog.Status{}).Lag(time.Now()); ok {
			t.Error("a lag before the first batch")
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
		<-done
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
		if s := c.Status(); s.Connected || s.LastError == "" {
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
		if s := c.Status(); !s.Connected || s.LastError != "" || s.Position != 3 {
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
		c := eventlog.New(eventlog.Config{}, src, &fakeSink{}, seqOf)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Run(ctx) }()
		synctest.Wait()
		if s := c.Status(); !s.AsOf.Equal(time.Unix(20, 0)) || s.Position != 1 || s.Head != 1 {
			t.Errorf("status %+v", s)
		}
		cancel()
		<-done
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
		if s := c.Status(); s.LastError == "" || s.Position != 5 {
			t.Errorf("status %+v", s)
		}
		stop()
		if !slices.Equal(sink.applied, upTo(5)) {
			t.Errorf("applied %v", sink.applied)
		}
	})
}

// TestExactlyOnceWhateverBreaks: with streams that break, events that come again, a sink that fails for a while and poisonous events, every
// event is applied or set aside exactly once and in order.
func TestExactlyOnceWhateverBreaks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 60).Draw(rt, "events")
		log := newLog(n, rapid.IntRange(1, 10).Draw(rt, "size"))
		log.breaks = rapid.SliceOfN(rapid.IntRange(0, 5), 0, 5).Draw(rt, "breaks")
		log.overlap = rapid.IntRange(0, 5).Draw(rt, "overlap")
		var want, poisoned []int64
		for i := range log.events {
			if rapid.IntRange(0, 9).Draw(rt, "poison") == 0 {
				log.events[i].poison = true
				poisoned = append(poisoned, log.events[i].seq)
			} else {
				want = append(want, log.events[i].seq)
			}
		}
		sink := &fakeSink{failures: rapid.IntRange(0, 8).Draw(rt, "failures")}
		config := eventlog.Config{MaxBatch: rapid.IntRange(1, 20).Draw(rt, "max"), Queue: rapid.IntRange(1, 4).Draw(rt, "queue")}
		synctest.Test(t, func(t *testing.T) {
			// The log was made outside of the bubble, to which its channel must belong.
			log.grown = make(chan struct{})
			c, stop := follow(t, log, sink, config)
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			if s := c.Status(); s.Position != int64(n) || s.Applied != int64(len(want)) || s.SetAside != int64(len(poisoned)) {
				rt.Errorf("status %+v", s)
			}
			stop()
		})
		if !slices.Equal(sink.applied, want) {
			rt.Errorf("applied %v, want %v", sink.applied, want)
		}
		if !slices.Equal(sink.aside, poisoned) {
			rt.Errorf("set aside %v, want %v", sink.aside, poisoned)
		}
	})
}

func TestPermanent(t *testing.T) {
	if eventlog.Permanent(nil) != nil {
		t.Error("an error out of nil")
	}
	err := fmt.Errorf("wrapped: %w", eventlog.Permanent(errBroken))
	if !errors.Is(err, eventlog.ErrPermanent) || !errors.Is(err, errBroken) || errors.Is(errBroken, eventlog.ErrPermanent) {
		t.Errorf("got %v", err)
	}
}
