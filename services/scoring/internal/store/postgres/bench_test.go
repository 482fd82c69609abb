package postgres_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/store/postgres"
)

// benchPartitions is the number of partitions of the log in benchmarks.
const benchPartitions = 16

// benchScales are those of the six questions that each response answers.
func benchScales() []question.Scale {
	return []question.Scale{
		question.Scale0To10, question.Scale1To5, question.Scale1To7, question.Scale1To10, question.Scale1To5, question.Scale0To10,
	}
}

// benchFact is a response with six answers in a context of 8 touchpoints, 3 channels, 50 locations and 3 languages.
func benchFact(rng *rand.Rand, survey string, at time.Time) *fact.Fact {
	f := &fact.Fact{
		ID: fmt.Sprintf("%016x%016x", rng.Uint64(), rng.Uint64()), Survey: survey, Revision: 1, Population: fact.Customer,
		CountTime: at, ReceiveTime: at, Weight: 1,
		Context: fact.Context{
			Touchpoint: fmt.Sprintf("touchpoint-%d", rng.IntN(8)), Channel: []string{"app", "sms", "kiosk"}[rng.IntN(3)],
			Location: fmt.Sprintf("store-%d", rng.IntN(50)), Language: []string{"ky", "ru", "en"}[rng.IntN(3)],
		},
	}
	for i, scale := range benchScales() {
		value := scale.Min + question.Centi(rng.IntN(int(scale.Width()/question.Unit)+1))*question.Unit
		f.Answers = append(f.Answers, fact.Answer{
			Question: fmt.Sprintf("question-%d", i), Kind: question.Rating, Scale: scale, Present: true, Value: value,
		})
	}
	return f
}

// benchLoad is batches of each partition, with what they add to the cells.
type benchLoad [benchPartitions][]store.Batch

// newBenchLoad makes n responses in batches of a size, of some organisations in turn, received from a moment on.
func newBenchLoad(n, size, organizations int, at time.Time) *benchLoad {
	load := &benchLoad{}
	rng := rand.New(rand.NewPCG(1, 2))
	position := int64(0)
	for i := 0; n > 0; i++ {
		partition := i % benchPartitions
		version := int64(len(load[partition]))
		b := store.Batch{Partition: partition, From: store.Cursor{Version: version}}
		deltas := make([]delta.Delta, organizations)
		b.Changes = make([]store.Changes, organizations)
		for j := range min(size, n) {
			position++
			o := j % organizations
			b.Changes[o].Ledger.Organization = fmt.Sprintf("organization-%d", o)
			f := benchFact(rng, fmt.Sprintf("survey-%d", rng.IntN(3)), at.Add(time.Duration(position)*50*time.Microsecond))
			b.Changes[o].Records = append(b.Changes[o].Records, store.Record{Position: position, Fact: f})
			deltas[o].AddFact(f)
		}
		for o := range deltas {
			b.Changes[o].Cells = cell.Pack(&deltas[o])
		}
		b.To = store.Cursor{Position: position, AsOf: at}
		load[partition] = append(load[partition], b)
		n -= size
	}
	return load
}

// cpuTime is the processor time that this process has used.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkApply measures what the store takes of responses with six answers, whose cells are packed already. Each commit reaches the disk.
func BenchmarkApply(b *testing.B) {
	for _, c := range []struct{ stores, size, organizations int }{
		{1, 500, 1}, {1, 1000, 1}, {1, 2000, 1}, {1, 1000, 20}, {2, 500, 1}, {2, 1000, 1}, {2, 2000, 1}, {2, 1000, 20},
	} {
		b.Run(fmt.Sprintf("stores=%d/batch=%d/organizations=%d", c.stores, c.size, c.organizations), func(b *testing.B) {
			server, dsn := benchDatabase(b)
			stores := make([]*postgres.Store, c.stores)
			for i := range stores {
				stores[i] = opened(b, dsn)
			}
			if err := stores[0].Partition(context.Background(), benchPartitions); err != nil {
				b.Fatal(err)
			}
			benchmark(b, server, newBenchLoad(b.N, c.size, c.organizations, time.Now()), func(batch store.Batch) error {
				return stores[batch.Partition%c.stores].Apply(context.Background(), batch)
			})
		})
	}
}

