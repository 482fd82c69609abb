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
	"github.com/otklik/otklik/services/scoring/internal/ingest"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/store/postgres"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// BenchmarkReplicas measures how fast two processes that share the partitions of a log apply it to one durable PostgreSQL server on the same
// machine, each counting what the other stores as well. It ends when both count everything.
func BenchmarkReplicas(b *testing.B) {
	for _, partitions := range []int{1, 4, 16} {
		for _, batch := range []int{500, 2000} {
			b.Run(fmt.Sprintf("partitions=%d/batch=%d", partitions, batch), func(b *testing.B) {
				benchmarkReplicas(b, partitions, batch)
			})
		}
	}
}

func benchmarkReplicas(b *testing.B, partitions, batch int) {
	ctx := context.Background()
	server := pgtest.New(b, pgtest.Durable())
	dsn, err := server.NewDatabase(ctx)
	if err != nil {
		b.Fatal(err)
	}
	config, options := pgkit.DefaultConfig("scoring"), pgkit.Options{Component: "scoring"}
	config.DSN = dsn
	if err := pgkit.Migrate(ctx, config, options, postgres.Schema()); err != nil {
		b.Fatal(err)
	}
	var appliers []*ingest.Applier
	var boards []*live.Board
	running, stop := context.WithCancel(ctx)
	var working sync.WaitGroup
	defer working.Wait()
	defer stop()
	for i := range 2 {
		db, err := pgkit.Open(ctx, config, options)
		if err != nil {
			b.Fatal(err)
		}
		st, err := postgres.Open(ctx, db, nil)
		if err != nil {
			b.Fatal(errors.Join(err, db.Close()))
		}
		b.Cleanup(func() { _ = st.Close() })
		board := live.New()
		a := ingest.NewApplier(ingest.Options{
			Store: st, Board: board, Catalog: fixedCatalog{benchQuestions()}, Log: newFeed(), Partitions: partitions,
			Instance: fmt.Sprint("replica ", i), Logger: slog.New(slog.DiscardHandler),
		})
		if err := a.Load(ctx); err != nil {
			b.Fatal(err)
		}
		appliers, boards = append(appliers, a), append(boards, board)
		working.Go(func() { a.Run(running) })
	}
	rng := rand.New(rand.NewPCG(1, 2))
	now := time.Now().Add(-time.Hour)
	logs := make([][]*surveyv1.Event, partitions)
	for i := range b.N {
		e := benchEvent(rng, int64(i)+1, now.Add(time.Duration(rng.Int64N(int64(time.Minute)))), "")
		e.Key = e.GetResponse().GetName()
		p := eventlog.Partition(e.GetKey(), partitions)
		logs[p] = append(logs[p], e)
	}
	b.ResetTimer()
	before := cpuTime(b)
	var applying sync.WaitGroup
	for p, events := range logs {
		applying.Go(func() {
			sink := appliers[p%2].Sink(p)
			for len(events) > 0 {
				n := min(batch, len(events))
				if _, err := sink.Apply(ctx, events[:n]); err != nil {
					b.Error(err)
					return
				}
				events = events[n:]
			}
		})
	}
	applying.Wait()
	stored := b.Elapsed()
	for i, board := range boards {
		for !board.Marks().Same(marksOf(b, appliers[i].Store)) {
			if err := appliers[i].CatchUp(ctx); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N)/1e3, "cpu-µs/event")
	b.ReportMetric(float64(b.N)/stored.Seconds(), "stored/s")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "counted/s")
}

func marksOf(b *testing.B, st store.Store) store.Marks {
	b.Helper()
	m, err := st.Marks(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	return m
}
