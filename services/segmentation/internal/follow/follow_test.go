package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/store/sqlite"
)

// log is a log of numbers, each its position, that grows while it is followed.
type log struct {
	mu    sync.Mutex
	last  int64
	added chan struct{}
}

func newLog(n int64) *log { return &log{last: n, added: make(chan struct{})} }

// add makes the log longer, or another one that ends at n.
func (l *log) add(n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = n
	close(l.added)
	l.added = make(chan struct{})
}

func (l *log) end() (last int64, added <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last, l.added
}

// Open implements eventlog.Source.
func (l *log) Open(ctx context.Context, after int64) (eventlog.Stream[int64], error) {
	return &reader{ctx, l, after}, nil
}

type reader struct {
	ctx   context.Context
	log   *log
	after int64
}

// Recv implements eventlog.Stream.
func (r *reader) Recv() (eventlog.Batch[int64], error) {
	for {
		last, added := r.log.end()
		if r.after > last {
			return eventlog.Batch[int64]{}, fmt.Errorf("read: %w", eventlog.ErrAhead)
		}
		if r.after < last {
			b := eventlog.Batch[int64]{Head: last, AsOf: time.Unix(last, 0)}
			for ; r.after < last && len(b.Events) < 10; r.after++ {
				b.Events = append(b.Events, r.after+1)
			}
			return b, nil
		}
		select {
		case <-added:
		case <-r.ctx.Done():
			return eventlog.Batch[int64]{}, r.ctx.Err()
		}
	}
}

// applied is what was applied, by whom; it counts like a store would: what fails leaves nothing.
type applied struct {
	mu      sync.Mutex
	numbers []int64
	// fail makes events fail.
	fail func(n int64) error
}

func (a *applied) list() []int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.numbers)
}

// feed follows a log into what is applied.
func (a *applied) feed(name string, l *log, db store.Store) *Feed[int64] {
	return &Feed[int64]{
		Called: name, Source: l, Position: func(n int64) int64 { return n },
		Apply: func(ctx context.Context, events []int64, from, to int64) error {
			a.mu.Lock()
			defer a.mu.Unlock()
			for _, n := range events {
				if a.fail != nil {
					if err := a.fail(n); err != nil {
						return err
					}
				}
			}
			if err := db.MoveFollower(ctx, name, from, to); err != nil {
				return err
			}
			a.numbers = append(a.numbers, events...)
			return nil
		},
		Letter: func(n int64) store.DeadLetter {
			return store.DeadLetter{Organization: "acme", Resource: "numbers/" + strconv.FormatInt(n, 10), Event: []byte(strconv.FormatInt(n, 10))}
		},
		Parse: func(event []byte) (int64, error) { return strconv.ParseInt(string(event), 10, 64) },
	}
}

// counted are the numbers from 1 to n but some.
func counted(n int64, without ...int64) (out []int64) {
	for i := int64(1); i <= n; i++ {
		if !slices.Contains(without, i) {
			out = append(out, i)
		}
	}
	return out
}

func opened(t *testing.T) store.Store {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "segmentation.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// leading runs a leader until stop is called.
func leading(t *testing.T, db store.Store, holder string, followers ...Follower) (l *Leader, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l = New(Options{Store: db, Holder: holder, Logger: slog.New(slog.DiscardHandler), Now: time.Now}, followers...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Run(ctx)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	t.Cleanup(stop)
	return l, stop
}

// await waits until something holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not come about: %s", what)
		}
	}
}

func (a *applied) awaits(t *testing.T, want []int64) {
	t.Helper()
	await(t, fmt.Sprintf("%v is applied", want), func() bool { return slices.Equal(a.list(), want) })
}

func TestFollows(t *testing.T) {
	t.Parallel()
	db, a, l := opened(t), &applied{}, newLog(25)
	var reached time.Time
	var mu sync.Mutex
	f := a.feed("numbers", l, db)
	f.Reached = func(_ context.Context, asOf time.Time) {
		mu.Lock()
		defer mu.Unlock()
		reached = asOf
	}
	leader, stop := leading(t, db, "one", f)
	a.awaits(t, counted(25))
	l.add(31)
	a.awaits(t, counted(31))
	await(t, "the status tells it", func() bool { return f.Status() == eventlog.Status{Connected: true, Position: 31, Head: 31} })
	await(t, "the time is told", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return reached.Equal(time.Unix(31, 0))
	})
	if !leader.Leads() {
		t.Error("it does not lead")
	}
	stop()
	if leader.Leads() {
		t.Error("it leads after its end")
	}
	// Another one goes on where this one was, at once, since it stepped down.
	l.add(40)
	other := a.feed("numbers", l, db)
	leading(t, db, "two", other)
	a.awaits(t, counted(40))
}

func TestOneLeadsAtATime(t *testing.T) {
	t.Parallel()
	db, a, l := opened(t), &applied{}, newLog(10)
	one, stopOne := leading(t, db, "one", a.feed("numbers", l, db))
	a.awaits(t, counted(10))
	b := &applied{}
	two, _ := leading(t, db, "two", b.feed("numbers", l, db))
	l.add(20)
	a.awaits(t, counted(20))
	if !one.Leads() || two.Leads() || len(b.list()) != 0 {
		t.Fatalf("both lead: %v was applied by the other", b.list())
	}
	stopOne()
	l.add(30)
	b.awaits(t, counted(30)[20:])
	a.awaits(t, counted(20))
}

