package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/services/scoring/internal/ingest"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/store"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// parts is into how many partitions the logs of these tests are divided.
const parts = 4

// keyed makes a random event of which the identifier says what it is about, so that all events of one thing are in one partition.
func keyed(r *rand.Rand, position int64) *surveyv1.Event {
	e := randomEvent(r, position)
	if x := e.GetResponse(); x != nil {
		_, id, _ := lastSlash(x.GetName())
		x.Invitation = invitationOf(id)
		e.Key = key(e.GetOrganization(), "response", id, x.GetInvitation())
		return e
	}
	x := e.GetRefusal()
	survey, id, _ := lastSlash(x.GetName())
	x.Invitation = invitationOf(id)
	e.Key = key(e.GetOrganization(), survey, id, x.GetInvitation())
	return e
}

// lastSlash splits a name at its last slash.
func lastSlash(name string) (before, after string, found bool) {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '/' {
			return name[:i], name[i+1:], true
		}
	}
	return name, "", false
}

// invitationOf is the invitation of a response or refusal: none for every other one.
func invitationOf(id string) string {
	n := int(id[len(id)-1] - '0')
	if n%2 == 0 {
		return ""
	}
	return fmt.Sprint("i-", n, len(id))
}

// replica is a process that shares a store with others.
type replica struct {
	applier *ingest.Applier
	board   *live.Board
	// streams are the partitions that it believes to be its own.
	streams map[int]*stream
}

// stream is a partition as a process follows it.
type stream struct {
	sink *ingest.Sink
	// at is the position up to which events were read, pending those that were read and not applied.
	at      int64
	pending []*surveyv1.Event
}

// world is a log, a store, and the processes between them.
type world struct {
	t        *rapid.T
	random   *rand.Rand
	log      []*surveyv1.Event
	said     told
	feed     *feed
	store    store.Store
	faults   *faults
	catalog  *shopCatalog
	replicas []*replica
	// rebuilds are those that were begun, stop ends what works on them.
	rebuilds []store.Rebuild
	stop     []func()
}

func (w *world) newReplica() *replica {
	board := live.New()
	a := ingest.NewApplier(ingest.Options{
		Store: &flaky{Store: w.store, faults: w.faults}, Board: board, Catalog: w.catalog, Log: w.feed, Partitions: parts,
		Instance: fmt.Sprint("replica ", w.random.Uint64()), Logger: slog.New(slog.DiscardHandler),
	})
	for err := errFault; err != nil; {
		if err = a.Load(context.Background()); err != nil && !errors.Is(err, errFault) {
			w.t.Fatalf("load: %v", err)
		}
	}
	return &replica{applier: a, board: board, streams: make(map[int]*stream)}
}

// open makes a replica follow a partition from where it is.
func (w *world) open(r *replica, partition int) {
	s := &stream{sink: r.applier.Sink(partition)}
	position, err := s.sink.Position(context.Background())
	if err != nil {
		if !errors.Is(err, errFault) {
			w.t.Fatalf("position: %v", err)
		}
		return
	}
	s.at = position
	r.streams[partition] = s
}

// read takes some more events of a stream's partition from the log.
func (w *world) read(s *stream, partition, most int) {
	for _, e := range w.log {
		if len(s.pending) >= most {
			return
		}
		if e.GetPosition() > s.at && eventlog.Partition(e.GetKey(), parts) == partition {
			s.pending = append(s.pending, e)
			s.at = e.GetPosition()
		}
	}
}

// apply applies what a replica has read of a partition. It does not matter whether the partition is its own any more.
func (w *world) apply(r *replica, partition int) {
	s := r.streams[partition]
	if s == nil || len(s.pending) == 0 {
		return
	}
	position, err := s.sink.Apply(context.Background(), s.pending)
	switch {
	case errors.Is(err, eventlog.ErrMoved):
		w.open(r, partition)
	case err == nil:
		if want := s.pending[len(s.pending)-1].GetPosition(); position < want {
			w.t.Fatalf("position %d of partition %d after events up to %d", position, partition, want)
		}
		s.pending = nil
	case !errors.Is(err, errFault) && !errors.Is(err, store.ErrConflict):
		w.t.Fatalf("apply: %v", err)
	}
}

