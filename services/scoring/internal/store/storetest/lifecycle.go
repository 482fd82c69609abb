package storetest

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

func readersAndAWriter(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	const batches, size = 60, 10
	var written atomic.Int64
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				least := written.Load()
				n := int64(0)
				if err := s.Facts(ctx, live(acme), "shop", func(int64, *fact.Fact) error { n++; return nil }); err != nil {
					t.Errorf("facts: %v", err)
					return
				}
				if n%size != 0 || n < least {
					t.Errorf("%d facts after %d were written: a batch is seen in parts or late", n, least)
					return
				}
				m, err := s.Marks(ctx)
				if err != nil || m.Cursors[0].Position < n {
					t.Errorf("marks %+v, %v after %d facts", m, err, n)
					return
				}
			}
		})
	}
	for i := range batches {
		apply(t, s, int64(i*size), int64((i+1)*size), changes(live(acme), facts("shop", i*size+1, size)...))
		written.Store(int64((i + 1) * size))
	}
	close(done)
	readers.Wait()
	wantCells(t, "cells", counted(t, s, acme), recount(facts("shop", 1, batches*size)...))
}

func writersCompete(t *testing.T, open Open) {
	s := opened(t, open)
	const writers, each = 6, 10
	var stored atomic.Int64
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for range each {
				for {
					m, err := s.Marks(context.Background())
					if err != nil {
						t.Errorf("marks: %v", err)
						return
					}
					c := m.Cursors[0]
					err = s.Apply(context.Background(), store.Batch{
						From: c, To: store.Cursor{Position: c.Position + 1},
						Changes: []store.Changes{changes(live(acme), facts("shop", int(c.Position)+1, 1)...)},
					})
					if err == nil {
						stored.Add(1)
						break
					}
					if !errors.Is(err, store.ErrConflict) {
						t.Errorf("apply: %v", err)
						return
					}
				}
			}
		})
	}
	all.Wait()
	if stored.Load() != writers*each {
		t.Fatalf("%d batches were stored, want %d", stored.Load(), writers*each)
	}
	wantEqual(t, "facts", readFacts(t, s, live(acme), "shop"), facts("shop", 1, writers*each))
}