// TestTwoThatBelieveThatTheyLead lets two processes follow at once: nothing is applied twice, and nothing is left out.
func TestTwoThatBelieveThatTheyLead(t *testing.T) {
	t.Parallel()
	db, a, l := opened(t), &applied{}, newLog(1)
	o := Options{Store: db, Logger: slog.New(slog.DiscardHandler), Now: time.Now}
	ctx, cancel := context.WithCancel(t.Context())
	var both sync.WaitGroup
	for range 2 {
		f := a.feed("numbers", l, db)
		both.Go(func() { _ = f.run(ctx, &o) })
	}
	for n := int64(2); n <= 60; n++ {
		l.add(n)
		time.Sleep(time.Millisecond)
	}
	a.awaits(t, counted(60))
	cancel()
	both.Wait()
}

func TestPoisonousEvents(t *testing.T) {
	t.Parallel()
	db, l := opened(t), newLog(50)
	var mu sync.Mutex
	mended := false
	a := &applied{fail: func(n int64) error {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case mended:
			return nil
		case n == 7:
			return fmt.Errorf("apply: %w", &Unfit{Reason: "seven is odd"})
		case n == 19:
			return errors.New("a row is too long")
		case n == 20:
			panic("nobody foresaw this")
		}
		return nil
	}}
	var log bytes.Buffer
	aside := 0
	f := a.feed("numbers", l, db)
	f.Removed = func(n int64) (organization, resource string) {
		if n == 49 {
			return "acme", "numbers/20"
		}
		return "", ""
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	beside := (&applied{}).feed("beside", l, db)
	leader := New(Options{
		Store: db, Holder: "one", Logger: slog.New(slog.NewTextHandler(&log, nil)), Now: time.Now,
		Aside: func(context.Context, string) { aside++ },
	}, f, beside)
	done := make(chan struct{})
	go func() {
		defer close(done)
		leader.Run(ctx)
	}()
	a.awaits(t, counted(50, 7, 19, 20))
	await(t, "another follower is not held up", func() bool { return beside.Status().Position == 50 })
	letters := func() (out []string) {
		list, err := db.ListDeadLetters(t.Context(), "acme", 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			out = append(out, fmt.Sprintf("%d of %s at %d: %s", d.ID, d.Follower, d.Position, d.Reason))
		}
		return out
	}
	await(t, "that of what was removed is dropped", func() bool { return len(letters()) == 2 })
	want := []string{"1 of numbers at 7: seven is odd", "2 of numbers at 19: it could not be stored"}
	if got := letters(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	var unfit *Unfit
	if _, err := leader.Replay(t.Context(), "acme", 1); !errors.As(err, &unfit) {
		t.Errorf("replay what is still poisonous: %v", err)
	}
	if _, err := leader.Replay(t.Context(), "other", 1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("replay what is another one's: %v", err)
	}
	mu.Lock()
	mended = true
	mu.Unlock()
	for id := range int64(2) {
		if _, err := leader.Replay(t.Context(), "acme", id+1); err != nil {
			t.Errorf("replay: %v", err)
		}
	}
	if _, err := leader.Replay(t.Context(), "acme", 1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("replay again: %v", err)
	}
	a.awaits(t, append(counted(50, 7, 19, 20), 7, 19))
	if position, err := db.FollowerPosition(t.Context(), "numbers"); err != nil || position != 50 {
		t.Errorf("a replay moved the follower to %d, %v", position, err)
	}
	cancel()
	<-done
	if aside != 3 || !bytes.Contains(log.Bytes(), []byte("seven is odd")) {
		t.Errorf("%d were counted; the log says %s", aside, log.String())
	}
}

// TestWhatPassesIsTriedAgain keeps events from being set aside because the database, or a service that is asked, is away.
func TestWhatPassesIsTriedAgain(t *testing.T) {
	t.Parallel()
	db, l, tries := opened(t), newLog(12), 0
	a := &applied{fail: func(n int64) error {
		if n == 5 && tries < 5 {
			tries++
			return rpcerr.New(codes.Unavailable, "AWAY", "it is away")
		}
		return nil
	}}
	leading(t, db, "one", a.feed("numbers", l, db))
	a.awaits(t, counted(12))
	if list, err := db.ListDeadLetters(t.Context(), "acme", 0, 10); err != nil || len(list) != 0 {
		t.Errorf("%d were set aside, %v", len(list), err)
	}
}

// TestAnotherLog reads a log anew that ends before what was read of it.
func TestAnotherLog(t *testing.T) {
	t.Parallel()
	db, a, l := opened(t), &applied{}, newLog(20)
	_, stop := leading(t, db, "one", a.feed("numbers", l, db))
	a.awaits(t, counted(20))
	stop()
	l.add(5)
	b, cleared := &applied{}, make(chan int64, 1)
	f := b.feed("numbers", l, db)
	f.Restart = func(ctx context.Context, from int64) error {
		cleared <- from
		return db.MoveFollower(ctx, "numbers", from, 0)
	}
	_, stop = leading(t, db, "one", f)
	b.awaits(t, counted(5))
	if from := <-cleared; from != 20 {
		t.Errorf("it was cleared from %d", from)
	}
	stop()
	l.add(3)
	c := &applied{}
	leading(t, db, "one", c.feed("numbers", l, db))
	c.awaits(t, counted(3))
}