// step does something at random.
func (w *world) step() {
	ctx := context.Background()
	i := w.random.IntN(len(w.replicas))
	r, partition := w.replicas[i], w.random.IntN(parts)
	switch w.random.IntN(16) {
	case 0, 1, 2:
		var events []*surveyv1.Event
		for range 1 + w.random.IntN(8) {
			position := int64(1 + w.random.IntN(3))
			if n := len(w.log); n > 0 {
				position += w.log[n-1].GetPosition()
			}
			e := keyed(w.random, position)
			events, w.log = append(events, e), append(w.log, e)
		}
		w.feed.add(events...)
	case 3, 4:
		// A partition falls to a process; the one that had it is not asked.
		w.open(r, partition)
	case 5:
		// A process dies and another one takes its place.
		w.replicas[i] = w.newReplica()
	case 6, 7:
		if err := r.applier.CatchUp(ctx); err != nil && !errors.Is(err, errFault) {
			w.t.Fatalf("catch up: %v", err)
		}
	case 8:
		w.replay(r)
	case 9:
		if w.random.IntN(8) == 0 {
			w.restore(r)
		}
	case 10:
		if w.random.IntN(8) == 0 {
			w.rebuild(r)
		}
	case 11:
		w.said.more(w.random)
		w.enrich(r)
	default:
		if s := r.streams[partition]; s != nil {
			if w.random.IntN(4) > 0 {
				w.read(s, partition, 1+w.random.IntN(20))
			}
			w.apply(r, partition)
		}
	}
}

// replay replays a dead letter of an organisation, if it has any. None of these can be applied.
func (w *world) replay(r *replica) {
	ctx := context.Background()
	list, err := w.store.Aside(ctx, store.Ledger{Organization: "acme"}, 0, 5)
	if err != nil {
		w.t.Fatalf("aside: %v", err)
	}
	for _, a := range list {
		var unfit *ingest.Unfit
		if err := r.applier.Replay(ctx, a.Organization, a.Position); !errors.As(err, &unfit) && !errors.Is(err, store.ErrNotFound) {
			w.t.Fatalf("replay: %v", err)
		}
	}
}

// restore puts an older log in the place of the log, which then goes another way, and lets a process find out. What others have read of the
// log before, they still have.
func (w *world) restore(r *replica) {
	ctx := context.Background()
	marks, err := w.store.Marks(ctx)
	if err != nil {
		w.t.Fatalf("marks: %v", err)
	}
	partition, furthest := 0, int64(0)
	for p, c := range marks.Cursors {
		if c.Position > furthest {
			partition, furthest = p, c.Position
		}
	}
	n := w.random.IntN(len(w.log) + 1)
	for n > 0 && w.log[n-1].GetPosition() >= furthest {
		n--
	}
	if furthest == 0 {
		return
	}
	w.log = slices.Clone(w.log[:n])
	w.feed.restore(slices.Clone(w.log)...)
	sink := r.applier.Sink(partition)
	for {
		now, err := w.store.Marks(ctx)
		if err != nil {
			w.t.Fatalf("marks: %v", err)
		}
		if now.Epoch != marks.Epoch && now.Cursors[partition].Position < furthest {
			return
		}
		s, err := sink.Following(w.feed.part(partition, parts)).Open(ctx, furthest)
		if err == nil {
			_, err = s.Recv()
		}
		if err == nil {
			w.t.Fatalf("the log goes on after %d, which it does not reach", furthest)
		}
	}
}

// enrich applies what was found out and is not applied yet.
func (w *world) enrich(r *replica) {
	if err := w.said.apply(r.applier, w.random); err != nil && !errors.Is(err, errFault) && !errors.Is(err, store.ErrConflict) {
		w.t.Fatalf("apply what was found out: %v", err)
	}
}

