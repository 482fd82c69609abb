package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/ingest"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/store/postgres"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// openPostgres opens n stores over one database.
func openPostgres(t testing.TB, n int) []store.Store {
	t.Helper()
	config, options := pgkit.DefaultConfig("scoring"), pgkit.Options{Component: "scoring"}
	config.DSN = pgtest.Database(t)
	if err := pgkit.Migrate(t.Context(), config, options, postgres.Schema()); err != nil {
		t.Fatal(err)
	}
	var all []store.Store
	for range n {
		db, err := pgkit.Open(t.Context(), config, options)
		if err != nil {
			t.Fatal(err)
		}
		st, err := postgres.Open(t.Context(), db, nil)
		if err != nil {
			t.Fatal(errors.Join(err, db.Close()))
		}
		t.Cleanup(func() { _ = st.Close() })
		all = append(all, st)
	}
	return all
}

// openShared opens one store that n processes seem to share.
func openShared(t testing.TB, n int) []store.Store {
	t.Helper()
	st := openStore(t, t.TempDir())
	t.Cleanup(func() { _ = st.Close() })
	sharing := &shared{Store: st}
	all := make([]store.Store, n)
	for i := range all {
		all[i] = sharing
	}
	return all
}

// bell is a signal between the processes of a test that loses every other call.
type bell struct {
	mu    sync.Mutex
	calls int
	wakes []func()
}

// Notify wakes who listens.
func (b *bell) Notify(context.Context) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.calls++; b.calls%2 == 0 {
		return
	}
	for _, wake := range b.wakes {
		wake()
	}
}

// Listen calls wake until ctx ends.
func (b *bell) Listen(ctx context.Context, wake func()) {
	b.mu.Lock()
	b.wakes = append(b.wakes, wake)
	b.mu.Unlock()
	<-ctx.Done()
}

// process is one that shares a store and a log with others, at work.
type process struct {
	applier   *ingest.Applier
	board     *live.Board
	rebuilder *ingest.Rebuilder
	feed      *feed

	mu sync.Mutex
	// following are the partitions that it follows.
	following map[int]func()
	work      sync.WaitGroup
}

// take begins to follow a partition, without asking whoever has it.
func (p *process) take(partition int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.following[partition] != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	sink := p.applier.Sink(partition)
	consumer := eventlog.New[*surveyv1.Event](
		eventlog.Config{MinBackoff: time.Millisecond, MaxBackoff: 20 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)},
		sink.Following(p.feed.part(partition, parts)), sink, (*surveyv1.Event).GetPosition)
	go func() {
		defer close(done)
		_ = consumer.Run(ctx)
	}()
	p.following[partition] = func() {
		cancel()
		<-done
	}
}

// leave ends following a partition.
func (p *process) leave(partition int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if stop := p.following[partition]; stop != nil {
		stop()
		delete(p.following, partition)
	}
}

func newProcess(t testing.TB, st store.Store, f *feed, catalog ingest.Catalog, signal ingest.Signal, name string) *process {
	t.Helper()
	board := live.New()
	a := ingest.NewApplier(ingest.Options{
		Store: st, Board: board, Catalog: catalog, Log: f, Partitions: parts, Signal: signal, FollowInterval: 5 * time.Millisecond,
		Instance: name, Logger: slog.New(slog.DiscardHandler),
	})
	if err := a.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := &process{applier: a, board: board, rebuilder: ingest.NewRebuilder(a), feed: f, following: make(map[int]func())}
	ctx, cancel := context.WithCancel(context.Background())
	p.work.Go(func() { a.Run(ctx) })
	p.work.Go(func() { _ = p.rebuilder.Run(ctx) })
	t.Cleanup(func() {
		for partition := range parts {
			p.leave(partition)
		}
		cancel()
		p.work.Wait()
	})
	return p
}

