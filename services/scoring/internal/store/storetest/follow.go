package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// spot is where chunks add up.
type spot struct {
	org, survey string
	span        cell.Span
}

// replica is what somebody knows who read all cells once and follows from there.
type replica struct {
	store  store.Store
	chunks map[spot][][]byte
	marks  store.Marks
	// loads counts how often all was read.
	loads int
}

// load reads all cells.
func (r *replica) load() error {
	r.loads++
	r.chunks = make(map[spot][][]byte)
	m, err := r.store.Cells(context.Background(), func(org, survey string, span cell.Span, chunks [][]byte) error {
		r.chunks[spot{org, survey, span}] = chunks
		return nil
	})
	r.marks = m
	return err
}

// follow adds what was added since; it reads all when that is not known.
func (r *replica) follow() error {
	deltas, m, err := r.store.Follow(context.Background(), r.marks)
	if errors.Is(err, store.ErrBehind) {
		return r.load()
	}
	if err != nil {
		return err
	}
	last := make([]int64, partitions)
	for i, c := range r.marks.Cursors {
		last[i] = c.Version
	}
	for _, d := range deltas {
		if d.Version < last[d.Partition] || d.Version <= r.marks.Cursors[d.Partition].Version || d.Version > m.Cursors[d.Partition].Version {
			return errors.New("versions are out of order or beyond the marks")
		}
		last[d.Partition] = d.Version
		for _, c := range d.Cells {
			at := spot{d.Organization, c.Survey, c.Span}
			r.chunks[at] = append(r.chunks[at], c.Data)
		}
	}
	r.marks = m
	return nil
}

// cells are what an organisation's chunks add up to.
func (r *replica) cells(t testing.TB, org string) map[cube.Key]histogram.Histogram {
	t.Helper()
	cells := make(map[cube.Key]histogram.Histogram)
	for at, chunks := range r.chunks {
		if at.org != org {
			continue
		}
		var key cube.Key
		err := cell.Sum(at.span, chunks, func(k cube.Key) { key, key.Survey = k, at.survey }, func(b calendar.Bucket, bins []histogram.Bin) {
			h, err := histogram.FromBins(bins...)
			if err != nil {
				t.Fatal(err)
			}
			key.Bucket = b
			cells[key] = h
		})
		if err != nil {
			t.Fatalf("sum: %v", err)
		}
	}
	return cells
}

// newReplica reads all cells.
func newReplica(t testing.TB, s store.Store) *replica {
	t.Helper()
	r := &replica{store: s}
	if err := r.load(); err != nil {
		t.Fatalf("load: %v", err)
	}
	if m := marks(t, s); !m.Same(r.marks) {
		t.Fatalf("cells of %+v, the store is at %+v", r.marks, m)
	}
	return r
}

func followAddsUp(t *testing.T, open Open) {
	both := values(t, open)
	writer := both[0]
	r := newReplica(t, both[1])
	follow := func(orgs map[string][]store.Record) {
		t.Helper()
		if err := r.follow(); err != nil {
			t.Fatalf("follow: %v", err)
		}
		wantEqual(t, "marks", r.marks, marks(t, writer))
		for org, records := range orgs {
			wantCells(t, "followed cells of "+org, r.cells(t, org), recount(records...))
		}
	}
	follow(nil)
	refused := store.Record{Position: 4, Refusal: refusalAt("shop", "x", "i", noon)}
	applyIn(t, writer, 0, 3, changes(live(acme), facts("shop", 1, 3)...), changes(live(globex), facts("shop", 3, 1)...))
	applyIn(t, writer, 2, 4, changes(live(acme), refused))
	follow(map[string][]store.Record{acme: append(facts("shop", 1, 3), refused), globex: facts("shop", 3, 1)})
	// Counts are taken back; a batch without cells moves the marks only, one with merges of chunks adds no more than its own.
	back := takeBack(refused)
	applyIn(t, writer, 2, 5, back)
	applyIn(t, writer, 1, 6)
	for i := range 20 {
		applyIn(t, writer, 0, int64(10+i), changes(live(acme), facts("shop", 10+i, 1)...))
	}
	follow(map[string][]store.Record{acme: append(facts("shop", 1, 3), facts("shop", 10, 20)...), globex: facts("shop", 3, 1)})
	// What fills the ledger of a rebuild is not counted.
	_, l := start(t, writer, acme)
	if err := applyTo(writer, l, 0, 3, changes(l, facts("shop", 1, 3)...)); err != nil {
		t.Fatal(err)
	}
	follow(map[string][]store.Record{acme: append(facts("shop", 1, 3), facts("shop", 10, 20)...)})
	if writer.Shared() && r.loads > 1 {
		t.Errorf("all cells were read %d times: what was added a moment ago must be known one by one", r.loads)
	}
}

func followAcrossEpochs(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	applyIn(t, s, 0, 3, changes(live(acme), facts("shop", 1, 3)...))
	r := newReplica(t, s)
	_, l := start(t, s, acme)
	if err := applyTo(s, l, 0, 2, changes(l, facts("shop", 1, 2)...)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.FinishRebuild(ctx, l, marks(t, s), 1, noon); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Follow(ctx, r.marks); !errors.Is(err, store.ErrBehind) {
		t.Errorf("follow from before a rebuild: %v, want ErrBehind", err)
	}
	if err := r.follow(); err != nil {
		t.Fatal(err)
	}
	wantCells(t, "cells after the rebuild", r.cells(t, acme), recount(facts("shop", 1, 2)...))
	if err := s.Clear(ctx, marks(t, s).Epoch, "another log", noon); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Follow(ctx, r.marks); !errors.Is(err, store.ErrBehind) {
		t.Errorf("follow from before all was cleared: %v, want ErrBehind", err)
	}
	applyIn(t, s, 0, 1, changes(live(acme), facts("shop", 1, 1)...))
	if err := r.follow(); err != nil {
		t.Fatal(err)
	}
	wantCells(t, "cells after all was cleared", r.cells(t, acme), recount(facts("shop", 1, 1)...))
	if _, _, err := s.Follow(ctx, store.Marks{}); !errors.Is(err, store.ErrBehind) {
		t.Errorf("follow from nowhere: %v, want ErrBehind", err)
	}
}

// followWhileWritersWrite follows what several writers store, while they do.
func followWhileWritersWrite(t *testing.T, open Open) {
	both := values(t, open)
	done := make(chan struct{})
	var writers, followers sync.WaitGroup
	replicas := []*replica{newReplica(t, both[0]), newReplica(t, both[1])}
	for _, r := range replicas {
		followers.Go(func() {
			for {
				if err := r.follow(); err != nil {
					t.Errorf("follow: %v", err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for p := range partitions {
		writers.Go(func() {
			if err := write(both[p%2], p); err != nil {
				t.Errorf("write: %v", err)
			}
		})
	}
	writers.Wait()
	close(done)
	followers.Wait()
	for _, r := range replicas {
		if err := r.follow(); err != nil {
			t.Fatalf("follow: %v", err)
		}
		for _, org := range []string{acme, globex} {
			wantCells(t, "followed cells of "+org, r.cells(t, org), recount(allWritten(org)...))
		}
	}
}