// methods calls every method of a store.
func methods(s store.Store) map[string]func(ctx context.Context) error {
	l := live(acme)
	all := map[string]func(ctx context.Context) error{
		"Partition": func(ctx context.Context) error { return s.Partition(ctx, partitions) },
		"Marks":     func(ctx context.Context) error { _, err := s.Marks(ctx); return err },
		"Apply": func(ctx context.Context) error {
			return s.Apply(ctx, store.Batch{From: store.Cursor{Position: 5, Version: 1}, To: store.Cursor{Position: 6}})
		},
		"Follow": func(ctx context.Context) error { _, _, err := s.Follow(ctx, store.Marks{}); return err },
		"Hold":   func(ctx context.Context) error { return s.Hold(ctx, s.Ping) },
		"Stored": func(ctx context.Context) error { _, err := s.Stored(ctx, l, facts("shop", 1, 1)); return err },
		"Outcomes": func(ctx context.Context) error {
			_, err := s.Outcomes(ctx, l, []store.Invitation{{Survey: "shop", ID: "i"}})
			return err
		},
		"Facts": func(ctx context.Context) error {
			return s.Facts(ctx, l, "shop", func(int64, *fact.Fact) error { return nil })
		},
		"Refusals": func(ctx context.Context) error {
			return s.Refusals(ctx, l, "shop", func(int64, *fact.Refusal) error { return nil })
		},
		"HasRespondents": func(ctx context.Context) error { _, err := s.HasRespondents(ctx, l, "shop"); return err },
		"Surveys":        func(ctx context.Context) error { _, err := s.Surveys(ctx, l); return err },
		"Cells": func(ctx context.Context) error {
			_, err := s.Cells(ctx, func(string, string, cell.Span, [][]byte) error { return nil })
			return err
		},
		"Aside":        func(ctx context.Context) error { _, err := s.Aside(ctx, l, 0, 1); return err },
		"AsideAt":      func(ctx context.Context) error { _, err := s.AsideAt(ctx, l, 1); return err },
		"StartRebuild": func(ctx context.Context) error { _, err := s.StartRebuild(ctx, acme, "me", noon); return err },
		"BeatRebuild": func(ctx context.Context) error {
			return s.BeatRebuild(ctx, store.Ledger{Organization: acme, Rebuild: 1}, noon)
		},
		"FinishRebuild": func(ctx context.Context) error {
			_, err := s.FinishRebuild(ctx, store.Ledger{Organization: acme, Rebuild: 1}, store.Marks{}, 0, noon)
			return err
		},
		"FailRebuild": func(ctx context.Context) error {
			_, err := s.FailRebuild(ctx, store.Ledger{Organization: acme, Rebuild: 1}, "", noon)
			return err
		},
		"Rebuild": func(ctx context.Context) error {
			_, err := s.Rebuild(ctx, store.Ledger{Organization: acme, Rebuild: 1})
			return err
		},
		"Rebuilds":        func(ctx context.Context) error { _, err := s.Rebuilds(ctx, acme, 0, 1); return err },
		"RunningRebuilds": func(ctx context.Context) error { _, err := s.RunningRebuilds(ctx); return err },
		"Sweep":           func(ctx context.Context) error { _, err := s.Sweep(ctx, 1); return err },
		"Clear":           func(ctx context.Context) error { return s.Clear(ctx, 0, "", noon) },
		"Ping":            s.Ping,
	}
	maps.Copy(all, alertMethods(s))
	maps.Copy(all, definitionMethods(s))
	maps.Copy(all, enrichmentMethods(s))
	return all
}

func cancellation(t *testing.T, open Open) {
	s := opened(t, open)
	apply(t, s, 0, 5, changes(live(acme), facts("shop", 1, 5)...))
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for name, call := range methods(s) {
		if err := call(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a context that has ended: %v, want context.Canceled", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := 0
	err := s.Facts(ctx, live(acme), "shop", func(int64, *fact.Fact) error {
		n++
		cancel()
		return ctx.Err()
	})
	if !errors.Is(err, context.Canceled) || n != 1 {
		t.Errorf("%d facts, %v: want 1 and context.Canceled", n, err)
	}
	// Nothing was changed and the store still works.
	wantEqual(t, "cursor", cursor(t, s), store.Cursor{Position: 5, Version: 1})
	list, err := s.RunningRebuilds(context.Background())
	if err != nil || len(list) > 0 {
		t.Errorf("rebuilds %v, %v", list, err)
	}
}

func reopen(t *testing.T, open Open) {
	s := open(t)
	divide(t, s)
	records := append(facts("shop", 1, 30), store.Record{Position: 31, Refusal: refusalAt("shop", "x", "", noon)})
	for i := range 31 {
		apply(t, s, int64(i), int64(i+1), changes(live(acme), records[i]))
	}
	_, l := start(t, s, acme)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := opened(t, open)
	wantEqual(t, "facts", readFacts(t, again, live(acme), "shop"), records[:30])
	wantEqual(t, "refusals", readRefusals(t, again, live(acme), "shop"), records[30:])
	wantCells(t, "cells", counted(t, again, acme), recount(records...))
	r, err := again.Rebuild(context.Background(), l)
	if err != nil || r.State != store.Running {
		t.Errorf("rebuild: %+v, %v", r, err)
	}
	apply(t, again, 31, 32, changes(live(acme), facts("shop", 32, 1)...))
}

func useAfterClose(t *testing.T, open Open) {
	s := open(t)
	divide(t, s)
	apply(t, s, 0, 5, changes(live(acme), facts("shop", 1, 5)...))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, call := range methods(s) {
		if err := call(context.Background()); err == nil {
			t.Errorf("%s works after Close", name)
		}
	}
}