// TestProcessesAtWork lets processes share a log at full speed: partitions change hands and are followed by two at a time, rebuilds and
// dead letters come in between, and once the log becomes another one.
func TestProcessesAtWork(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t testing.TB, n int) []store.Store{"SQLite": openShared, "PostgreSQL": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(11, uint64(len(name))))
			log := uniqueLog(random, 900)
			f, catalog, signal := newFeed(), &shopCatalog{}, &bell{}
			var processes []*process
			for i, st := range open(t, 3) {
				processes = append(processes, newProcess(t, st, f, catalog, signal, fmt.Sprint("process ", i)))
			}
			any := func() *process { return processes[random.IntN(len(processes))] }
			for i := range parts {
				processes[i%len(processes)].take(i)
			}
			var added time.Time
			for at := 0; at < len(log); {
				n := min(len(log)-at, 1+random.IntN(20))
				added = time.Now()
				f.add(log[at : at+n]...)
				at += n
				partition := random.IntN(parts)
				any().take(partition)
				any().leave(random.IntN(parts))
				switch random.IntN(12) {
				case 0:
					if _, err := any().rebuilder.Start(t.Context(), "acme"); err != nil && !errors.Is(err, store.ErrRunning) {
						t.Fatal(err)
					}
				case 1:
					replayAll(t, any())
				}
				time.Sleep(time.Duration(random.IntN(4)) * time.Millisecond)
			}
			for i := range parts {
				any().take(i)
			}
			agree(t, processes, log, added)
			// The survey service comes back with an older log, which goes another way.
			restored := append([]*surveyv1.Event{}, log[:len(log)/3]...)
			other := uniqueAccepted(random, 200)
			f.restore(restored...)
			for i := range parts {
				any().take(i)
			}
			eventually(t, func() error {
				if p := furthest(t, processes[0].applier.Store); p > restored[len(restored)-1].GetPosition() {
					return fmt.Errorf("the position is %d", p)
				}
				return nil
			})
			shift(other, restored[len(restored)-1].GetPosition())
			added = time.Now()
			f.add(other...)
			agree(t, processes, append(restored, other...), added)
		})
	}
}

// uniqueLog is a log in which no identifier comes twice, and some of what is accepted is removed again.
func uniqueLog(r *rand.Rand, n int) []*surveyv1.Event { return withRemovals(r, uniqueAccepted(r, n)) }

// uniqueAccepted is a log of what is accepted in which no identifier comes twice.
func uniqueAccepted(r *rand.Rand, n int) []*surveyv1.Event {
	seen := make(map[string]bool)
	var log []*surveyv1.Event
	for position := int64(1); len(log) < n; {
		e := keyed(r, position)
		name := e.GetOrganization() + e.GetResponse().GetName() + e.GetRefusal().GetName()
		if x := e.GetResponse(); x != nil && seen[name] {
			x.Name += fmt.Sprint("-", position)
			e.Key = key(e.GetOrganization(), "response", x.GetName(), x.GetInvitation())
		} else if x := e.GetRefusal(); x != nil && seen[name] {
			x.Name += fmt.Sprint("-", position)
			e.Key = key(e.GetOrganization(), "refusal", x.GetName(), x.GetInvitation())
		}
		seen[name] = true
		log = append(log, e)
		position += 1 + r.Int64N(3)
	}
	return log
}

func furthest(t testing.TB, st store.Store) int64 {
	t.Helper()
	marks, err := st.Marks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	most := int64(0)
	for _, c := range marks.Cursors {
		most = max(most, c.Position)
	}
	return most
}

// replayAll replays dead letters, none of which can be applied.
func replayAll(t testing.TB, p *process) {
	t.Helper()
	list, err := p.applier.Store.Aside(t.Context(), store.Ledger{Organization: "acme"}, 0, 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		var unfit *ingest.Unfit
		if err := p.applier.Replay(t.Context(), a.Organization, a.Position); !errors.As(err, &unfit) && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
	}
}

// agree waits until what every process counts equals a recount of a log whose last events were added at a moment.
func agree(t testing.TB, processes []*process, log []*surveyv1.Event, added time.Time) {
	t.Helper()
	for _, org := range []string{"acme", "globex"} {
		want := recount(log, org)
		eventually(t, func() error {
			for i, p := range processes {
				if d := cube.Diff(p.board.Cube(org), want.Cube, 1); len(d) > 0 {
					return fmt.Errorf("process %d, %s: cell %+v counts %v, want %v", i, org, d[0].Key, d[0].A, d[0].B)
				}
			}
			return nil
		})
		for i, p := range processes {
			// The marks move when rows are counted, too.
			eventually(t, func() error {
				marks, err := p.applier.Store.Marks(context.Background())
				if err == nil && !p.board.Marks().Same(marks) {
					err = fmt.Errorf("process %d does not count all that is stored", i)
				}
				return err
			})
			wantEqualBooks(t, fmt.Sprintf("board of process %d, %s", i, org), p.board.Book(org), want)
		}
		st := processes[0].applier.Store
		wantEqualBooks(t, "stored cells of "+org, loaded(t, st, org), want)
		wantEqualBooks(t, "stored records of "+org, recountStore(t, st, org), want)
	}
	// Everyone knows up to when all partitions were counted, whoever counted them.
	eventually(t, func() error {
		for i, p := range processes {
			if w := p.board.Watermark(); w.Before(added) {
				return fmt.Errorf("the watermark of process %d is %v", i, w)
			}
		}
		return nil
	})
}