// rebuild begins a rebuild.
func (w *world) rebuild(r *replica) {
	rebuilder := ingest.NewRebuilder(r.applier)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- rebuilder.Run(ctx) }()
	w.stop = append(w.stop, func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Fatalf("rebuilder: %v", err)
		}
	})
	b, err := rebuilder.Start(ctx, "acme")
	switch {
	case err == nil:
		w.rebuilds = append(w.rebuilds, b)
	case !errors.Is(err, store.ErrRunning) && !errors.Is(err, errFault):
		w.t.Fatalf("start rebuild: %v", err)
	}
}

// settle applies all of the log and lets every process count it. Rebuilds come to their ends before or while that is done.
func (w *world) settle() {
	for partition := range parts {
		r := w.replicas[w.random.IntN(len(w.replicas))]
		w.open(r, partition)
		s := r.streams[partition]
		for {
			w.read(s, partition, len(w.log))
			if len(s.pending) == 0 {
				break
			}
			w.apply(r, partition)
			// A rebuild that ends meanwhile makes it follow anew.
			s = r.streams[partition]
		}
	}
	w.enrich(w.replicas[0])
	for _, b := range w.rebuilds {
		done := (&running{store: w.store}).ended(w.t, b)
		if done.State == store.Succeeded && done.CellsChanged != 0 {
			w.t.Fatalf("a rebuild changed cells: %+v", done)
		}
	}
	for _, stop := range w.stop {
		stop()
	}
	for _, r := range w.replicas {
		if err := r.applier.CatchUp(context.Background()); err != nil {
			w.t.Fatalf("catch up: %v", err)
		}
	}
}

// check compares what every process counts, and what is stored, with a recount.
func (w *world) check() {
	for _, org := range []string{"acme", "globex"} {
		want := recount(w.log, org, w.said)
		wantEqualBooks(w.t, "stored cells of "+org, loaded(w.t, w.store, org), want)
		wantEqualBooks(w.t, "stored records of "+org, recountStore(w.t, w.store, org), want)
		for i, r := range w.replicas {
			wantEqualBooks(w.t, fmt.Sprint("board of replica ", i, ", ", org), r.board.Book(org), want)
		}
	}
}

// compare sees to it that processes count the same where they name the state of their counts the same.
func (w *world) compare() {
	for i, a := range w.replicas {
		for _, b := range w.replicas[:i] {
			for _, org := range []string{"acme", "globex"} {
				w.compareOf(org, a.board, b.board)
			}
		}
	}
}

// compareOf compares two boards that name the same state of an organisation. A rebuild at work counts side by side with this, and names the new state
// only after it has counted: a difference counts when it stays.
func (w *world) compareOf(org string, a, b *live.Board) {
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		v := a.Version(org, "shop")
		if v == nil || string(v) != string(b.Version(org, "shop")) {
			return
		}
		err := unequal(a.Book(org), b.Book(org))
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("counts of the same version of %s: %v", org, err)
		}
	}
}

// newWorld makes a world with a few processes.
func newWorld(t *rapid.T, st store.Store) *world {
	w := &world{t: t, random: seeded(t), feed: newFeed(), store: st, catalog: &shopCatalog{}}
	w.faults = &faults{random: rand.New(rand.NewPCG(w.random.Uint64(), 3))}
	for range 2 + w.random.IntN(2) {
		w.replicas = append(w.replicas, w.newReplica())
	}
	return w
}

// TestReplicasAgree lets several processes share the partitions of a log over one store, where partitions change hands at any time, those who
// lost one go on with what they had read, processes die, the store fails, and signals are lost.
func TestReplicasAgree(t *testing.T) {
	t.Parallel()
	dir := tempDirs(t)
	rapid.Check(t, func(t *rapid.T) {
		st := openStore(t, dir())
		defer func() { _ = st.Close() }()
		sharing := &shared{Store: st}
		w := newWorld(t, sharing)
		sharing.forget = w.faults.one
		w.faults.set(12)
		for range 40 + w.random.IntN(110) {
			w.step()
			if w.random.IntN(8) == 0 {
				w.compare()
			}
		}
		w.faults.set(0)
		w.settle()
		w.check()
	})
}
