package postgres

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// BenchmarkAccept compares group commit with a transaction for each submission, on one server whose commits reach the disk. The figures that count
// are the ratios within one run. cpu-ns/op is that of this process; the server's comes on top.
func BenchmarkAccept(b *testing.B) {
	server := pgtest.New(b, pgtest.Durable())
	for _, callers := range []int{64, 512} {
		for _, way := range []string{"alone", "group"} {
			b.Run(fmt.Sprintf("%s/callers=%d", way, callers), func(b *testing.B) {
				s := fresh(b, server)
				accept := func(in store.NewSubmission) error {
					_, err := s.Accept(context.Background(), "acme", "visit-2026", store.KindResponse, []store.NewSubmission{in})
					return err
				}
				if way == "alone" {
					accept = alone(s)
				}
				benchAccept(b, callers, accept)
			})
		}
	}
}

// fresh is a store with empty tables.
func fresh(b *testing.B, server *pgtest.Server) *Store {
	b.Helper()
	config := pgkit.DefaultConfig(component)
	var err error
	if config.DSN, err = server.NewDatabase(b.Context()); err != nil {
		b.Fatal(err)
	}
	options := pgkit.Options{Component: component}
	if err := pgkit.Migrate(b.Context(), config, options, Schema()); err != nil {
		b.Fatal(err)
	}
	s, err := Open(b.Context(), config, Options{Options: options})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

// alone stores each submission in a transaction of its own, in one round trip and without putting transactions in order: the best that can be
// done without groups.
func alone(s *Store) func(store.NewSubmission) error {
	var position atomic.Int64
	return func(in store.NewSubmission) error {
		at := position.Add(1)
		batch := &pgx.Batch{}
		batch.Queue(`INSERT INTO identifiers (organization, survey, kind, id, fingerprint, position, accept_time)
			VALUES ($1, $2, $3, $4, $5, $6, now()) ON CONFLICT DO NOTHING`, "acme", "visit-2026", int16(1), in.ID, in.Fingerprint, at)
		batch.Queue(`INSERT INTO submissions (organization, survey, kind, position, count_time, accept_time, id, revision, trace, body)
			VALUES ($1, $2, $3, $4, $5, now(), $6, $7, NULL, $8)`, "acme", "visit-2026", int16(1), at, store.ToNano(in.CountTime), in.ID, in.Revision, in.Body)
		return s.db.Pool.SendBatch(context.Background(), batch).Close()
	}
}

// bodyBytes is the size of a response to about a dozen questions.
const bodyBytes = 250

func benchAccept(b *testing.B, callers int, accept func(store.NewSubmission) error) {
	var next atomic.Int64
	var wg sync.WaitGroup
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	b.ResetTimer()
	cpu := processTime(b)
	for range callers {
		wg.Go(func() {
			for {
				i := next.Add(1)
				if i > int64(b.N) {
					return
				}
				in := store.NewSubmission{
					// Spread as UUIDs are: neighbours in time are not neighbours in the index.
					ID: fmt.Sprintf("%016x-%016x", uint64(i)*0x9e3779b97f4a7c15, i), Fingerprint: make([]byte, 16), Revision: 1, CountTime: at,
					Body: make([]byte, bodyBytes),
				}
				if err := accept(in); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(processTime(b)-cpu)/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// processTime is the CPU time of the process so far.
func processTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