// BenchmarkRowByRow is what BenchmarkApply is compared with: the same rows, each by a statement of its own, in one transaction for each batch.
func BenchmarkRowByRow(b *testing.B) {
	server, dsn := benchDatabase(b)
	s := opened(b, dsn)
	if err := s.Partition(context.Background(), benchPartitions); err != nil {
		b.Fatal(err)
	}
	db, err := pgkit.Open(context.Background(), configOf(dsn), options)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	benchmark(b, server, newBenchLoad(b.N, 1000, 1, time.Now()), func(batch store.Batch) error {
		return db.Update(context.Background(), func(ctx context.Context, tx pgx.Tx) error { return applyRowByRow(ctx, tx, batch) })
	})
}

func applyRowByRow(ctx context.Context, tx pgx.Tx, batch store.Batch) error {
	exec := func(sql string, args ...any) error {
		_, err := tx.Exec(ctx, sql, args...)
		return err
	}
	if err := exec(`UPDATE cursors SET version = version + 1 WHERE partition = $1 AND version = $2`, batch.Partition, batch.From.Version); err != nil {
		return err
	}
	for _, c := range batch.Changes {
		for _, r := range c.Records {
			body, err := r.Fact.AppendBinary(nil)
			if err != nil {
				return err
			}
			if err := exec(`INSERT INTO identifiers (organization, generation, digest) VALUES ($1, 0, md5($2)::uuid)`, c.Ledger.Organization, r.Fact.ID); err != nil {
				return err
			}
			if err := exec(`INSERT INTO facts (organization, generation, survey, position, received, body) VALUES ($1, 0, $2, $3, $4, $5)`,
				c.Ledger.Organization, r.Fact.Survey, r.Position, r.Fact.ReceiveTime, body); err != nil {
				return err
			}
		}
		for _, chunk := range c.Cells {
			if err := exec(`INSERT INTO cells (organization, generation, survey, span, level, partition, version, chunk) VALUES ($1, 0, $2, $3, 0, $4, $5, $6)`,
				c.Ledger.Organization, chunk.Survey, int32(chunk.Span), batch.Partition, batch.From.Version+1, chunk.Data); err != nil {
				return err
			}
		}
	}
	return nil
}

// benchmark applies a load, each partition's batches one after the other and the partitions at once.
func benchmark(b *testing.B, server *pgtest.Server, load *benchLoad, apply func(store.Batch) error) {
	b.ResetTimer()
	before, serverBefore := cpuTime(b), serverTime(b, server)
	var all sync.WaitGroup
	for _, batches := range load {
		all.Go(func() {
			for _, batch := range batches {
				if err := apply(batch); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N)/1e3, "go-cpu-µs/event")
	b.ReportMetric(float64(serverTime(b, server)-serverBefore)/float64(b.N)/1e3, "server-cpu-µs/event")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// serverTime is the processor time that the processes of a server have used.
func serverTime(b *testing.B, server *pgtest.Server) time.Duration {
	b.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		b.Fatal(err)
	}
	ticks := 0
	for _, file := range files {
		// A process that has ended has no file; its time is in those of the first one's children.
		content, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		// The second field is a name in parentheses.
		fields := strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))
		number := func(i int) int {
			n, err := strconv.Atoi(fields[i])
			if err != nil {
				b.Fatal(err)
			}
			return n
		}
		const parent, user, system, childUser, childSystem = 1, 11, 12, 13, 14
		switch {
		case strings.HasPrefix(file, fmt.Sprintf("/proc/%d/", server.Pid())):
			ticks += number(childUser) + number(childSystem)
		case number(parent) == server.Pid():
			ticks += number(user) + number(system)
		}
	}
	const ticksPerSecond = 100
	return time.Duration(ticks) * time.Second / ticksPerSecond
}

// benchDatabase is a database of a server whose commits reach the disk.
func benchDatabase(b *testing.B) (server *pgtest.Server, dsn string) {
	b.Helper()
	server = pgtest.New(b, pgtest.Durable())
	dsn, err := server.NewDatabase(b.Context())
	if err == nil {
		err = pgkit.Migrate(b.Context(), configOf(dsn), options, postgres.Schema())
	}
	if err != nil {
		b.Fatal(err)
	}
	return server, dsn
}
